//! What is old is forgotten, a chunk at a time between other work, by the worker that leads.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration as Span;

use kurant_engine::calendar::{DAY, HOUR, Instant, Zone};
use kurant_engine::definition::{Definitions, Retention};
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_store::{Batch, Error as StoreError, Kept, Old};

use super::Runner;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::intake::Delivery;
use crate::keeping::{FLOOR, HISTORY, KeptSince, mark};
use crate::meter;

/// How many rows are forgotten in one transaction at the most, and where even a few take long at the least.
const MOST: usize = 1_000;
const LEAST: usize = 50;
/// How long this goes on before other work has its turn.
const STRETCH: Span = Span::from_millis(50);
/// How many times as long other work has the store for itself afterwards.
const PAUSE: u32 = 9;
/// Of an event that is older it may have been forgotten that it was taken in, however long that is kept by now.
const LONG_AGO: i64 = DAY;
/// How long nothing is looked for once all that is old is forgotten, in milliseconds.
const REST: i64 = HOUR;
/// Histories are walked through once so much of them has come to be too old: each walk looks at everybody.
const WALK: i64 = DAY;
/// The mark of a walk: the moment before which events go, and the customer after whom it goes on.
const PLACE: &str = "tidy/history";

/// How far the forgetting has come.
#[derive(Debug)]
pub(super) struct Tidying {
    retention: Retention,
    zone: Zone,
    /// The number of what is looked for next: [`Old::ALL`], then the histories.
    next: usize,
    /// How many rows are forgotten in one transaction: fewer where that takes long, since nothing else is written meanwhile.
    chunk: usize,
    /// Until when it rests, by the machine's clock.
    rests: i64,
    /// Up to when something is forgotten, since it rested last.
    reached: Vec<(&'static str, Instant)>,
    /// The walk through the histories; none = it is not known whether one is under way.
    walk: Option<Walk>,
}

/// A walk through the histories.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Walk {
    /// What is older goes.
    before: Instant,
    /// The customer after whom it goes on.
    after: String,
}

impl Walk {
    fn read(text: &str) -> Option<Self> {
        let (before, after) = text.split_once(' ')?;
        Some(Self {
            before: before.parse().ok()?,
            after: after.to_owned(),
        })
    }

    fn written(&self) -> String {
        format!("{} {}", self.before, self.after)
    }
}

impl Tidying {
    pub(super) fn of(definitions: &Definitions) -> Self {
        Self {
            retention: definitions.workspace.settings.retention,
            zone: definitions.workspace.timezone,
            next: 0,
            chunk: MOST,
            rests: i64::MIN,
            reached: Vec::new(),
            walk: None,
        }
    }

    /// Before when something is too old to be kept; none = it is kept for ever.
    fn horizon(&self, old: Old, now: Instant) -> Option<Instant> {
        let kept = match old {
            Old::Repeats => self.retention.repeats,
            Old::Letters => self.retention.dead_letters?,
            Old::Log => self.retention.log?,
            Old::Bodies => self.retention.bodies?,
            Old::Taken => self.retention.receipts,
            Old::Counts => return Some(now),
        };
        Some(kept.before(now, self.zone))
    }

    /// The same of what happened to customers.
    fn of_history(&self, now: Instant) -> Option<Instant> {
        Some(self.retention.history?.before(now, self.zone))
    }

    /// A chunk took so long.
    fn learn(&mut self, took: Span) {
        if took > STRETCH {
            self.chunk = (self.chunk / 2).max(LEAST);
        } else if took < STRETCH / 4 {
            self.chunk = (self.chunk * 2).min(MOST);
        }
    }

    /// All of one kind is forgotten up to an instant: next comes another one.
    fn pass(&mut self, what: &'static str, before: Option<Instant>) {
        self.reached.extend(before.map(|before| (what, before)));
        self.next += 1;
    }
}

