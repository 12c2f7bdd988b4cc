//! The loop around the engine: intake, timers and firings, hand-over, and the commits between them.
//!
//! While one batch is being committed the next is decided: its customers come from the batch in flight where they are in it,
//! else from the store. Nothing leaves before its commit, and nothing is told to a source before its events are durable.

mod again;
mod apart;
mod bounced;
mod coupons;
mod crew;
mod deployed;
mod due;
mod fall_back;
mod flight;
mod guard;
mod import;
mod intake;
mod judged;
mod late;
mod leaving;
mod left;
mod missed;
mod orders;
mod pages;
mod reached;
mod restored;
mod steer;
mod stopped;
mod strangers;
mod tidy;
mod trouble;
mod upkeep;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use fail::fail_point;
use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Needs;
use kurant_engine::definition::{Definitions, Guard, Version};
use kurant_engine::event::Event;
use kurant_engine::guard::Watch;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Trace;
use kurant_engine::paused::Paused;
use kurant_store::{Batch, Kept, Settled, Store, Stored};
use tokio::sync::watch;

use crate::channel::{CameBack, HANDED, again as later};
use crate::clock::Clock;
use crate::decide::Decider;
use crate::dispatch::{Dispatch, Renderer, Ways};
use crate::error::Error;
use crate::public::PublicLinks;
use crate::renewal::Renewal;
use crate::source::RefusedLine;
use crate::standing::Standing;
use crate::steering::Backlog;

use self::again::Behind;
use self::crew::Mate;
use self::flight::{Flight, tell};
use self::leaving::Leaving;
use self::reached::Reached;
use self::stopped::Stopped;
use self::tidy::Tidying;

pub(crate) use crew::{host, worker_name};
pub use import::{Admitted, PastSend};
pub(crate) use late::typed;
pub(crate) use steer::paused;
pub use strangers::Strange;
pub use upkeep::LIVE;

/// How many customers or events are asked for, brought or worked off at once.
pub const BATCH: usize = 1_000;
/// So many events that wait are decided on together, and those that came with the last of them: what stands side by side in the
/// store is then written once for all of them.
pub(crate) const TOGETHER: usize = 4 * BATCH;
/// The mark under which the place of date and inactivity triggers stands.
const FIRED: &str = "fired";

/// After a start, sources may bring again what they brought before.
const WARY_AT_FIRST: u32 = 16;
/// For so many batches after a repeated event.
const WARY: u32 = 256;

/// Hears what happens, to show it.
pub trait Audience: Send {
    /// Actions that are durable now, in order.
    fn acted(&mut self, actions: &[Action]);
    /// Something that people should know.
    fn told(&mut self, line: &str);
    /// A line of a file that is no event.
    fn refused(&mut self, _: &RefusedLine) {}
}

/// What a runner has done since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that took effect.
    pub taken: u64,
    /// Events that had taken effect before.
    pub repeated: u64,
    /// Events that were refused.
    pub refused: u64,
    /// Events among these that are older than the histories that are kept.
    pub too_old: u64,
    /// Lines of a history that are no events.
    pub unreadable: u64,
    /// Customers made by events about somebody unknown.
    pub created: u64,
    /// Actions.
    pub actions: u64,
    /// Commands handed over.
    pub handed_over: u64,
}

/// What a runner is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It acts.
    Run,
    /// It loads what was before and starts nothing.
    Import,
}

