//! The batch that is being committed, and what follows once it is durable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fail::fail_point;
use kurant_engine::action::Action;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Trace;
use kurant_store::{Batch, Outgoing, Rejected, Settled, Stored, Turn};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Runner;
use super::trouble::Found;
use crate::clock::Stopwatch;
use crate::decide::{Arrived, Decided, Job};
use crate::error::Error;
use crate::intake::Receipt;
use crate::meter;

/// How many customers are kept at hand.
const MOST_RECENT: usize = 20_000;
/// How many events of its history a customer that is kept at hand may have.
const SHORT_HISTORY: usize = 32;

/// A batch that is being committed.
pub(super) struct Flight {
    task: JoinHandle<(Result<(), kurant_store::Error>, Stopwatch)>,
    /// When its turn came.
    begun: Option<Stopwatch>,
    /// Customers as they are when it is.
    pub(super) people: HashMap<CustomerId, Arc<Stored>>,
    /// Events that it takes in, each with a hash of what it says.
    pub(super) seen: HashMap<Key, u64>,
    /// Whether it writes marks that others may write too.
    pub(super) swaps: bool,
    /// Codes that it gives.
    pub(super) codes: HashSet<String>,
    outbox: Vec<Outgoing>,
    actions: Vec<Action>,
    /// What it tells of hand-overs before it; should it fail, the next one tells.
    settled: Vec<Settled>,
    handed: Vec<(String, Option<String>)>,
    told: Vec<(CustomerId, Vec<Trace>)>,
    /// What went wrong for customers, to be said once it is durable.
    found: Found,
    after: After,
}

/// How the batch in flight came down.
enum Ground {
    /// It is durable, if there was one.
    Safe(Option<Box<Flight>>),
    /// It failed, and its events were taken apart.
    Lost,
}

/// What follows a commit, or stands ready if it fails.
#[derive(Default)]
pub(super) struct After {
    /// Whom to tell that it is durable.
    pub(super) receipts: Vec<(oneshot::Sender<Receipt>, Receipt)>,
    /// The events, to decide again one by one if it fails.
    pub(super) events: Vec<Arrived>,
    /// Which delivery each event came with.
    pub(super) places: Vec<usize>,
    /// What is done with customers beside them, to decide again.
    pub(super) again: Option<Box<Job>>,
    /// Dead letters and marks that came with the events.
    pub(super) rejected: Vec<Rejected>,
    pub(super) marks: Vec<(String, Option<String>)>,
}

impl Runner {
    /// Begins the commit of what was decided. It is made ready while the one before is still being written.
    pub(super) async fn launch(&mut self, decided: Decided, after: After) -> Result<(), Error> {
        self.collect().await?;
        self.counts.created += decided.created as u64;
        let (go, turn) = Turn::later();
        fail_point!("batch.decided");
        let mut next = self.ready(decided.batch, after, turn);
        let ground = self.touch_down().await;
        if ground.is_err() {
            // Whoever begins anew tells what this one would have told.
            self.settled.append(&mut next.settled);
        }
        match ground? {
            Ground::Lost => {
                // What was decided came from customers that are not stored so. The events are there still.
                drop(go);
                self.settled.extend(next.settled);
                self.marks.extend(next.handed);
                self.told.extend(next.told);
                self.restore_desk().await?;
                self.carefully(next.after).await
            }
            Ground::Safe(flight) => {
                go.go();
                fail_point!("batch.under_way");
                next.begun = Some(Stopwatch::start());
                self.flight = Some(next);
                self.landed(flight).await
            }
        }
    }

