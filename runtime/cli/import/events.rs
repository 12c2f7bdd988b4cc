//! What happened.

use std::sync::{Arc, Mutex};

use csv::StringRecord;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::definition::{Fields, Schema, Type};
use kurant_runner::source::{Feed, Order, RefusedLine, Span, Translate};
use kurant_runner::{BATCH, Runner};
use serde_json::{Map, Value};

use super::cells::Cells;
use super::lines::bar;
use super::sheet::{Sheet, is_csv};
use super::{Met, Source, at, finished, mapping};
use crate::embedded::failure;
use crate::error::Error;

/// The columns that belong to the envelope; all others are data.
const ENVELOPE: [&str; 6] = ["specversion", "id", "source", "type", "subject", "time"];
/// Those that every row must have.
pub(crate) const NEEDED: [&str; 4] = ["id", "source", "type", "time"];

/// Loads events in pages: customer after customer, each in the order of the times.
pub(super) async fn load(
    runner: &mut Runner,
    source: &Source,
    schema: &Arc<Schema>,
    met: &Mutex<Met>,
    zone: Zone,
) -> Result<String, Error> {
    let mut feed = open(source, schema, zone)?.arriving(runner.now());
    let bar = bar("human_pos");
    bar.set_length(feed.len() as u64);
    loop {
        let page = feed.take(Instant::MAX, BATCH).map_err(failure)?;
        runner.put_aside(&mut feed).await.map_err(failure)?;
        if page.is_empty() {
            break;
        }
        at(met, |met| {
            for delivered in &page {
                let line = delivered.place.as_ref().map_or(0, |(_, line)| *line);
                met.undeclared.event(&delivered.event, line);
            }
            met.taken += page.len() as u64;
        });
        bar.inc(page.len() as u64);
        runner.import_events(page).await.map_err(failure)?;
        tell_reused(runner, &mut feed, met)?;
    }
    finished(runner).await?;
    tell_reused(runner, &mut feed, met)?;
    bar.finish_and_clear();
    let counts = runner.counts();
    Ok(format!(
        "{} events taken in, {} had been before",
        counts.taken, counts.repeated
    ))
}

/// Whoever imports hears of events that say something else under an id of before.
fn tell_reused(runner: &mut Runner, feed: &mut Feed, met: &Mutex<Met>) -> Result<(), Error> {
    for (line, reason) in runner.reused() {
        let text = feed.text_of(line).map_err(failure)?;
        at(met, |met| {
            met.note(&RefusedLine::reused(line, &reason, text))
        });
    }
    Ok(())
}

fn open(source: &Source, schema: &Arc<Schema>, zone: Zone) -> Result<Feed, Error> {
    let file = &source.file;
    if !is_csv(file) {
        return Feed::open(file, schema.clone(), Order::Customer).map_err(failure);
    }
    let sheet = Sheet::open(file, &mapping(source)?, &NEEDED, zone)?;
    let spans = sheet.spans()?.map(|(offset, length, line)| Span {
        offset,
        length: u32::try_from(length).unwrap_or(u32::MAX),
        line: u32::try_from(line).unwrap_or(u32::MAX),
    });
    let declared = schema.clone();
    let translate: Translate = Box::new(move |bytes| {
        let row = Sheet::row(sheet.separator(), bytes).ok_or("it is no row of a CSV file")?;
        let row = sheet.row_of(row)?;
        Ok(event(&declared, &sheet, &row))
    });
    Feed::translated(file, schema.clone(), Order::Customer, spans, translate).map_err(failure)
}

/// A row as a CloudEvent in JSON: columns of the envelope by their names, `customer.NAME` brings an attribute along, all else
/// is data.
pub(crate) fn event(schema: &Schema, sheet: &Sheet, row: &StringRecord) -> Vec<u8> {
    let (names, cells) = (&sheet.names, &sheet.cells);
    let kind = names
        .iter()
        .position(|name| name == "type")
        .and_then(|column| row.get(column))
        .unwrap_or_default();
    let declared = schema.events.get(kind.trim());
    let (mut event, mut data, mut customer) = (Map::new(), Map::new(), Map::new());
    event.insert("specversion".to_owned(), "1.0".into());
    for (name, cell) in names.iter().zip(row) {
        let cell = cell.trim();
        if cell.is_empty() || name.is_empty() {
            continue;
        }
        if name == "time" {
            event.insert(
                name.clone(),
                cells.read(cell, &Type::Instant).as_ref().into(),
            );
        } else if ENVELOPE.contains(&name.as_str()) {
            event.insert(name.clone(), cell.into());
        } else if let Some(name) = name.strip_prefix("customer.") {
            customer.insert(
                name.to_owned(),
                field(cells, name, cell, Some(&schema.customer)),
            );
        } else {
            let name = name.strip_prefix("data.").unwrap_or(name);
            data.insert(name.to_owned(), field(cells, name, cell, declared));
        }
    }
    if !customer.is_empty() {
        data.insert("customer".to_owned(), customer.into());
    }
    event.insert("data".to_owned(), data.into());
    Value::from(event).to_string().into_bytes()
}

/// A cell as JSON: text, unless its field is declared as something else that it can be read as.
fn field(cells: &Cells, name: &str, cell: &str, declared: Option<&Fields>) -> Value {
    let wanted = declared.and_then(|fields| fields.get(name));
    let wanted = wanted.unwrap_or(&Type::Any);
    let cell = &*cells.read(cell, wanted);
    match wanted {
        Type::Any | Type::Text(_) | Type::Date | Type::Instant => cell.into(),
        Type::Boolean | Type::Integer | Type::Number | Type::List(_) | Type::Map(_) => {
            serde_json::from_str(cell).unwrap_or_else(|_| cell.into())
        }
    }
}
