//! Between the engine's values and Rhai's.

use std::borrow::Cow;
use std::sync::Arc;

use rhai::{Dynamic, ImmutableString};
use rust_decimal::Decimal;

use super::error::{Error, ErrorKind};
use super::operand::{Operand, event_to_map, meta_to_map};
use super::span::Span;
use crate::calendar::{Date, Instant};
use crate::event::Event;
use crate::map::Map;
use crate::value::Value;

/// An event inside a script.
#[derive(Debug, Clone)]
pub(super) struct EventView(pub(super) Arc<Event>);

/// The envelope of an event: `event.meta`.
#[derive(Debug, Clone)]
pub(super) struct MetaView(pub(super) Arc<Event>);

/// How deep lists and maps may be nested when they leave a script.
const DEEPEST: usize = 64;

pub(super) fn to_dynamic(operand: Operand<'_>) -> Dynamic {
    match operand {
        Operand::Value(value) => value_to_dynamic(&value),
        Operand::Span(span) => Dynamic::from(span),
        Operand::Event(event) => Dynamic::from(EventView(event)),
    }
}

pub(super) fn value_to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Decimal(value) => (*value).into(),
        Value::Text(text) => text.clone().into(),
        Value::Instant(instant) => Dynamic::from(*instant),
        Value::Date(date) => Dynamic::from(*date),
        Value::List(values) => Dynamic::from_array(values.iter().map(value_to_dynamic).collect()),
        Value::Map(map) => map_to_dynamic(map),
    }
}

fn map_to_dynamic(map: &Map) -> Dynamic {
    Dynamic::from_map(
        map.iter()
            .map(|(name, value)| (name.into(), value_to_dynamic(value)))
            .collect(),
    )
}

/// What a built-in function is called with.
pub(super) fn to_operand(dynamic: &Dynamic) -> Result<Operand<'static>, Error> {
    if let Some(span) = dynamic.read_lock::<Span>() {
        return Ok(Operand::Span(*span));
    }
    if let Some(event) = dynamic.read_lock::<EventView>() {
        return Ok(Operand::Event(Arc::clone(&event.0)));
    }
    Ok(Operand::Value(Cow::Owned(to_value(dynamic)?)))
}

/// What leaves a script.
pub(super) fn to_value(dynamic: &Dynamic) -> Result<Value, Error> {
    nested(dynamic, DEEPEST)
}

fn nested(dynamic: &Dynamic, depth: usize) -> Result<Value, Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::new(
            ErrorKind::Limit,
            "lists and maps are nested too deep",
        ));
    };
    if let Some(value) = scalar(dynamic) {
        return Ok(value);
    }
    if let Some(list) = dynamic.read_lock::<rhai::Array>() {
        return list
            .iter()
            .map(|value| nested(value, depth))
            .collect::<Result<_, _>>()
            .map(Value::List);
    }
    if let Some(map) = dynamic.read_lock::<rhai::Map>() {
        let fields = map
            .iter()
            .map(|(name, value)| Ok((name.as_str(), nested(value, depth)?)));
        return fields.collect::<Result<Map, Error>>().map(Value::Map);
    }
    if let Some(event) = dynamic.read_lock::<EventView>() {
        return Ok(Value::Map(event_to_map(&event.0)));
    }
    if let Some(event) = dynamic.read_lock::<MetaView>() {
        return Ok(Value::Map(meta_to_map(&event.0)));
    }
    if let Some(root) = dynamic.read_lock::<super::natives::RootView>() {
        return super::scene::with_view(|view| Ok(Value::Map(view.whole(root.0))));
    }
    Err(Error::new(
        ErrorKind::WrongType,
        format!(
            "{} is not a value that can be kept",
            words(dynamic.type_name())
        ),
    )
    .help("give text, a number, `true` or `false`, an instant, a date, a list or a map"))
}

fn scalar(dynamic: &Dynamic) -> Option<Value> {
    Some(if dynamic.is_unit() {
        Value::Null
    } else if let Ok(value) = dynamic.as_bool() {
        Value::Bool(value)
    } else if let Ok(value) = dynamic.as_int() {
        Value::Integer(value)
    } else if let Ok(value) = dynamic.as_decimal() {
        Value::Decimal(value)
    } else if let Some(text) = dynamic.read_lock::<ImmutableString>() {
        Value::Text(text.clone())
    } else if let Ok(letter) = dynamic.as_char() {
        Value::text(letter.to_string())
    } else if let Some(instant) = dynamic.read_lock::<Instant>() {
        Value::Instant(*instant)
    } else {
        Value::Date(*dynamic.read_lock::<Date>()?)
    })
}

/// A Rhai type in people's words.
pub(super) fn words(type_name: &str) -> &'static str {
    let is = |name: &str| type_name == name || type_name.ends_with(&format!("::{name}"));
    match type_name {
        "()" => "nothing",
        "bool" => "true or false",
        "i64" | "int" => "an integer",
        "decimal" => "a number",
        "string" | "&str" | "char" | "&str | ImmutableString | String" => "text",
        "array" => "a list",
        "map" => "a map",
        "Fn" => "a function",
        _ if type_name == std::any::type_name::<Decimal>() => "a number",
        _ if is("Instant") => "an instant",
        _ if is("NaiveDate") => "a date",
        _ if is("Span") => "a length of time",
        _ if is("EventView") => "an event",
        _ if is("MetaView") || is("RootView") => "a map",
        _ if type_name.starts_with("range") || type_name.contains("Range") => "a range",
        _ => "a value",
    }
}
