//! What comes back of a message, as a line of the log: whoever asks whether it arrived finds that beside the line of its sending.

use std::sync::Arc;

use super::Work;
use crate::enrollment::Enrollment;
use crate::event::Event;
use crate::id::Key;
use crate::input::Trace;
use crate::map::Map;
use crate::value::Value;

/// What changes nothing where no channel is named: whose address, or which consent, is meant?
const OF_AN_ADDRESS: [&str; 3] = ["bounced", "complained", "unsubscribed"];

impl Work<'_> {
    /// Notes what became of a message, as of when it happened there. Neither the link that was followed nor the words of a reply
    /// belong into a log.
    pub(super) fn trace_feedback(&mut self, event: &Event) {
        let Some(what) = fate(event).filter(|_| self.catalog.traces()) else {
            return;
        };
        let key = event.answers().and_then(key);
        let mut inside = self.person.enrollments.iter();
        let whose = key.and_then(|key| inside.find(|own| own.keys.contains(&key)));
        let mut values = Map::new();
        if let Some(key) = key {
            values.insert("key", Value::text(key.to_string()));
        }
        let channel = self.known_channel(event);
        let changes_nothing = channel.is_none() && OF_AN_ADDRESS.contains(&what);
        if let Some(channel) = channel {
            values.insert("channel", Value::text(channel));
        }
        let (journey, place) = self.known_place(event, whose);
        self.changes.trace.push(Trace {
            clock: self.clock,
            at: event.time.min(self.clock),
            journey,
            enrollment: whose.map(|own| own.id),
            place,
            what: what.to_owned(),
            reason: changes_nothing.then(|| "no_channel".into()),
            values,
        });
    }

    /// The channel that an event names. Events come from outside too: what is no name of ours may be something about a person.
    fn known_channel(&self, event: &Event) -> Option<String> {
        let name = said(event, "channel")?;
        let mut ours = self.catalog.workspace().channels.iter();
        ours.any(|own| own.name == name).then(|| name.to_owned())
    }

    /// The journey and the step that sent the message, as far as they are ours. The passage knows better than the event: a step of
    /// another journey is none of its own.
    fn known_place(
        &self,
        event: &Event,
        whose: Option<&Enrollment>,
    ) -> (Option<Arc<str>>, Option<Arc<str>>) {
        let told = said(event, "journey");
        let inside = || self.person.enrollments.iter().map(|own| &*own.journey);
        let is_ours = |id: &str| self.catalog.knows(id) || inside().any(|own| own == id);
        let journey = match whose {
            Some(own) => Some(own.journey.clone()),
            None => told.filter(|id| is_ours(id)).map(Into::into),
        };
        let place = journey
            .as_deref()
            .filter(|own| told == Some(own))
            .zip(said(event, "step"))
            .and_then(|(id, step)| self.catalog.step_of(id, step));
        (journey, place)
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

/// A key as we write them: a shorter number is something else.
fn key(text: &str) -> Option<Key> {
    let key = text.parse::<Key>().ok()?;
    (key.to_string() == text).then_some(key)
}

/// What an event says in a field, if it is text.
fn said<'e>(event: &'e Event, field: &str) -> Option<&'e str> {
    event.data.get(field).and_then(Value::as_text)
}
