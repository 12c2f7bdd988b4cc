//! Holds a journey that runs away: more people enter, or more messages leave, than the workspace allows.

use std::collections::{BTreeMap, VecDeque};

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, MINUTE};
use kurant_engine::definition::{Guard, Rate};
use kurant_engine::paused::{Pause, Target};

use super::Runner;
use crate::error::Error;
use crate::steering::Steering;

/// Who holds a journey that ran away.
const GUARD: &str = "guard";

/// What journeys did of late.
#[derive(Debug, Default)]
pub(super) struct Watch {
    journeys: BTreeMap<String, Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    enter: Lately,
    send: Lately,
}

/// How often something happened, by minute.
#[derive(Debug, Default)]
struct Lately {
    minutes: VecDeque<(i64, u64)>,
    sum: u64,
}

impl Lately {
    /// Counts one, and says whether that is more than a rate allows.
    fn exceeds(&mut self, at: Instant, rate: Rate) -> bool {
        let minute = at.millis().div_euclid(MINUTE);
        match self.minutes.back_mut() {
            Some((last, count)) if *last >= minute => *count += 1,
            _ => self.minutes.push_back((minute, 1)),
        }
        self.sum += 1;
        let span = (rate.per / MINUTE).max(1);
        while let Some((first, count)) = self.minutes.front().copied()
            && first <= minute - span
        {
            self.sum -= count;
            self.minutes.pop_front();
        }
        self.sum > rate.count
    }
}

impl Watch {
    /// Counts what was done; gives journeys that went over what is allowed, and why.
    fn look(&mut self, guard: &Guard, actions: &[Action]) -> BTreeMap<String, String> {
        let mut over = BTreeMap::new();
        for action in actions {
            if action.status != ActionStatus::Sent {
                continue;
            }
            let (rate, what) = match action.action.as_str() {
                "enter" => (guard.enter, "people entered"),
                "send" => (guard.send, "messages left"),
                _ => continue,
            };
            let counted = self.journeys.entry(action.journey.to_string()).or_default();
            let lately = match action.action.as_str() {
                "enter" => &mut counted.enter,
                _ => &mut counted.send,
            };
            if lately.exceeds(action.at, rate) {
                over.entry(action.journey.to_string())
                    .or_insert_with(|| {
                    let (count, minutes) = (rate.count, (rate.per / MINUTE).max(1));
                    format!("more than {count} {what} within {minutes} min, over the `guard` in kurant.yaml")
                });
            }
        }
        over
    }

    /// Begins to count anew.
    pub(super) fn forget(&mut self, journey: &str) {
        if journey == "all" {
            self.journeys.clear();
        }
        self.journeys.remove(journey);
    }
}

impl Runner {
    /// Looks whether a journey runs away, and holds it until somebody resumes it.
    pub(super) async fn guard(&mut self, actions: &[Action]) -> Result<(), Error> {
        if !self.guarding {
            return Ok(());
        }
        // Each worker sees its part of what happens.
        let part = |rate: Rate| Rate {
            count: (rate.count / u64::from(self.mate.share().of)).max(1),
            ..rate
        };
        let limits = Guard {
            enter: part(self.limits.enter),
            send: part(self.limits.send),
        };
        let over = self.guard.look(&limits, actions);
        for (journey, why) in over {
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
}
