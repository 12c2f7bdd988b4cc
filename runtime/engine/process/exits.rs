//! Exits and goals, and how an enrollment ends.

use std::sync::Arc;

use super::Work;
use crate::action::{Action, ActionStatus};
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::definition::{Exit, Journey};
use crate::enrollment::{Ended, Enrollment, Place};
use crate::event::Event;
use crate::map::Map;

/// Whether an enrollment that ended may still reach its goal.
pub(crate) fn goal_is_open(journey: &Journey, enrollment: &Enrollment, at: Instant) -> bool {
    let Some(goal) = &journey.goal else {
        return false;
    };
    let (Some(within), Some(last)) = (&goal.within, enrollment.last_send) else {
        return false;
    };
    !enrollment.goal_reached && at <= last.plus_millis(within.at_most_millis())
}

impl Work<'_> {
    /// Ends the enrollments, of the first `inside`, that this event lets exit; which ones.
    pub(crate) fn exits(&mut self, event: &Arc<Event>, inside: usize) -> Vec<usize> {
        let mut ended = Vec::new();
        for index in 0..inside.min(self.person.enrollments.len()) {
            let enrollment = &self.person.enrollments[index];
            let active = enrollment.is_active();
            // Past the last step a fallback may be waiting, and a code may come for whoever had none: what lets exit cancels it.
            if !active && enrollment.fallbacks.is_empty() && enrollment.turned_away.is_none() {
                continue;
            }
            let Some(loaded) = self.loaded_of(index) else {
                continue;
            };
            if let Some(reason) = self.exit_by_event(&loaded, index, event) {
                match reason.as_str() {
                    "error" => self.leave(index, "error"),
                    own => self.end(index, own),
                }
                ended.extend(active.then_some(index));
                self.moves(|| format!("exit {reason}"));
            } else if self.exit_when(&loaded, index) {
                ended.extend(active.then_some(index));
            }
        }
        ended
    }

    /// Ends an enrollment whose `exit: when` holds; whether it did.
    pub(crate) fn exit_when(&mut self, loaded: &Loaded, index: usize) -> bool {
        for exit in &loaded.journey().exits {
            let Exit::When { when, reason } = exit else {
                continue;
            };
            let frame = self.frame_of(loaded, index);
            match self.holds(loaded, when, &frame) {
                Ok(false) => {}
                Ok(true) => {
                    self.end(index, reason);
                    return true;
                }
                Err(error) => {
                    self.trace_error(loaded, Some(index), &when.place, &error);
                    self.leave(index, "error");
                    return true;
                }
            }
        }
        false
    }

    fn exit_by_event(
        &mut self,
        loaded: &Loaded,
        index: usize,
        event: &Arc<Event>,
    ) -> Option<String> {
        for exit in &loaded.journey().exits {
            let Exit::Event {
                event: kind,
                filter,
                reason,
            } = exit
            else {
                continue;
            };
            if **kind != *event.kind || !self.is_own(index, event) {
                continue;
            }
            let Some(filter) = filter else {
                return Some(reason.clone());
            };
            let mut frame = self.frame_of(loaded, index);
            frame.event = Some(event.clone());
            match self.holds(loaded, filter, &frame) {
                Ok(false) => {}
                Ok(true) => return Some(reason.clone()),
                Err(error) => {
                    self.trace_error(loaded, Some(index), &filter.place, &error);
                    return Some("error".to_owned());
                }
            }
        }
        None
    }

    /// Counts the goals that this event reaches, in enrollments that go on and in those that have ended; `just_ended` are
    /// those that this very event let exit.
    pub(crate) fn goals(&mut self, event: &Arc<Event>, inside: usize, just_ended: &[usize]) {
        for index in 0..inside.min(self.person.enrollments.len()) {
            let Some(loaded) = self.loaded_of(index) else {
                continue;
            };
            let going = self.person.enrollments[index].is_active() || just_ended.contains(&index);
            if self.reaches_goal(&loaded, index, going, event) {
                self.count_goal(&loaded, index, event);
            }
        }
    }

    fn reaches_goal(
        &mut self,
        loaded: &Loaded,
        index: usize,
        going: bool,
        event: &Arc<Event>,
    ) -> bool {
        let Some(goal) = &loaded.journey().goal else {
            return false;
        };
        let enrollment = &self.person.enrollments[index];
        let in_time = match (&goal.within, enrollment.last_send) {
            (Some(within), Some(last)) => event.time <= within.after(last, self.zone),
            _ => going,
        };
        let counts = goal.event == *event.kind
            && !enrollment.goal_reached
            && in_time
            && event.time >= enrollment.trigger.time.min(enrollment.entered)
            && self.is_own(index, event);
        if !counts {
            return false;
        }
        let Some(filter) = &goal.filter else {
            return true;
        };
        let mut frame = self.frame_of(loaded, index);
        frame.event = Some(event.clone());
        match self.holds(loaded, filter, &frame) {
            Ok(reached) => reached,
            Err(error) => {
                self.trace_error(loaded, Some(index), &filter.place, &error);
                false
            }
        }
    }

    fn count_goal(&mut self, loaded: &Loaded, index: usize, event: &Arc<Event>) {
        let mut values = Map::new();
        if let Some(script) = loaded
            .journey()
            .goal
            .as_ref()
            .and_then(|goal| goal.value.as_ref())
        {
            let mut frame = self.frame_of(loaded, index);
            frame.event = Some(event.clone());
            match self.value(loaded, script, &frame) {
                Ok(value) => {
                    values.insert("value", value);
                }
                Err(error) => self.trace_error(loaded, Some(index), &script.place, &error),
            }
        }
        self.person.enrollments[index].goal_reached = true;
        self.moves(|| "goal".to_owned());
        self.trace_goal(loaded, index, values);
    }

    /// Ends an enrollment from outside: whatever of it has not been handed over never is.
    pub(crate) fn end(&mut self, index: usize, reason: &str) {
        let made = self.person.enrollments[index].made.iter();
        self.changes.withdrawn.extend(made.map(|own| own.key));
        self.leave(index, reason);
    }

    /// Ends an enrollment by its own doing, by an `exit` step or a mistake: what has been decided on leaves; what is deferred, and
    /// fallbacks, don't.
    pub(crate) fn leave(&mut self, index: usize, reason: &str) {
        self.cancel(index, reason);
        self.person.enrollments[index].turned_away = None;
        if self.person.enrollments[index].is_active() {
            self.close(index, reason);
        }
    }

    /// Ends an enrollment past its last step. A fallback still waits for the delivery.
    pub(crate) fn complete(&mut self, index: usize) {
        self.close(index, "completed");
    }

    fn close(&mut self, index: usize, reason: &str) {
        let customer = self.person.customer.id.clone();
        let enrollment = &mut self.person.enrollments[index];
        enrollment.ended = Some(Ended {
            at: self.now,
            reason: reason.to_owned(),
        });
        enrollment.place = Place::Done;
        enrollment.held = false;
        // Whoever came back leaves once more.
        let times = [enrollment.returned];
        let key = match enrollment.returned {
            0 => enrollment.id.within("exit", &[]),
            _ => enrollment.id.within("exit", &times),
        };
        self.changes.actions.push(Action {
            at: self.now,
            journey: enrollment.journey.clone(),
            step: None,
            customer,
            enrollment: enrollment.id,
            action: "exit".into(),
            channel: None,
            template: None,
            data: Map::new(),
            key,
            status: ActionStatus::Sent,
            reason: Some(reason.into()),
        });
    }

    /// An operator ends the customer's enrollments in a journey.
    pub(crate) fn stop(&mut self, journey: &str) {
        self.set_now(self.clock);
        self.person
            .queue
            .retain(|queued| &*queued.journey != journey);
        for index in 0..self.person.enrollments.len() {
            if &*self.person.enrollments[index].journey == journey {
                self.end(index, "stopped");
            }
        }
    }

    /// Feedback counts only for the enrollment whose message or task it answers.
    pub(crate) fn is_own(&self, index: usize, event: &Event) -> bool {
        match event.answers() {
            None => true,
            Some(key) => key
                .parse()
                .is_ok_and(|key| self.person.enrollments[index].made(key).is_some()),
        }
    }
}
