//! What was sent from elsewhere.

use std::sync::Mutex;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::definition::{Category, Type};
use kurant_runner::source::RefusedLine;
use kurant_runner::{BATCH, PastSend, Runner};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::lines::{bar, lines};
use super::sheet::{Sheet, is_csv};
use super::{Met, Source, at, finished, mapping};
use crate::embedded::failure;
use crate::error::Error;

/// The columns that every row must have.
const NEEDED: [&str; 3] = ["customer", "at", "channel"];

/// One message of the past.
#[derive(Deserialize)]
struct SendLine {
    customer: String,
    at: String,
    channel: String,
    #[serde(default)]
    category: Category,
    journey: Option<String>,
    occasion: Option<Value>,
}

/// A line: its number, as it stands in the file where that is no JSON, and what it says, or what is wrong with it.
type Line = (u64, Option<String>, Result<Vec<u8>, RefusedLine>);
/// The lines of a file, as long as it can be read.
type Lines = Box<dyn Iterator<Item = Result<Line, Error>>>;

/// Loads messages of the past in pages.
pub(super) async fn load(
    runner: &mut Runner,
    source: &Source,
    met: &Mutex<Met>,
    zone: Zone,
) -> Result<String, Error> {
    let now = runner.now();
    let mut page = Vec::with_capacity(BATCH);
    for line in texts(source, zone)? {
        let (line, own, text) = line?;
        let as_it_stands = |refused: RefusedLine| RefusedLine {
            text: own.unwrap_or(refused.text),
            ..refused
        };
        match text
            .and_then(|text| send(line, &text, now))
            .map_err(as_it_stands)
        {
            Ok(send) => {
                at(met, |met| {
                    met.undeclared
                        .send(&send.channel, send.journey.as_deref(), line);
                    met.taken += 1;
                });
                page.push(send);
            }
            Err(refused) => at(met, |met| met.refuse(&refused))?,
        }
        if page.len() == BATCH {
            let full = std::mem::replace(&mut page, Vec::with_capacity(BATCH));
            runner.import_sends(full).await.map_err(failure)?;
        }
    }
    if !page.is_empty() {
        runner.import_sends(page).await.map_err(failure)?;
    }
    finished(runner).await?;
    Ok(format!("{} sends read", at(met, |met| met.taken)))
}

fn texts(source: &Source, zone: Zone) -> Result<Lines, Error> {
    if !is_csv(&source.file) {
        let lines = lines(&source.file, &bar("bytes"))?;
        return Ok(Box::new(lines.map(|line| {
            let (line, text) = line?;
            Ok((line, None, Ok(text)))
        })));
    }
    let sheet = Sheet::open(&source.file, &mapping(source)?, &NEEDED, zone)?;
    let rows = sheet.rows()?;
    Ok(Box::new(rows.map(move |row| {
        let (line, row) = row?;
        let text = sheet.text(&row);
        let object = sheet.row_of(row).map(|cells| {
            let named = sheet.names.iter().zip(&cells);
            let said = named.filter(|(name, cell)| !name.is_empty() && !cell.trim().is_empty());
            let object: Map<String, Value> = said
                .map(|(name, cell)| {
                    let wanted = if name == "at" {
                        &Type::Instant
                    } else {
                        &Type::Any
                    };
                    let cell = sheet.cells.read(cell.trim(), wanted);
                    (name.clone(), cell.as_ref().into())
                })
                .collect();
            Value::from(object).to_string().into_bytes()
        });
        let refused = |message| RefusedLine::row(line, message, String::new());
        Ok((line, Some(text), object.map_err(refused)))
    })))
}

fn send(line: u64, text: &[u8], now: Instant) -> Result<PastSend, RefusedLine> {
    let refused = |field: Option<&str>, reason, message: String| RefusedLine {
        line,
        field: field.map(str::to_owned),
        reason,
        message,
        text: String::from_utf8_lossy(text).into_owned(),
    };
    let read: SendLine = serde_json::from_slice(text)
        .map_err(|error| refused(None, "not_a_send", error.to_string()))?;
    for (field, value) in [("customer", &read.customer), ("channel", &read.channel)] {
        if value.is_empty() {
            return Err(refused(
                Some(field),
                "missing_field",
                format!("`{field}` is empty"),
            ));
        }
    }
    let sent = Instant::parse(&read.at).map_err(|_| {
        let message = "`at` is not an instant like 2026-11-22T08:00:00Z";
        refused(Some("at"), "bad_time", message.to_owned())
    })?;
    if sent > now {
        let message = "`at` lies ahead: nothing can have been sent then";
        return Err(refused(Some("at"), "ahead_of_time", message.to_owned()));
    }
    let occasion = match read.occasion {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        // A year is mostly written as a number.
        Some(other) => Some(other.to_string()),
    };
    Ok(PastSend {
        customer: read.customer.as_str().into(),
        at: sent,
        channel: read.channel,
        category: read.category,
        journey: read.journey,
        occasion,
    })
}
