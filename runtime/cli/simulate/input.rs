//! Where lines come from: a file, standard input, or CSV turned into lines.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use kurant_engine::calendar::Zone;
use kurant_engine::definition::Schema;

use super::refused::Refused;
use crate::error::Error;
use crate::import::events::{NEEDED, event};
use crate::import::sheet::{Mapping, Sheet, is_csv, is_text};

/// Bytes that can be read from any place.
pub(super) enum Input {
    /// A file on disk.
    File(File, u64),
    /// Standard input, or CSV turned into JSON: it can be read only once, so it is held.
    Memory(Vec<u8>),
}

impl Input {
    /// A file of JSON Lines; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes)?;
            return Ok(Self::Memory(bytes));
        }
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
        if metadata.is_file() {
            return Ok(Self::File(file, metadata.len()));
        }
        // A pipe can't be read twice.
        let mut bytes = Vec::new();
        let mut file = file;
        file.read_to_end(&mut bytes)
            .map_err(|error| unreadable(path, &error))?;
        Ok(Self::Memory(bytes))
    }

    /// A file of events; CSV is turned into CloudEvents.
    pub(super) fn events(
        path: &Path,
        schema: &Schema,
        mapping: &Mapping,
        zone: Zone,
        refused: &mut Refused,
    ) -> Result<Self, Error> {
        is_text(path)?;
        if is_csv(path) {
            let lines = events_of_csv(path, schema, mapping, zone, refused)?;
            return Ok(Self::Memory(lines));
        }
        Self::open(path)
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Appends up to `most` bytes from a place on; none at the end.
    pub(super) fn read_at(
        &mut self,
        offset: u64,
        most: usize,
        into: &mut Vec<u8>,
    ) -> io::Result<usize> {
        match self {
            Self::File(file, _) => {
                file.seek(SeekFrom::Start(offset))?;
                file.take(most as u64).read_to_end(into)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(offset)
                    .unwrap_or(usize::MAX)
                    .min(bytes.len());
                let end = start.saturating_add(most).min(bytes.len());
                into.extend_from_slice(&bytes[start..end]);
                Ok(end - start)
            }
        }
    }
}

pub(super) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::failure(format!("can't read {}: {error}", path.display()))
}

/// One CloudEvent a line, of a row each.
fn events_of_csv(
    path: &Path,
    schema: &Schema,
    mapping: &Mapping,
    zone: Zone,
    refused: &mut Refused,
) -> Result<Vec<u8>, Error> {
    let sheet = Sheet::open(path, mapping, &NEEDED, zone)?;
    let mut lines = Vec::new();
    for row in sheet.rows()? {
        let (line, row) = row?;
        match sheet.row_of(row) {
            Ok(row) => {
                lines.extend(event(schema, &sheet, &row));
                lines.push(b'\n');
            }
            Err(message) => refused.event_row(line, &message),
        }
    }
    Ok(lines)
}
