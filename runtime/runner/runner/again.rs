//! What was not taken on the other side is handed over again when it is due.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use fail::fail_point;
use kurant_engine::calendar::{Instant, MINUTE};
use kurant_store::{OutboxState, Outgoing, Queue};
use tokio::sync::Notify;

use super::Runner;
use super::leaving::customers;
use crate::channel::{HandedOver, queued};
use crate::dispatch::WayNumber;
use crate::error::Error;

/// How long a claim holds, in milliseconds: longer than any hand-over takes.
pub(super) const LEASE: i64 = MINUTE;
/// Of how many customers it is known that their commands are tried again; beyond that all commands queue.
const MOST_BEHIND: usize = 10_000;

/// Whose commands are tried again: those made since queue behind them, so that none overtakes another.
#[derive(Debug, Default)]
pub(super) struct Behind {
    places: HashSet<Queue>,
    everybody: bool,
    /// Some of them were under way a moment ago, and the next ones may be free by now.
    moving: bool,
}

impl Behind {
    /// These too.
    pub(super) fn add(&mut self, places: Vec<Queue>) {
        self.places.extend(places);
        self.everybody |= self.places.len() >= MOST_BEHIND;
    }

    fn holds(&self, row: &Outgoing) -> bool {
        if self.places.is_empty() {
            return false;
        }
        self.everybody || self.places.contains(&row.queue())
    }
}

impl Runner {
    /// Those of new commands that may leave at once. The others queue behind earlier ones of their customers.
    pub(super) fn queued(&mut self, mut made: Vec<Outgoing>) -> Vec<Outgoing> {
        let behind = made.extract_if(.., |row| self.behind.holds(row));
        let waiting: Vec<_> = behind.map(|row| queued(&row)).collect();
        self.settled.extend(waiting);
        made
    }

    /// Whether more of what is tried again may be free at once.
    pub(crate) fn is_catching_up(&self) -> bool {
        self.behind.moving
    }

    /// Whether anything is being handed over.
    pub(crate) fn is_handing_over(&self) -> bool {
        self.leaving.is_busy()
    }

    /// Tells when a hand-over has ended.
    pub(crate) fn hand_over_ended(&self) -> Arc<Notify> {
        self.leaving.ended()
    }

    /// Begins to hand over again what is due, by each way that has nothing to do and takes anything.
    pub(crate) async fn hand_over_again(&mut self) -> Result<(), Error> {
        self.collect().await?;
        let now = self.clock.now();
        let is_over = !self.mate.is_shared() && !self.dispatch.may_refuse();
        if is_over && self.given_up.is_empty() && !self.is_anything_pending(now).await? {
            self.behind = Behind::default();
            return Ok(());
        }
        let is_told = self.settled.is_empty() && self.given_up.is_empty();
        if !is_told || !self.behind.places.is_empty() || self.flight.is_some() {
            // What waits to be told to the store is known here only.
            self.settle().await?;
        }
        let claimed = self.reclaim(now).await?;
        let retried = self.store.retried(MOST_BEHIND).await?;
        self.behind = Behind {
            moving: !claimed.is_empty(),
            ..Behind::default()
        };
        self.behind.add(retried);
        for (way, rows) in claimed {
            fail_point!("reclaim.claimed");
            self.resume_handing(way, rows).await?;
        }
        Ok(())
    }

    /// Claims what is due, by ways that have nothing to do, as much as each takes.
    async fn reclaim(&self, now: Instant) -> Result<BTreeMap<WayNumber, Vec<Outgoing>>, Error> {
        let mut claimed: BTreeMap<WayNumber, Vec<Outgoing>> = BTreeMap::new();
        let free = self.leaving.free();
        for route in self.store.routes_waiting(now).await? {
            let way = self.dispatch.way_of(&route);
            let begun = claimed.get(&way).map_or(0, Vec::len);
            let room = self.dispatch.room(way).saturating_sub(begun);
            if room == 0 || !free.contains(&way) {
                continue;
            }
            let until = now.plus_millis(LEASE);
            let rows = self.store.reclaim(&route, now, until, room).await?;
            if !rows.is_empty() {
                claimed.entry(way).or_default().extend(rows);
            }
        }
        Ok(claimed)
    }

    /// Begins to hand over what may have been handed over before: by a worker that has ended since, for one.
    async fn resume_handing(
        &mut self,
        way: WayNumber,
        claimed: Vec<Outgoing>,
    ) -> Result<(), Error> {
        let (dispatch, now) = (self.dispatch.clone(), self.clock.now());
        // Alone, it has looked for whatever a run before left claimed when it began.
        let (mut done, missing) = match self.mate.is_shared() {
            true => dispatch.look_for(claimed, None).await?,
            false => (HandedOver::default(), claimed),
        };
        let (leaving, settled) = self.judged(missing, now).await?;
        done.add(settled);
        let customers = customers(&leaving);
        self.hand_over(way, customers, async move {
            done.add(dispatch.hand_over_again(leaving, now).await?);
            Ok(done)
        });
        Ok(())
    }

    /// Files take at once; what was given up and is to be tried again waits all the same.
    async fn is_anything_pending(&self, now: Instant) -> Result<bool, Error> {
        let pending = self.store.outbox(OutboxState::Pending, now, 1).await?;
        Ok(!pending.is_empty())
    }
}
