//! CloudEvents 1.0 in JSON becomes an [`Event`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::json::{self, AnyValue, Limits};
use super::{Error, FURTHEST_AHEAD, LARGEST, LONGEST_NAME, typed};
use crate::calendar::Instant;
use crate::definition::Schema;
use crate::event::Event;
use crate::id::CustomerId;
use crate::map::Map;
use crate::value::Value;

/// When an event is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// At this moment on the engine's clock: a missing time is this one, and so is one up to a day ahead.
    At(Instant),
    /// At its own time, as in `simulate` and in a feed; it must have one.
    OwnTime,
}

/// Reads events, each typed by the schema of its type.
#[derive(Debug)]
pub struct Decoder {
    schema: Arc<Schema>,
}

/// The envelope of an event whose data come apart, as in CloudEvents' binary mode.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// CloudEvents' `id`.
    pub id: &'a str,
    /// CloudEvents' `source`.
    pub source: &'a str,
    /// CloudEvents' `type`.
    pub kind: &'a str,
    /// CloudEvents' `subject`: the customer's id; may be empty for events about the team.
    pub subject: &'a str,
    /// CloudEvents' `time`, as written.
    pub time: Option<&'a str>,
}

impl Decoder {
    /// A decoder for these schemas.
    pub fn new(schema: Arc<Schema>) -> Self {
        Self { schema }
    }

    /// Reads one event in CloudEvents' structured JSON form.
    ///
    /// # Errors
    /// Whatever makes it a dead letter.
    pub fn event(&mut self, bytes: &[u8], arrival: Arrival) -> Result<Event, Error> {
        let mut envelope = Envelope::read(bytes, true)?;
        let data = std::mem::take(&mut envelope.data);
        match &envelope.version {
            Field::Text(version) if version == "1.0" => {}
            Field::Absent => return Err(Error::NoVersion),
            _ => return Err(Error::WrongVersion),
        }
        let parts = Parts {
            id: envelope.text("id", &envelope.id)?,
            source: envelope.text("source", &envelope.source)?,
            kind: envelope.text("type", &envelope.kind)?,
            subject: envelope.text("subject", &envelope.subject)?,
            time: match &envelope.time {
                Field::Absent => None,
                time => Some(envelope.text("time", time)?),
            },
        };
        self.finish(parts, data, arrival)
    }

    /// Reads one event whose envelope and data come apart; `data` is a JSON object, or empty.
    ///
    /// # Errors
    /// Whatever makes it a dead letter.
    pub fn parts(
        &mut self,
        parts: Parts<'_>,
        data: &[u8],
        arrival: Arrival,
    ) -> Result<Event, Error> {
        let data = if data.trim_ascii().is_empty() {
            Map::new()
        } else {
            json::object(data)?
        };
        self.finish(parts, Value::Map(data), arrival)
    }

    /// Makes an event of data that have been read already.
    ///
    /// # Errors
    /// Whatever makes it a dead letter.
    pub fn map(&mut self, parts: Parts<'_>, data: Map, arrival: Arrival) -> Result<Event, Error> {
        self.finish(parts, Value::Map(data), arrival)
    }

    /// Types the data and settles the time.
    fn finish(&mut self, parts: Parts<'_>, data: Value, arrival: Arrival) -> Result<Event, Error> {
        let event = Event {
            id: named("id", parts.id)?.into(),
            source: named("source", parts.source)?.into(),
            kind: named("type", parts.kind)?.into(),
            customer: subject(parts)?,
            time: settle(parts.time, arrival)?,
            data: Map::new(),
            attributes: Map::new(),
        };
        let mut data = match data {
            Value::Map(map) => map,
            Value::Null => Map::new(),
            other => {
                return Err(Error::WrongType {
                    path: "data".into(),
                    expected: "a map",
                    found: other.kind(),
                });
            }
        };
        let attributes = match data.remove("customer") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Map(map)) => {
                typed::attributes(&self.schema, map).map_err(|error| within("customer", error))?
            }
            Some(other) => {
                return Err(Error::WrongType {
                    path: "customer".into(),
                    expected: "a map",
                    found: other.kind(),
                });
            }
        };
        let data = typed::data(&self.schema, &event.kind, data)?;
        Ok(Event {
            data,
            attributes,
            ..event
        })
    }
}

fn within(place: &str, error: Error) -> Error {
    match error {
        Error::WrongType {
            path,
            expected,
            found,
        } => Error::WrongType {
            path: format!("{place}.{path}"),
            expected,
            found,
        },
        other => other,
    }
}

/// A needed name of a sound length.
pub(super) fn named<'a>(field: &'static str, text: &'a str) -> Result<&'a str, Error> {
    match text.len() {
        0 => Err(Error::Missing { field }),
        length if length > LONGEST_NAME => Err(Error::NameTooLong { field }),
        _ => Ok(text),
    }
}

fn subject(parts: Parts<'_>) -> Result<CustomerId, Error> {
    let about_the_team = matches!(parts.kind, "person.away" | "person.back");
    if about_the_team && parts.subject.is_empty() {
        return Ok("".into());
    }
    named("subject", parts.subject).map(Into::into)
}

