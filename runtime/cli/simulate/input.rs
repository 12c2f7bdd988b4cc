//! Where lines come from: a file, standard input, or CSV turned into lines.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use kurant_engine::definition::{Fields, Schema, Type};

use crate::error::Error;

/// The columns of a CSV file of events that belong to the envelope; all others are data.
const ENVELOPE: &[&str] = &["specversion", "id", "source", "type", "subject", "time"];

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
    pub(super) fn events(path: &Path, schema: &Schema) -> Result<Self, Error> {
        if is_csv(path) {
            return Ok(Self::Memory(events_of_csv(path, schema)?));
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

/// Whether a file is CSV, by its extension.
pub(super) fn is_csv(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

pub(super) fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::failure(format!("can't read {}: {error}", path.display()))
}

/// One CloudEvent a line, of a row each.
fn events_of_csv(path: &Path, schema: &Schema) -> Result<Vec<u8>, Error> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(path)
        .map_err(|error| unreadable(path, &error))?;
    let header = reader
        .headers()
        .map_err(|error| unreadable(path, &error))?
        .clone();
    let kind_column = header.iter().position(|name| name.trim() == "type");
    let mut lines = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(path, &error))?;
        let kind = kind_column
            .and_then(|column| row.get(column))
            .unwrap_or_default();
        let declared = schema.events.get(kind);
        let mut event = serde_json::Map::new();
        let mut data = serde_json::Map::new();
        event.insert("specversion".to_owned(), "1.0".into());
        for (name, cell) in header
            .iter()
            .zip(row.iter())
            .filter(|(_, cell)| !cell.is_empty())
        {
            let name = name.trim();
            if ENVELOPE.contains(&name) {
                event.insert(name.to_owned(), cell.into());
            } else {
                let name = name.strip_prefix("data.").unwrap_or(name);
                data.insert(name.to_owned(), field(name, cell, declared));
            }
        }
        event.insert("data".to_owned(), data.into());
        lines.extend_from_slice(serde_json::Value::from(event).to_string().as_bytes());
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A cell as JSON: text, unless its field is declared as something else that it can be read as.
fn field(name: &str, cell: &str, declared: Option<&Fields>) -> serde_json::Value {
    let is_text = match declared.and_then(|fields| fields.get(name)) {
        None | Some(Type::Any | Type::Text(_) | Type::Date | Type::Instant) => true,
        Some(Type::Boolean | Type::Integer | Type::Number | Type::List(_) | Type::Map(_)) => false,
    };
    if is_text {
        cell.into()
    } else {
        serde_json::from_str(cell).unwrap_or_else(|_| cell.into())
    }
}
