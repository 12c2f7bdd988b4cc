//! Turns an erasure into what the store writes: what the very decision did keeps no word of the person either.

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Catalog;
use kurant_engine::customer::Customer;
use kurant_engine::erased::{self, pseudonym};
use kurant_engine::id::CustomerId;
use kurant_engine::input::{Changes, Effect, Trace};
use kurant_store::{Batch, Erasure, OutboxState, Outgoing, Seen, Stored};

use super::ledger::{give, route};

/// The attributes that hold addresses, whatever channels there are.
const ADDRESSES: [&str; 2] = ["email", "phone"];

/// Somebody who is erased in this job, as he or she was before.
pub(super) struct Gone {
    pub(super) erased: Option<Instant>,
    revision: u64,
    addresses: Vec<String>,
}

impl Gone {
    pub(super) fn of(catalog: &Catalog, stored: &Stored) -> Self {
        let customer = &stored.person.customer;
        let channels = catalog.workspace().channels.iter();
        let attributes = channels.map(|own| Customer::address_attribute(&own.name));
        let addresses = attributes
            .chain(ADDRESSES)
            .filter_map(|own| customer.text(own));
        let bounced = customer.suppressed.iter().map(|own| own.address.as_str());
        let mut addresses: Vec<String> = addresses.chain(bounced).map(str::to_owned).collect();
        addresses.sort();
        addresses.dedup();
        Self {
            erased: customer.erased,
            revision: stored.revision,
            addresses,
        }
    }
}

/// Writes down that somebody was erased, with all that there was before.
pub(super) fn erase(batch: &mut Batch, stored: &Stored, gone: Gone) {
    let customer = &stored.person.customer;
    batch.erased.push(Erasure {
        customer: customer.id.clone(),
        at: customer.erased.unwrap_or(Instant::MIN),
        revision: gone.revision,
        addresses: gone.addresses,
    });
}

/// What was done about somebody who is erased, or was before: under another name.
pub(super) fn without_the_person(batch: &mut Batch, id: &CustomerId, changes: Changes) {
    let actions = changes.actions.into_iter().map(erased::action);
    batch.actions.extend(actions);
    batch.withdrawn.extend(changes.withdrawn);
    give(batch, &pseudonym(id), changes.codes);
    let traces: Vec<Trace> = changes.trace.into_iter().map(erased::trace).collect();
    if !traces.is_empty() {
        batch.traces.push((pseudonym(id), traces));
    }
    for command in changes.commands {
        if let Effect::Emit { event } = &command.what {
            batch.seen.push(Seen {
                identity: event.identity(),
                body: 0,
            });
            batch.dropped += 1;
        }
        // It was decided on before the erasure, and is counted; it never leaves.
        batch.withdrawn.push(command.key);
        batch.outbox.push(Outgoing {
            route: route(&command).to_owned(),
            due: command.at,
            command: erased::command(&command),
            state: OutboxState::Pending,
            attempt: 0,
            tries: 0,
            lease: None,
            is_withdrawn: true,
        });
    }
}
