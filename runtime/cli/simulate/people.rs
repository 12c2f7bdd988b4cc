//! Customers of a file move into their worlds.

use std::path::Path;

use kurant_engine::decode::{Columns, Error as DecodeError, Record};
use kurant_engine::definition::Schema;

use super::input::{Input, is_csv, unreadable};
use super::lines::{Block, Lines};
use super::parallel;
use super::refused::Refused;
use super::shard::Shard;
use super::shard_of;
use crate::error::Error;

/// Loads a customers file; lines that can't be read are counted.
pub(super) fn load(
    path: &Path,
    schema: &Schema,
    shards: &mut [Shard],
    refused: &mut Refused,
) -> Result<(), Error> {
    if is_csv(path) {
        return load_csv(path, schema, shards, refused);
    }
    let mut lines = Lines::as_they_stand(Input::open(path)?);
    let mut block = Block::default();
    let mut before = 0;
    while lines.next(&mut block)? {
        let records = parallel::ranges(block.len(), |range| {
            block
                .lines(range)
                .map(|line| Record::from_json(schema, line))
                .collect::<Vec<_>>()
        });
        for record in records.into_iter().flatten() {
            before += 1;
            settle(record, before, shards, refused);
        }
    }
    Ok(())
}

fn load_csv(
    path: &Path,
    schema: &Schema,
    shards: &mut [Shard],
    refused: &mut Refused,
) -> Result<(), Error> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .map_err(|error| unreadable(path, &error))?;
    let columns = Columns::new(reader.headers().map_err(|error| unreadable(path, &error))?);
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(|error| unreadable(path, &error))?;
        // The header is the first line.
        settle(
            columns.record(schema, &row),
            index as u64 + 2,
            shards,
            refused,
        );
    }
    Ok(())
}

fn settle(
    record: Result<Record, DecodeError>,
    line: u64,
    shards: &mut [Shard],
    refused: &mut Refused,
) {
    match record {
        Ok(record) => shards[shard_of(&record.id)].add(record.into_customer()),
        Err(error) => refused.customer(line, &error),
    }
}