impl Runner {
    /// Forgets some of what is old, if it is time. A history that is played is kept as it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tidy(&mut self) -> Result<(), Error> {
        let millis = self.clock.real_millis();
        if !self.mate.leads() || self.clock.is_lockstep() || millis < self.tidying.rests {
            return Ok(());
        }
        let watch = Stopwatch::start();
        let done = loop {
            let chunk = Stopwatch::start();
            let done = self.tidy_up().await;
            self.tidying.learn(chunk.passed());
            match done {
                Ok(true) if watch.passed() < STRETCH => {}
                other => break other,
            }
        };
        let pause = i64::try_from((watch.passed() * PAUSE).as_millis()).unwrap_or(REST);
        let rest = match done {
            Ok(true) => pause,
            Ok(false) => REST,
            // It can wait.
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "what is old could not be forgotten, and will be later");
                REST
            }
            Err(error) => return Err(error.into()),
        };
        self.tidying.rests = millis.saturating_add(rest);
        Ok(())
    }

    /// Forgets a chunk. Returns whether there may be more.
    async fn tidy_up(&mut self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Some(old) = Old::ALL.get(self.tidying.next).copied() else {
            if self.walk_on(now).await? {
                return Ok(true);
            }
            self.tell_what_is_kept(now).await?;
            self.tidying.next = 0;
            return Ok(false);
        };
        let before = self.tidying.horizon(old, now);
        if let Some(before) = before {
            let chunk = self.tidying.chunk;
            let gone = self.store.forget(old, before, chunk).await?;
            meter::forgotten(old.word(), gone);
            if gone >= chunk as u64 {
                return Ok(true);
            }
        }
        self.tidying.pass(old.word(), before);
        Ok(true)
    }

    /// Forgets what happened to the next customers long ago. Returns whether there may be more.
    async fn walk_on(&mut self, now: Instant) -> Result<bool, StoreError> {
        let Some(horizon) = self.tidying.of_history(now) else {
            return Ok(false);
        };
        let walk = match self.tidying.walk.take() {
            Some(walk) => walk,
            None => match self.begin_walk(horizon).await? {
                Some(walk) => walk,
                None => return Ok(false),
            },
        };
        let kept = Kept::of(&self.needs, now);
        let after = Some(walk.after.as_str());
        let walked = self
            .store
            .forget_history(walk.before, &kept, after, self.tidying.chunk)
            .await?;
        meter::forgotten(HISTORY, walked.gone);
        let (place, is_through) = match walked.next {
            Some(next) => {
                let after = next.to_string();
                let walk = Walk { after, ..walk };
                let place = walk.written();
                self.tidying.walk = Some(walk);
                (Some(place), false)
            }
            None => {
                self.tidying.reached.push((HISTORY, walk.before));
                (None, true)
            }
        };
        let marks = vec![(PLACE.to_owned(), place)];
        self.set_down(marks).await?;
        Ok(!is_through)
    }

    /// Goes on with the walk that somebody began, or begins one if it is time. From now on events of the time before are refused,
    /// unless it is known that they were taken in.
    async fn begin_walk(&mut self, horizon: Instant) -> Result<Option<Walk>, StoreError> {
        let begun = self.store.marks(PLACE).await?;
        let begun = begun.first().and_then(|(_, text)| Walk::read(text));
        if let Some(walk) = begun.filter(|walk| walk.before <= horizon) {
            return Ok(Some(walk));
        }
        let floor = self.floor().await?;
        if floor.is_some_and(|floor| horizon < floor.plus_millis(WALK)) {
            return Ok(None);
        }
        self.set_down(vec![(FLOOR.to_owned(), Some(horizon.to_string()))])
            .await?;
        Ok(Some(Walk {
            before: horizon,
            after: String::new(),
        }))
    }

    /// The moment before which events may be forgotten.
    async fn floor(&self) -> Result<Option<Instant>, StoreError> {
        let marks = self.store.marks(FLOOR).await?;
        Ok(marks.first().and_then(|(_, text)| text.parse().ok()))
    }

    /// Notes up to when all is forgotten, for whoever asks.
    async fn tell_what_is_kept(&mut self, now: Instant) -> Result<(), StoreError> {
        let reached = std::mem::take(&mut self.tidying.reached);
        let told = reached
            .iter()
            .filter(|(what, _)| *what != Old::Counts.word());
        let marks = told.map(|(what, since)| mark(what, *since)).collect();
        self.set_down(marks).await?;
        let (retention, zone) = (self.tidying.retention, self.tidying.zone);
        for own in KeptSince::all(&*self.store, retention, zone, now).await? {
            meter::kept(own.what, own.lag);
        }
        Ok(())
    }

    async fn set_down(&self, marks: Vec<(String, Option<String>)>) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let batch = Batch {
            marks,
            ..Batch::default()
        };
        self.store.commit(batch).await
    }

    /// Adds those of these events that were taken in so long ago that only their customers' histories tell it. Returns the moment before
    /// which even these don't.
    pub(super) async fn look_back(
        &self,
        deliveries: &[Delivery],
        seen: &mut HashMap<Key, u64>,
    ) -> Result<Instant, Error> {
        let now = self.clock.now();
        let all = deliveries.iter().flat_map(|delivery| &delivery.events);
        let old = all.filter(|own| own.event.time < now.plus_millis(-LONG_AGO));
        let events: Vec<Arc<Event>> = old.clone().map(|own| own.event.clone()).collect();
        if events.is_empty() {
            return Ok(Instant::MIN);
        }
        let known = self.store.in_history(&events).await?;
        let known: HashSet<Key> = known.into_iter().collect();
        for own in old.filter(|own| known.contains(&own.event.identity())) {
            // What it said then is not compared: histories hold it as it was understood.
            seen.entry(own.event.identity()).or_insert(own.body);
        }
        // Asked for last: what was forgotten before the histories were looked at is older than it.
        let floor = self.floor().await?.unwrap_or(Instant::MIN);
        let mut oldest = events.iter().filter(|own| own.time < floor);
        if oldest.next().is_none() {
            return Ok(Instant::MIN);
        }
        // While hardly any comes again, the ids that are known were not asked for.
        let old = events.iter().filter(|own| own.time < floor);
        let identities: Vec<Key> = old.map(|own| own.identity()).collect();
        seen.extend(self.seen(&identities).await?);
        Ok(floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurant_engine::definition::Workspace;

    #[test]
    fn where_a_chunk_takes_long_fewer_rows_go_at_once() {
        let workspace = Workspace::new("shop", Zone::UTC, "uk");
        let mut tidying = Tidying::of(&Definitions::new(workspace));
        for (took, chunk) in [
            (60, 500),
            (51, 250),
            (30, 250),
            (12, 500),
            (2, 1_000),
            (2, 1_000),
        ] {
            tidying.learn(Span::from_millis(took));
            assert_eq!(tidying.chunk, chunk, "{took}");
        }
        (0..9).for_each(|_| tidying.learn(STRETCH * 2));
        assert_eq!(tidying.chunk, LEAST);
    }

    #[test]
    fn a_walk_goes_on_where_it_was() {
        let walk = Walk {
            before: Instant::from_millis(1_772_445_600_000),
            after: "anna  of b".to_owned(),
        };
        assert_eq!(Walk::read(&walk.written()), Some(walk));
        assert_eq!(Walk::read("nonsense"), None);
    }
}
