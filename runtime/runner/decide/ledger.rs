//! Turns what the engine did into what the store writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Catalog;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Changes, Command, Effect, GivenCode};
use kurant_engine::person::Person;
use kurant_store::{Batch, CodeGiven, EnrollmentRow, OutboxState, Outgoing, Seen, Stored};

use crate::anchors::{Anchored, Anchors};

/// The way of web hooks.
pub(crate) const WEBHOOK: &str = "webhook";

/// A customer before the first decision of a job.
pub(super) struct Before {
    enrollments: Vec<EnrollmentRow>,
    anchors: Anchored,
}

impl Before {
    pub(super) fn of(catalog: &Catalog, anchors: &Anchors, person: &Person) -> Self {
        let id = &person.customer.id;
        let enrollments = person
            .enrollments
            .iter()
            .map(|enrollment| EnrollmentRow::of(id, enrollment))
            .collect();
        Self {
            enrollments,
            anchors: anchors.look(catalog, person),
        }
    }
}

/// Writes down what differs for one customer.
pub(super) fn close(
    batch: &mut Batch,
    catalog: &Catalog,
    anchors: &Anchors,
    before: &Before,
    mut stored: Stored,
    changes: Changes,
    since: Instant,
) {
    let person = &stored.person;
    let now = anchors.look(catalog, person);
    batch
        .anchors_gone
        .extend(anchors.rows(person, &before.anchors, Some(&now), since));
    batch
        .anchors
        .extend(anchors.rows(person, &now, Some(&before.anchors), since));
    batch.enrollments.extend(enrollments(before, person));
    for command in changes.commands {
        leave(batch, command);
    }
    batch.actions.extend(changes.actions);
    batch.withdrawn.extend(changes.withdrawn);
    give(batch, &person.customer.id, changes.codes);
    if !changes.trace.is_empty() {
        batch
            .traces
            .push((person.customer.id.clone(), changes.trace));
    }
    stored.revision += 1;
    batch.persons.push(Arc::new(stored));
}

/// Writes down which codes of coupon pools a customer was given.
pub(super) fn give(batch: &mut Batch, customer: &CustomerId, codes: Vec<GivenCode>) {
    let given = codes.into_iter().map(|given| CodeGiven {
        customer: customer.clone(),
        given,
    });
    batch.codes_given.extend(given);
}

/// The enrollments that began or moved on, and those that are held no more. One that began and ended in between was never
/// inside for anybody who looks.
fn enrollments(before: &Before, person: &Person) -> Vec<EnrollmentRow> {
    let id = &person.customer.id;
    let mut known: BTreeMap<Key, &EnrollmentRow> =
        before.enrollments.iter().map(|row| (row.id, row)).collect();
    let mut rows = Vec::new();
    for enrollment in &person.enrollments {
        let row = EnrollmentRow::of(id, enrollment);
        if known.remove(&row.id) != Some(&row) {
            rows.push(row);
        }
    }
    rows.extend(known.into_values().map(|row| EnrollmentRow {
        held: false,
        ..row.clone()
    }));
    rows
}

/// Makes a command durable. Every way out of the embedded runtime is a file, which takes at once: the commit that makes the
/// command claims it too.
fn leave(batch: &mut Batch, command: Command) {
    if let Effect::Emit { event } = &command.what {
        // It has been taken in already, right after the event that it came from.
        batch.seen.push(Seen {
            identity: event.identity(),
            body: 0,
        });
        batch.events.push(event.clone());
    }
    let route = route(&command).to_owned();
    let due = command.at;
    batch.outbox.push(Outgoing {
        command,
        route,
        due,
        state: OutboxState::Claimed,
        attempt: 1,
        tries: 0,
        lease: None,
        is_withdrawn: false,
    });
}

/// Which way a command leaves.
pub(crate) fn route(command: &Command) -> &str {
    match &command.what {
        Effect::Send { channel, .. } => channel,
        Effect::Crm { .. } => "crm",
        Effect::Emit { .. } => "events",
        Effect::Webhook { .. } => WEBHOOK,
    }
}
