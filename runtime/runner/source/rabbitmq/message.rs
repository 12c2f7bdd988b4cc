//! A message becomes events: CloudEvents in structured, batch or binary mode.

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{LARGEST, Parts};
use kurant_store::Rejected;
use lapin::protocol::basic::AMQPProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::intake::Delivered;
use crate::runner::BATCH;
use crate::source::{Reader, body};

/// The longest message; a batch of events is one.
const LARGEST_MESSAGE: usize = 16 * 1024 * 1024;
/// The content type of a batch begins so.
const BATCHED: &str = "application/cloudevents-batch";
/// Headers of binary mode begin so: the second for those who can't write a colon.
const PREFIXES: [&str; 2] = ["cloudEvents:", "cloudEvents_"];

/// What a message holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) events: Vec<Delivered>,
    pub(super) rejected: Vec<Rejected>,
}

/// Reads a message that came from a queue.
pub(super) fn read(
    reader: &mut Reader,
    queue: &str,
    properties: &AMQPProperties,
    data: &[u8],
) -> Contents {
    let headers = properties.headers().as_ref();
    if let Some(headers) = headers.filter(|headers| header(headers, "type").is_some()) {
        return one(reader, queue, binary(reader_parts(headers), data), data);
    }
    let text = data.trim_ascii();
    let kind = properties
        .content_type()
        .as_ref()
        .map_or("", |kind| kind.as_str());
    if !kind.starts_with(BATCHED) && !text.starts_with(b"[") {
        return one(reader, queue, Read::Structured(text), text);
    }
    match batch(text) {
        Ok(events) => {
            let mut contents = Contents::default();
            for event in events {
                let text = event.get().as_bytes();
                let part = one(reader, queue, Read::Structured(text), text);
                contents.events.extend(part.events);
                contents.rejected.extend(part.rejected);
            }
            contents
        }
        Err(reason) => Contents {
            events: Vec::new(),
            rejected: vec![rejected(reader.now(), queue, reason, text)],
        },
    }
}

/// The events of a batch, each as its own text.
fn batch(text: &[u8]) -> Result<Vec<&RawValue>, String> {
    if text.len() > LARGEST_MESSAGE {
        return Err(format!(
            "too_large: {} bytes; a batch may have {LARGEST_MESSAGE}",
            text.len()
        ));
    }
    let events: Vec<&RawValue> = serde_json::from_slice(text).map_err(|error| {
        format!(
            "not_json: it is not a JSON array: an error at column {}",
            error.column()
        )
    })?;
    if events.len() > BATCH {
        return Err(format!(
            "too_many: {} events at once; {BATCH} are allowed",
            events.len()
        ));
    }
    Ok(events)
}

/// One event, as it stands in a message.
enum Read<'m> {
    Structured(&'m [u8]),
    Binary(Envelope, &'m [u8]),
}

/// The envelope of binary mode.
#[derive(Debug, Default)]
struct Envelope {
    version: String,
    id: String,
    source: String,
    kind: String,
    subject: String,
    time: Option<String>,
}

fn one(reader: &mut Reader, queue: &str, read: Read<'_>, whole: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let event = match &read {
        Read::Structured(text) => reader.event(text),
        Read::Binary(envelope, _) if envelope.version != "1.0" => {
            Err("wrong_version: the header `cloudEvents:specversion` is not 1.0".to_owned())
        }
        Read::Binary(envelope, data) => reader.parts(envelope.parts(), data),
    };
    match event {
        Ok(event) => contents.events.push(event),
        Err(reason) => {
            let now = reader.now();
            let letter = match &read {
                Read::Structured(_) => rejected(now, queue, reason, whole),
                Read::Binary(envelope, data) => {
                    rejected(now, queue, reason, envelope.structured(data).as_bytes())
                }
            };
            contents.rejected.push(letter);
        }
    }
    contents
}

fn binary(envelope: Envelope, data: &[u8]) -> Read<'_> {
    Read::Binary(envelope, data)
}

fn reader_parts(headers: &FieldTable) -> Envelope {
    let text = |name: &str| header(headers, name).unwrap_or_default();
    Envelope {
        version: text("specversion"),
        id: text("id"),
        source: text("source"),
        kind: text("type"),
        subject: text("subject"),
        time: header(headers, "time"),
    }
}

/// An attribute of CloudEvents among the headers, as text.
fn header(headers: &FieldTable, name: &str) -> Option<String> {
    let value = PREFIXES
        .iter()
        .find_map(|prefix| headers.inner().get(format!("{prefix}{name}").as_str()))?;
    Some(match value {
        AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
        AMQPValue::ShortString(text) => text.as_str().to_owned(),
        AMQPValue::ByteArray(bytes) => String::from_utf8_lossy(bytes.as_slice()).into_owned(),
        AMQPValue::Timestamp(seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000))
            .map(|millis| Instant::from_millis(millis).to_string())?,
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        _ => return None,
    })
}

impl Envelope {
    fn parts(&self) -> Parts<'_> {
        Parts {
            id: &self.id,
            source: &self.source,
            kind: &self.kind,
            subject: &self.subject,
            time: self.time.as_deref(),
        }
    }

    /// The same event in structured mode, so that a dead letter holds all of it and can be taken in again.
    fn structured(&self, data: &[u8]) -> String {
        let data = &data[..data.len().min(LARGEST)];
        let data: Value = serde_json::from_slice(data)
            .unwrap_or_else(|_| String::from_utf8_lossy(data).into_owned().into());
        let mut event = json!({
            "specversion": self.version, "id": self.id, "source": self.source, "type": self.kind,
            "subject": self.subject, "data": data,
        });
        if let Some(time) = &self.time {
            event["time"] = time.as_str().into();
        }
        event.to_string()
    }
}

/// A dead letter. The same message that comes again is the same one.
fn rejected(at: Instant, queue: &str, reason: String, text: &[u8]) -> Rejected {
    Rejected {
        at,
        origin: format!("rabbitmq {queue}"),
        line: body(text),
        reason,
        body: String::from_utf8_lossy(&text[..text.len().min(LARGEST)]).into_owned(),
    }
}
