//! What is being handed over: each way goes on by itself. One that is slow holds up neither the others nor what is decided.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use fail::fail_point;
use kurant_engine::id::CustomerId;
use kurant_store::{OutboxState, Outgoing, Settled};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Runner;
use super::trouble::Found;
use crate::channel::{HandedOver, put_back};
use crate::dispatch::WayNumber;
use crate::error::Error;

type Handing = JoinHandle<Result<HandedOver, Error>>;

/// What leaves by each way.
pub(super) struct Leaving {
    lanes: Vec<Lane>,
    /// Told whenever one has ended.
    ended: Arc<Notify>,
}

/// What leaves by one way.
#[derive(Default)]
struct Lane {
    /// What is being handed over.
    handing: Option<Handing>,
    /// Whose that is.
    under_way: Vec<CustomerId>,
    /// What comes after it of the same customers.
    waiting: Vec<Outgoing>,
    /// It was waited for in vain.
    is_slow: bool,
}

impl Leaving {
    /// So many ways, and nothing leaves yet.
    pub(super) fn by(ways: usize) -> Self {
        let mut lanes = Vec::new();
        lanes.resize_with(ways, Lane::default);
        Self {
            lanes,
            ended: Arc::default(),
        }
    }

    /// Whether anything is being handed over.
    pub(super) fn is_busy(&self) -> bool {
        self.busy().is_some()
    }

    /// A way that is handing over.
    fn busy(&self) -> Option<WayNumber> {
        let mut lanes = self.lanes.iter();
        lanes.position(|lane| lane.handing.is_some())
    }

    /// The ways that have nothing to do.
    pub(super) fn free(&self) -> Vec<WayNumber> {
        let lanes = self.lanes.iter().enumerate();
        lanes
            .filter(|(_, lane)| lane.handing.is_none())
            .map(|(way, _)| way)
            .collect()
    }

    /// Tells when one has ended.
    pub(super) fn ended(&self) -> Arc<Notify> {
        self.ended.clone()
    }

    /// Lets all come to their ends, whatever those are; gives what is known of them then.
    pub(super) async fn abandon(&mut self) -> Vec<Settled> {
        let mut settled = Vec::new();
        for handing in self.lanes.iter_mut().filter_map(|lane| lane.handing.take()) {
            // Those that were given up are tried once more, so that their fallbacks are not forgotten.
            if let Ok(Ok(done)) = handing.await {
                settled.extend(done.settled);
            }
        }
        settled
    }
}

impl Lane {
    /// What was handed over is. Gives what waits behind it.
    fn is_over(&mut self) -> Vec<Outgoing> {
        std::mem::take(self).waiting
    }

    /// Takes out those that must not be overtaken by what comes after them: whose customers have something under way.
    fn of_those_under_way(&self, rows: &mut Vec<Outgoing>) -> Vec<Outgoing> {
        let under_way: HashSet<&CustomerId> = self.under_way.iter().collect();
        let is_under_way = |row: &mut Outgoing| under_way.contains(&row.command.customer);
        rows.extract_if(.., is_under_way).collect()
    }
}

impl Runner {
    /// Begins to hand over what has become durable, each by its way. What a way has no time for is tried again soon.
    pub(super) async fn leave(&mut self, mut outbox: Vec<Outgoing>) -> Result<(), Error> {
        // The others are there to be counted, and to be let go: their customers were erased.
        outbox.retain(|row| row.state == OutboxState::Claimed);
        for (way, rows) in self.dispatch.by_way(outbox) {
            if self.wait_for(way).await? {
                self.set_out(way, rows);
            } else {
                self.hold_up(way, rows);
            }
        }
        Ok(())
    }

    /// Waits until a way has taken what came before, for as long as it deserves. Returns whether it has.
    async fn wait_for(&mut self, way: WayNumber) -> Result<bool, Error> {
        let lane = &mut self.leaving.lanes[way];
        let patience = match self.dispatch.patience(way) {
            Some(_) if lane.is_slow => Some(Duration::ZERO),
            patience => patience,
        };
        let is_over = self.wait_at_most(way, patience).await?;
        self.leaving.lanes[way].is_slow = !is_over;
        Ok(is_over)
    }

