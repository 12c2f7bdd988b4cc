//! Segments that a trigger watches: entered and left.

use super::{Entrance, Work};
use crate::catalog::Watched;
use crate::enrollment::Started;
use crate::person::Membership;

impl Work<'_> {
    /// Judges watched segments of which nothing is known yet for this person: editing a segment triggers nothing.
    pub(crate) fn first_baseline(&mut self) {
        let known = |person: &crate::person::Person, watched: &Watched| {
            person
                .memberships
                .iter()
                .any(|own| own.segment == watched.name && own.condition == watched.key)
        };
        let catalog = self.catalog;
        if catalog
            .watched()
            .iter()
            .all(|watched| known(self.person, watched))
        {
            return;
        }
        for watched in catalog.watched() {
            if !known(self.person, watched) {
                let inside = self.is_inside(watched).unwrap_or(false);
                self.set_membership(watched, inside);
            }
        }
        self.set_segments_due();
    }

    /// Judges all watched segments without firing anything.
    pub(crate) fn baseline(&mut self) {
        self.set_now(self.clock);
        self.first_baseline();
        self.silent = true;
        self.stirred = true;
    }

    /// Judges watched segments again after a change, and fires what waits for entering or leaving.
    pub(crate) fn follow_segments(&mut self) {
        let catalog = self.catalog;
        if !std::mem::take(&mut self.stirred) || catalog.watched().is_empty() {
            return;
        }
        let mut moved = Vec::new();
        for watched in catalog.watched() {
            let Some(inside) = self.is_inside(watched) else {
                continue;
            };
            if self.set_membership(watched, inside) {
                moved.push((watched.name.as_str(), inside));
            }
        }
        self.set_segments_due();
        if self.silent {
            return;
        }
        for (segment, inside) in moved {
            for (name, entering, at) in &catalog.index().segments {
                let loaded = catalog.loaded(at.journey);
                if name == segment && *entering == inside && catalog.is_open(loaded.journey()) {
                    let kind = if inside { "enters" } else { "leaves" };
                    let started = Started {
                        kind: kind.into(),
                        time: self.now,
                        event: None,
                        date: None,
                        since: None,
                    };
                    // Two events of one instant may let somebody in twice.
                    let cause = self.cause.map(|event| event.to_string());
                    let cause = cause.unwrap_or_else(|| self.now.to_string());
                    let occasion = format!("{kind} {segment} {cause}");
                    let fired = started.clone();
                    let refusal = self.enter(
                        loaded,
                        Entrance {
                            started,
                            occasion,
                            once: false,
                            vars: None,
                        },
                    );
                    let trigger = loaded.journey().triggers.get(at.trigger);
                    if let Some(trigger) = trigger.filter(|_| inside) {
                        self.note_judged(loaded, &trigger.kind, refusal, &fired);
                    }
                }
            }
        }
    }

    /// Whether the customer is in a segment; none when its condition fails, which leaves the membership as it was.
    fn is_inside(&mut self, watched: &Watched) -> Option<bool> {
        let frame = self.frame(None);
        match self
            .catalog
            .scripts()
            .holds(&watched.condition, self.person, &frame)
        {
            Ok(inside) => Some(inside),
            Err(error) => {
                self.trace_profile_error(&watched.name, &error);
                None
            }
        }
    }

    /// Notes a membership; whether it is another one than before.
    fn set_membership(&mut self, watched: &Watched, inside: bool) -> bool {
        if !inside {
            self.forget_judged(&watched.name);
        }
        let memberships = &mut self.person.memberships;
        match memberships
            .iter_mut()
            .find(|own| own.segment == watched.name)
        {
            Some(own) => {
                let moved = own.condition == watched.key && own.inside != inside;
                own.condition = watched.key;
                own.inside = inside;
                moved
            }
            None => {
                memberships.push(Membership {
                    segment: watched.name.clone(),
                    condition: watched.key,
                    inside,
                });
                false
            }
        }
    }

    /// When a time in a watched condition comes next for this person.
    fn set_segments_due(&mut self) {
        let frame = self.frame(None);
        let watched = self.catalog.watched().iter();
        let changes = watched.filter_map(|watched| {
            watched
                .times
                .next_change(self.person, frame.now, frame.zone)
        });
        self.person.segments_due = changes.min();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::calendar::{Duration, Instant, Zone};
    use crate::catalog::{Acting, Catalog};
    use crate::customer::{Customer, Points};
    use crate::definition::{
        Definitions, Journey, Script, Segment, Status, Trigger, TriggerKind, Version, Workspace,
    };
    use crate::desk::Desk;
    use crate::event::Event;
    use crate::id::Key;
    use crate::input::Input;
    use crate::map::Map;
    use crate::person::Person;
    use crate::process::process;

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn journey(id: &str, kind: TriggerKind) -> Version {
        let trigger = Trigger {
            kind,
            catch_up: Duration::from_days(1),
        };
        let journey = Journey {
            status: Status::Live,
            ..Journey::new(id, vec![trigger], Vec::new())
        };
        Version {
            hash: Key::of(&[id]),
            journey,
            library: Vec::new(),
        }
    }

    /// A workspace whose journeys `in` and `out` watch one segment.
    fn catalog(condition: &str) -> Catalog {
        let segment = "s".to_owned();
        let definitions = Definitions {
            segments: vec![Segment {
                name: segment.clone(),
                condition: Script::new(condition, "segments.s"),
            }],
            journeys: vec![
                journey(
                    "in",
                    TriggerKind::Enters {
                        segment: segment.clone(),
                    },
                ),
                journey("out", TriggerKind::Leaves { segment }),
            ],
            ..Definitions::new(Workspace::new("test", Zone::Europe__Kyiv, "uk"))
        };
        Catalog::load(&definitions, &[], Acting::Live).unwrap()
    }

    /// What happens from the first event on, as time goes by: the journeys entered and when.
    fn entered(condition: &str, person: &mut Person) -> Vec<(String, String)> {
        let (catalog, mut desk) = (catalog(condition), Desk::default());
        let event = |id: &str, time: &str| {
            Arc::new(Event {
                id: id.into(),
                source: "shop".into(),
                kind: "order.paid".into(),
                customer: "c1".into(),
                time: instant(time),
                data: Map::from_iter([("total", 100.into())]),
                attributes: Map::new(),
            })
        };
        let mut changes = Vec::new();
        for at in ["2026-01-10T10:00:00Z", "2026-01-20T10:00:00Z"] {
            changes.push(process(
                &catalog,
                person,
                &mut desk,
                Input::Event(event(at, at)),
                instant(at),
            ));
        }
        for _ in 0..20 {
            let Some(due) = person.timer_due() else { break };
            changes.push(process(
                &catalog,
                person,
                &mut desk,
                Input::Due(Vec::new()),
                due,
            ));
        }
        let actions = changes.into_iter().flat_map(|change| change.actions);
        let entries = actions.filter(|action| action.action == "enter");
        entries
            .map(|action| (action.journey.to_string(), action.at.to_string()))
            .collect()
    }

    fn person() -> Person {
        let mut customer = Customer::new("c1".into());
        customer
            .attributes
            .insert("seen_at", instant("2026-01-01T12:00:00Z").into());
        customer.points.push(Points {
            add: 5,
            because: "visit".into(),
            until: Some(instant("2026-02-01T00:00:00Z")),
        });
        Person::new(customer)
    }

    #[test]
    fn customers_come_and_go_as_time_passes() {
        for (condition, expected) in [
            (
                "days_since(customer.seen_at) >= 90",
                vec![("in", "2026-03-31T21:00:00Z")],
            ),
            (
                "count(\"order.paid\", days(30)) >= 2",
                vec![
                    ("in", "2026-01-20T10:00:00Z"),
                    ("out", "2026-02-09T10:00:00Z"),
                ],
            ),
            ("customer.score >= 5", vec![("out", "2026-02-01T00:00:00Z")]),
            (
                "now >= instant(\"2026-05-01T00:00:00Z\") && today() < date(\"2026-05-10\")",
                vec![
                    ("in", "2026-05-01T00:00:00Z"),
                    ("out", "2026-05-09T21:00:00Z"),
                ],
            ),
            ("has_tag(\"vip\")", vec![]),
        ] {
            let expected: Vec<(String, String)> = expected
                .into_iter()
                .map(|(journey, at)| (journey.to_owned(), at.to_owned()))
                .collect();
            assert_eq!(entered(condition, &mut person()), expected, "{condition}");
        }
    }
}
