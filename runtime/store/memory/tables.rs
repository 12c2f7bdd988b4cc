//! The tables of the store in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::erased::{self, is_pseudonym, pseudonym};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};

use super::coupon::Numbered;
use super::forget::Forgotten;
use crate::batch::TOGETHER;
use crate::erasure;
use crate::log::parts;
use crate::{
    AnchorRow, Batch, By, EnrollmentRow, Entry, Error, InOutbox, Kept, OutboxState, Outgoing,
    Rejected, Seen, Settled, Stored, Swap, Taken,
};

/// The anchors of an attribute: by zone, place in the order and customer, when each was set.
pub(super) type Anchors = BTreeMap<(String, i64, CustomerId), Instant>;

#[derive(Default)]
pub(super) struct Tables {
    pub(super) people: BTreeMap<CustomerId, Stored>,
    /// When customers were erased.
    pub(super) erased: BTreeMap<CustomerId, Instant>,
    pub(super) seen: HashMap<Key, (u64, Instant)>,
    pub(super) events: BTreeMap<CustomerId, BTreeMap<(Instant, u64), Arc<Event>>>,
    pub(super) number: u64,
    pub(super) anchors: BTreeMap<(String, By), Anchors>,
    pub(super) enrollments: BTreeMap<(CustomerId, Key), EnrollmentRow>,
    pub(super) log: Vec<Entry>,
    pub(super) outbox: Vec<Outgoing>,
    /// Why commands stand where they do.
    pub(super) reasons: HashMap<Key, String>,
    /// Messages that were handed over, by route and name.
    pub(super) taken: BTreeMap<(String, String), Taken>,
    pub(super) rejected: BTreeMap<i64, Rejected>,
    /// The number of the latest dead letter.
    pub(super) letter: i64,
    pub(super) forgotten: Forgotten,
    /// Codes of coupon pools, and the number of the latest.
    pub(super) codes: BTreeMap<String, Numbered>,
    pub(super) code_number: i64,
    pub(super) marks: BTreeMap<String, String>,
    pub(super) definitions: Option<Definitions>,
    pub(super) versions: BTreeMap<Key, Version>,
    /// Who has which piece of work, until when.
    pub(super) leases: BTreeMap<String, (String, Instant)>,
}