/// The loop around the engine.
pub struct Runner {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    decider: Decider,
    dispatch: Arc<Dispatch>,
    /// Where links of messages lead that nobody else serves.
    public: Option<PublicLinks>,
    audience: Box<dyn Audience>,
    purpose: Purpose,
    needs: Needs,
    flight: Option<Flight>,
    /// Customers of late, as they are stored: nobody else writes.
    recent: HashMap<CustomerId, Arc<Stored>>,
    /// For so many batches more each event is looked for before it is decided on; else the commit finds repeated ones.
    wary: u32,
    /// Lines of an import whose events say something else than those that had their ids before, and what is said of them.
    reused: Vec<(u64, String)>,
    /// What is being handed over.
    leaving: Leaving,
    /// Hand-overs that the store has not been told of yet.
    settled: Vec<Settled>,
    /// What was learned of addresses on the way, and has not been taken in yet.
    bounced: Vec<Event>,
    /// Messages that were given up, and whose fallbacks have not been tried yet; and answers of web hooks.
    given_up: Vec<CameBack>,
    marks: Vec<(String, Option<String>)>,
    /// What the log has not been told of yet.
    told: Vec<(CustomerId, Vec<Trace>)>,
    /// Whose commands are tried again.
    behind: Behind,
    /// Date and inactivity triggers are worked off up to here.
    fired: Instant,
    /// Intake lags, and timers have waited for it since then.
    held: Option<Instant>,
    /// The store was restored: what was due up to here may have left before.
    restored: Option<Instant>,
    /// Of what its source held from before, all up to here is taken in.
    passed: Option<Instant>,
    counts: Counts,
    /// What went wrong and is to be said.
    trouble: trouble::Trouble,
    /// What came in that nobody had declared or announced.
    strange: strangers::Telling,
    /// The marks that operators left, as they were when it looked last.
    steering: Vec<(String, String)>,
    /// They are to be looked at once more, changed or not.
    looks_again: bool,
    /// What is known of coupon pools.
    coupons: coupons::Pools,
    /// Which journeys were stopped, and when.
    stopped: Stopped,
    /// What is deployed, as far as this worker goes by it.
    deployed: deployed::Known,
    /// How far what is old has been forgotten.
    tidying: Tidying,
    /// What is held back.
    paused: Paused,
    /// How the world was to be reached when it began.
    ways: Option<Reached>,
    /// What a journey may do at the most.
    limits: Guard,
    guard: Watch,
    /// Whether what is done now counts for the guard.
    guarding: bool,
    /// People who are to be taken in, so many a day.
    backlogs: Vec<Backlog>,
    /// Today's part of them is not in yet.
    pub(crate) more_to_take_in: bool,
    /// Names of customers that wake and never let go, so that they are told of once.
    stuck: HashMap<CustomerId, Instant>,
    mate: Mate,
    /// Where it is noted that the loop goes on.
    standing: Standing,
    /// Whether it is time to end: long work looks there on its way.
    pub(crate) stop: Option<watch::Receiver<bool>>,
    /// Versions of journeys that are loaded.
    versions: HashSet<Key>,
}

impl Runner {
    /// A runner on a store, with these definitions in force; makes good what a stop left half done.
    ///
    /// `ways` are those that commands leave by.
    ///
    /// # Errors
    /// When the definitions can't be loaded, or a version that somebody is inside of.
    pub async fn begin(
        store: Arc<dyn Store>,
        clock: Arc<Clock>,
        definitions: Definitions,
        ways: Ways,
        audience: Box<dyn Audience>,
        purpose: Purpose,
    ) -> Result<Self, Error> {
        let public = ways.public_links().cloned();
        let renderer = Arc::new(Renderer::new(&definitions, public.clone()));
        let standing = ways.standing();
        let dispatch = Dispatch::open(ways, renderer);
        let mate = Mate::new(store.is_shared(), clock.real_millis());
        let mut runner = Self {
            fired: Instant::MIN,
            decider: Decider::start()?,
            leaving: Leaving::by(dispatch.ways()),
            dispatch: Arc::new(dispatch),
            public,
            store,
            clock,
            audience,
            purpose,
            needs: Needs::default(),
            flight: None,
            recent: HashMap::new(),
            wary: WARY_AT_FIRST,
            reused: Vec::new(),
            settled: Vec::new(),
            given_up: Vec::new(),
            bounced: Vec::new(),
            marks: Vec::new(),
            told: Vec::new(),
            behind: Behind::default(),
            held: None,
            restored: None,
            passed: None,
            counts: Counts::default(),
            trouble: trouble::Trouble::default(),
            strange: strangers::Telling::default(),
            steering: Vec::new(),
            looks_again: false,
            coupons: coupons::Pools::default(),
            stopped: Stopped::default(),
            deployed: deployed::Known::default(),
            tidying: Tidying::of(&definitions),
            paused: Paused::default(),
            ways: None,
            limits: definitions.workspace.guard,
            guard: Watch::default(),
            guarding: true,
            backlogs: Vec::new(),
            more_to_take_in: false,
            stuck: HashMap::new(),
            mate,
            standing,
            stop: None,
            versions: HashSet::new(),
        };
        match runner.make_ready(definitions).await {
            Ok(()) => Ok(runner),
            Err(error) => {
                runner.end_early().await;
                Err(error)
            }
        }
    }

