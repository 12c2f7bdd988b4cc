//! Takes apart what failed as a whole: events are halved until the one that fails stands alone, customers are gone through one
//! by one. What only came too late, because another worker was first, is decided again on what is there now.

use std::collections::{HashMap, HashSet};

use fail::fail_point;
use kurant_engine::id::{CustomerId, Key};
use kurant_store::{Batch, OutboxState, Rejected};

use super::again::LEASE;
use super::flight::{After, customers};
use super::trouble::Found;
use super::{Runner, WARY};
use crate::clock::Stopwatch;
use crate::decide::{Arrived, Decided, Job, Task};
use crate::error::Error;
use crate::intake::Receipt;
use crate::meter;

/// How often something is decided again because another worker was first.
const TRIES: usize = 100;

/// What is committed with the first part of a batch: dead letters and marks.
type Beside = (Vec<Rejected>, Vec<(String, Option<String>)>);

/// Events of a batch that took no effect.
#[derive(Default)]
struct LeftOut {
    /// They failed, and are dead letters.
    failed: HashSet<Key>,
    /// Another worker took them in meanwhile.
    repeated: HashSet<Key>,
}

impl LeftOut {
    /// Tells the delivery of an event what became of it.
    fn note(&self, identity: Key, receipt: &mut Receipt) {
        if self.failed.contains(&identity) {
            receipt.taken = receipt.taken.saturating_sub(1);
            receipt.rejected += 1;
        } else if self.repeated.contains(&identity) {
            receipt.taken = receipt.taken.saturating_sub(1);
            receipt.repeated += 1;
        }
    }
}

impl Runner {
    /// Decides again with nothing in flight: first events, until the one that fails stands alone, which is a dead letter while
    /// the rest takes effect; then what is done with customers beside them.
    pub(super) async fn carefully(&mut self, mut after: After) -> Result<(), Error> {
        fail_point!("again.begins");
        self.leave_out_repeated(&mut after).await?;
        // What tells how far a page has come must not be durable before it.
        let is_page = after.events.is_empty() && after.again.is_some();
        let (marks, reached) = match is_page {
            true => (Vec::new(), after.marks),
            false => (after.marks, Vec::new()),
        };
        let mut beside = Some((after.rejected, marks));
        let identities = after
            .events
            .iter()
            .map(|arrived| arrived.event().identity());
        let places: Vec<_> = identities.zip(after.places).collect();
        let left_out = self.halve(after.events, &mut beside).await?;
        for (identity, place) in places {
            if let Some((_, receipt)) = after.receipts.get_mut(place) {
                left_out.note(identity, receipt);
            }
        }
        if let Some(job) = after.again {
            self.one_by_one(*job).await?;
        }
        self.marks.extend(reached);
        fail_point!("again.decided");
        self.recent.clear();
        for (sender, receipt) in after.receipts {
            self.count(&receipt);
            let _ = sender.send(receipt);
        }
        Ok(())
    }

