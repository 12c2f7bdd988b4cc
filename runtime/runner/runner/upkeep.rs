//! What other definitions ask for before they act: anchors written down, segments judged, firings made up for.

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::id::Key;
use kurant_store::Batch;

use super::pages::{Among, Walk};
use super::{Purpose, Runner};
use crate::anchors::AnchorTrigger;
use crate::decide::{Task, Window};
use crate::error::Error;

/// Marks under this name tell which anchors are written down for everybody, by the workspace's zone.
const INDEXED: &str = "anchors/";
/// Marks under this name tell which date and inactivity triggers have been live, and since when.
pub const LIVE: &str = "live/";
/// The mark of the segments that everybody has been judged by.
pub(super) const BASELINE: &str = "baseline";

impl Runner {
    /// Brings the store to what the catalog asks for.
    pub(super) async fn tend(&mut self, now: Instant) -> Result<(), Error> {
        self.index(now).await?;
        if self.purpose == Purpose::Import {
            return Ok(());
        }
        self.baseline(now).await?;
        self.make_up(now).await
    }

    /// Writes anchors down that have not been kept so far.
    async fn index(&mut self, now: Instant) -> Result<(), Error> {
        let (series, zone) = self
            .decider
            .with(|state| {
                (
                    state.anchors.series.clone(),
                    state.catalog.workspace().timezone,
                )
            })
            .await?;
        let known = self.store.marks(INDEXED).await?;
        let mut missing = Vec::new();
        let mut moved: Option<Zone> = None;
        let mut marks = Vec::new();
        for (attribute, by) in &series {
            let name = format!("{INDEXED}{attribute}/{}", by.word());
            let kept = known
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, zone)| zone.as_str());
            if kept != Some(zone.name()) {
                missing.push(attribute.clone());
                moved = moved.or_else(|| kept.and_then(|name| name.parse().ok()));
                marks.push((name, Some(zone.name().to_owned())));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let about = format!("{} {}", zone.name(), missing.join(" "));
        let task = Task::Index {
            attributes: missing,
            moved_from: moved,
        };
        self.walk(Walk {
            mark: "walk/anchors".into(),
            about,
            among: Among::Everybody,
            task,
            schedules: Vec::new(),
            clock: now,
            at_the_end: Vec::new(),
        })
        .await?;
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }

    /// Judges the segments that triggers watch for everybody, so that later changes can be seen.
    async fn baseline(&mut self, now: Instant) -> Result<(), Error> {
        let watched = self
            .decider
            .with(|state| {
                let definitions = state.catalog.definitions();
                let triggers = definitions
                    .journeys
                    .iter()
                    .flat_map(|version| &version.journey.triggers);
                let names: Vec<&str> = triggers
                    .filter_map(|trigger| trigger.kind.segment())
                    .collect();
                let watched = definitions
                    .segments
                    .iter()
                    .filter(|segment| names.contains(&segment.name.as_str()));
                let texts = watched
                    .flat_map(|segment| [segment.name.as_str(), segment.condition.source.as_str()]);
                Key::of(&texts.collect::<Vec<_>>()).to_string()
            })
            .await?;
        if self.mark(BASELINE).await?.as_ref() == Some(&watched) {
            return Ok(());
        }
        let about = watched.clone();
        let task = Task::Baseline;
        self.walk(Walk {
            mark: "walk/baseline".into(),
            about,
            among: Among::Everybody,
            task,
            schedules: Vec::new(),
            clock: now,
            at_the_end: Vec::new(),
        })
        .await?;
        let marks = vec![(BASELINE.to_owned(), Some(watched))];
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }

    /// Makes up for firings of journeys that have just gone live, as far back as each trigger's `catch_up`.
    async fn make_up(&mut self, now: Instant) -> Result<(), Error> {
        let triggers = self
            .decider
            .with(|state| state.anchors.triggers.clone())
            .await?;
        let name = |at: &AnchorTrigger| format!("{LIVE}{}/{}", at.journey, at.trigger);
        let known = self.store.marks(LIVE).await?;
        let is_known = |name: &str| known.iter().any(|(own, _)| own == name);
        let fresh: Vec<AnchorTrigger> = triggers
            .iter()
            .filter(|at| !is_known(&name(at)))
            .cloned()
            .collect();
        let gone = known
            .iter()
            .filter(|(own, _)| !triggers.iter().any(|at| name(at) == *own));
        let mut marks: Vec<_> = gone.map(|(own, _)| (own.clone(), None)).collect();
        marks.extend(fresh.iter().map(|at| (name(at), Some(now.to_string()))));
        // A history that is played begins where it begins: nothing before it is made up for.
        if !fresh.is_empty() && !self.clock.is_lockstep() {
            self.tell_missed(&fresh, now).await?;
            let asked = fresh.clone();
            let after = self
                .decider
                .with(move |state| earliest(&state.catalog, &asked, now))
                .await?;
            let window = Window {
                after,
                upto: now,
                exact: false,
            };
            let only = fresh
                .iter()
                .map(|at| (at.journey.clone(), at.trigger))
                .collect();
            let listed = self.anchored(fresh, window).await?.into_iter().collect();
            self.work_through(listed, window, Some(only)).await?;
            self.land().await?;
        }
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }
}

/// How far back the most patient of these triggers makes up for firings.
fn earliest(
    catalog: &kurant_engine::catalog::Catalog,
    triggers: &[AnchorTrigger],
    now: Instant,
) -> Instant {
    let zone = catalog.workspace().timezone;
    let patience = triggers.iter().filter_map(|at| {
        let trigger = catalog
            .journey(&at.journey)?
            .journey()
            .triggers
            .get(at.trigger)?;
        Some(trigger.catch_up.before(now, zone))
    });
    patience.min().unwrap_or(now)
}