    /// Takes up other secrets for the ways out, while it runs.
    pub fn renewal(&self) -> Renewal {
        Renewal::of(self.dispatch.clone())
    }

    /// Takes its place among others, puts the definitions in force and makes good what a stop left half done.
    async fn make_ready(&mut self, definitions: Definitions) -> Result<(), Error> {
        self.find_place().await?;
        self.join().await?;
        fail_point!("start.joined");
        self.hold_what_may_have_left().await?;
        self.load(definitions).await?;
        if !self.mate.is_shared() {
            // Before anything new is handed over, which would look as if it had been left half done.
            self.resume().await?;
        }
        self.tend_if_leading().await?;
        fail_point!("start.ready");
        Ok(())
    }

    /// It could not begin: nothing of it may go on beside whoever begins anew, and the store is told what is known, if it can be.
    async fn end_early(self) {
        let (store, clock) = (self.store.clone(), self.clock.now());
        let batch = Batch {
            clock,
            settled: self.abandon().await,
            ..Batch::default()
        };
        if !batch.settled.is_empty()
            && let Err(error) = store.commit(batch).await
        {
            tracing::warn!(%error, "what became of messages could not be told to the store");
        }
    }

    /// Goes on where date, inactivity and schedule triggers were worked off up to; now, if nobody has begun so far.
    async fn find_place(&mut self) -> Result<(), Error> {
        let place = self.mark(FIRED).await?.and_then(|text| text.parse().ok());
        self.fired = place.unwrap_or_else(|| self.clock.beginning());
        if place.is_none() && self.mate.is_shared() {
            // Whoever takes over within the first minute begins there too.
            let begun = (FIRED.to_owned(), Some(self.fired.to_string()));
            self.marks.push(begun);
        }
        Ok(())
    }

    /// Puts other definitions in force; if they can't be, those before stay and the error says why.
    ///
    /// # Errors
    /// When they can't be loaded.
    pub async fn replace(&mut self, definitions: Definitions) -> Result<(), Error> {
        self.settle().await?;
        let renderer = Arc::new(Renderer::new(&definitions, self.public.clone()));
        fail_point!("reload.flushed");
        self.load(definitions).await?;
        fail_point!("reload.published");
        self.tend_if_leading().await?;
        self.dispatch.set_renderer(renderer);
        Ok(())
    }

    /// What it has done so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What time it is for it.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Date and inactivity triggers, schedules and timers are worked off up to here.
    pub fn place(&self) -> Instant {
        self.fired
    }

    /// Says something to whoever looks on.
    pub fn tell(&mut self, line: &str) {
        self.audience.told(line);
    }

    /// How channels are reached is settled when a run begins: says so of one that is changed.
    fn tell_of_ways(&mut self, definitions: &Definitions) {
        let ways = Reached::of(definitions);
        if self.ways.get_or_insert_with(|| ways.clone()) != &ways {
            tracing::warn!(
                "channels, crm, webhooks, internal_hosts or public have changed since the start"
            );
            self.audience.told(
                "ALERT: how channels, the CRM, web hooks or the public pages are reached has changed: messages leave as they did when this run began until it is started again",
            );
        }
    }

    async fn load(&mut self, definitions: Definitions) -> Result<(), Error> {
        let now = self.clock.now();
        let pinned = self.store.pinned().await?;
        self.decider
            .load(self.with_conditions(definitions.clone()), pinned.clone())
            .await?;
        self.versions = loaded(&definitions, &pinned);
        self.restore_desk().await?;
        self.hold_from_the_start().await?;
        self.store.publish(&definitions, now).await?;
        self.limits = definitions.workspace.guard;
        self.tell_of_ways(&definitions);
        self.tidying = Tidying::of(&definitions);
        self.tell_who_is_left(&definitions, &pinned).await?;
        self.tell_what_is_gone(&definitions, &pinned).await?;
        // Other definitions look back on other events.
        self.recent.clear();
        self.needs = self
            .decider
            .with(|state| state.catalog.needs().clone())
            .await?;
        Ok(())
    }