    async fn halve(
        &mut self,
        events: Vec<Arrived>,
        beside: &mut Option<Beside>,
    ) -> Result<LeftOut, Error> {
        let mut left_out = LeftOut::default();
        let mut parts = vec![events];
        while let Some(events) = parts.pop() {
            let job = Job {
                events: events.clone(),
                ..Job::default()
            };
            match Box::pin(self.alone(job, beside)).await {
                Ok(repeated) => left_out.repeated.extend(repeated),
                Err(error) if error.is_of_the_batch() && events.len() > 1 => {
                    let half = events.len() / 2;
                    parts.push(events[half..].to_vec());
                    parts.push(events[..half].to_vec());
                }
                Err(error) if error.is_of_the_batch() && events.len() == 1 => {
                    let Arrived { at, delivered, .. } = &events[0];
                    let rejected = vec![delivered.refused(*at, format!("failed: {error}"))];
                    let letter = Batch {
                        rejected,
                        ..Batch::default()
                    };
                    self.store.commit(letter).await?;
                    left_out.failed.insert(events[0].event().identity());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(left_out)
    }

    /// Decides for customers together, else one by one: whoever makes the engine fail is left alone until something happens.
    pub(super) async fn one_by_one(&mut self, job: Job) -> Result<(), Error> {
        let mut parts = vec![job];
        while let Some(mut job) = parts.pop() {
            match Box::pin(self.alone(job.clone(), &mut None)).await {
                Ok(_) => {}
                Err(error) if error.is_of_the_batch() && job.people.len() > 1 => {
                    tracing::error!(%error, "a page of customers failed and is taken apart");
                    let people = std::mem::take(&mut job.people);
                    parts.extend(people.into_iter().map(|person| Job {
                        people: vec![person],
                        ..job.clone()
                    }));
                }
                Err(error) if error.is_of_the_batch() => {
                    tracing::error!(%error, "deciding failed for one customer, who is left alone until something happens");
                    for stored in &job.people {
                        let id = stored.person.customer.id.clone();
                        self.stuck
                            .extend(stored.person.wake_at().map(|wake| (id, wake)));
                    }
                    if let Task::CameBack(back) = job.task {
                        // Handed over once more, it would fail again.
                        let ids = job.people.iter();
                        let ids: HashSet<_> = ids.map(|own| &own.person.customer.id).collect();
                        let own = back.into_iter().filter(|own| ids.contains(&own.customer));
                        self.settled.extend(own.map(|own| own.settled));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes events out that have been taken in before, and tells their deliveries so.
    async fn leave_out_repeated(&mut self, after: &mut After) -> Result<(), Error> {
        self.wary = WARY;
        let seen = self.seen(&identities(&after.events)).await?;
        let (events, places) = (
            std::mem::take(&mut after.events),
            std::mem::take(&mut after.places),
        );
        for (arrived, place) in events.into_iter().zip(places) {
            let Some(body) = seen.get(&arrived.event().identity()) else {
                after.events.push(arrived);
                after.places.push(place);
                continue;
            };
            let reused = arrived.delivered.reused(*body);
            if let Some((_, receipt)) = after.receipts.get_mut(place) {
                receipt.taken = receipt.taken.saturating_sub(1);
                match reused {
                    None => receipt.repeated += 1,
                    Some(_) => receipt.rejected += 1,
                }
            }
            if let Some(reason) = reused {
                let letter = arrived.delivered.refused(arrived.at, reason);
                if arrived.imported {
                    self.reused.push((letter.line, letter.reason.clone()));
                }
                after.rejected.push(letter);
            }
        }
        Ok(())
    }

    /// Those of these events that have been taken in, each with a hash of what it said.
    pub(super) async fn seen(&self, identities: &[Key]) -> Result<HashMap<Key, u64>, Error> {
        let seen = self.store.seen(identities).await?;
        let known = seen.into_iter().map(|seen| (seen.identity, seen.body));
        Ok(known.collect())
    }

    /// Decides one job on what is there now and commits it, with nothing in flight. Gives the events that had been taken in
    /// by then.
    async fn alone(&mut self, job: Job, beside: &mut Option<Beside>) -> Result<Vec<Key>, Error> {
        let decided = self.decide_now(job, |batch, _| {
            if let Some((rejected, marks)) = beside.as_ref() {
                batch.rejected.extend(rejected.iter().cloned());
                batch.marks.extend(marks.iter().cloned());
            }
        });
        let decided = decided.await?;
        *beside = None;
        Ok(decided.repeated)
    }

    /// Decides one job on what is there now and commits it, with what is to be written beside it; again whenever another
    /// worker was first.
    pub(super) async fn decide_now(
        &mut self,
        job: Job,
        beside: impl Fn(&mut Batch, &Decided),
    ) -> Result<Decided, Error> {
        debug_assert!(self.flight.is_none());
        let mut tries = 1;
        loop {
            self.recent.clear();
            self.restore_desk().await?;
            let mut decided = self.decide_on_what_is(&job).await?;
            let mut batch = std::mem::take(&mut decided.batch);
            beside(&mut batch, &decided);
            self.lease(&mut batch);
            let (outbox, actions) = (self.may_leave(&mut batch), batch.actions.clone());
            let found = Found::in_batch(&batch);
            // Beside a run codes may be taken out of a pool; else nobody can have been first who works alone.
            let may_be_late = self.mate.is_shared() || !batch.codes_given.is_empty();
            let (seen, watch) = (batch.seen.len(), Stopwatch::start());
            match self.store.commit(batch).await {
                Ok(()) => {
                    meter::committed(seen, watch.passed());
                    self.add_trouble(found).await;
                    self.durable(outbox, actions, Vec::new()).await?;
                    return Ok(decided);
                }
                Err(kurant_store::Error::Conflict) if tries < TRIES && may_be_late => {
                    tries += 1;
                    meter::conflict();
                    self.keep_alive().await?;
                }
                Err(error) => {
                    self.restore_desk().await?;
                    return Err(error.into());
                }
            }
        }
    }

    async fn decide_on_what_is(&mut self, job: &Job) -> Result<Decided, Error> {
        let now = self.clock.now();
        let seen = self.seen(&identities(&job.events)).await?;
        let mut events = job.events.clone();
        events.retain(|arrived| !seen.contains_key(&arrived.event().identity()));
        let mut ids: Vec<CustomerId> = customers(&events);
        let listed = job
            .people
            .iter()
            .map(|stored| stored.person.customer.id.clone());
        let known: HashSet<CustomerId> = ids.iter().cloned().collect();
        ids.extend(listed.filter(|id| !known.contains(id)));
        let people = self.people(&ids, now).await?;
        let clock = if events.is_empty() { job.clock } else { now };
        let fresh = Job {
            people,
            events,
            clock,
            ..job.clone()
        };
        let decided = self.decide(fresh).await;
        if matches!(decided, Err(Error::Engine(_))) {
            self.restore_desk().await?;
        }
        decided.map(|decided| Decided {
            repeated: seen.into_keys().collect(),
            ..decided
        })
    }

    /// Claims hold for a while where others may take over what a worker leaves behind.
    pub(super) fn lease(&self, batch: &mut Batch) {
        if !self.mate.is_shared() {
            return;
        }
        let until = self.clock.now().plus_millis(LEASE);
        for row in &mut batch.outbox {
            if row.state == OutboxState::Claimed {
                row.lease = Some(until);
            }
        }
    }
}

fn identities(events: &[Arrived]) -> Vec<Key> {
    let events = events.iter().map(Arrived::event);
    events.map(|event| event.identity()).collect()
}

impl Error {
    /// Whether it is the batch that failed, and a smaller one may not.
    pub(super) fn is_of_the_batch(&self) -> bool {
        match self {
            Self::Engine(_) => true,
            Self::Store(error) => error.is_about_rows(),
            _ => false,
        }
    }
}
