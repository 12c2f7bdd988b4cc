//! When date, inactivity and schedule triggers fire.

use super::{Catalog, Place, TriggerAt};
use crate::calendar::{Anchor, Instant, Zone};
use crate::definition::{Trigger, TriggerKind};
use crate::input::{Firing, Occasion};
use crate::person::Person;
use crate::value::Value;

/// How many firings of one schedule are worked off at once after a stop; the rest follows.
const SCHEDULE_FIRINGS_AT_ONCE: usize = 10_000;

impl Catalog {
    /// The firings of date and inactivity triggers for this person in `(after, upto]`, in the order of their instants.
    pub fn firings(&self, person: &Person, after: Instant, upto: Instant) -> Vec<Firing> {
        let zone = self.zone(person);
        let mut firings = Vec::new();
        for (attribute, triggers) in &self.index().anchors {
            let Some(anchor) = anchor(person, attribute) else {
                continue;
            };
            for at in triggers {
                let mut from = after;
                while let Some(firing) = self
                    .next_of(*at, anchor, from, zone)
                    .filter(|firing| firing.at <= upto)
                {
                    from = firing.at;
                    let once = matches!(firing.occasion, Occasion::Since(_));
                    firings.push(firing);
                    if once {
                        break;
                    }
                }
            }
        }
        firings.sort_by_key(|firing| firing.at);
        firings
    }

    /// When a date or inactivity trigger fires next for this person, strictly after an instant.
    pub fn next_firing(&self, person: &Person, after: Instant) -> Option<Instant> {
        let zone = self.zone(person);
        let mut next: Option<Instant> = None;
        for (attribute, triggers) in &self.index().anchors {
            let Some(anchor) = anchor(person, attribute) else {
                continue;
            };
            let firings = triggers
                .iter()
                .filter_map(|at| self.next_of(*at, anchor, after, zone));
            next = firings.map(|firing| firing.at).chain(next).min();
        }
        next
    }

    /// The firings of schedule triggers in `(after, upto]`, each for every customer, in the order of their instants.
    pub fn schedule_firings(&self, after: Instant, upto: Instant) -> Vec<Firing> {
        let mut firings = Vec::new();
        for at in &self.index().schedules {
            let mut from = after;
            for _ in 0..SCHEDULE_FIRINGS_AT_ONCE {
                let Some(time) = self.schedule_after(*at, from).filter(|time| *time <= upto) else {
                    break;
                };
                from = time;
                firings.push(Firing {
                    at: time,
                    journey: self.loaded(at.journey).id.clone(),
                    trigger: at.trigger,
                    occasion: Occasion::Time(time),
                });
            }
        }
        firings.sort_by_key(|firing| firing.at);
        firings
    }

    /// When a schedule trigger fires next, strictly after an instant.
    pub fn next_schedule(&self, after: Instant) -> Option<Instant> {
        self.index()
            .schedules
            .iter()
            .filter_map(|at| self.schedule_after(*at, after))
            .min()
    }

    /// The latest firing of a trigger at or before an instant, for this person.
    pub(crate) fn latest_firing(
        &self,
        at: TriggerAt,
        person: &Person,
        upto: Instant,
    ) -> Option<Firing> {
        let zone = self.zone(person);
        let trigger = self.trigger(at);
        let anchor = anchor(person, trigger.kind.anchor()?)?;
        let (time, occasion) = match &trigger.kind {
            TriggerKind::Date { rule, .. } => {
                let firing = rule.latest_at_or_before(anchor, upto, zone)?;
                (firing.at, Occasion::Date(firing.occasion))
            }
            TriggerKind::Inactive { rule, .. } => (rule.firing(anchor, zone), since(anchor)),
            _ => return None,
        };
        (time <= upto).then(|| self.firing(at, time, occasion))
    }

    /// Whether a firing that was looked up a while ago is still one: a newer anchor moves it.
    pub(crate) fn stands(&self, firing: &Firing, person: &Person) -> bool {
        let journey = self
            .journeys()
            .iter()
            .position(|loaded| loaded.id == firing.journey);
        let Some(trigger) = journey.and_then(|journey| {
            let triggers = &self.journeys()[journey].journey().triggers;
            triggers.get(firing.trigger)
        }) else {
            return false;
        };
        let (Some(journey), Some(attribute)) = (journey, trigger.kind.anchor()) else {
            return true;
        };
        let at = TriggerAt {
            journey: Place(journey),
            trigger: firing.trigger,
        };
        anchor(person, attribute)
            .and_then(|anchor| {
                self.next_of(at, anchor, firing.at.plus_millis(-1), self.zone(person))
            })
            .is_some_and(|now| now == *firing)
    }

    /// When one trigger fires next for this person, strictly after an instant.
    pub(crate) fn next_firing_of(
        &self,
        at: TriggerAt,
        person: &Person,
        after: Instant,
    ) -> Option<Instant> {
        let anchor = anchor(person, self.trigger(at).kind.anchor()?)?;
        self.next_of(at, anchor, after, self.zone(person))
            .map(|firing| firing.at)
    }

    /// The trigger at a place of the index.
    pub(crate) fn trigger(&self, at: TriggerAt) -> &Trigger {
        &self.loaded(at.journey).journey().triggers[at.trigger]
    }

    fn next_of(&self, at: TriggerAt, anchor: Anchor, after: Instant, zone: Zone) -> Option<Firing> {
        match &self.trigger(at).kind {
            TriggerKind::Date { rule, .. } => {
                let firing = rule.next_after(anchor, after, zone)?;
                Some(self.firing(at, firing.at, Occasion::Date(firing.occasion)))
            }
            TriggerKind::Inactive { rule, .. } => {
                let time = rule.firing(anchor, zone);
                (time > after).then(|| self.firing(at, time, since(anchor)))
            }
            _ => None,
        }
    }

    fn firing(&self, at: TriggerAt, time: Instant, occasion: Occasion) -> Firing {
        Firing {
            at: time,
            journey: self.loaded(at.journey).id.clone(),
            trigger: at.trigger,
            occasion,
        }
    }

    fn schedule_after(&self, at: TriggerAt, after: Instant) -> Option<Instant> {
        match &self.trigger(at).kind {
            TriggerKind::Schedule { schedule, timezone } => {
                schedule.next_after(after, timezone.unwrap_or(self.workspace().timezone))
            }
            _ => None,
        }
    }
}

/// The moment that an attribute holds, to reckon from.
fn anchor(person: &Person, attribute: &str) -> Option<Anchor> {
    match person.customer.attributes.get(attribute)? {
        Value::Date(date) => Some(Anchor::Date(*date)),
        Value::Instant(instant) => Some(Anchor::Instant(*instant)),
        _ => None,
    }
}

fn since(anchor: Anchor) -> Occasion {
    Occasion::Since(match anchor {
        Anchor::Date(date) => Value::Date(date),
        Anchor::Instant(instant) => Value::Instant(instant),
    })
}