    /// After a load, whoever leads brings what follows from the definitions up to date.
    async fn tend_if_leading(&mut self) -> Result<(), Error> {
        if self.mate.leads() {
            self.tend(self.clock.now()).await?;
        }
        Ok(())
    }

    /// Settles what was claimed when the process ended.
    async fn resume(&mut self) -> Result<(), Error> {
        let marks = self.store.marks(HANDED).await?;
        loop {
            let claimed = self
                .store
                .outbox(kurant_store::OutboxState::Claimed, Instant::MAX, BATCH)
                .await?;
            if claimed.is_empty() {
                return Ok(());
            }
            let now = self.clock.now();
            fail_point!("resume.claimed");
            let looked = self.dispatch.look_for(claimed, Some(marks.clone())).await?;
            let (mut done, missing) = looked;
            if self.clock.is_virtual() {
                // A history that is played goes on at the very moment at which they were judged before.
                done.add(self.dispatch.hand_over_again(missing, now).await?);
            } else {
                // They are claimed anew, and judged again, before they leave: a store that can't write sends nothing.
                for row in missing {
                    let settled = later(&row, now, "resumed: a run before ended".to_owned());
                    done.note(&row, settled, now);
                }
            }
            self.behind.add(std::mem::take(&mut done.retried));
            fail_point!("resume.handed_over");
            self.counts.handed_over += done.accepted();
            done.tally.count();
            // What is said of places in files would hide what is still to be looked for.
            for own in done.given_up {
                done.settled.push(own.settled.clone());
                // Somebody waits for it. That it left is no secret any more.
                self.given_up.extend(own.reply.is_some().then_some(own));
            }
            let mut batch = Batch {
                clock: now,
                settled: done.settled,
                ..Batch::default()
            };
            tell(&mut batch, &done.traces);
            self.store.commit(batch).await?;
        }
    }

    async fn restore_desk(&mut self) -> Result<(), Error> {
        self.recent.clear();
        let text = self.mark(crate::decide::DESK).await?;
        self.decider
            .with(move |state| state.restore_desk(text))
            .await?
    }

    async fn mark(&self, name: &str) -> Result<Option<String>, Error> {
        let marks = self.store.marks(name).await?;
        Ok(marks
            .into_iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value))
    }

    /// Customers from the batch in flight, else from those seen lately, else from the store. Whoever is decided on is seen
    /// again once that is durable.
    async fn people(
        &mut self,
        ids: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<Arc<Stored>>, Error> {
        let flying = self.flight.as_ref().map(|flight| &flight.people);
        let recent = &mut self.recent;
        let (mut people, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            let known = flying.and_then(|flying| flying.get(id).cloned());
            match known.or_else(|| recent.remove(id)) {
                Some(stored) => people.push(stored),
                None => missing.push(id.clone()),
            }
        }
        let kept = self.kept(now);
        let loaded = self.store.load(&missing, &kept).await?;
        if self.mate.is_shared() {
            self.know_versions_of(&loaded).await?;
        }
        people.extend(loaded.into_iter().map(Arc::new));
        Ok(people)
    }

    /// Loads versions of journeys that another worker has brought.
    async fn know_versions_of(&mut self, people: &[Stored]) -> Result<(), Error> {
        let mut enrollments = people.iter().flat_map(|stored| &stored.person.enrollments);
        let is_known = |version: &Key| self.versions.contains(version);
        if enrollments.all(|enrollment| is_known(&enrollment.version)) {
            return Ok(());
        }
        let definitions = self
            .decider
            .with(|state| state.catalog.definitions().clone())
            .await?;
        let pinned = self.store.pinned().await?;
        self.versions = loaded(&definitions, &pinned);
        self.decider.load(definitions, pinned).await?;
        self.hold_back(self.paused.clone()).await
    }

    fn kept(&self, now: Instant) -> Vec<Kept> {
        Kept::of(&self.needs, now)
    }
}

/// The versions that are there once definitions are loaded.
fn loaded(definitions: &Definitions, pinned: &[Version]) -> HashSet<Key> {
    let current = definitions.journeys.iter();
    current.chain(pinned).map(|version| version.hash).collect()
}

/// Rows by customer.
type ByCustomer<T> = BTreeMap<CustomerId, T>;
