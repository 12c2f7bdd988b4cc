//! What comes back of a message, as a line of the log: whoever asks whether it arrived finds that beside the line of its sending.

use super::Work;
use crate::event::Event;
use crate::id::Key;
use crate::input::Trace;
use crate::map::Map;
use crate::value::Value;

/// What may become of a message, in the words by which the callbacks of providers are described.
pub const FATES: [&str; 8] = [
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "failed",
    "complained",
    "unsubscribed",
];

/// The longest name that is taken from an event, in bytes.
const LONGEST_NAME: usize = 200;

impl Work<'_> {
    /// Notes what became of a message, as of when it happened there. Neither the link that was followed nor the words of a reply
    /// belong into a log.
    pub(super) fn trace_feedback(&mut self, event: &Event) {
        let Some(what) = fate(event).filter(|_| self.catalog.traces()) else {
            return;
        };
        let key = event.answers().and_then(|key| key.parse::<Key>().ok());
        let mut inside = self.person.enrollments.iter();
        let whose = key.and_then(|key| inside.find(|own| own.keys.contains(&key)));
        let mut values = Map::new();
        if let Some(key) = key {
            values.insert("key", Value::text(key.to_string()));
        }
        if let Some(channel) = named(event, "channel") {
            values.insert("channel", Value::text(channel));
        }
        let journey = whose.map(|own| own.journey.clone());
        self.changes.trace.push(Trace {
            clock: self.clock,
            at: event.time.min(self.clock),
            journey: journey.or_else(|| named(event, "journey").map(Into::into)),
            enrollment: whose.map(|own| own.id),
            place: named(event, "step").map(Into::into),
            what: what.to_owned(),
            reason: None,
            values,
        });
    }
}

/// What an event says of a message; none if it is about none.
fn fate(event: &Event) -> Option<&'static str> {
    let says = |what| event.data.get(what) == Some(&Value::Bool(true));
    Some(match &*event.kind {
        "message.delivered" => "delivered",
        "message.opened" => "opened",
        "message.clicked" => "clicked",
        "message.replied" => "replied",
        "message.bounced" if says("soft") => "failed",
        "message.bounced" => "bounced",
        "message.unsubscribed" if says("complaint") => "complained",
        "message.unsubscribed" => "unsubscribed",
        _ => return None,
    })
}

/// A name that an event gives. Events come from outside too: what can be no name of ours may be something about a person.
fn named<'e>(event: &'e Event, field: &str) -> Option<&'e str> {
    let is_of_name = |c: char| c.is_alphanumeric() || "_-.[]".contains(c);
    let text = event.data.get(field).and_then(Value::as_text)?;
    let is_name = !text.is_empty() && text.len() <= LONGEST_NAME && text.chars().all(is_of_name);
    is_name.then_some(text)
}
