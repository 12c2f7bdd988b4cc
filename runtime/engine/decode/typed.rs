//! Values become what the schema declares: texts become dates and instants, numbers decimals.

use rust_decimal::Decimal;

use super::Error;
use crate::calendar::{Date, Instant, parse_date};
use crate::definition::{Fields, Schema, Type};
use crate::map::Map;
use crate::value::Value;

/// A customer's attributes as the schema declares them. Undeclared ones stay as they are; null stays null, so that it can
/// remove an attribute. `consents` and `topics` hold true or false by name and `tags` a list of text, declared or not.
///
/// # Errors
/// [`Error::WrongType`], with the attribute's name.
pub fn attributes(schema: &Schema, map: Map) -> Result<Map, Error> {
    let map = fields(&schema.customer, map)?;
    for (name, value) in map.iter() {
        if let ("consents" | "topics", Value::Map(inner)) = (name, value) {
            let is_wrong = |value: &Value| !matches!(value, Value::Bool(_) | Value::Null);
            if let Some((own, wrong)) = inner.iter().find(|(_, value)| is_wrong(value)) {
                return Err(Error::WrongType {
                    path: format!("{name}.{own}"),
                    expected: expected(&Type::Boolean),
                    found: wrong.kind(),
                });
            }
            continue;
        }
        let sound = match (name, value) {
            ("tags", Value::List(tags)) => tags.iter().all(|tag| matches!(tag, Value::Text(_))),
            ("consents" | "topics" | "tags", Value::Null) => true,
            ("consents" | "topics" | "tags", _) => false,
            _ => true,
        };
        if !sound {
            let expected = if name == "tags" {
                "a list of text"
            } else {
                "true or false by name"
            };
            return Err(Error::WrongType {
                path: name.to_owned(),
                expected,
                found: value.kind(),
            });
        }
    }
    Ok(map)
}

/// An event's data as the schema of its type declares it; all else stays as it is. The data of `customer.created` and
/// `customer.updated` are attributes.
///
/// # Errors
/// [`Error::WrongType`], with the field's path.
pub fn data(schema: &Schema, kind: &str, map: Map) -> Result<Map, Error> {
    if matches!(kind, "customer.created" | "customer.updated") {
        return attributes(schema, map);
    }
    match schema.events.get(kind) {
        Some(declared) => fields(declared, map),
        None => Ok(map),
    }
}

/// One value as its type declares it: what a step or `profile.yaml` worked out is kept as if it had come from outside, so
/// that it makes no difference which way a value came.
///
/// # Errors
/// [`Error::WrongType`], with the field's path.
pub(crate) fn fit(name: &str, value: &mut Value, declared: &Type) -> Result<(), Error> {
    convert(value, declared).map_err(|mismatch| mismatch.under(name))
}

fn fields(declared: &Fields, map: Map) -> Result<Map, Error> {
    if declared.is_empty() || map.is_empty() {
        return Ok(map);
    }
    let mut typed = map;
    for (name, value) in typed.iter_mut() {
        if let Some(kind) = declared.get(name) {
            convert(value, kind).map_err(|mismatch| mismatch.under(name))?;
        }
    }
    Ok(typed)
}

/// What does not fit, and the path to it, from the inside out.
struct Mismatch {
    path: String,
    expected: &'static str,
    found: &'static str,
}

impl Mismatch {
    fn within(mut self, place: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{place}{joint}{}", self.path);
        self
    }

    fn under(self, name: &str) -> Error {
        let Self {
            path,
            expected,
            found,
        } = self.within(name);
        Error::WrongType {
            path,
            expected,
            found,
        }
    }
}

fn convert(value: &mut Value, declared: &Type) -> Result<(), Mismatch> {
    let fits = match (declared, &mut *value) {
        (Type::Any, _) | (_, Value::Null) => true,
        (Type::Boolean, Value::Bool(_))
        | (Type::Integer, Value::Integer(_))
        | (Type::Text(_), Value::Text(_)) => true,
        (Type::Number, Value::Decimal(_)) => true,
        // A decimal also when it is whole, so that a division of it is one.
        (Type::Number, Value::Integer(whole)) => {
            *value = Value::Decimal(Decimal::from(*whole));
            true
        }
        (Type::Integer, Value::Decimal(number)) => match whole(*number) {
            Some(whole) => {
                *value = Value::Integer(whole);
                true
            }
            None => false,
        },
        (Type::Instant, Value::Instant(_)) | (Type::Date, Value::Date(_)) => true,
        (Type::Instant, Value::Text(text)) => match Instant::parse(text) {
            Ok(instant) => {
                *value = Value::Instant(instant);
                true
            }
            Err(_) => false,
        },
        (Type::Date, Value::Text(text)) => match date(text) {
            Some(date) => {
                *value = Value::Date(date);
                true
            }
            None => false,
        },
        (Type::List(inner), Value::List(values)) => {
            for (index, value) in values.iter_mut().enumerate() {
                convert(value, inner).map_err(|mismatch| mismatch.within(&format!("[{index}]")))?;
            }
            true
        }
        (Type::Map(inner), Value::Map(map)) => {
            for (name, value) in map.iter_mut() {
                if let Some(kind) = inner.get(name) {
                    convert(value, kind).map_err(|mismatch| mismatch.within(name))?;
                }
            }
            true
        }
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Mismatch {
        path: String::new(),
        expected: expected(declared),
        found: found(value, declared),
    })
}

/// The integer that a decimal without a fraction is.
fn whole(number: Decimal) -> Option<i64> {
    number.is_integer().then(|| i64::try_from(number).ok())?
}

/// A day, exactly as `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Option<Date> {
    if text.len() == 10 {
        parse_date(text).ok()
    } else {
        None
    }
}

pub(super) fn expected(declared: &Type) -> &'static str {
    match declared {
        Type::Any => "anything",
        Type::Boolean => "true or false",
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::Text(_) => "text",
        Type::Date => "a date like 2026-11-22",
        Type::Instant => "an instant like 2026-11-22T08:00:00Z",
        Type::List(_) => "a list",
        Type::Map(_) => "a map",
    }
}

pub(super) fn found(value: &Value, declared: &Type) -> &'static str {
    match (declared, value) {
        (Type::Date, Value::Text(text)) => written(text, "a day with a time"),
        (Type::Instant, Value::Text(text)) => written(text, "a time without its offset"),
        _ => value.kind(),
    }
}

/// How a text that should be a date or an instant is written; `timed` is what a day with a time is called.
fn written(text: &str, timed: &'static str) -> &'static str {
    let day = text.trim().split([' ', 'T']).next().unwrap_or("");
    let is_day = |sign, lengths: [std::ops::RangeInclusive<usize>; 3]| {
        let parts: Vec<&str> = day.split(sign).collect();
        let fits = |(part, length): (&&str, &std::ops::RangeInclusive<usize>)| {
            length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        parts.len() == 3 && parts.iter().zip(&lengths).all(fits)
    };
    let year_last = || [1..=2, 1..=2, 2..=4];
    if is_day('.', year_last()) {
        "a day written like 31.12.2025"
    } else if is_day('/', year_last()) {
        "a day written like 31/12/2025"
    } else if is_day('-', year_last()) {
        "a day written like 31-12-2025"
    } else if !is_day('-', [4..=4, 2..=2, 2..=2]) {
        "other text"
    } else if day.len() < text.trim().len() {
        timed
    } else if date(day).is_some() {
        "a day without a time"
    } else {
        "a day that no calendar has"
    }
}
