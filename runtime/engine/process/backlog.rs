//! Takes somebody in whose firing lies behind: where they would stand today, or at a step that is named.

use super::{Entrance, Work};
use crate::catalog::{Loaded, Place as JourneyAt, TriggerAt};
use crate::definition::TriggerKind;
use crate::enrollment::Started;
use crate::input::Firing;

/// Why an action that lies behind is skipped.
pub(crate) const BACKLOG: &str = "backlog";

/// How many timers may lie behind one.
const MOST_TIMERS: usize = 10_000;

impl Work<'_> {
    /// Enrolls the customer for a firing that was missed. Without a step, time is gone through from that firing on: waits that
    /// are over are over, and what would have left is skipped. With one, the customer stands at that step now.
    pub(crate) fn enroll_late(&mut self, journey: &str, step: Option<&str>) {
        let catalog = self.catalog;
        let mut journeys = catalog.journeys().iter();
        let Some(position) = journeys.position(|loaded| loaded.journey().id == journey) else {
            return;
        };
        let loaded = &catalog.journeys()[position];
        let Some(entrance) = self.missed(loaded, position).filter(|_| {
            // Somebody who is told of a retired journey would be the only one inside.
            catalog.is_open(loaded.journey())
        }) else {
            return;
        };
        let before = self.person.clock;
        let node = step.and_then(|step| {
            let nodes = loaded.program.nodes();
            let place = nodes.iter().position(|node| *node.name == *step)?;
            u32::try_from(place).ok()
        });
        if node.is_some() {
            self.set_now(self.clock);
        } else {
            // As it was then: what the customer's other journeys did since is no matter here.
            self.person.clock = entrance.started.time;
            self.set_now(entrance.started.time);
            self.late = true;
        }
        self.begin_at = node;
        let inside = self.person.enrollments.len();
        self.enter(loaded, entrance);
        self.begin_at = None;
        self.catch_up(inside);
        self.late = false;
        self.person.clock = self.person.clock.max(before);
        self.set_now(self.clock);
        for action in &mut self.changes.actions {
            action.at = self.clock;
        }
    }

    /// Works off the timers that lie behind, in their order.
    fn catch_up(&mut self, index: usize) {
        if !self.late {
            return;
        }
        for _ in 0..MOST_TIMERS {
            let Some(enrollment) = self.person.enrollments.get(index) else {
                return;
            };
            let Some(due) = enrollment.timer_due().filter(|due| *due <= self.clock) else {
                return;
            };
            self.set_now(due);
            self.wake(index, due);
        }
    }

    /// What the latest firing that was missed stands for; none when nothing was.
    fn missed(&self, loaded: &Loaded, position: usize) -> Option<Entrance> {
        let triggers = loaded.journey().triggers.iter().enumerate();
        triggers
            .filter_map(|(trigger, declared)| match &declared.kind {
                TriggerKind::Date { .. } | TriggerKind::Inactive { .. } => {
                    let at = TriggerAt {
                        journey: JourneyAt(position),
                        trigger,
                    };
                    let firing = self.catalog.latest_firing(at, self.person, self.clock)?;
                    Some(self.entrance_of(loaded, &firing))
                }
                TriggerKind::Enters { segment } => self.entrance_into(segment),
                _ => None,
            })
            .max_by_key(|entrance| entrance.started.time)
    }

    /// Whoever is in a segment that a trigger watches would have entered at some time; since when is not known.
    fn entrance_into(&self, segment: &str) -> Option<Entrance> {
        let mut known = self.person.memberships.iter();
        known.find(|own| own.segment == segment && own.inside)?;
        let started = Started {
            kind: "enters".into(),
            time: self.clock,
            event: None,
            date: None,
            since: None,
        };
        Some(Entrance {
            started,
            occasion: format!("enters {segment} {BACKLOG}"),
            once: true,
            vars: None,
        })
    }

    fn entrance_of(&self, loaded: &Loaded, firing: &Firing) -> Entrance {
        let trigger = &loaded.journey().triggers[firing.trigger];
        super::due::entrance(trigger, firing)
    }
}
