//! Who enters a journey, and who doesn't and why.

use std::sync::Arc;

use super::{MAX_DEPTH, Work};
use crate::action::{Action, ActionStatus};
use crate::catalog::Loaded;
use crate::definition::{Again, Exit, TriggerKind, WhileActive};
use crate::enrollment::{Enrollment, Place, Started};
use crate::id::Key;
use crate::map::Map;
use crate::person::{LastEntry, Queued};
use crate::script::Frame;

/// How many occasions of one series are remembered as taken, per journey and key.
const OCCASIONS_REMEMBERED: usize = 4;

/// How many firings may wait in line per customer.
const QUEUE_LIMIT: usize = 1_000;

/// What stands at the door of a journey.
pub(crate) struct Entrance {
    /// What fired.
    pub(crate) started: Started,
    /// What makes this firing the same one when it comes again.
    pub(crate) occasion: String,
    /// Whether an occasion counts only once per journey and key, also when it comes at another time.
    pub(crate) once: bool,
    /// Variables to begin with, from `start` or an operator.
    pub(crate) vars: Option<Map>,
}

/// Why somebody doesn't enter.
pub(crate) type Refusal = &'static str;

impl Work<'_> {
    /// Enters a journey, if its entry rules let the customer in. Whoever stays out leaves a trace with the reason, which is told.
    pub(crate) fn enter(&mut self, loaded: &Arc<Loaded>, entrance: Entrance) -> Option<Refusal> {
        match self.admit(loaded, &entrance) {
            Ok((key, vars, Room::Now)) => self.begin(loaded, entrance, key, vars),
            Ok((key, _, Room::Later)) => self.wait_in_line(loaded, entrance, key),
            Err(reason) => {
                self.trace_entry(loaded, reason, &entrance.started);
                return Some(reason);
            }
        }
        None
    }

    /// The entry key and the variables of somebody who may enter, and whether there is room.
    fn admit(
        &mut self,
        loaded: &Loaded,
        entrance: &Entrance,
    ) -> Result<(String, Arc<Map>, Room), Refusal> {
        let frame = self.frame_at_door(loaded, entrance)?;
        self.may_come(loaded, &frame)?;
        let key = self.entry_key(loaded, &frame)?;
        let room = self.room_for(loaded, entrance, &key)?;
        Ok((key, frame.vars.unwrap_or_default(), room))
    }

    /// Enrolls by hand, or from another journey's `start`.
    pub(crate) fn enroll(&mut self, journey: &str, vars: Map, request: String) {
        self.set_now(self.clock);
        // Who isn't let in, or finds it closed, stays outside; nothing else depends on it.
        let _ = self.start_journey(journey, vars, request);
    }

    /// Enrolls the customer in a journey that may be started by hand, or says why it can't be started.
    pub(crate) fn start_journey(
        &mut self,
        journey: &str,
        vars: Map,
        request: String,
    ) -> Result<(), Refusal> {
        let catalog = self.catalog;
        let target = catalog
            .journeys()
            .iter()
            .find(|loaded| loaded.journey().id == journey);
        let loaded = target.ok_or("not_open")?;
        let by_hand = loaded
            .journey()
            .triggers
            .iter()
            .any(|trigger| matches!(trigger.kind, TriggerKind::Manual));
        if !by_hand || !catalog.is_open(loaded.journey()) {
            return Err("not_open");
        }
        if self.depth >= MAX_DEPTH {
            return Err("too_deep");
        }
        let started = Started {
            kind: "manual".into(),
            time: self.now,
            event: None,
            date: None,
            since: None,
        };
        self.depth += 1;
        self.enter(
            loaded,
            Entrance {
                started,
                occasion: request,
                once: false,
                vars: Some(vars),
            },
        );
        self.depth -= 1;
        Ok(())
    }

    /// How deep what an enrollment does now is. Time that has passed since it began makes an end of whatever follows from
    /// itself: only at one and the same instant could that go on for ever.
    pub(crate) fn depth_at(&self, index: usize) -> u32 {
        let enrollment = &self.person.enrollments[index];
        if enrollment.entered == self.now {
            enrollment.depth
        } else {
            0
        }
    }

    fn frame_at_door(&mut self, loaded: &Loaded, entrance: &Entrance) -> Result<Frame, Refusal> {
        let mut frame = self.frame(entrance.started.event.as_ref());
        frame.started = Some(Arc::new(entrance.started.clone()));
        super::set_journey(&mut frame, loaded.journey());
        let computed = self.compute_fields(loaded.scripts(), &loaded.journey().vars, &frame);
        let mut vars = computed.map_err(|error| {
            self.trace_error(loaded, None, "vars", &error);
            "error"
        })?;
        for (name, value) in entrance.vars.clone().unwrap_or_default() {
            vars.insert(name, value);
        }
        frame.vars = Some(Arc::new(vars));
        Ok(frame)
    }

    /// Pilot, audience and exits.
    fn may_come(&mut self, loaded: &Loaded, frame: &Frame) -> Result<(), Refusal> {
        let journey = loaded.journey();
        for (condition, reason) in [(&journey.pilot, "pilot"), (&journey.audience, "audience")] {
            if let Some(condition) = condition {
                self.judge_at_door(loaded, condition, frame)
                    .and_then(|holds| if holds { Ok(()) } else { Err(reason) })?;
            }
        }
        for exit in &journey.exits {
            if let Exit::When { when, .. } = exit
                && self.judge_at_door(loaded, when, frame)?
            {
                return Err("exit");
            }
        }
        Ok(())
    }

    fn judge_at_door(
        &mut self,
        loaded: &Loaded,
        script: &crate::definition::Script,
        frame: &Frame,
    ) -> Result<bool, Refusal> {
        self.holds(loaded, script, frame).map_err(|error| {
            self.trace_error(loaded, None, &script.place, &error);
            "error"
        })
    }

    fn entry_key(&mut self, loaded: &Loaded, frame: &Frame) -> Result<String, Refusal> {
        let Some(script) = &loaded.journey().entry.key else {
            return Ok(String::new());
        };
        match self.value(loaded, script, frame) {
            Ok(value) if value.is_null() => Err("no_key"),
            Ok(value) => Ok(value.to_string()),
            Err(error) => {
                self.trace_error(loaded, None, &script.place, &error);
                Err("error")
            }
        }
    }

    /// Occasions, active enrollments and re-entry, all per key.
    fn room_for(
        &mut self,
        loaded: &Loaded,
        entrance: &Entrance,
        key: &str,
    ) -> Result<Room, Refusal> {
        let entry = &loaded.journey().entry;
        let id = enrollment_id(loaded, &self.person.customer.id, key, &entrance.occasion);
        let last = self
            .person
            .entries
            .iter()
            .find(|last| *last.journey == *loaded.id && last.key == key);
        let taken = entrance.once && last.is_some_and(|last| last.has_taken(&entrance.occasion));
        if taken
            || self
                .person
                .enrollments
                .iter()
                .any(|enrollment| enrollment.id == id)
        {
            return Err("occasion_taken");
        }
        let active = self.active(loaded, key);
        if !active.is_empty() {
            return match entry.while_active {
                WhileActive::Ignore => Err("already_active"),
                WhileActive::Parallel => Ok(Room::Now),
                WhileActive::Queue => Ok(Room::Later),
                WhileActive::Restart => {
                    active
                        .into_iter()
                        .for_each(|index| self.end(index, "restarted"));
                    Ok(Room::Now)
                }
            };
        }
        let may_again = match (&entry.again, last) {
            (Again::Always, _) | (_, None) => true,
            (Again::Never, Some(_)) => false,
            (Again::After(duration), Some(last)) => duration.after(last.at, self.zone) <= self.now,
        };
        if may_again {
            Ok(Room::Now)
        } else {
            Err("again")
        }
    }

    fn active(&self, loaded: &Loaded, key: &str) -> Vec<usize> {
        let enrollments = self.person.enrollments.iter().enumerate();
        enrollments
            .filter(|(_, enrollment)| {
                enrollment.is_active() && *enrollment.journey == *loaded.id && enrollment.key == key
            })
            .map(|(index, _)| index)
            .collect()
    }

    fn begin(&mut self, loaded: &Arc<Loaded>, entrance: Entrance, key: String, vars: Arc<Map>) {
        let journey = loaded.journey();
        let first = self.begin_at.take().unwrap_or(loaded.program.first());
        let id = enrollment_id(loaded, &self.person.customer.id, &key, &entrance.occasion);
        let once = entrance.once.then_some(entrance.occasion);
        if once.is_some() || journey.entry.again != Again::Always {
            self.remember_entry(&loaded.id, &key, once);
        }
        let customer = self.person.customer.id.clone();
        let control = journey.holds_out(&customer);
        self.changes.actions.push(Action {
            at: self.now,
            journey: loaded.id.clone(),
            step: None,
            customer,
            enrollment: id,
            action: "enter".into(),
            channel: None,
            template: None,
            data: Map::new(),
            key: id.within("enter", &[]),
            status: ActionStatus::Sent,
            reason: None,
        });
        // Most customers have one: room for four, as a vector would take, is what millions of them can't afford.
        self.person.enrollments.reserve_exact(1);
        self.person.enrollments.push(Enrollment {
            id,
            journey: loaded.id.clone(),
            version: loaded.version.hash,
            key,
            parallel: journey.entry.while_active == WhileActive::Parallel,
            entered: self.now,
            trigger: entrance.started,
            vars: Arc::unwrap_or_clone(vars),
            place: Place::At { node: first },
            awaited: Vec::new(),
            timeouts: Vec::new(),
            held: false,
            control,
            depth: self.depth,
            expires: journey
                .expires
                .as_ref()
                .map(|expires| expires.after(self.now, self.zone)),
            rounds: Vec::new(),
            moved: 0,
            made: Vec::new(),
            last_send: None,
            goal_reached: false,
            fallbacks: Vec::new(),
            turned_away: None,
            returned: 0,
            ended: None,
        });
        let index = self.person.enrollments.len() - 1;
        self.go_on(loaded, index, first);
    }

    fn remember_entry(&mut self, journey: &Arc<str>, key: &str, occasion: Option<String>) {
        let now = self.now;
        let entries = &mut self.person.entries;
        let position = entries
            .iter()
            .position(|last| last.journey == *journey && last.key == key)
            .unwrap_or_else(|| {
                entries.reserve_exact(1);
                entries.push(LastEntry {
                    journey: journey.clone(),
                    key: key.to_owned(),
                    at: now,
                    occasions: Vec::new(),
                });
                entries.len() - 1
            });
        let last = &mut entries[position];
        last.at = now;
        if let Some(occasion) = occasion {
            let alike = |own: &String| series(own) == series(&occasion);
            if last.occasions.iter().filter(|own| alike(own)).count() >= OCCASIONS_REMEMBERED
                && let Some(oldest) = last.occasions.iter().position(alike)
            {
                last.occasions.remove(oldest);
            }
            last.occasions.reserve_exact(1);
            last.occasions.push(occasion);
        }
    }

    fn wait_in_line(&mut self, loaded: &Loaded, entrance: Entrance, key: String) {
        if self.person.queue.len() >= QUEUE_LIMIT {
            self.trace_entry(loaded, "queue_full", &entrance.started);
            return;
        }
        self.trace_entry(loaded, "queued", &entrance.started);
        self.person.queue.push(Queued {
            journey: loaded.id.clone(),
            key,
            trigger: entrance.started,
            occasion: entrance.occasion,
            once: entrance.once,
            vars: entrance.vars.unwrap_or_default(),
            depth: self.depth,
        });
    }

    /// Lets in whoever waits in line for an enrollment that has ended.
    pub(crate) fn follow_queue(&mut self) {
        let catalog = self.catalog;
        let mut position = 0;
        while let Some(queued) = self.person.queue.get(position) {
            let journeys = catalog.journeys().iter();
            let loaded = journeys
                .clone()
                .find(|loaded| *loaded.id == *queued.journey);
            let free = loaded.is_none_or(|loaded| self.active(loaded, &queued.key).is_empty());
            if !free {
                position += 1;
                continue;
            }
            let queued = self.person.queue.remove(position);
            if let Some(loaded) = loaded.filter(|loaded| catalog.is_open(loaded.journey())) {
                let Queued {
                    trigger: started,
                    occasion,
                    once,
                    vars,
                    depth,
                    ..
                } = queued;
                let own = std::mem::replace(&mut self.depth, depth);
                self.enter(
                    loaded,
                    Entrance {
                        started,
                        occasion,
                        once,
                        vars: Some(vars),
                    },
                );
                self.depth = own;
            }
        }
    }
}

/// Whether there is room for one more.
enum Room {
    Now,
    Later,
}

/// What an occasion is one of: a year of this attribute's date, a value of that attribute.
fn series(occasion: &str) -> &str {
    occasion.rsplit_once(' ').map_or("", |(series, _)| series)
}

fn enrollment_id(loaded: &Loaded, customer: &str, key: &str, occasion: &str) -> Key {
    Key::of(&[&loaded.id, customer, key, occasion])
}