    /// Waits until a way has taken what came before; without `patience`, as long as it takes. Returns whether it has.
    async fn wait_at_most(
        &mut self,
        way: WayNumber,
        patience: Option<Duration>,
    ) -> Result<bool, Error> {
        let lane = &mut self.leaving.lanes[way];
        let Some(handing) = &mut lane.handing else {
            return Ok(true);
        };
        let done = match patience {
            None => handing.await,
            Some(patience) => match tokio::time::timeout(patience, handing).await {
                Ok(done) => done,
                Err(_) => return Ok(false),
            },
        };
        let waiting = lane.is_over();
        self.handed(done??, waiting);
        Ok(true)
    }

    /// Begins to hand over by a way that is free.
    fn set_out(&mut self, way: WayNumber, rows: Vec<Outgoing>) {
        let leaving = self.queued(rows);
        if leaving.is_empty() {
            return;
        }
        let (dispatch, now) = (self.dispatch.clone(), self.clock.now());
        fail_point!("hand_over.begins");
        let customers = customers(&leaving);
        let handing = async move { dispatch.hand_over_by(way, leaving, now).await };
        self.hand_over(way, customers, handing);
    }

    /// Begins a hand-over by a way that is free.
    pub(super) fn hand_over(
        &mut self,
        way: WayNumber,
        under_way: Vec<CustomerId>,
        handing: impl Future<Output = Result<HandedOver, Error>> + Send + 'static,
    ) {
        let ended = self.leaving.ended.clone();
        let lane = &mut self.leaving.lanes[way];
        debug_assert!(lane.handing.is_none(), "what comes of it would be lost");
        lane.under_way = under_way;
        lane.handing = Some(tokio::spawn(async move {
            let done = handing.await;
            ended.notify_one();
            done
        }));
    }

    /// Keeps commands for a way that is busy: behind what is under way of the same customers, else in the store.
    fn hold_up(&mut self, way: WayNumber, rows: Vec<Outgoing>) {
        let mut rows = self.queued(rows);
        let lane = &mut self.leaving.lanes[way];
        let behind = lane.of_those_under_way(&mut rows);
        lane.waiting.extend(behind);
        self.go_back(&rows);
    }

    /// These go back into the store, to be judged anew before they leave.
    fn go_back(&mut self, rows: &[Outgoing]) {
        self.settled.extend(rows.iter().map(put_back));
        self.behind.add(rows.iter().map(Outgoing::queue).collect());
    }

    /// Notes what came of hand-overs that have ended.
    pub(super) async fn collect(&mut self) -> Result<(), Error> {
        for way in 0..self.leaving.lanes.len() {
            let handing = &self.leaving.lanes[way].handing;
            if handing.as_ref().is_some_and(JoinHandle::is_finished) {
                self.wait_for(way).await?;
            }
        }
        Ok(())
    }

    /// Waits until nothing is being handed over any more.
    pub(super) async fn all_handed_over(&mut self) -> Result<(), Error> {
        while let Some(way) = self.leaving.busy() {
            self.wait_at_most(way, None).await?;
        }
        Ok(())
    }

    /// Notes what came of one, and what waited behind it; the next commit tells the store.
    fn handed(&mut self, done: HandedOver, waiting: Vec<Outgoing>) {
        fail_point!("hand_over.done");
        self.counts.handed_over += done.accepted();
        done.tally.count();
        self.settled.extend(done.settled);
        self.given_up.extend(done.given_up);
        self.bounced.extend(done.bounced);
        self.marks.extend(done.marks);
        self.trouble.add(Found::in_traces(&done.traces));
        self.told.extend(done.traces);
        self.behind.add(done.retried);
        self.go_back(&waiting);
    }
}

/// Whose commands they are.
pub(super) fn customers(rows: &[Outgoing]) -> Vec<CustomerId> {
    rows.iter()
        .map(|row| row.command.customer.clone())
        .collect()
}
