//! What is written into the execution log.

use std::sync::Arc;

use super::Work;
use crate::catalog::Loaded;
use crate::enrollment::Started;
use crate::event::Event;
use crate::input::{GOAL, Trace};
use crate::map::Map;
use crate::script;
use crate::value::Value;

impl Work<'_> {
    /// Somebody does not enter.
    pub(crate) fn trace_entry(&mut self, loaded: &Loaded, reason: &str, started: &Started) {
        if !self.catalog.traces() {
            return;
        }
        let mut values = Map::new();
        values.insert("trigger", Value::text(started.kind.as_str()));
        values.insert("time", Value::Instant(started.time));
        if let Some(date) = started.date {
            values.insert("date", Value::Date(date));
        }
        if let Some(event) = &started.event {
            values.insert("event", Value::text(&*event.id));
        }
        let journey = loaded.journey();
        let condition = match reason {
            "pilot" => journey.pilot.as_ref(),
            "audience" => journey.audience.as_ref(),
            _ => None,
        };
        // Whoever reads a failing test wants to see why; a log that is kept would hold what people are like.
        if let Some(condition) = condition.filter(|_| self.catalog.rehearses()) {
            let seen = self.seen_in(&condition.source, started.event.as_deref());
            values.insert("condition", Value::text(&*condition.source));
            values.insert("seen", Value::Map(seen));
        }
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: Some(loaded.id.clone()),
            enrollment: None,
            place: None,
            what: "not_entered".to_owned(),
            reason: Some(reason.to_owned()),
            values,
            after: 0,
        });
    }

    /// Something happens to an enrollment.
    pub(crate) fn trace_at(
        &mut self,
        loaded: &Loaded,
        index: usize,
        node: Option<u32>,
        what: &str,
        reason: Option<&str>,
        values: Map,
    ) {
        if !self.catalog.traces() {
            return;
        }
        let place: Option<Arc<str>> = node
            .and_then(|node| loaded.program.node(node))
            .map(|node| node.path.clone());
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: Some(loaded.id.clone()),
            enrollment: Some(self.person.enrollments[index].id),
            place,
            what: what.to_owned(),
            reason: reason.map(ToOwned::to_owned),
            values,
            after: 0,
        });
    }

    /// An enrollment reaches its goal. It is counted also where nobody asks why.
    pub(crate) fn trace_goal(&mut self, loaded: &Loaded, index: usize, values: Map) {
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: Some(loaded.id.clone()),
            enrollment: Some(self.person.enrollments[index].id),
            place: None,
            what: GOAL.to_owned(),
            reason: None,
            values,
            after: 0,
        });
    }

    /// A script of a journey fails. Errors are always logged.
    pub(crate) fn trace_error(
        &mut self,
        loaded: &Loaded,
        index: Option<usize>,
        place: &str,
        error: &script::Error,
    ) {
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: Some(loaded.id.clone()),
            enrollment: index.map(|index| self.person.enrollments[index].id),
            place: Some(place.into()),
            what: "error".to_owned(),
            reason: Some(error.to_string()),
            values: Map::new(),
            after: 0,
        });
    }

    /// A script of `profile.yaml` or `segments.yaml` fails.
    pub(crate) fn trace_profile_error(&mut self, name: &str, error: &script::Error) {
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: None,
            enrollment: None,
            place: Some(name.into()),
            what: "error".to_owned(),
            reason: Some(error.to_string()),
            values: Map::new(),
            after: 0,
        });
    }

    /// Somebody has said yes or no to a channel: who says so, when and where is asked for later.
    pub(crate) fn trace_consent(&mut self, event: &Event, channel: &str, granted: bool) {
        let what = match granted {
            true => "consent_given",
            false => "consent_withdrawn",
        };
        self.trace_event(event, what, &event.source);
        if let Some(last) = self
            .changes
            .trace
            .last_mut()
            .filter(|last| last.what == what)
        {
            last.values.insert("channel", Value::text(channel));
        }
    }

    /// An event does nothing.
    pub(crate) fn trace_event(&mut self, event: &Event, what: &str, reason: &str) {
        if !self.catalog.traces() {
            return;
        }
        let mut values = Map::new();
        values.insert("event", Value::text(&*event.id));
        values.insert("type", Value::text(&*event.kind));
        self.changes.note(Trace {
            clock: self.clock,
            at: self.now,
            journey: None,
            enrollment: None,
            place: None,
            what: what.to_owned(),
            reason: Some(reason.to_owned()),
            values,
            after: 0,
        });
    }
}
