//! What comes back of a message, as a line of the log: whoever asks whether it arrived finds that beside the line of its sending.

use std::sync::Arc;

use super::Work;
use super::profile::address_hash;
use crate::customer::Customer;
use crate::enrollment::Enrollment;
use crate::event::Event;
use crate::id::Key;
use crate::input::Trace;
use crate::map::Map;
use crate::provider::Fate;
use crate::value::Value;

/// What changes nothing where no channel is named: whose address, or which consent, is meant?
const OF_AN_ADDRESS: [Fate; 3] = [Fate::Bounced, Fate::Complained, Fate::Unsubscribed];
/// What says that nothing should go to an address any more.
const OF_THE_ADDRESS: [Fate; 2] = [Fate::Bounced, Fate::Complained];

/// The line of feedback that is being taken in.
pub(super) struct Told {
    /// Its place among the lines.
    line: usize,
    what: Fate,
    /// Whether the passage that sent the message goes on.
    is_inside: bool,
}

impl Work<'_> {
    /// Notes what became of a message, as of when it happened there. Neither the link that was followed nor the words of a reply
    /// belong into a log. From now on it is noted what it moves.
    pub(super) fn trace_feedback(&mut self, event: &Event) -> Option<Told> {
        let what = fate(event).filter(|_| self.catalog.traces())?;
        let key = event.answers().and_then(key);
        let mut inside = self.person.enrollments.iter();
        let whose = key.and_then(|key| inside.find(|own| own.made(key).is_some()));
        let is_inside = whose.is_some_and(Enrollment::is_active);
        let mut values = Map::new();
        if let Some(key) = key {
            values.insert("key", Value::text(key.to_string()));
        }
        let said = self.known_channel(event);
        // The passage knows better by which way its message left.
        let made = whose.zip(key).and_then(|(own, key)| own.made(key));
        let channel = made.and_then(|made| made.channel.clone());
        let reason = match said.as_deref() {
            None if OF_AN_ADDRESS.contains(&what) => Some("no_channel"),
            Some(channel) if OF_THE_ADDRESS.contains(&what) && self.has_moved(event, channel) => {
                Some("other_address")
            }
            _ => None,
        };
        if let Some(channel) = channel.map(String::from).or(said) {
            values.insert("channel", Value::text(channel));
        }
        let sender = whose.zip(made.and_then(|made| made.node));
        let sender = sender.and_then(|(own, node)| self.step_at(own, node));
        let (journey, place) = self.known_place(event, whose);
        let place = sender.or(place);
        self.changes.note(Trace {
            clock: self.clock,
            at: event.time.min(self.clock),
            journey,
            enrollment: whose.map(|own| own.id),
            place,
            what: what.word().to_owned(),
            reason: reason.map(str::to_owned),
            values,
            after: 0,
        });
        self.moved = Some(Vec::new());
        Some(Told {
            line: self.changes.trace.len() - 1,
            what,
            is_inside,
        })
    }

    /// Notes that the feedback at hand moves something on.
    pub(super) fn moves(&mut self, what: impl FnOnce() -> String) {
        if let Some(moved) = &mut self.moved {
            moved.push(what());
        }
    }

    /// Says in its line what feedback has moved, or why nothing. Whatever says something of an address changes the profile all the
    /// same.
    pub(super) fn tell_moved(&mut self, told: &Told) {
        let moved = self.moved.take().unwrap_or_default();
        let came_late = self.changes.trace[told.line..]
            .iter()
            .any(|own| own.what == "too_late");
        let line = &mut self.changes.trace[told.line];
        if !moved.is_empty() {
            line.values.insert("moved", Value::text(moved.join(", ")));
        } else if line.reason.is_none() && !OF_AN_ADDRESS.contains(&told.what) {
            let why = match (came_late, told.is_inside) {
                (true, _) => "too_late",
                (false, true) => "nothing_waited",
                (false, false) => "nobody_inside",
            };
            line.reason = Some(why.to_owned());
        }
    }

    /// Whether the message went to another address than the customer has now.
    fn has_moved(&self, event: &Event, channel: &str) -> bool {
        let now = self
            .person
            .customer
            .address(channel)
            .map(Customer::address_hash);
        address_hash(event).is_some_and(|hash| now.as_deref() != Some(hash))
    }

    /// The channel that an event names. Events come from outside too: what is no name of ours may be something about a person.
    fn known_channel(&self, event: &Event) -> Option<String> {
        let name = said(event, "channel")?;
        let mut ours = self.catalog.workspace().channels.iter();
        ours.any(|own| own.name == name).then(|| name.to_owned())
    }

    /// The step of a number, in the version that the passage ends on.
    fn step_at(&self, own: &Enrollment, node: u32) -> Option<Arc<str>> {
        let version = self.catalog.version(own.version)?;
        let step = version.program.nodes().get(node as usize)?;
        Some(step.name.clone())
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
fn fate(event: &Event) -> Option<Fate> {
    let says = |what| event.data.get(what) == Some(&Value::Bool(true));
    Some(match &*event.kind {
        "message.delivered" => Fate::Delivered,
        "message.opened" => Fate::Opened,
        "message.clicked" => Fate::Clicked,
        "message.replied" => Fate::Replied,
        "message.bounced" if says("soft") => Fate::Failed,
        "message.bounced" => Fate::Bounced,
        "message.unsubscribed" if says("complaint") => Fate::Complained,
        "message.unsubscribed" => Fate::Unsubscribed,
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
