//! Holds a journey that runs away: more people enter, or more messages leave, than the workspace allows.

use std::collections::BTreeMap;

use kurant_engine::action::Action;
use kurant_engine::definition::{Guard, Rate};
use kurant_engine::paused::{Pause, Target};

use super::Runner;
use crate::error::Error;
use crate::steering::Steering;

/// Who holds a journey that ran away.
const GUARD: &str = "guard";

impl Runner {
    /// Looks whether a journey runs away, and holds it until somebody resumes it.
    pub(super) async fn guard(&mut self, actions: &[Action]) -> Result<(), Error> {
        if !self.guarding {
            return Ok(());
        }
        for (journey, why) in self.ran_away(actions) {
            if self.paused.journey(&journey).is_some() {
                continue;
            }
            tracing::error!(journey, why, "a journey ran away and is held");
            self.audience.told(&format!(
                "ALERT: {journey} is held: {why}; look at it, then `kurant resume {journey}` or `kurant stop {journey}`"
            ));
            let pause = Pause {
                at: self.clock.now(),
                by: GUARD.to_owned(),
                why,
            };
            let target = Target::Journey(journey);
            Steering::on(&*self.store).pause(&target, &pause).await?;
            // Now, not when it looks next: what is being worked off may be long.
            self.hold_one(target, pause).await?;
        }
        Ok(())
    }

    /// Counts what was done; gives journeys that went over what is allowed, and why.
    fn ran_away(&mut self, actions: &[Action]) -> BTreeMap<String, String> {
        // Each worker sees its part of what happens.
        let part = |rate: Rate| Rate {
            count: (rate.count / u64::from(self.mate.share().of)).max(1),
            ..rate
        };
        let limits = Guard {
            enter: part(self.limits.enter),
            send: part(self.limits.send),
        };
        let mut over = BTreeMap::new();
        for action in actions {
            if let Some(excess) = self.guard.count(&limits, action) {
                over.entry(action.journey.to_string())
                    .or_insert_with(|| excess.to_string());
            }
        }
        over
    }
}
