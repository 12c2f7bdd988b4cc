//! What an attribute, a field of an event or a variable may hold.
//!
//! Numbers are integers or decimals, never binary floats: money stays exact on its way from the JSON of an event through a
//! condition to a message.

use std::fmt;

use rhai::ImmutableString;
use rust_decimal::Decimal;

use crate::calendar::{Date, Instant};
use crate::map::Map;

/// One value, as authors see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    /// Nothing: a missing attribute, JSON's `null`, Rhai's `()`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, exact.
    Decimal(Decimal),
    /// Text; a cheap clone, shared with the scripts.
    Text(ImmutableString),
    /// A moment, from a field declared as `date-time`.
    Instant(Instant),
    /// A day, from a field declared as `date`.
    Date(Date),
    /// Several values.
    List(Vec<Value>),
    /// Named values.
    Map(Map),
}

impl Value {
    /// Text from anything that reads as text.
    pub fn text(text: impl Into<ImmutableString>) -> Self {
        Self::Text(text.into())
    }

    /// Whether there is no value at all.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The value in JSON as the outside sees it: instants as RFC 3339, dates as `YYYY-MM-DD`, decimals as plain numbers.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            Self::Decimal(value) => decimal_to_json(*value),
            Self::Text(text) => text.as_str().into(),
            Self::Instant(instant) => instant.to_string().into(),
            Self::Date(date) => date.to_string().into(),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Map(map) => map.to_json(),
        }
    }

    /// What kind of value it is, in the words of the schema, for messages to people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "an integer",
            Self::Decimal(_) => "a number",
            Self::Text(_) => "text",
            Self::Instant(_) => "an instant",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

fn decimal_to_json(value: Decimal) -> serde_json::Value {
    let text = value.normalize().to_string();
    serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))
}

impl fmt::Display for Value {
    /// The value as it stands in a key, a reason or a message: text without quotes, all else as in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Decimal(value) => write!(f, "{}", value.normalize()),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        if value.is_integer()
            && let Ok(whole) = i64::try_from(value)
        {
            return Self::Integer(whole);
        }
        Self::Decimal(value)
    }
}

impl From<Instant> for Value {
    fn from(value: Instant) -> Self {
        Self::Instant(value)
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        Self::Date(value)
    }
}
