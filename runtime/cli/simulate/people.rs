//! Customers of a file move into their worlds.

use std::path::Path;

use kurant_engine::customer::Customer;
use kurant_engine::decode::{Columns, Error as DecodeError, Record};
use kurant_engine::definition::Schema;

use super::input::{Input, is_csv, unreadable};
use super::lines::{Block, Lines};
use super::parallel::{self, Task};
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
    let (mut before, worlds) = (0, shards.len());
    while lines.next(&mut block)? {
        let read = parallel::ranges(block.len(), |range| {
            let mut part = Part::new(worlds);
            for (line, place) in block.lines(range.clone()).zip(range) {
                part.put(Record::from_json(schema, line), before + place as u64 + 1);
            }
            part
        });
        before += block.len() as u64;
        settle(read, shards, refused);
    }
    Ok(())
}

/// Customers that were read, by world, and lines that can't be.
struct Part {
    people: Vec<Vec<Customer>>,
    refused: Vec<(u64, DecodeError)>,
}

impl Part {
    fn new(worlds: usize) -> Self {
        Self {
            people: (0..worlds).map(|_| Vec::new()).collect(),
            refused: Vec::new(),
        }
    }

    fn put(&mut self, record: Result<Record, DecodeError>, line: u64) {
        match record {
            Ok(record) => {
                let shard = shard_of(&record.id, self.people.len());
                self.people[shard].push(record.into_customer());
            }
            Err(error) => self.refused.push((line, error)),
        }
    }
}

/// Moves customers into their worlds, in the order of the file.
fn settle(parts: Vec<Part>, shards: &mut [Shard], refused: &mut Refused) {
    for (line, error) in parts.iter().flat_map(|part| &part.refused) {
        refused.customer(*line, error);
    }
    let mut dealt: Vec<Vec<Vec<Customer>>> = shards.iter().map(|_| Vec::new()).collect();
    for part in parts {
        for (own, people) in dealt.iter_mut().zip(part.people) {
            own.push(people);
        }
    }
    let tasks = shards
        .iter_mut()
        .zip(dealt)
        .map(|(shard, people)| -> Task<'_> {
            Box::new(move || people.into_iter().flatten().for_each(|one| shard.add(one)))
        });
    parallel::all(tasks.collect());
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
    let mut part = Part::new(shards.len());
    for (index, row) in reader.records().enumerate() {
        let row = row.map_err(|error| unreadable(path, &error))?;
        // The header is the first line.
        part.put(columns.record(schema, &row), index as u64 + 2);
    }
    settle(vec![part], shards, refused);
    Ok(())
}
