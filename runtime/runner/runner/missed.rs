//! Firings that lie behind a journey when it goes live: they are counted and told, and nobody is taken in for them.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::catalog::Catalog;
use kurant_store::AnchorRange;

use super::Runner;
use super::due::ANCHORED;
use crate::anchors::{AnchorTrigger, Anchors, Series};
use crate::error::Error;

/// How far back dates are looked for: nobody was to be noticed before.
const BEGINNING: i64 = -200 * 366 * DAY;
/// Of what comes again and again, only what lies this far back was missed.
const YEAR: i64 = 366 * DAY;

impl Runner {
    /// Says of each journey that has just gone live how many firings lie behind it.
    pub(super) async fn tell_missed(
        &mut self,
        fresh: &[AnchorTrigger],
        now: Instant,
    ) -> Result<(), Error> {
        let journeys: BTreeSet<&str> = fresh.iter().map(|at| at.journey.as_str()).collect();
        for journey in journeys {
            let own: Vec<AnchorTrigger> = fresh
                .iter()
                .filter(|at| at.journey == journey)
                .cloned()
                .collect();
            let count = self.missed(own, now).await?;
            if count > 0 {
                let firings = if count == 1 {
                    "firing lies"
                } else {
                    "firings lie"
                };
                self.tell(&format!(
                    "the journey {journey} goes live: {count} {firings} behind it, which it doesn't make up for"
                ));
            }
        }
        Ok(())
    }

    /// How many customers a trigger of these fired for, longer ago than it makes up for.
    async fn missed(&self, triggers: Vec<AnchorTrigger>, now: Instant) -> Result<u64, Error> {
        let zones = self.zones_of(&triggers).await?;
        let ranges = self
            .decider
            .with(move |state| {
                let mut all: BTreeMap<Series, Vec<AnchorRange>> = BTreeMap::new();
                for at in &triggers {
                    let Some((after, upto)) = behind(&state.catalog, at, now) else {
                        continue;
                    };
                    let own = std::slice::from_ref(at);
                    let ranges = Anchors::ranges(&state.catalog, own, &zones, after, upto);
                    for (series, ranges) in ranges {
                        all.entry(series).or_default().extend(ranges);
                    }
                }
                all
            })
            .await?;
        let mut count = 0;
        for ((attribute, by), ranges) in ranges {
            let mut last = None;
            loop {
                let page = self
                    .store
                    .anchored(&attribute, by, &ranges, last.as_deref(), ANCHORED)
                    .await?;
                count += page.len() as u64;
                last = page.last().map(|(id, _)| id.clone());
                if page.len() < ANCHORED {
                    break;
                }
            }
        }
        Ok(count)
    }
}

/// The stretch in which a trigger's firings were missed.
fn behind(catalog: &Catalog, at: &AnchorTrigger, now: Instant) -> Option<(Instant, Instant)> {
    let zone = catalog.workspace().timezone;
    let journey = catalog.journey(&at.journey)?.journey();
    let upto = journey.triggers.get(at.trigger)?.catch_up.before(now, zone);
    let after = match at.by {
        kurant_store::By::Moment => Instant::from_millis(BEGINNING),
        _ => upto.plus_millis(-YEAR),
    };
    Some((after, upto))
}
