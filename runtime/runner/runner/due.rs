//! Works off what is due: timers, date and inactivity triggers, schedules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fail::fail_point;
use kurant_engine::calendar::{Instant, MINUTE};
use kurant_engine::id::CustomerId;
use kurant_engine::input::Firing;
use kurant_store::AnchorRange;

use super::flight::After;
use super::{BATCH, ByCustomer, FIRED, Runner, TOGETHER};
use crate::anchors::{AnchorTrigger, Anchors, Series};
use crate::decide::{Job, Task, Window};
use crate::error::Error;
use crate::meter;

/// How many customers with an anchor in range are read at once.
pub(super) const ANCHORED: usize = 10_000;
/// How long the place of triggers may lag behind when nothing happened: a restart reads that stretch again.
const PLACE_EVERY: i64 = MINUTE;

/// Customers to be looked at, each with what was handled when its attributes were set.
pub(super) type Listed = Vec<(CustomerId, Vec<(String, Instant)>)>;

impl Runner {
    /// Works off everything due up to an instant.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub async fn work_off(&mut self, upto: Instant) -> Result<(), Error> {
        if !self.mate.leads() {
            return self.work_off_timers(upto).await;
        }
        if upto <= self.fired {
            return Ok(());
        }
        self.land().await?;
        let exact = self.clock.is_virtual();
        while let Some(at) = self.next_schedule(upto).await? {
            // The firing is for everybody; what is due before comes before.
            let before = Window {
                after: self.fired,
                upto: at.plus_millis(-1),
                exact,
            };
            self.window(before).await?;
            let window = Window {
                after: at.plus_millis(-1),
                upto: at,
                exact,
            };
            self.fire_schedules(window).await?;
            self.window(window).await?;
        }
        self.window(Window {
            after: self.fired,
            upto,
            exact,
        })
        .await?;
        self.look_once_more().await
    }

    /// Works off the timers that fall to this worker.
    async fn work_off_timers(&mut self, upto: Instant) -> Result<(), Error> {
        self.fired = self.fired.max(upto);
        self.rest_of(upto, &Task::Timers).await
    }

    /// The next moment at which anything is due that is known of without looking at the base: timers and schedules.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next_wake(&self) -> Result<Option<Instant>, Error> {
        let fired = self.fired;
        let schedule = self
            .decider
            .with(move |state| state.catalog.next_schedule(fired))
            .await?;
        Ok(self
            .store
            .next_wake(self.mate.share())
            .await?
            .into_iter()
            .chain(schedule)
            .min())
    }

    pub(super) async fn next_schedule(&self, upto: Instant) -> Result<Option<Instant>, Error> {
        let fired = self.fired;
        let next = self
            .decider
            .with(move |state| state.catalog.next_schedule(fired))
            .await?;
        Ok(next.filter(|at| *at <= upto))
    }

    /// Works off timers and firings of one window.
    async fn window(&mut self, window: Window) -> Result<(), Error> {
        if window.upto <= window.after {
            return Ok(());
        }
        let listed = self.due_in(window).await?;
        self.work_through(listed, window, None).await?;
        self.rest_of(window.upto, &Task::Due(window)).await?;
        self.passed(window.upto);
        Ok(())
    }

    /// Works off customers whose timers are still due, page by page. Several pages are asked for at once, so that each is decided
    /// while the one before it is being written.
    pub(super) async fn rest_of(&mut self, upto: Instant, task: &Task) -> Result<(), Error> {
        let mut worked_off = HashMap::new();
        loop {
            self.land().await?;
            self.keep_alive().await?;
            let most = TOGETHER + self.stuck.len();
            let mut due = self.store.due(upto, most, self.mate.share()).await?;
            due.retain(|(at, id)| self.stuck.get(id) != Some(at));
            self.note_stuck(&mut due, &worked_off);
            if due.is_empty() {
                return Ok(());
            }
            meter::timers(due.iter().map(|(at, _)| *at), self.clock.now());
            let listed = due.iter().map(|(_, id)| (id.clone(), Vec::new())).collect();
            self.work_pages(listed, upto, task, None).await?;
            worked_off.extend(due.into_iter().map(|(at, id)| (id, at)));
        }
    }

    /// Takes out and notes customers who are due at the same moment still, though they were worked off: they would come again for
    /// ever.
    fn note_stuck(
        &mut self,
        due: &mut Vec<(Instant, CustomerId)>,
        worked_off: &HashMap<CustomerId, Instant>,
    ) {
        for (wake, id) in due.extract_if(.., |(at, id)| worked_off.get(id) == Some(at)) {
            tracing::warn!(%wake, "a customer's journey never lets go; it is left alone until something happens");
            self.stuck.insert(id, wake);
        }
    }

    /// Notes that date and inactivity triggers are worked off up to an instant.
    pub(super) fn passed(&mut self, upto: Instant) {
        let noted = self.marks.iter().any(|(name, _)| name == FIRED);
        let far = upto.millis() / PLACE_EVERY != self.fired.millis() / PLACE_EVERY;
        self.fired = self.fired.max(upto);
        if noted || far || self.flight.is_some() {
            self.marks.retain(|(name, _)| name != FIRED);
            self.marks
                .push((FIRED.to_owned(), Some(self.fired.to_string())));
        }
    }

    /// The customers who have something due in a window: timers, as many as one batch holds, and all with an anchor that may
    /// fire. Nothing may be in flight.
    pub(super) async fn due_in(&mut self, window: Window) -> Result<Listed, Error> {
        let triggers = self
            .decider
            .with(|state| state.anchors.triggers.clone())
            .await?;
        let mut listed = self.anchored(triggers, window).await?;
        let most = BATCH + self.stuck.len();
        let mut due = self.store.due(window.upto, most, self.mate.share()).await?;
        due.retain(|(at, id)| self.stuck.get(id) != Some(at));
        meter::timers(due.iter().map(|(at, _)| *at), self.clock.now());
        for (_, id) in due {
            listed.entry(id).or_default();
        }
        Ok(listed.into_iter().collect())
    }

    /// Customers with an anchor that may fire in a window, for these triggers.
    pub(super) async fn anchored(
        &self,
        triggers: Vec<AnchorTrigger>,
        window: Window,
    ) -> Result<ByCustomer<Vec<(String, Instant)>>, Error> {
        let mut found: ByCustomer<Vec<(String, Instant)>> = BTreeMap::new();
        let zones = self.zones_of(&triggers).await?;
        let Window { after, upto, .. } = window;
        let ranges: BTreeMap<Series, Vec<AnchorRange>> = self
            .decider
            .with(move |state| Anchors::ranges(&state.catalog, &triggers, &zones, after, upto))
            .await?;
        for ((attribute, by), ranges) in ranges {
            let mut last: Option<CustomerId> = None;
            loop {
                let page = self
                    .store
                    .anchored(&attribute, by, &ranges, last.as_deref(), ANCHORED)
                    .await?;
                last = page.last().map(|(id, _)| id.clone());
                let full = page.len() == ANCHORED;
                for (id, since) in page {
                    found
                        .entry(id)
                        .or_default()
                        .push((attribute.clone(), since));
                }
                if !full {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The zones in which anchors of these triggers are kept.
    pub(super) async fn zones_of(
        &self,
        triggers: &[AnchorTrigger],
    ) -> Result<BTreeMap<Series, Vec<String>>, Error> {
        let series: BTreeSet<Series> = triggers
            .iter()
            .map(|at| (at.attribute.clone(), at.by))
            .collect();
        let mut zones = BTreeMap::new();
        for (attribute, by) in series {
            let names = self.store.zones(&attribute, by).await?;
            zones.insert((attribute, by), names);
        }
        Ok(zones)
    }

    /// Works off a window for customers, in batches.
    pub(super) async fn work_through(
        &mut self,
        listed: Listed,
        window: Window,
        only: Option<Vec<(String, usize)>>,
    ) -> Result<(), Error> {
        self.work_pages(listed, window.upto, &Task::Due(window), only)
            .await
    }

    async fn work_pages(
        &mut self,
        listed: Listed,
        upto: Instant,
        task: &Task,
        only: Option<Vec<(String, usize)>>,
    ) -> Result<(), Error> {
        for page in listed.chunks(BATCH) {
            fail_point!("timers.due");
            self.keep_alive().await?;
            let ids: Vec<CustomerId> = page.iter().map(|(id, _)| id.clone()).collect();
            let people = self.people(&ids, upto).await?;
            let since = page
                .iter()
                .filter(|(_, since)| !since.is_empty())
                .cloned()
                .collect();
            let job = Job {
                people,
                task: task.clone(),
                since,
                only: only.clone(),
                clock: upto,
                ..Job::default()
            };
            self.settle_alone(job).await?;
            fail_point!("timers.under_way");
        }
        Ok(())
    }

    /// Decides a job without events and begins its commit; when it fails, customer by customer, so that one doesn't hold up
    /// the others.
    pub(super) async fn settle_alone(&mut self, job: Job) -> Result<(), Error> {
        self.settle_page(job, Vec::new()).await
    }

    /// The same, with marks that become durable together with it.
    pub(super) async fn settle_page(
        &mut self,
        job: Job,
        marks: Vec<(String, Option<String>)>,
    ) -> Result<(), Error> {
        let after = After {
            again: Some(Box::new(job.clone())),
            marks,
            ..After::default()
        };
        match self.decide(job).await {
            Ok(decided) => self.launch(decided, after).await,
            Err(Error::Engine(reason)) => {
                tracing::error!(reason, "the engine failed on a page of customers");
                self.land().await?;
                if let Some(job) = after.again {
                    self.one_by_one(*job).await?;
                }
                self.marks.extend(after.marks);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The firings of schedules in a window.
    pub(super) async fn schedules(&self, window: Window) -> Result<Vec<Firing>, Error> {
        self.decider
            .with(move |state| state.catalog.schedule_firings(window.after, window.upto))
            .await
    }
}