    /// A flight with all that goes with it, which begins when its turn comes.
    fn ready(&mut self, mut batch: Batch, after: After, turn: Turn) -> Flight {
        let (settled, handed) = (
            std::mem::take(&mut self.settled),
            std::mem::take(&mut self.marks),
        );
        let told = std::mem::take(&mut self.told);
        self.lease(&mut batch);
        let outbox = self.may_leave(&mut batch);
        let found = Found::in_batch(&batch);
        tell(&mut batch, &told);
        batch.settled.extend(settled.iter().cloned());
        batch.marks.extend(handed.iter().cloned());
        batch.rejected.extend(after.rejected.iter().cloned());
        batch.marks.extend(after.marks.iter().cloned());
        let people = batch
            .persons
            .iter()
            .map(|stored| (stored.person.customer.id.clone(), stored.clone()));
        // Until it is durable the store has whoever is erased as he or she was.
        let erased = batch.erased.iter().map(|own| {
            let gone = Stored::erased(own.customer.clone(), own.at);
            (own.customer.clone(), Arc::new(gone))
        });
        let people: HashMap<_, _> = erased.chain(people).collect();
        let seen = batch
            .seen
            .iter()
            .map(|seen| (seen.identity, seen.body))
            .collect();
        let actions = batch.actions.clone();
        let swaps = !batch.swaps.is_empty();
        let given = batch.codes_given.iter().map(|own| &own.given);
        let codes = given.map(|own| own.code.clone()).collect();
        let store = self.store.clone();
        let writing = async move { (store.commit_in_turn(batch, turn).await, Stopwatch::start()) };
        Flight {
            task: tokio::spawn(writing),
            begun: None,
            people,
            seen,
            swaps,
            codes,
            outbox,
            actions,
            settled,
            handed,
            told,
            found,
            after,
        }
    }

    /// Waits until the batch in flight is durable, hands over what leaves and tells whoever waits. Returns false when it
    /// failed and its events were taken apart: then everything decided since has to be decided again.
    pub(super) async fn land(&mut self) -> Result<bool, Error> {
        match self.touch_down().await? {
            Ground::Safe(flight) => self.landed(flight).await.map(|()| true),
            Ground::Lost => Ok(false),
        }
    }

    /// Waits until the batch in flight is durable; if it fails, its events are taken apart.
    async fn touch_down(&mut self) -> Result<Ground, Error> {
        let Some(mut flight) = self.flight.take() else {
            return Ok(Ground::Safe(None));
        };
        let (written, at) = (&mut flight.task).await?;
        match written {
            Ok(()) => {
                fail_point!("batch.durable");
                let took = flight.begun.map(|begun| begun.until(at));
                meter::committed(flight.seen.len(), took.unwrap_or_default());
                Ok(Ground::Safe(Some(Box::new(flight))))
            }
            Err(error) if error.is_about_rows() && flight.after.can_be_taken_apart() => {
                if matches!(error, kurant_store::Error::Conflict) {
                    meter::conflict();
                    tracing::debug!("somebody else was first: a batch is decided again");
                } else {
                    meter::taken_apart();
                    tracing::warn!(%error, "a batch failed and is taken apart");
                }
                self.settled.extend(flight.settled);
                self.marks.extend(flight.handed);
                self.told.extend(flight.told);
                self.restore_desk().await?;
                self.carefully(flight.after).await?;
                Ok(Ground::Lost)
            }
            Err(error) => {
                // Whoever begins anew tells it.
                self.settled.extend(flight.settled);
                Err(error.into())
            }
        }
    }

    async fn landed(&mut self, flight: Option<Box<Flight>>) -> Result<(), Error> {
        let Some(flight) = flight else { return Ok(()) };
        self.note_dry(&flight.found);
        self.add_trouble(flight.found).await;
        self.say_trouble(false);
        if self.mate.is_alone() {
            self.remember(flight.people);
        }
        self.durable(flight.outbox, flight.actions, flight.after.receipts)
            .await
    }

    /// Keeps customers at hand whose next event may come soon. Whoever has a long history is read anew, with what is needed
    /// of it.
    fn remember(&mut self, people: HashMap<CustomerId, Arc<Stored>>) {
        if self.recent.len() + people.len() > MOST_RECENT {
            self.recent.clear();
        }
        for (id, stored) in people {
            if stored.person.history.len() <= SHORT_HISTORY {
                self.recent.insert(id, stored);
            } else {
                self.recent.remove(&id);
            }
        }
    }

    /// Hands over what leaves, and tells whoever waits.
    pub(super) async fn durable(
        &mut self,
        outbox: Vec<Outgoing>,
        actions: Vec<Action>,
        receipts: Vec<(oneshot::Sender<Receipt>, Receipt)>,
    ) -> Result<(), Error> {
        for (sender, receipt) in receipts {
            self.count(&receipt);
            // Whoever asked may have gone.
            let _ = sender.send(receipt);
        }
        fail_point!("batch.told");
        self.counts.actions += actions.len() as u64;
        if !actions.is_empty() {
            meter::acted(&actions);
            self.audience.acted(&actions);
            self.guard(&actions).await?;
        }
        if !outbox.is_empty() {
            meter::commands(&outbox);
            // In the order of the commits, one after the other, beside the next commit.
            self.leave(outbox).await?;
        }
        Ok(())
    }

