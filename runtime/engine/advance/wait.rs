//! `wait` and `wait_for`.

use super::Flow;
use crate::calendar::{Anchor, Instant};
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::definition::{Script, Wait, WaitFor};
use crate::enrollment::Place;
use crate::map::Map;
use crate::process::Work;
use crate::script::{self, Frame};
use crate::value::Value;

impl Work<'_> {
    /// Lets time pass. A moment already past = go on at once.
    pub(super) fn wait(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        wait: &Wait,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let anchor = match wait.until.as_ref().or(wait.since.as_ref()) {
            Some(script) => Some(self.anchor(loaded, script, &frame)?),
            None => None,
        };
        let due = wait.rule.due(anchor, self.now, self.zone);
        if due <= self.now {
            return Ok(Flow::Next(node.next));
        }
        self.trace_wait(loaded, index, number, Some(due));
        Ok(Flow::Stay(Place::Waiting { node: number, due }))
    }

    /// Waits for an event, unless it has come already or the deadline has passed.
    pub(super) fn wait_for(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        wait: &WaitFor,
        (then, otherwise): (u32, u32),
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let since = match &wait.since {
            Some(since) => self.moment(loaded, since, &frame)?,
            None => self.now,
        };
        let deadline = match (&wait.until, &wait.timeout) {
            (Some(until), _) => Some(self.moment(loaded, until, &frame)?),
            (None, Some(timeout)) => Some(timeout.after(self.now, self.zone)),
            (None, None) => None,
        };
        if wait.since.is_some()
            && let Some(event) = self.answered_before(loaded, index, wait, since, deadline)
        {
            self.answer(loaded, index, number, event);
            return Ok(Flow::Next(then));
        }
        if !self.person.enrollments[index].is_active() {
            return Ok(Flow::Stay(Place::Done));
        }
        if let Some(deadline) = deadline.filter(|deadline| *deadline < self.now) {
            // Nothing that happens from now on is dated before it.
            self.time_out(loaded, index, number, since, deadline);
            return Ok(Flow::Next(otherwise));
        }
        self.trace_wait(loaded, index, number, deadline);
        Ok(Flow::Stay(Place::WaitingFor {
            node: number,
            since,
            deadline,
        }))
    }

    /// Works out an instant; a date is its 00:00 on the customer's clock.
    pub(super) fn moment(
        &mut self,
        loaded: &Loaded,
        script: &Script,
        frame: &Frame,
    ) -> Result<Instant, script::Error> {
        Ok(self.anchor(loaded, script, frame)?.instant(self.zone))
    }

    fn anchor(
        &mut self,
        loaded: &Loaded,
        script: &Script,
        frame: &Frame,
    ) -> Result<Anchor, script::Error> {
        match self.value(loaded, script, frame)? {
            Value::Instant(instant) => Ok(Anchor::Instant(instant)),
            Value::Date(date) => Ok(Anchor::Date(date)),
            other => Err(super::unexpected(
                script,
                "an instant or a date",
                other.kind(),
            )),
        }
    }

    fn trace_wait(&mut self, loaded: &Loaded, index: usize, number: u32, due: Option<Instant>) {
        let mut values = Map::new();
        if let Some(due) = due {
            values.insert("until", Value::Instant(due));
        }
        self.trace_at(loaded, index, Some(number), "waits", None, values);
    }
}
