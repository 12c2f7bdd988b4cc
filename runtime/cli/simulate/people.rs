//! Customers of a file move into their worlds.

use std::path::Path;

use kurant_engine::calendar::Zone;
use kurant_engine::customer::Customer;
use kurant_engine::decode::{Columns, Error as DecodeError, Record};
use kurant_engine::definition::{Schema, Type};

use super::input::Input;
use super::lines::{Block, Lines};
use super::parallel::{self, Task};
use super::refused::Refused;
use super::shard::Shard;
use super::shard_of;
use crate::error::Error;
use crate::import::customers::wanted;
use crate::import::sheet::{Mapping, Sheet, is_csv, is_text};

/// Loads a customers file; lines that can't be read are counted.
pub(super) fn load(
    path: &Path,
    schema: &Schema,
    shards: &mut [Shard],
    refused: &mut Refused,
    mapping: &Mapping,
    zone: Zone,
) -> Result<(), Error> {
    is_text(path)?;
    if is_csv(path) {
        let sheet = Sheet::open(path, mapping, &["id"], zone)?;
        return load_csv(&sheet, schema, shards, refused);
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
    sheet: &Sheet,
    schema: &Schema,
    shards: &mut [Shard],
    refused: &mut Refused,
) -> Result<(), Error> {
    let columns = Columns::new(sheet.names.iter().map(String::as_str));
    let names = sheet.names.iter();
    let wanted: Vec<Type> = names.map(|name| wanted(schema, name)).collect();
    let mut part = Part::new(shards.len());
    for row in sheet.rows()? {
        let (line, row) = row?;
        let cells = match sheet.row_of(row) {
            Ok(cells) => cells,
            Err(message) => {
                refused.row(line, &message);
                continue;
            }
        };
        let cells = cells.iter().zip(&wanted);
        let cells = cells.map(|(cell, wanted)| sheet.cells.read(cell.trim(), wanted));
        let cells: Vec<_> = cells.collect();
        part.put(
            columns.record(schema, cells.iter().map(AsRef::as_ref)),
            line,
        );
    }
    settle(vec![part], shards, refused);
    Ok(())
}
