//! How values are written into stored state and read from JSON.
//!
//! JSON has no instants and no dates. In stored state they are marked (`{"$instant": "..."}`, `{"$date": "..."}`) so that
//! what was an instant is one again; what comes from outside is plain JSON, and a schema says which texts are instants.

use std::fmt;

use compact_str::CompactString;
use rust_decimal::Decimal;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calendar::{Date, Instant};
use crate::map::Map;
use crate::value::Value;

const INSTANT: &str = "$instant";
const DATE: &str = "$date";
/// The name under which serde_json, with arbitrary precision, hands a number over as it was written.
const NUMBER: &str = "$serde_json::private::Number";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::Decimal(value) => serde_json::from_str::<serde_json::Number>(&written(*value))
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Instant(instant) => marked(serializer, INSTANT, &instant.to_string()),
            Self::Date(date) => marked(serializer, DATE, &date.to_string()),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

/// A decimal, always with a point: that is how it is told from an integer when it is read again.
fn written(value: Decimal) -> String {
    let text = value.to_string();
    if text.contains('.') {
        text
    } else {
        text + ".0"
    }
}

fn marked<S: Serializer>(serializer: S, mark: &str, text: &str) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark, text)?;
    map.end()
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            other => Err(D::Error::custom(format!(
                "expected a map, found {}",
                other.kind()
            ))),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
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
        number(&value.to_string())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = pairs.next_key::<CompactString>()? {
            match name.as_str() {
                NUMBER => return number(&pairs.next_value::<CompactString>()?),
                INSTANT => return moment(&pairs.next_value::<CompactString>()?),
                DATE => return day(&pairs.next_value::<CompactString>()?),
                _ => {}
            }
            if map.insert(name.clone(), pairs.next_value()?).is_some() {
                return Err(A::Error::custom(format!("`{name}` stands twice")));
            }
        }
        Ok(Value::Map(map))
    }
}

fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(Value::Integer(whole));
    }
    // The longest decimals have no room for another digit.
    let digits = text.strip_suffix(".0").unwrap_or(text);
    Decimal::from_str_exact(digits)
        .or_else(|_| Decimal::from_scientific(digits))
        .map(Value::Decimal)
        .map_err(|_| {
            E::custom(format!(
                "the number {text} has more digits than a decimal can hold"
            ))
        })
}

fn moment<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    Instant::parse(text).map(Value::Instant).map_err(E::custom)
}

fn day<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    text.parse::<Date>().map(Value::Date).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let value: Value =
            serde_json::from_str(r#"{"total": 29.33, "count": 3, "long": 12345678901234567.89}"#)
                .unwrap();
        assert_eq!(
            serde_json::to_string(&value).unwrap(),
            r#"{"count":3,"long":12345678901234567.89,"total":29.33}"#
        );
    }

    #[test]
    fn a_whole_decimal_is_one_again() {
        for value in [Decimal::from(10), Decimal::new(100, 1), Decimal::MAX] {
            let text = serde_json::to_string(&Value::Decimal(value)).unwrap();
            let back: Value = serde_json::from_str(&text).unwrap();
            assert!(
                matches!(back, Value::Decimal(own) if own == value),
                "{text}"
            );
        }
    }

    #[test]
    fn stored_instants_and_dates_come_back_as_what_they_were() {
        let mut map = Map::new();
        map.insert("at", Value::Instant(Instant::from_millis(1_000)));
        map.insert("on", Value::Date(Date::from_ymd_opt(2024, 2, 29).unwrap()));
        let text = serde_json::to_string(&map).unwrap();
        assert_eq!(serde_json::from_str::<Map>(&text).unwrap(), map);
    }

    #[test]
    fn a_name_twice_in_one_map_is_refused() {
        assert!(serde_json::from_str::<Value>(r#"{"a": 1, "a": 2}"#).is_err());
    }
}
