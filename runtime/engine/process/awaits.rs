//! `wait_for`: an event that somebody waits for.

use std::sync::Arc;

use super::Work;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::Op;
use crate::definition::WaitFor;
use crate::enrollment::{Answered, Place, TimedOut};
use crate::event::Event;
use crate::map::Map;
use crate::script;
use crate::value::Value;

/// How many timeouts of an enrollment are remembered.
const TIMEOUTS_REMEMBERED: usize = 16;

impl Work<'_> {
    /// Moves on the enrollments, of the first `inside`, that wait for this event; and notes what it tells of their messages.
    pub(crate) fn awaited(&mut self, event: &Arc<Event>, inside: usize) {
        for index in 0..inside.min(self.person.enrollments.len()) {
            self.learn_fate(index, event);
            self.tell_too_late(index, event);
            let Place::WaitingFor {
                node,
                since,
                deadline,
            } = self.person.enrollments[index].place
            else {
                continue;
            };
            let Some(loaded) = self.loaded_of(index) else {
                continue;
            };
            let Some(Op::WaitFor { wait, then, .. }) =
                loaded.program.node(node).map(|node| &node.op)
            else {
                continue;
            };
            if !self.answers(&loaded, index, wait, since, event) {
                continue;
            }
            if deadline.is_some_and(|deadline| event.time > deadline) {
                self.trace_at(&loaded, index, Some(node), "too_late", None, Map::new());
                continue;
            }
            self.answer(&loaded, index, node, event.clone());
            let name = loaded.program.node(node).map(|node| node.name.clone());
            self.moves(|| format!("wait {}", name.unwrap_or_default()));
            self.go_on(&loaded, index, *then);
        }
    }

    /// An event of the past that already answers a `wait_for` with `since`: one dated after the deadline never does.
    pub(crate) fn answered_before(
        &mut self,
        loaded: &Loaded,
        index: usize,
        wait: &WaitFor,
        since: Instant,
        deadline: Option<Instant>,
    ) -> Option<Arc<Event>> {
        let upto = deadline.map_or(self.now, |deadline| deadline.min(self.now));
        let mut past: Vec<Arc<Event>> = self
            .person
            .history
            .iter()
            .filter(|event| {
                event.time >= since
                    && event.time <= upto
                    && wait.any.iter().any(|any| any.event == *event.kind)
            })
            .cloned()
            .collect();
        past.sort_by_key(|event| event.time);
        past.into_iter().find(|event| {
            // One whose condition failed has ended it: no other is looked at.
            self.person.enrollments[index].is_active()
                && self.answers(loaded, index, wait, since, event)
        })
    }

    /// Notes which event a `wait_for` was answered by: `event` inside its `then`.
    pub(crate) fn answer(&mut self, loaded: &Loaded, index: usize, node: u32, event: Arc<Event>) {
        let mut values = Map::new();
        values.insert("event", Value::text(&*event.id));
        values.insert("type", Value::text(&*event.kind));
        values.insert("time", Value::Instant(event.time));
        self.trace_at(loaded, index, Some(node), "answered", None, values);
        let awaited = &mut self.person.enrollments[index].awaited;
        awaited.retain(|answered| answered.node != node);
        awaited.push(Answered { node, event });
    }

    /// The patience of a `wait_for` ends. An answer that comes later is told, and changes nothing.
    pub(crate) fn time_out(
        &mut self,
        loaded: &Loaded,
        index: usize,
        node: u32,
        since: Instant,
        deadline: Instant,
    ) {
        self.trace_at(loaded, index, Some(node), "timeout", None, Map::new());
        if since > deadline {
            return;
        }
        let timeouts = &mut self.person.enrollments[index].timeouts;
        if timeouts.len() >= TIMEOUTS_REMEMBERED {
            timeouts.remove(0);
        }
        timeouts.reserve_exact(1);
        timeouts.push(TimedOut {
            node,
            since,
            deadline,
        });
    }

    /// An event that would have been the answer, had it come before the patience ended: a timeout that was handled stands.
    fn tell_too_late(&mut self, index: usize, event: &Arc<Event>) {
        let enrollment = &self.person.enrollments[index];
        if !enrollment.is_active() {
            return;
        }
        let timeouts = enrollment.timeouts.iter().rev();
        let in_time = timeouts.filter(|own| (own.since..=own.deadline).contains(&event.time));
        let in_time: Vec<TimedOut> = in_time.copied().collect();
        let Some(loaded) = self.loaded_of(index).filter(|_| !in_time.is_empty()) else {
            return;
        };
        for timed_out in in_time {
            let node = timed_out.node;
            let Some(Op::WaitFor { wait, .. }) = loaded.program.node(node).map(|node| &node.op)
            else {
                continue;
            };
            if let Ok(true) = self.fits(&loaded, index, wait, timed_out.since, event) {
                self.trace_at(&loaded, index, Some(node), "too_late", None, Map::new());
                return;
            }
        }
    }

    fn answers(
        &mut self,
        loaded: &Loaded,
        index: usize,
        wait: &WaitFor,
        since: Instant,
        event: &Arc<Event>,
    ) -> bool {
        self.fits(loaded, index, wait, since, event)
            .unwrap_or_else(|error| {
                let place = error.place.clone();
                self.trace_error(loaded, Some(index), &place, &error);
                self.leave(index, "error");
                false
            })
    }

    /// Whether an event is what a `wait_for` waits for, whenever it comes.
    fn fits(
        &mut self,
        loaded: &Loaded,
        index: usize,
        wait: &WaitFor,
        since: Instant,
        event: &Arc<Event>,
    ) -> Result<bool, script::Error> {
        let trigger = self.person.enrollments[index].trigger.event.as_ref();
        // The event that starts an enrollment is not the one that it waits for, also when `since` goes back to the start.
        let starting = trigger.is_some_and(|own| own.id == event.id && own.source == event.source);
        if event.time < since || starting || !self.is_own(index, event) {
            return Ok(false);
        }
        for any in wait.any.iter().filter(|any| any.event == *event.kind) {
            let Some(filter) = &any.filter else {
                return Ok(true);
            };
            let mut frame = self.frame_of(loaded, index);
            frame.event = Some(event.clone());
            if self.holds(loaded, filter, &frame)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
