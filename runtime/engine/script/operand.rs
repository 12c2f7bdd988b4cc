//! The values that scripts work with: those of the engine, and two that live only inside a script.

use std::borrow::Cow;
use std::sync::Arc;

use super::span::Span;
use crate::calendar::Anchor;
use crate::event::Event;
use crate::map::Map;
use crate::value::Value;

/// A value inside a script, borrowed from the customer where that is possible.
#[derive(Debug, Clone)]
pub(super) enum Operand<'a> {
    Value(Cow<'a, Value>),
    Span(Span),
    Event(Arc<Event>),
}

impl Operand<'_> {
    pub(super) const NULL: Self = Self::Value(Cow::Owned(Value::Null));

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Value(value) if value.is_null())
    }

    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        self.value().and_then(Value::as_text)
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        match self.value() {
            Some(Value::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// The moment, if it is an instant or a date.
    pub(super) fn as_anchor(&self) -> Option<Anchor> {
        match self.value()? {
            Value::Instant(instant) => Some(Anchor::Instant(*instant)),
            Value::Date(date) => Some(Anchor::Date(*date)),
            _ => None,
        }
    }

    /// What kind of value it is, for messages to people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Value(value) => value.kind(),
            Self::Span(_) => "a length of time",
            Self::Event(_) => "an event",
        }
    }
}

impl<'a> Operand<'a> {
    pub(super) fn borrowed(value: Option<&'a Value>) -> Self {
        value.map_or(Self::NULL, |value| Self::Value(Cow::Borrowed(value)))
    }
}

impl<T: Into<Value>> From<T> for Operand<'_> {
    fn from(value: T) -> Self {
        Self::Value(Cow::Owned(value.into()))
    }
}

/// An event as a map: its data, and its envelope under `meta`.
pub(super) fn event_to_map(event: &Event) -> Map {
    let mut map = event.data.clone();
    map.insert("meta", Value::Map(meta_to_map(event)));
    map
}

/// The envelope of an event.
pub(super) fn meta_to_map(event: &Event) -> Map {
    META.iter().map(|name| (*name, meta(event, name))).collect()
}

/// The names under `event.meta`.
pub(super) const META: [&str; 4] = ["type", "id", "time", "source"];

/// A field of an event's envelope.
pub(super) fn meta(event: &Event, name: &str) -> Value {
    match name {
        "type" => Value::text(&*event.kind),
        "id" => Value::text(&*event.id),
        "time" => Value::Instant(event.time),
        "source" => Value::text(&*event.source),
        _ => Value::Null,
    }
}
