//! JSON that may be hostile, read into values under limits.

use std::cell::{Cell, RefCell};
use std::fmt;

use compact_str::CompactString;
use rust_decimal::Decimal;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::{DEEPEST, Error, MOST_NAMES, MOST_VALUES};
use crate::map::Map;
use crate::value::Value;

/// The name under which serde_json, with arbitrary precision, hands a number over as it was written.
const NUMBER: &str = "$serde_json::private::Number";

/// What one object has used of its limits, and why reading stopped, if it did.
#[derive(Default)]
pub(super) struct Limits {
    names: Cell<usize>,
    values: Cell<usize>,
    error: RefCell<Option<Error>>,
}

impl Limits {
    /// Reads one JSON text with `seed` and turns what went wrong into a reason.
    pub(super) fn read<'de, S>(&self, bytes: &'de [u8], seed: S) -> Result<S::Value, Error>
    where
        S: DeserializeSeed<'de>,
    {
        // Looked at once as a whole, texts need no second look each.
        let text = std::str::from_utf8(bytes).map_err(|error| Error::NotJson {
            column: error.valid_up_to() + 1,
        })?;
        // Some programs begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = seed
            .deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value));
        value.map_err(|error| self.error.take().unwrap_or_else(|| plain_error(&error)))
    }

    /// Counts a name of a map.
    pub(super) fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        self.names.set(self.names.get() + 1);
        if self.names.get() > MOST_NAMES {
            return Err(self.stop(Error::TooManyNames));
        }
        Ok(())
    }

    /// Counts a value of a list.
    fn count_value<E: serde::de::Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES {
            return Err(self.stop(Error::TooManyValues));
        }
        Ok(())
    }

    /// Remembers the reason and gives serde an error to carry up.
    pub(super) fn stop<E: serde::de::Error>(&self, error: Error) -> E {
        *self.error.borrow_mut() = Some(error);
        E::custom("refused")
    }
}

fn plain_error(error: &serde_json::Error) -> Error {
    match error.classify() {
        serde_json::error::Category::Data => Error::NotAnObject,
        _ => Error::NotJson {
            column: error.column(),
        },
    }
}

/// Reads any JSON value.
pub(super) struct AnyValue<'l> {
    pub(super) limits: &'l Limits,
    /// How many lists and maps stand around it.
    pub(super) depth: usize,
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl AnyValue<'_> {
    fn inside<E: serde::de::Error>(&self) -> Result<AnyValue<'_>, E> {
        if self.depth >= DEEPEST {
            return Err(self.limits.stop(Error::TooDeep));
        }
        Ok(AnyValue {
            limits: self.limits,
            depth: self.depth + 1,
        })
    }

    fn number<E: serde::de::Error>(&self, text: &str) -> Result<Value, E> {
        number(text).ok_or_else(|| self.limits.stop(Error::NumberTooLong))
    }
}

impl<'de> Visitor<'de> for AnyValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value)
            .map_or_else(|_| Value::Decimal(Decimal::from(value)), Value::Integer))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.number(&value.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.inside()?)? {
            self.limits.count_value()?;
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = pairs.next_key::<CompactString>()? {
            if name == NUMBER {
                return self.number(&pairs.next_value::<CompactString>()?);
            }
            self.limits.count()?;
            let value = pairs.next_value_seed(self.inside()?)?;
            if map.insert(name.clone(), value).is_some() {
                return Err(self.limits.stop(Error::Twice { path: name.into() }));
            }
        }
        Ok(Value::Map(map))
    }
}

/// A JSON number, exact as far as a decimal goes; none when it is too large.
pub(super) fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::Integer(whole));
    }
    let exact = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(text));
    exact.ok().map(Value::from)
}

/// Reads one JSON object.
pub(super) fn object(bytes: &[u8]) -> Result<Map, Error> {
    match value(bytes)? {
        Value::Map(map) => Ok(map),
        _ => Err(Error::NotAnObject),
    }
}

/// Reads one JSON text.
pub(super) fn value(bytes: &[u8]) -> Result<Value, Error> {
    if bytes.len() > super::LARGEST {
        return Err(Error::TooLarge { bytes: bytes.len() });
    }
    let limits = Limits::default();
    limits.read(
        bytes,
        AnyValue {
            limits: &limits,
            depth: 0,
        },
    )
}
