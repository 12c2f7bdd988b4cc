//! What is old is forgotten, a chunk at a time between other work, by the worker that leads.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kurant_engine::calendar::{DAY, HOUR, Instant, Zone};
use kurant_engine::definition::{Definitions, Retention};
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_store::Old;

use super::Runner;
use crate::error::Error;
use crate::intake::Delivery;

/// How many rows are forgotten at once.
const CHUNK: usize = 5_000;
/// Of an event that is older it may have been forgotten that it was taken in, however long that is kept by now.
const LONG_AGO: i64 = DAY;
/// How long nothing is looked for once all that is old is forgotten, in milliseconds.
const REST: i64 = HOUR;

/// How far the forgetting has come.
#[derive(Debug)]
pub(super) struct Tidying {
    retention: Retention,
    zone: Zone,
    /// The number of what is looked for next.
    next: usize,
    /// When it began to rest, by the machine's clock.
    rested: Option<i64>,
}

impl Tidying {
    pub(super) fn of(definitions: &Definitions) -> Self {
        Self {
            retention: definitions.workspace.settings.retention,
            zone: definitions.workspace.timezone,
            next: 0,
            rested: None,
        }
    }

    /// Before when something is too old to be kept; none = it is kept for ever.
    fn horizon(&self, old: Old, now: Instant) -> Option<Instant> {
        let kept = match old {
            Old::Repeats => self.retention.repeats,
            Old::Letters => self.retention.dead_letters?,
            Old::Log => self.retention.log?,
            Old::Taken => self.retention.receipts,
            Old::Counts => return Some(now),
        };
        Some(kept.before(now, self.zone))
    }
}

impl Runner {
    /// Forgets a chunk of what is old, if it is time. A history that is played is kept as it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&mut self) -> Result<(), Error> {
        if !self.mate.leads() || self.clock.is_lockstep() {
            return Ok(());
        }
        let millis = self.clock.real_millis();
        let rests = |since: i64| (since..since + REST).contains(&millis);
        if self.tidying.rested.is_some_and(rests) {
            return Ok(());
        }
        let Some(old) = Old::ALL.get(self.tidying.next).copied() else {
            self.tidying.next = 0;
            self.tidying.rested = Some(millis);
            return Ok(());
        };
        if let Some(before) = self.tidying.horizon(old, self.clock.now()) {
            match self.store.forget(old, before, CHUNK).await {
                Ok(gone) if gone >= CHUNK as u64 => return Ok(()),
                Ok(_) => {}
                // It can wait.
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "what is old could not be forgotten, and will be later");
                    self.tidying.rested = Some(millis);
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.tidying.next += 1;
        Ok(())
    }

    /// Adds those of these events that were taken in so long ago that only their customers' histories tell it.
    pub(super) async fn look_back(
        &self,
        deliveries: &[Delivery],
        seen: &mut HashMap<Key, u64>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let all = deliveries.iter().flat_map(|delivery| &delivery.events);
        let old = all.filter(|own| own.event.time < now.plus_millis(-LONG_AGO));
        let events: Vec<Arc<Event>> = old.clone().map(|own| own.event.clone()).collect();
        if events.is_empty() {
            return Ok(());
        }
        let known = self.store.in_history(&events).await?;
        let known: HashSet<Key> = known.into_iter().collect();
        for own in old.filter(|own| known.contains(&own.event.identity())) {
            // What it said then is not compared: histories hold it as it was understood.
            seen.entry(own.event.identity()).or_insert(own.body);
        }
        Ok(())
    }
}