    pub(super) fn count(&mut self, receipt: &Receipt) {
        meter::settled(receipt);
        self.counts.taken += receipt.taken as u64;
        self.counts.repeated += receipt.repeated as u64;
        self.counts.refused += (receipt.refused.len() + receipt.rejected) as u64;
    }

    /// After a failure: lets the commit and the hand-over that are under way come to their ends, whatever those are. Only then
    /// may another runner make good what was left half done. Returns what is known of hand-overs and could not be told to the
    /// store.
    pub async fn abandon(mut self) -> Vec<Settled> {
        if let Some(flight) = self.flight.take() {
            if let Ok((Ok(()), at)) = flight.task.await {
                let took = flight.begun.map(|begun| begun.until(at));
                meter::committed(flight.seen.len(), took.unwrap_or_default());
                // It took effect, though nobody is told: what comes again will be known.
                let receipts = flight.after.receipts.iter();
                receipts.for_each(|(_, receipt)| meter::settled(receipt));
            } else {
                self.settled.extend(flight.settled);
            }
        }
        self.settled.extend(self.leaving.abandon().await);
        meter::given_back();
        self.settled
    }

    /// Waits until everything is durable, handed over and settled.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.land().await?;
        self.all_handed_over().await?;
        self.settle().await?;
        // Fallbacks of what was given up, and what they lead to.
        while self.leaving.is_busy() {
            self.all_handed_over().await?;
            self.settle().await?;
        }
        Ok(())
    }

    /// Waits until everything is durable and the store is told of all that is known of hand-overs. Those under way go on.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub(crate) async fn settle(&mut self) -> Result<(), Error> {
        self.land().await?;
        self.collect().await?;
        while !(self.given_up.is_empty() && self.bounced.is_empty()) {
            self.take_in_bounced().await?;
            self.fall_back().await?;
            self.land().await?;
            self.collect().await?;
        }
        if self.settled.is_empty() && self.marks.is_empty() {
            return Ok(());
        }
        let (settled, marks) = (
            std::mem::take(&mut self.settled),
            std::mem::take(&mut self.marks),
        );
        let mut batch = Batch {
            clock: self.clock.now(),
            settled,
            marks,
            ..Batch::default()
        };
        tell(&mut batch, &std::mem::take(&mut self.told));
        fail_point!("flush.settles");
        let settled = batch.settled.clone();
        if let Err(error) = self.store.commit(batch).await {
            self.settled = settled;
            return Err(error.into());
        }
        fail_point!("flush.settled");
        Ok(())
    }
}

/// Adds to what the log is told, before what a decision tells: it comes from elsewhere, and the decision may follow from it. Each
/// customer stands there once.
pub(super) fn tell(batch: &mut Batch, told: &[(CustomerId, Vec<Trace>)]) {
    let mut own: Vec<(CustomerId, Vec<Trace>)> = Vec::new();
    for (customer, lines) in told {
        match own.iter_mut().find(|(known, _)| known == customer) {
            Some((_, known)) => known.extend(lines.iter().cloned()),
            None => own.push((customer.clone(), lines.clone())),
        }
    }
    for (customer, lines) in own {
        match batch
            .traces
            .iter_mut()
            .find(|(known, _)| *known == customer)
        {
            Some((_, decided)) => drop(decided.splice(0..0, lines)),
            None => batch.traces.push((customer, lines)),
        }
    }
}

/// The customers of events, each once.
pub(super) fn customers(events: &[Arrived]) -> Vec<CustomerId> {
    let mut known = HashSet::new();
    let ids = events.iter().map(|arrived| &arrived.event().customer);
    ids.filter(|id| known.insert((*id).clone()))
        .cloned()
        .collect()
}

impl After {
    fn can_be_taken_apart(&self) -> bool {
        !self.events.is_empty() || self.again.is_some()
    }
}