/// When the event happened, as the engine takes it.
fn settle(time: Option<&str>, arrival: Arrival) -> Result<Instant, Error> {
    let time = time
        .map(|text| Instant::parse(text).map_err(|_| Error::BadTime))
        .transpose()?;
    match (arrival, time) {
        (Arrival::OwnTime, None) => Err(Error::Missing { field: "time" }),
        (Arrival::OwnTime, Some(time)) => Ok(time),
        (Arrival::At(now), None) => Ok(now),
        (Arrival::At(now), Some(time)) if time.millis_since(now) > FURTHEST_AHEAD => {
            Err(Error::Ahead)
        }
        (Arrival::At(now), Some(time)) => Ok(time.min(now)),
    }
}

/// When an event says that it happened, as far as that can be read: what puts a file of events in order. The data are passed
/// over.
pub fn time_of(bytes: &[u8]) -> Option<Instant> {
    let flat = flat_text(bytes, b"\"time\"").and_then(|text| Instant::parse(text).ok());
    flat.or_else(|| {
        let envelope = Envelope::read(bytes, false).ok()?;
        Instant::parse(envelope.text("time", &envelope.time).ok()?).ok()
    })
}

/// Which customer an event says that it is about, as far as that can be read. The data are passed over.
pub fn customer_of(bytes: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(id) = flat_text(bytes, b"\"subject\"") {
        return Some(id.into());
    }
    let envelope = Envelope::read(bytes, false).ok()?;
    let id = envelope.text("subject", &envelope.subject).ok()?;
    Some(id.to_owned().into())
}

/// The text of a field by its name in quotes, where it stands before the data as it mostly does, without a sign that would have to be
/// read. Up to its second brace an object is flat, so that a name there is the envelope's own.
fn flat_text<'b>(bytes: &'b [u8], name: &[u8]) -> Option<&'b str> {
    let inside = bytes.trim_ascii_start().strip_prefix(b"{")?;
    let flat = &inside[..memchr::memchr(b'{', inside).unwrap_or(inside.len())];
    let behind = &flat[memchr::memmem::find(flat, name)? + name.len()..];
    let value = behind.trim_ascii_start().strip_prefix(b":")?;
    let text = value.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', text)?;
    match text[end] {
        b'"' => std::str::from_utf8(&text[..end]).ok(),
        _ => None,
    }
}

/// The fields of a CloudEvent, borrowed from its text.
#[derive(Debug, Default)]
struct Envelope<'a> {
    version: Field<'a>,
    id: Field<'a>,
    source: Field<'a>,
    kind: Field<'a>,
    subject: Field<'a>,
    time: Field<'a>,
    data: Value,
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8], data: bool) -> Result<Self, Error> {
        if bytes.len() > LARGEST {
            return Err(Error::TooLarge { bytes: bytes.len() });
        }
        let limits = Limits::default();
        limits.read(
            bytes,
            Reader {
                limits: &limits,
                data,
            },
        )
    }

    /// A field's text, empty when it is absent.
    fn text<'f>(&self, name: &str, field: &'f Field<'a>) -> Result<&'f str, Error> {
        match field {
            Field::Absent => Ok(""),
            Field::Text(text) => Ok(text),
            Field::Other(found) => Err(Error::WrongType {
                path: name.to_owned(),
                expected: "text",
                found,
            }),
        }
    }
}

/// One field of the envelope.
#[derive(Debug, Default)]
enum Field<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Other(&'static str),
}

struct Reader<'l> {
    limits: &'l Limits,
    data: bool,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Envelope<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope::default();
        let mut data = false;
        while let Some(Field::Text(name)) = pairs.next_key()? {
            self.limits.count()?;
            let field = match &*name {
                "specversion" => &mut envelope.version,
                "id" => &mut envelope.id,
                "source" => &mut envelope.source,
                "type" => &mut envelope.kind,
                "subject" => &mut envelope.subject,
                "time" => &mut envelope.time,
                "data" if std::mem::replace(&mut data, true) => return Err(self.twice(&name)),
                "data" if self.data => {
                    envelope.data = pairs.next_value_seed(AnyValue {
                        limits: self.limits,
                        depth: 0,
                    })?;
                    continue;
                }
                "data_base64" => return Err(self.limits.stop(Error::Binary)),
                _ => {
                    pairs.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if !matches!(field, Field::Absent) {
                return Err(self.twice(&name));
            }
            *field = pairs.next_value()?;
        }
        Ok(envelope)
    }
}

impl Reader<'_> {
    fn twice<E: serde::de::Error>(&self, name: &str) -> E {
        self.limits.stop(Error::Twice {
            path: name.to_owned(),
        })
    }
}

impl<'de> Deserialize<'de> for Field<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field of an envelope")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<'de>, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Field<'de>, E> {
        Ok(Field::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Field<'de>, E> {
        Ok(Field::Other("true or false"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field<'de>, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Field<'de>, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<'de>, E> {
        Ok(Field::Other("a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Other("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Field<'de>, A::Error> {
        // serde_json hands a number over as a map of one, when it keeps every digit.
        while pairs.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Other("no text"))
    }
}
