//! Walks over the whole base in pages, with a durable place: schedules, first baselines, new indexes.

use kurant_engine::calendar::Instant;
use kurant_engine::input::Firing;

use super::flight::After;
use super::{BATCH, FIRED, Runner};
use crate::decide::{Job, Task, Window};
use crate::error::Error;

/// What is done with everybody.
pub(super) struct Walk {
    /// The mark under which the place stands.
    pub(super) mark: String,
    /// What tells this walk from an earlier one under the same mark.
    pub(super) about: String,
    pub(super) among: Among,
    pub(super) task: Task,
    pub(super) schedules: Vec<Firing>,
    pub(super) clock: Instant,
    /// Marks that become durable together with its end.
    pub(super) at_the_end: Vec<(String, Option<String>)>,
}

/// Who is gone through.
pub(super) enum Among {
    Everybody,
    /// Whoever is inside this journey, or inside any.
    Inside(Option<String>),
    /// Whoever left because a coupon pool had no code, as far as that is kept.
    TurnedAway,
}

impl Runner {
    /// The firings of schedules at the window's end, for every customer.
    pub(super) async fn fire_schedules(&mut self, window: Window) -> Result<(), Error> {
        let schedules = self.schedules(window).await?;
        let about = window.upto.to_string();
        let task = Task::Due(window);
        self.walk(Walk {
            mark: "walk/schedule".into(),
            about,
            among: Among::Everybody,
            task,
            schedules,
            clock: window.upto,
            // Nobody is passed over by going on behind it: whatever else was due to anybody by then was worked off with it. From
            // before it the schedules would fire once more.
            at_the_end: vec![(FIRED.to_owned(), Some(window.upto.to_string()))],
        })
        .await
    }

    /// Goes through everybody, from where it was left off.
    pub(super) async fn walk(&mut self, walk: Walk) -> Result<(), Error> {
        let Walk {
            mark,
            about,
            among,
            task,
            schedules,
            clock,
            at_the_end,
        } = walk;
        let left = self.mark(&mark).await?;
        let mut place =
            left.and_then(|text| Some(text.strip_prefix(&format!("{about}\n"))?.to_owned()));
        loop {
            self.keep_alive().await?;
            self.heed_pauses().await?;
            if self.stop.as_ref().is_some_and(|stop| *stop.borrow()) {
                // What is done is durable together with its place.
                return Err(Error::Stopped);
            }
            let ids = match &among {
                Among::Everybody => self.store.customers(place.as_deref(), BATCH).await?,
                Among::Inside(journey) => {
                    let journey = journey.as_deref();
                    self.store.members(journey, place.as_deref(), BATCH).await?
                }
                Among::TurnedAway => self.store.turned_away(place.as_deref(), BATCH).await?,
            };
            let Some(last) = ids.last() else { break };
            let people = self.people(&ids, clock).await?;
            let job = Job {
                people,
                task: task.clone(),
                schedules: schedules.clone(),
                clock,
                ..Job::default()
            };
            // With the page itself: whoever comes back after a kill begins behind it, or with it.
            let reached = (mark.clone(), Some(format!("{about}\n{last}")));
            self.marks.retain(|(name, _)| *name != mark);
            self.settle_page(job, vec![reached]).await?;
            place = Some(last.to_string());
        }
        self.land().await?;
        self.marks.retain(|(name, _)| *name != mark);
        let mut marks = at_the_end;
        marks.push((mark, None));
        self.marks
            .retain(|(name, _)| marks.iter().all(|(own, _)| own != name));
        self.launch(
            Default::default(),
            After {
                marks,
                ..After::default()
            },
        )
        .await?;
        self.land().await.map(drop)
    }
}
