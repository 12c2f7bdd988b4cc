//! Who there is.

use std::sync::{Arc, Mutex};

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::decode::{Columns, Error as DecodeError, Record};
use kurant_engine::definition::{Schema, Type};
use kurant_runner::source::RefusedLine;
use kurant_runner::{BATCH, Runner};

use super::lines::{bar, lines};
use super::sheet::{Sheet, is_csv};
use super::{Met, Source, at, finished, mapping};
use crate::embedded::failure;
use crate::error::Error;

/// A line that was read: its number, the customer, and its text.
struct Read {
    line: u64,
    record: Record,
    text: Vec<u8>,
}

/// What was read, or what is wrong with it.
type Line = Result<Read, RefusedLine>;
/// The lines of a file, as long as it can be read.
type Lines<'s> = Box<dyn Iterator<Item = Result<Line, Error>> + 's>;

/// Loads customers in pages.
pub(super) async fn load(
    runner: &mut Runner,
    source: &Source,
    schema: &Arc<Schema>,
    met: &Mutex<Met>,
    as_of: Option<Instant>,
    zone: Zone,
) -> Result<String, Error> {
    let now = runner.now();
    let (mut page, mut changed) = (Vec::with_capacity(BATCH), 0_usize);
    for read in records(source, schema, zone)? {
        match read?.and_then(|read| not_ahead(read, now)) {
            Ok(read) => page.push(read),
            Err(refused) => at(met, |met| met.refuse(&refused))?,
        }
        if page.len() == BATCH {
            let full = std::mem::replace(&mut page, Vec::with_capacity(BATCH));
            changed += admit(runner, full, met, as_of).await?;
        }
    }
    if !page.is_empty() {
        changed += admit(runner, page, met, as_of).await?;
    }
    finished(runner).await?;
    let all = at(met, |met| met.taken);
    Ok(format!("{all} customers read, {changed} new or changed"))
}

async fn admit(
    runner: &mut Runner,
    page: Vec<Read>,
    met: &Mutex<Met>,
    as_of: Option<Instant>,
) -> Result<usize, Error> {
    let records = page.iter().map(|read| read.record.clone()).collect();
    let admitted = runner.import_customers(records, as_of).await;
    let admitted = admitted.map_err(failure)?;
    let mut lacking = admitted.lacking.into_iter().peekable();
    for (index, read) in page.iter().enumerate() {
        let Some((_, path)) = lacking.next_if(|(own, _)| *own == index) else {
            at(met, |met| met.customer(&read.record.attributes, read.line));
            continue;
        };
        let schema = "schemas/customer.json".to_owned();
        let error = DecodeError::Required { path, schema };
        let refused = RefusedLine::of(read.line, &error, &read.text);
        at(met, |met| met.refuse(&refused))?;
    }
    Ok(admitted.changed)
}

/// Nobody has consented tomorrow.
fn not_ahead(read: Read, now: Instant) -> Line {
    let ahead = read.record.since.iter().find(|(_, since)| *since > now);
    let Some((channel, _)) = ahead else {
        return Ok(read);
    };
    let field = format!("consents.{channel}.at");
    Err(RefusedLine {
        line: read.line,
        reason: "ahead_of_time",
        message: format!("`{field}` lies ahead: nobody can have consented then"),
        field: Some(field),
        text: String::from_utf8_lossy(&read.text).into_owned(),
    })
}

fn records<'s>(source: &Source, schema: &'s Schema, zone: Zone) -> Result<Lines<'s>, Error> {
    if is_csv(&source.file) {
        let sheet = Sheet::open(&source.file, &mapping(source)?, &["id"], zone)?;
        if let Some(name) = sheet.names.iter().find(|name| is_dated_topic(name)) {
            let message = format!("`{name}`: a topic has no date");
            return Err(
                Error::findings(message).hint("leave the column out: `columns: { COLUMN: }`")
            );
        }
        let columns = Columns::new(sheet.names.iter().map(String::as_str));
        let wanted: Vec<Type> = sheet
            .names
            .iter()
            .map(|name| wanted(schema, name))
            .collect();
        let (rows, bar) = (sheet.rows()?, bar("bytes"));
        bar.set_length(std::fs::metadata(&source.file).map_or(0, |about| about.len()));
        return Ok(Box::new(rows.map(move |row| {
            let (line, row) = row?;
            bar.set_position(row.begins_at());
            let text = sheet.text(&row);
            let cells = match sheet.row_of(row) {
                Ok(cells) => cells,
                Err(message) => return Ok(Err(RefusedLine::row(line, message, text))),
            };
            let cells: Vec<_> = cells
                .iter()
                .zip(&wanted)
                .map(|(cell, wanted)| sheet.cells.read(cell.trim(), wanted))
                .collect();
            let record = columns.record(schema, cells.iter().map(AsRef::as_ref));
            Ok(read(line, record, text.into_bytes()))
        })));
    }
    let lines = lines(&source.file, &bar("bytes"))?;
    Ok(Box::new(lines.map(|line| {
        let (line, text) = line?;
        Ok(read(line, Record::from_json(schema, &text), text))
    })))
}

fn read(line: u64, record: Result<Record, DecodeError>, text: Vec<u8>) -> Line {
    match record {
        Ok(record) => Ok(Read { line, record, text }),
        Err(error) => Err(RefusedLine::of(line, &error, &text)),
    }
}

fn is_dated_topic(name: &str) -> bool {
    name.starts_with("topics.") && name.ends_with(".at")
}

/// What a column holds, by its name.
pub(crate) fn wanted(schema: &Schema, name: &str) -> Type {
    match name.split_once('.') {
        Some(("consents", own)) if own.ends_with(".at") => Type::Instant,
        Some(("consents" | "topics", _)) => Type::Boolean,
        Some((outer, inner)) => match schema.customer.get(outer) {
            Some(Type::Map(fields)) => fields.get(inner).cloned().unwrap_or(Type::Any),
            _ => Type::Any,
        },
        None => schema.customer.get(name).cloned().unwrap_or(Type::Any),
    }
}
