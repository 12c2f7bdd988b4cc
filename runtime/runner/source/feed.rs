//! A history that is played: a file of events in the order of their times.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder, time_of};
use kurant_engine::definition::Schema;

use super::body;
use crate::error::Error;
use crate::intake::Delivered;

/// A file of events, read in the order of their times; equal times keep the file's order. The file stays where it is, only
/// the times and places of its lines are kept in memory.
pub struct Feed {
    path: PathBuf,
    file: File,
    decoder: Decoder,
    lines: Vec<Line>,
    next: usize,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    time: Instant,
    offset: u64,
    length: u32,
    number: u32,
}

impl Feed {
    /// Opens a file and puts its lines in order.
    ///
    /// # Errors
    /// When it can't be read, or a line is no event with a time.
    pub fn open(path: &Path, schema: Arc<Schema>) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
        let (mut lines, mut text, mut offset, mut number) = (Vec::new(), Vec::new(), 0_u64, 0_u32);
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if length == 0 {
                break;
            }
            number += 1;
            if !text.trim_ascii().is_empty() {
                let time = time_of(text.trim_ascii()).ok_or_else(|| {
                    let reason = "it is not an event in JSON with a `time`".to_owned();
                    Error::Feed {
                        path: path.display().to_string(),
                        line: number.into(),
                        reason,
                    }
                })?;
                lines.push(Line {
                    time,
                    offset,
                    length: u32::try_from(length).unwrap_or(u32::MAX),
                    number,
                });
            }
            offset += length as u64;
        }
        lines.sort_by_key(|line| line.time);
        let file = File::open(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            decoder: Decoder::new(schema),
            lines,
            next: 0,
        })
    }

    /// When the first event happened.
    pub fn first(&self) -> Option<Instant> {
        self.lines.first().map(|line| line.time)
    }

    /// When the last event happened.
    pub fn last(&self) -> Option<Instant> {
        self.lines.last().map(|line| line.time)
    }

    /// When the next event happened.
    pub fn next_time(&self) -> Option<Instant> {
        self.lines.get(self.next).map(|line| line.time)
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Passes over events up to an instant.
    pub fn skip(&mut self, upto: Instant) {
        while self.next_time().is_some_and(|time| time <= upto) {
            self.next += 1;
        }
    }

    /// The next events up to an instant, at most so many.
    ///
    /// # Errors
    /// When a line can't be read as an event.
    pub fn take(&mut self, upto: Instant, most: usize) -> Result<Vec<Delivered>, Error> {
        let mut events = Vec::new();
        let mut text = Vec::new();
        while events.len() < most
            && let Some(line) = self.lines.get(self.next).filter(|line| line.time <= upto)
        {
            text.resize(line.length as usize, 0);
            let read = self
                .file
                .seek(SeekFrom::Start(line.offset))
                .and_then(|_| self.file.read_exact(&mut text));
            read.map_err(|error| Error::file(&self.path, error))?;
            let bytes = text.trim_ascii();
            let event = self
                .decoder
                .event(bytes, Arrival::OwnTime)
                .map_err(|error| Error::Feed {
                    path: self.path.display().to_string(),
                    line: line.number.into(),
                    reason: error.to_string(),
                })?;
            events.push(Delivered {
                event: Arc::new(event),
                body: body(bytes),
                line: line.number.into(),
            });
            self.next += 1;
        }
        Ok(events)
    }
}