impl Tables {
    /// Whether one of the events has been taken in before, or one of the customers has moved on since.
    fn conflicts(&self, batch: &Batch) -> bool {
        let mut fresh = BTreeSet::new();
        let mut is_repeated =
            |seen: &Seen| self.seen.contains_key(&seen.identity) || !fresh.insert(seen.identity);
        let goes = |id: &CustomerId| batch.erased.iter().any(|own| own.customer == *id);
        let moved_on = |stored: &Arc<Stored>| {
            let id = &stored.person.customer.id;
            let known = self.people.get(id).filter(|_| !goes(id));
            stored.revision != known.map_or(0, |known| known.revision) + 1
                || self.is_erased_since(stored)
        };
        let is_another = |swap: &Swap| self.marks.get(&swap.name) != swap.was.as_ref();
        batch.seen.iter().any(&mut is_repeated)
            || batch.persons.iter().any(moved_on)
            || !batch.erased.iter().all(|own| self.may_erase(own))
            || self.cannot_give(batch)
            || batch.swaps.iter().any(is_another)
    }

    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), Error> {
        if self.conflicts(&batch) {
            return Err(Error::Conflict);
        }
        batch.erased.iter().for_each(|own| self.erase(own));
        self.forgotten.events += batch.dropped;
        self.write_down(&batch);
        self.write_codes(&batch);
        self.seen.extend(
            batch
                .seen
                .iter()
                .map(|seen| (seen.identity, (seen.body, batch.clock))),
        );
        for stored in batch.persons {
            let mut stored = Arc::unwrap_or_clone(stored);
            stored.person.history.clear();
            self.people
                .insert(stored.person.customer.id.clone(), stored);
        }
        for event in batch.events {
            self.number += 1;
            self.events
                .entry(event.customer.clone())
                .or_default()
                .insert((event.time, self.number), event);
        }
        for row in &batch.anchors_gone {
            self.series(row)
                .remove(&(row.zone.clone(), row.at, row.customer.clone()));
        }
        for row in &batch.anchors {
            if self.is_gone(&row.customer) {
                continue;
            }
            self.series(row)
                .insert((row.zone.clone(), row.at, row.customer.clone()), row.since);
        }
        for row in batch.enrollments {
            let place = (row.customer.clone(), row.id);
            if row.held {
                self.enrollments.insert(place, row);
            } else {
                self.enrollments.remove(&place);
            }
        }
        self.outbox.extend(batch.outbox);
        let withdrawn = |row: &&mut Outgoing| batch.withdrawn.contains(&row.command.key);
        let open = self.outbox.iter_mut().filter(withdrawn);
        open.for_each(|row| row.is_withdrawn = true);
        batch.settled.iter().for_each(|own| self.settle(own));
        self.reject(batch.rejected);
        self.rejected.retain(|n, _| !batch.letters_gone.contains(n));
        for (name, value) in batch.marks {
            match value {
                Some(value) => self.marks.insert(name, value),
                None => self.marks.remove(&name),
            };
        }
        let swaps = batch.swaps.into_iter();
        self.marks.extend(swaps.map(|swap| (swap.name, swap.now)));
        Ok(())
    }

    /// Of what comes late about somebody who was erased, and is not back, only that it came is kept.
    fn reject(&mut self, rows: Vec<Rejected>) {
        for mut row in rows {
            let subject = erasure::subject(&row.body);
            if subject.is_some_and(|own| self.is_gone(&own.into())) {
                row.body = String::new();
                row.reason = erasure::REASON.to_owned();
            }
            if !self
                .rejected
                .values()
                .any(|known| (&known.origin, known.line) == (&row.origin, row.line))
            {
                self.letter += 1;
                self.rejected.insert(self.letter, row);
            }
        }
    }

    fn write_down(&mut self, batch: &Batch) {
        for part in parts(batch) {
            let mut entry = Entry {
                n: self.log.len() as i64 + 1,
                clock: batch.clock,
                customer: part.customer.clone(),
                actions: part.actions.into_iter().cloned().collect(),
                traces: part.traces.to_vec(),
            };
            let mut persons = batch.persons.iter();
            let is_written = persons.any(|own| own.person.customer.id == *part.customer);
            if !is_written && self.is_gone(part.customer) {
                // It was under way when its customer was erased.
                entry.customer = pseudonym(part.customer);
                entry.traces = entry.traces.into_iter().map(erased::trace).collect();
            }
            self.log.push(entry);
        }
    }

    fn settle(&mut self, settled: &Settled) {
        // That it was taken is true, whoever claims it by now.
        if let Some(taken) = &settled.taken
            && !self.is_gone(&taken.customer)
        {
            let place = (taken.route.clone(), taken.name.clone());
            self.taken.entry(place).or_insert_with(|| (**taken).clone());
        }
        let open =
            |row: &&mut Outgoing| row.command.key == settled.key && row.attempt == settled.attempt;
        if let Some(row) = self.outbox.iter_mut().find(open) {
            row.state = settled.state;
            row.tries = settled.tries;
            row.due = settled.due.unwrap_or(row.due);
            row.lease = None;
            let is_of_nobody = is_pseudonym(&row.command.customer);
            let reason = match &settled.reason {
                Some(reason) if is_of_nobody => erased::word(reason),
                reason => reason.clone(),
            };
            match reason {
                Some(reason) => self.reasons.insert(settled.key, reason),
                None => self.reasons.remove(&settled.key),
            };
        }
    }

    /// The places in the outbox of what may be claimed: under a lease that has passed, then the first of each queue that is
    /// due, then those behind it.
    pub(super) fn claimable(&self, route: &str, now: Instant, limit: usize) -> Vec<usize> {
        let (mut expired, mut first, mut behind) = (Vec::new(), Vec::new(), Vec::new());
        // How many of a customer's queue may be claimed so far; none = nothing more of it.
        let mut queues: BTreeMap<&CustomerId, Option<usize>> = BTreeMap::new();
        let own = self.outbox.iter().enumerate();
        for (place, row) in own.filter(|(_, row)| row.route == route) {
            let has_passed = row.lease.is_some_and(|lease| lease <= now);
            if row.state == OutboxState::Claimed && has_passed {
                expired.push(place);
            }
            if !row.is_retried() {
                continue;
            }
            let own = queues.entry(&row.command.customer).or_insert(Some(0));
            *own = match *own {
                Some(count) if row.state == OutboxState::Pending && row.due <= now => {
                    let places = if count == 0 { &mut first } else { &mut behind };
                    places.push(place);
                    Some(count + 1).filter(|count| *count <= TOGETHER)
                }
                _ => None,
            };
        }
        for places in [&mut expired, &mut first] {
            places.sort_by_key(|place: &usize| self.outbox[*place].due);
        }
        let mut places: Vec<usize> = expired.into_iter().chain(first).chain(behind).collect();
        places.truncate(limit);
        places.sort_unstable();
        places
    }

    /// Where those of these commands stand that are in the outbox still.
    pub(super) fn in_outbox(&self, is_one: impl Fn(&&Outgoing) -> bool) -> Vec<InOutbox> {
        let open = self.outbox.iter().filter(|row| !row.state.leaves());
        let rows = open.filter(is_one).map(|row| InOutbox {
            key: row.command.key,
            route: row.route.clone(),
            state: row.state,
            due: row.due,
            tries: row.tries,
            reason: self.reasons.get(&row.command.key).cloned(),
            is_withdrawn: row.is_withdrawn,
        });
        rows.collect()
    }

    fn series(&mut self, row: &AnchorRow) -> &mut BTreeMap<(String, i64, CustomerId), Instant> {
        self.anchors
            .entry((row.attribute.clone(), row.by))
            .or_default()
    }

    pub(super) fn load(&self, id: &CustomerId, kept: &[Kept]) -> Option<Stored> {
        let Some(mut stored) = self.people.get(id).cloned() else {
            return self.tombstone(id);
        };
        let Some(events) = self.events.get(id) else {
            return Some(stored);
        };
        let latest = |kept: &Kept| {
            events
                .iter()
                .rev()
                .find(|(_, event)| *event.kind == *kept.kind)
                .map(|(place, _)| *place)
        };
        let latest: BTreeSet<_> = kept
            .iter()
            .filter(|kept| kept.latest)
            .filter_map(latest)
            .collect();
        let holds = |place: &(Instant, u64), event: &Event| {
            latest.contains(place)
                || kept
                    .iter()
                    .any(|kept| kept.holds(&stored.person, &event.kind, event.time))
        };
        let history = events
            .iter()
            .filter(|(place, event)| holds(place, event))
            .map(|(_, event)| event.clone());
        stored.person.history = history.collect();
        Some(stored)
    }
}
