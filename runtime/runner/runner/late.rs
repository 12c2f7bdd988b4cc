//! Takes in the backlog of a journey, so many people a day.

use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;

use super::{BATCH, Runner};
use crate::decide::{Decided, Job, Task};
use crate::error::Error;
use crate::steering::{Backlog, ENROLL, Steering};

/// How many pages of customers are looked at before events and timers have their turn.
const PAGES: usize = 4;
/// Names of segments that hold what an operator typed begin so; no author's can.
const TYPED: &str = "--where ";

impl Runner {
    /// Reads which backlogs are to be taken in, and makes their conditions ready.
    pub(super) async fn read_backlogs(&mut self) -> Result<(), Error> {
        let backlogs = Steering::on(&*self.store).backlogs().await?;
        let conditions = |list: &[Backlog]| {
            let typed = list.iter().filter_map(|own| {
                let condition = own.condition.as_ref()?;
                Some((own.journey.clone(), condition.clone()))
            });
            typed.collect::<Vec<_>>()
        };
        let changed = conditions(&backlogs) != conditions(&self.backlogs);
        self.backlogs = backlogs;
        if changed {
            let definitions = self
                .decider
                .with(|state| state.catalog.definitions().clone())
                .await?;
            let pinned = self.store.pinned().await?;
            let definitions = self.with_conditions(definitions);
            self.decider.load(definitions, pinned).await?;
            self.hold_back(self.paused.clone()).await?;
        }
        Ok(())
    }

    /// Definitions with what operators typed, as segments that nobody else can name.
    pub(super) fn with_conditions(&self, mut definitions: Definitions) -> Definitions {
        let segments = &mut definitions.segments;
        segments.retain(|segment| !segment.name.starts_with(TYPED));
        self.backlogs
            .iter()
            .fold(definitions, Steering::with_condition)
    }

    /// Takes in what is left of today's part of each backlog.
    pub(super) async fn take_in_backlogs(&mut self) -> Result<(), Error> {
        self.more_to_take_in = false;
        if self.backlogs.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let zone = self
            .decider
            .with(|state| state.catalog.workspace().timezone)
            .await?;
        let today = now.date(zone).to_string();
        for mut backlog in self.backlogs.clone() {
            if backlog.day != today {
                backlog.day.clone_from(&today);
                backlog.taken_today = 0;
            }
            let mut pages = 0;
            while backlog.taken_today < backlog.per_day && !backlog.is_over && pages < PAGES {
                self.take_in_page(&mut backlog, now).await?;
                pages += 1;
            }
            let is_done = backlog.is_over || backlog.taken_today >= backlog.per_day;
            self.more_to_take_in |= !is_done;
            self.keep(backlog);
        }
        Ok(())
    }

    /// Takes in from one page of customers.
    async fn take_in_page(&mut self, backlog: &mut Backlog, now: Instant) -> Result<(), Error> {
        self.land().await?;
        let name = format!("{ENROLL}{}", backlog.journey);
        let ids = self
            .store
            .customers(backlog.place.as_deref(), BATCH)
            .await?;
        if ids.is_empty() {
            let told = format!(
                "the backlog of {} is taken in: {} people",
                backlog.journey, backlog.taken
            );
            self.tell(&told);
            backlog.is_over = true;
            self.marks.push((name, None));
            return self.settle().await;
        }
        let listed = self.people(&ids, now).await?;
        let most = usize::try_from(backlog.per_day - backlog.taken_today).unwrap_or(usize::MAX);
        let job = Job {
            people: listed,
            task: Task::Late {
                late: backlog.late(),
                most,
            },
            clock: now,
            ..Job::default()
        };
        let before = backlog.clone();
        // What an operator lets in on purpose doesn't run away.
        self.guarding = false;
        let decided = self
            .decide_now(job, |batch, decided| {
                let noted = (name.clone(), Some(before.after(decided).to_json()));
                batch.marks.push(noted);
            })
            .await;
        self.guarding = true;
        let decided = decided?;
        *backlog = before.after(&decided);
        let taken = decided.taken_in;
        if taken > 0 {
            let told = format!(
                "{}: {taken} people of the backlog are taken in, {} today",
                backlog.journey, backlog.taken_today
            );
            self.tell(&told);
        }
        Ok(())
    }

    fn keep(&mut self, backlog: Backlog) {
        self.backlogs.retain(|own| own.journey != backlog.journey);
        if !backlog.is_over {
            self.backlogs.push(backlog);
        }
    }
}

impl Backlog {
    /// How far it has come once a page was decided.
    fn after(&self, decided: &Decided) -> Self {
        let taken = decided.taken_in as u64;
        Self {
            taken: self.taken + taken,
            taken_today: self.taken_today + taken,
            place: decided.looked_at.as_ref().map(ToString::to_string),
            ..self.clone()
        }
    }
}

/// The name of the segment that holds what an operator typed for a journey's backlog.
pub(crate) fn typed(journey: &str) -> String {
    format!("{TYPED}{journey}")
}
