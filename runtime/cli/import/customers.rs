//! Who there is.

use std::sync::{Arc, Mutex};

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Columns, Record};
use kurant_engine::definition::Schema;
use kurant_runner::source::RefusedLine;
use kurant_runner::{BATCH, Runner};

use super::lines::{bar, lines};
use super::sheet::{Sheet, is_csv};
use super::{Met, Source, at, finished, mapping};
use crate::embedded::failure;
use crate::error::Error;

/// A line's number and its record, or what is wrong with it.
type Line = (u64, Result<Record, RefusedLine>);

/// Loads customers in pages.
pub(super) async fn load(
    runner: &mut Runner,
    source: &Source,
    schema: &Arc<Schema>,
    met: &Mutex<Met>,
    as_of: Option<Instant>,
) -> Result<String, Error> {
    let (mut page, mut changed) = (Vec::with_capacity(BATCH), 0_usize);
    for (line, record) in records(source, schema)? {
        match record {
            Ok(record) => {
                at(met, |met| {
                    met.undeclared.customer(&record.attributes, line);
                    met.taken += 1;
                });
                page.push(record);
            }
            Err(refused) => at(met, |met| met.refuse(&refused))?,
        }
        if page.len() == BATCH {
            let full = std::mem::replace(&mut page, Vec::with_capacity(BATCH));
            changed += admit(runner, full, as_of).await?;
        }
    }
    if !page.is_empty() {
        changed += admit(runner, page, as_of).await?;
    }
    finished(runner).await?;
    let all = at(met, |met| met.taken);
    Ok(format!("{all} customers read, {changed} new or changed"))
}

async fn admit(
    runner: &mut Runner,
    page: Vec<Record>,
    as_of: Option<Instant>,
) -> Result<usize, Error> {
    runner.import_customers(page, as_of).await.map_err(failure)
}

fn records<'s>(
    source: &Source,
    schema: &'s Schema,
) -> Result<Box<dyn Iterator<Item = Line> + 's>, Error> {
    if is_csv(&source.file) {
        let sheet = Sheet::open(&source.file, &mapping(source)?, &["id"])?;
        let columns = Columns::new(sheet.names.iter().map(String::as_str));
        let rows = sheet.rows()?;
        return Ok(Box::new(rows.map(move |(line, row)| {
            let text = sheet.text(&row);
            let record = match sheet.cells(row) {
                Ok(cells) => columns
                    .record(schema, &cells)
                    .map_err(|error| RefusedLine::of(line, &error, text.as_bytes())),
                Err(message) => Err(RefusedLine::row(line, message, text)),
            };
            (line, record)
        })));
    }
    let lines = lines(&source.file, &bar("bytes"))?;
    Ok(Box::new(lines.map(|(line, text)| {
        let record = match text {
            Ok(text) => Record::from_json(schema, &text)
                .map_err(|error| RefusedLine::of(line, &error, &text)),
            Err(error) => Err(RefusedLine::row(line, error.to_string(), String::new())),
        };
        (line, record)
    })))
}
