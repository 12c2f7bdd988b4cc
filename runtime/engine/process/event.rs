//! An event is taken in.

use std::sync::Arc;

use super::{Arrival, Work};
use crate::definition::TriggerKind;
use crate::enrollment::Started;
use crate::event::Event;
use crate::process::Entrance;

impl Work<'_> {
    /// Takes an event in: profile, consent, exits, goal, waits, triggers.
    pub(crate) fn take_in(&mut self, event: Arc<Event>, arrival: Arrival) {
        self.set_now(event.time);
        self.cause = Some(event.identity());
        if event.is_about_the_team() {
            self.team(&event);
            return;
        }
        if self.person.customer.ignores(&event) {
            self.trace_event(&event, "ignored", "erased");
            return;
        }
        let told = if arrival == Arrival::Imported {
            self.silent = true;
            None
        } else {
            self.first_baseline();
            self.trace_feedback(&event)
        };
        if !self.remember(&event) {
            self.trace_event(&event, "ignored", "nothing_changed");
            return;
        }
        let inside = self.person.enrollments.len();
        let just_ended = self.exits(&event, inside);
        self.goals(&event, inside, &just_ended);
        self.awaited(&event, inside);
        if arrival == Arrival::Live {
            self.triggers(&event);
        }
        if let Some(told) = told {
            self.tell_moved(&told);
        }
    }

    /// Profile, consent and history; false when a snapshot of the profile brings nothing new.
    fn remember(&mut self, event: &Arc<Event>) -> bool {
        let before = self.before(event);
        let changed = self.update_profile(event);
        if &*event.kind == "customer.updated" && !changed {
            return false;
        }
        if self.catalog.needs().keeps(&event.kind).is_some() {
            self.person.history.push(event.clone());
            self.stirred = true;
        }
        self.apply_updates(event, before);
        true
    }

    /// Starts the journeys that wait for such an event.
    fn triggers(&mut self, event: &Arc<Event>) {
        let Some(triggers) = self.catalog.index().events.get(&*event.kind) else {
            return;
        };
        for at in triggers {
            let loaded = self.catalog.loaded(at.journey);
            let TriggerKind::Event {
                filter, max_age, ..
            } = &self.catalog.trigger(*at).kind
            else {
                continue;
            };
            if !self.catalog.is_open(loaded.journey()) {
                continue;
            }
            let started = Started {
                kind: "event".into(),
                time: event.time,
                event: Some(event.clone()),
                date: None,
                since: None,
            };
            if max_age.after(event.time, self.zone) < self.clock {
                self.trace_entry(loaded, "too_old", &started);
                continue;
            }
            if let Some(filter) = filter {
                let mut frame = self.frame(Some(event));
                frame.started = Some(Arc::new(started.clone()));
                super::set_journey(&mut frame, loaded.journey());
                match self.holds(loaded, filter, &frame) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(error) => {
                        self.trace_error(loaded, None, &filter.place, &error);
                        continue;
                    }
                }
            }
            let occasion = event.identity().to_string();
            let before = self.person.enrollments.len();
            self.enter(
                loaded,
                Entrance {
                    started,
                    occasion,
                    once: false,
                    vars: None,
                },
            );
            if self.person.enrollments.len() > before {
                self.moves(|| format!("journey {}", loaded.id));
            }
        }
    }

    /// `person.away` and `person.back` concern whom tasks and customers are given to.
    fn team(&mut self, event: &Event) {
        let name = event
            .data
            .get("person")
            .and_then(|person| person.as_text())
            .unwrap_or(&event.customer);
        if &*event.kind == "person.away" {
            self.desk.away.insert(name.to_owned());
        } else {
            self.desk.away.remove(name);
        }
    }
}
