//! Steps that reach beyond the customer: `emit`, `webhook`, `start`.

use std::sync::Arc;

use super::Flow;
use crate::action::ActionStatus;
use crate::catalog::program::Node;
use crate::catalog::{Loaded, Reply};
use crate::definition::{Emit, OnError, Start, Webhook};
use crate::enrollment::Place;
use crate::event::Event;
use crate::input::Effect;
use crate::map::Map;
use crate::process::{Work, is_awaited, unanswered_at};
use crate::script;
use crate::value::Value;

/// The source of events that journeys emit.
const SOURCE: &str = "kurant";

impl Work<'_> {
    /// An event to the broker, taken in here too, right after the current one.
    pub(super) fn emit_event(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        emit: &Emit,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let content = self.compute_data(loaded.scripts(), &emit.event, &emit.data, &frame)?;
        let key = self.action_key(index, number, 0);
        let event = Arc::new(Event {
            id: key.to_string().into(),
            source: SOURCE.into(),
            kind: emit.event.as_str().into(),
            customer: self.person.customer.id.clone(),
            time: self.now,
            data: content.clone(),
            attributes: Map::new(),
        });
        let mut data = Map::new();
        data.insert("type", Value::text(emit.event.as_str()));
        data.insert("data", Value::Map(content));
        let mut action = self.action(index, node, key, "emit", data);
        if self.emit(event.clone()) {
            self.command(index, node, key, |_| Effect::Emit { event });
        } else {
            action.status = ActionStatus::Skipped;
            action.reason = Some("too_deep".into());
        }
        self.changes.actions.push(action);
        Ok(Flow::Next(node.next))
    }

    /// An HTTP call, and where to go on if it fails. Where it is called for real the journey waits for its answer; where nobody is
    /// there to answer, in tests and files, it goes on at once.
    pub(super) fn webhook(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        (hook, failed): (&Webhook, u32),
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let headers = self.compute_fields(loaded.scripts(), &hook.headers, &frame)?;
        let body = match &hook.body {
            Some(body) => self.compute(loaded.scripts(), body, &frame)?,
            None => Value::Null,
        };
        let key = self.action_key(index, number, 0);
        let mut data = Map::new();
        data.insert("url", Value::text(hook.url.as_str()));
        data.insert("method", Value::text(hook.method.as_str()));
        data.insert("body", body.clone());
        let awaited = is_awaited(self.catalog, hook);
        self.command(index, node, key, |_| Effect::Webhook {
            url: hook.url.clone(),
            method: hook.method.clone(),
            headers,
            body,
            awaited,
        });
        let action = self.action(index, node, key, "webhook", data);
        self.changes.actions.push(action);
        if awaited {
            return Ok(Flow::Stay(Place::Calling {
                node: number,
                key,
                due: unanswered_at(self.catalog, self.clock),
            }));
        }
        // In a loop, each round is a call.
        let call = self.rounds(index).last().copied().unwrap_or(1);
        let reply = self.catalog.reply(&hook.url, call);
        Ok(self.replied(index, node, (hook, failed), reply))
    }

    /// Keeps what a web hook has answered, and says where to go on.
    pub(crate) fn replied(
        &mut self,
        index: usize,
        node: &Node,
        (hook, failed): (&Webhook, u32),
        reply: Reply,
    ) -> Flow {
        let (answer, flow) = match reply {
            Reply::Value(answer) => (answer, Flow::Next(node.next)),
            Reply::Failure if hook.on_error == OnError::Exit => {
                (Value::Null, Flow::End("webhook_failed".into()))
            }
            Reply::Failure => (Value::Null, Flow::Next(failed)),
        };
        if let Some(variable) = &hook.save {
            let vars = &mut self.person.enrollments[index].vars;
            vars.insert(variable.as_str(), answer);
        }
        flow
    }

    /// Enrolls the customer in another journey.
    pub(super) fn start(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
        start: &Start,
    ) -> Result<Flow, script::Error> {
        let frame = self.frame_of_node(loaded, index, number);
        let vars = self.compute_fields(loaded.scripts(), &start.vars, &frame)?;
        let key = self.action_key(index, number, 0);
        let mut data = Map::new();
        data.insert("journey", Value::text(start.journey.as_str()));
        // The line of the step stands before those of the journey it starts.
        let position = self.changes.actions.len();
        let action = self.action(index, node, key, "start", data);
        self.changes.actions.push(action);
        if let Err(reason) = self.start_journey(&start.journey, vars, key.to_string()) {
            let action = &mut self.changes.actions[position];
            action.status = ActionStatus::Skipped;
            action.reason = Some(reason.into());
        }
        Ok(Flow::Next(node.next))
    }
}
