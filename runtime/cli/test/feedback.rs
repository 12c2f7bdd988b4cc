//! Feedback in a test: what an event without a `key` answers, and what to say of one that answers nothing.

use kurant_authoring::source::Span;
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::event::Event;
use kurant_engine::value::Value;

use crate::moment::on_clock;
use crate::reason;

/// Feedback that answered nothing, since nothing that fits had been sent.
pub(super) struct Unanswered {
    /// Where it stands.
    pub(super) span: Span,
    event: Event,
    /// What would have fitted, had it been sent, and sent before.
    near: Option<(Instant, Option<String>)>,
}

/// Gives feedback without a `key` that of the last message, or task, that fits: nobody can know keys when writing a test.
/// Returns whether the event has something to answer, or need not.
pub(super) fn answer(event: &mut Event, done: &[Action]) -> bool {
    if !event.answers().is_some_and(str::is_empty) {
        return true;
    }
    let is_sent = |action: &&Action| action.status == ActionStatus::Sent && fits(event, action);
    let Some(action) = done.iter().rev().find(is_sent) else {
        return false;
    };
    for (name, value) in [
        ("journey", Some(&action.journey)),
        ("step", action.step.as_ref()),
    ] {
        if let Some(value) = value {
            event.data.insert(name, Value::text(&**value));
        }
    }
    let key = Value::text(action.key.to_string());
    event.data.insert("key", key);
    true
}

/// Whether it is a message, or a task, of the event's customer, and of the `journey`, `step` and `channel` that it names.
fn fits(event: &Event, action: &Action) -> bool {
    let named = |name: &str, own: Option<&str>| {
        let wanted = event.data.get(name).and_then(Value::as_text);
        wanted.is_none_or(|wanted| own == Some(wanted))
    };
    action.action == verb(event)
        && action.customer == event.customer
        && named("journey", Some(&action.journey))
        && named("step", action.step.as_deref())
        && named("channel", action.channel.as_deref())
}

/// The verb of what an event answers.
fn verb(event: &Event) -> &'static str {
    match &*event.kind {
        "task.done" => "task",
        _ => "send",
    }
}

impl Unanswered {
    /// What is known of it when the test has been played.
    pub(super) fn new(span: Span, event: Event, done: &[Action]) -> Self {
        let near = done.iter().find(|action| fits(&event, action));
        let near = near.map(|action| (action.at, action.reason.as_ref().map(ToString::to_string)));
        Self { span, event, near }
    }

    /// What it was to answer, and why it did not.
    pub(super) fn told(&self, zone: Zone) -> String {
        let (kind, customer) = (&self.event.kind, &self.event.customer);
        let (what, left) = match verb(&self.event) {
            "task" => ("task", "made"),
            _ => ("message", "sent"),
        };
        let named = |name: &str| self.event.data.get(name).and_then(Value::as_text);
        let step = named("step").map_or(String::new(), |step| format!(" of `{step}`"));
        let channel = named("channel").map_or(String::new(), |way| format!(" by {way}"));
        let why = match &self.near {
            None => format!("no {what}{step}{channel} was {left} for {customer}"),
            Some((at, None)) => {
                let at = on_clock(*at, zone);
                format!("the {what}{step}{channel} was {left} at {at} only")
            }
            Some((_, Some(reason))) => {
                let reason = reason::told(reason);
                format!("the {what}{step}{channel} had not been {left} ({reason})")
            }
        };
        let at = on_clock(self.event.time, zone);
        format!("the `{kind}` of {at} answers nothing: {why}")
    }
}
