//! What comes back of a message, as ordinary events: they come in by the same door as all others.
//!
//! An event's id is made of the message and of what happened, so that whoever says it again says the same: a provider's second
//! report, a click after a click, a refusal that is heard once more after a kill.

mod found;

use kurant_engine::calendar::Instant;
use kurant_engine::event::{ADDRESS_HASH, Event, FEEDBACK};
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Command;
use kurant_engine::map::Map;
use kurant_engine::provider::Fate;
use kurant_engine::value::Value;

use crate::channel::address_of;

pub(crate) use found::{Found, events};

/// The message that something is said of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) customer: CustomerId,
    pub(crate) channel: String,
    pub(crate) key: Key,
    pub(crate) journey: String,
    pub(crate) step: String,
    /// What tells the address that it went to from others; empty where nobody knows.
    pub(crate) address: String,
}

impl About {
    /// The message of a command that leaves by a route.
    pub(crate) fn of(command: &Command, route: &str) -> Self {
        Self {
            customer: command.customer.clone(),
            channel: route.to_owned(),
            key: command.key,
            journey: command.journey.to_string(),
            step: command.step.to_string(),
            address: address_of(command),
        }
    }

    /// What became of it, as an event; none for what nobody waits for. `which` tells it from others of its kind.
    pub(crate) fn event(&self, fate: Fate, which: &str, more: Map, time: Instant) -> Option<Event> {
        let (kind, says) = match fate {
            Fate::Delivered => ("message.delivered", None),
            Fate::Opened => ("message.opened", None),
            Fate::Clicked => ("message.clicked", None),
            Fate::Replied => ("message.replied", None),
            Fate::Bounced => ("message.bounced", None),
            Fate::Failed => ("message.bounced", Some("soft")),
            Fate::Complained => ("message.unsubscribed", Some("complaint")),
            Fate::Unsubscribed => ("message.unsubscribed", None),
            Fate::Ignored => return None,
        };
        let mut data = Map::from_iter([
            ("key", Value::text(self.key.to_string())),
            ("journey", Value::text(self.journey.as_str())),
            ("step", Value::text(self.step.as_str())),
            ("channel", Value::text(self.channel.as_str())),
        ]);
        if !self.address.is_empty() {
            data.insert(ADDRESS_HASH, Value::text(self.address.as_str()));
        }
        for (name, value) in more.iter() {
            data.insert(name, value.clone());
        }
        if let Some(says) = says {
            data.insert(says, Value::Bool(true));
        }
        let own = says.unwrap_or_default();
        let id = Key::of(&[&self.key.to_string(), kind, own, which]);
        Some(Event {
            id: id.to_string().into(),
            source: FEEDBACK.into(),
            kind: kind.into(),
            customer: self.customer.clone(),
            time,
            data,
            attributes: Map::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_is_the_same_and_what_differs_is_not() {
        let about = About {
            customer: "anna".into(),
            channel: "email".to_owned(),
            key: Key::of(&["k"]),
            journey: "winback".to_owned(),
            step: "nine".to_owned(),
            address: "1f".to_owned(),
        };
        let at = Instant::from_millis;
        let event = |fate, which, time| about.event(fate, which, Map::new(), at(time));
        let identity = |fate, which, time| event(fate, which, time).expect("an event").identity();
        let all = [
            (Fate::Delivered, ""),
            (Fate::Opened, ""),
            (Fate::Clicked, "https://shop.example/a"),
            (Fate::Clicked, "https://shop.example/b"),
            (Fate::Bounced, ""),
            (Fate::Failed, ""),
            (Fate::Unsubscribed, ""),
            (Fate::Complained, ""),
            (Fate::Replied, "1"),
            (Fate::Replied, "2"),
        ];
        for (one, (fate, which)) in all.iter().enumerate() {
            let own = identity(*fate, which, 1);
            assert_eq!(own, identity(*fate, which, 2), "{fate:?}");
            for (fate, which) in &all[..one] {
                assert_ne!(own, identity(*fate, which, 1), "{fate:?}");
            }
        }
        assert_eq!(event(Fate::Ignored, "", 1), None);
        let soft = event(Fate::Failed, "", 1).expect("an event");
        assert_eq!(soft.kind, "message.bounced");
        assert_eq!(soft.data.get("soft"), Some(&Value::Bool(true)));
    }
}
