//! A history that is played or imported: a file of events in the order of their times, or customer after customer.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder, Error as DecodeError, LARGEST, time_of};
use kurant_engine::definition::Schema;

use crate::error::Error;
use crate::intake::{Delivered, REUSED};
use crate::source::Undeclared;
use crate::source::order::{Order, Places};

/// How many lines that can't be read are kept, with what is wrong with them; the others are only counted.
const MOST_REFUSED: usize = 10_000;
/// How many lines in a row from the beginning may be none: then it is another kind of file.
const PATIENCE: usize = 1_000;

/// What is said of a line of JSON in another encoding.
const NOT_UTF_8: &str = "it is not text in UTF-8: save the file as UTF-8, or `iconv -f WINDOWS-1251 -t UTF-8 OLD > NEW`";

/// Turns the bytes of one record of another format into a CloudEvent in JSON; else what is wrong with it.
pub type Translate = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, String> + Send>;

/// A file of events, read in an [`Order`]. The file stays where it is, only the times and places of its lines are kept in memory.
/// Lines that can't be read are passed over and told.
pub struct Feed {
    path: PathBuf,
    file: File,
    decoder: Decoder,
    /// Which times its events may have.
    arrival: Arrival,
    schema: Arc<Schema>,
    undeclared: Undeclared,
    translate: Option<Translate>,
    places: Places,
    lines: Vec<Line>,
    next: usize,
    refused: Vec<RefusedLine>,
    unnamed: u64,
}

/// Where one record stands in a file.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its first byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u32,
    /// On which line it begins, from 1.
    pub line: u32,
}

/// A line that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Which, from 1.
    pub line: u64,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// Why, in one word.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
    /// As it stands in the file.
    pub text: String,
}

impl RefusedLine {
    /// What is wrong with a line, as reading it says.
    pub fn of(line: u64, error: &DecodeError, text: &[u8]) -> Self {
        Self {
            line,
            field: error.field().map(str::to_owned),
            reason: error.reason(),
            message: match std::str::from_utf8(text) {
                Err(_) if matches!(error, DecodeError::NotJson { .. }) => NOT_UTF_8.to_owned(),
                _ => error.to_string(),
            },
            text: String::from_utf8_lossy(&text[..text.len().min(LARGEST)]).into_owned(),
        }
    }

    /// A line whose event says something else than the one that had its id before; `reason` is that of its dead letter.
    pub fn reused(line: u64, reason: &str, text: String) -> Self {
        let message = reason.strip_prefix(REUSED).unwrap_or(reason);
        Self {
            line,
            field: Some("id".to_owned()),
            reason: REUSED,
            message: message.trim_start_matches(": ").to_owned(),
            text,
        }
    }

    /// A line that could not be taken apart at all.
    pub fn row(line: u64, message: String, text: String) -> Self {
        Self {
            line,
            field: None,
            reason: "not_a_row",
            message,
            text,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Line {
    /// The customer's, where that is what the order goes by.
    place: u64,
    time: Instant,
    span: Span,
}

impl Feed {
    /// Opens a file of JSON Lines and puts them in order.
    ///
    /// # Errors
    /// When it can't be read, or holds no events at all.
    pub fn open(path: &Path, schema: Arc<Schema>, order: Order) -> Result<Self, Error> {
        let failed = |error| Error::file(path, error);
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
        let mut feed = Self::empty(path, schema, order, None)?;
        let (mut text, mut offset, mut line) = (Vec::new(), 0_u64, 0_u32);
        loop {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if length == 0 {
                break;
            }
            line += 1;
            let span = Span {
                offset,
                length: u32::try_from(length).unwrap_or(u32::MAX),
                line,
            };
            feed.place(span, &text)?;
            offset += length as u64;
        }
        feed.sort();
        Ok(feed)
    }

    /// Opens a file of another format, whose records stand where `spans` says, and puts them in order.
    ///
    /// # Errors
    /// When it can't be read, or holds no events at all.
    pub fn translated(
        path: &Path,
        schema: Arc<Schema>,
        order: Order,
        spans: impl IntoIterator<Item = Span>,
        translate: Translate,
    ) -> Result<Self, Error> {
        let mut feed = Self::empty(path, schema, order, Some(translate))?;
        let mut text = Vec::new();
        for span in spans {
            feed.read(span, &mut text)?;
            feed.place(span, &text)?;
        }
        feed.sort();
        Ok(feed)
    }

    fn empty(
        path: &Path,
        schema: Arc<Schema>,
        order: Order,
        translate: Option<Translate>,
    ) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            file: File::open(path).map_err(|error| Error::file(path, error))?,
            decoder: Decoder::new(schema.clone()),
            arrival: Arrival::OwnTime,
            schema,
            undeclared: Undeclared::default(),
            translate,
            places: Places::new(order),
            lines: Vec::new(),
            next: 0,
            refused: Vec::new(),
            unnamed: 0,
        })
    }

    /// Refuses what lies ahead, as where events arrive now.
    pub fn arriving(mut self, now: Instant) -> Self {
        self.arrival = Arrival::At(now);
        self
    }

    /// Notes when a line's event happened; a line without a time can't be played.
    fn place(&mut self, span: Span, text: &[u8]) -> Result<(), Error> {
        let bytes = text.trim_ascii();
        if bytes.is_empty() {
            return Ok(());
        }
        let translated = match self.translate(bytes) {
            Ok(translated) => translated,
            Err(message) => return self.refuse(wrong_row(span, message, bytes)),
        };
        if let Some(time) = time_of(&translated) {
            let place = self.places.of(&translated);
            self.lines.push(Line {
                place: place.unwrap_or_default(),
                time,
                span,
            });
            if self.places.is_ready() {
                self.place_first();
            }
            return Ok(());
        }
        let error = match self.decoder.event(&translated, Arrival::OwnTime) {
            Err(error) => error,
            Ok(_) => DecodeError::Missing { field: "time" },
        };
        self.refuse(RefusedLine::of(span.line.into(), &error, bytes))
    }

    /// Gives those their places who came before that could be said.
    fn place_first(&mut self) {
        for (line, place) in self.lines.iter_mut().zip(self.places.of_first()) {
            line.place = place;
        }
    }

    fn sort(&mut self) {
        self.place_first();
        self.lines.sort_by_key(|line| (line.place, line.time));
    }

    fn translate<'b>(&self, bytes: &'b [u8]) -> Result<Cow<'b, [u8]>, String> {
        match &self.translate {
            None => Ok(Cow::Borrowed(bytes)),
            Some(translate) => translate(bytes).map(Cow::Owned),
        }
    }

    fn refuse(&mut self, line: RefusedLine) -> Result<(), Error> {
        if self.lines.is_empty() && self.refused.len() >= PATIENCE {
            return Err(Error::NoEvents {
                path: self.path.display().to_string(),
                lines: self.refused.len(),
                reason: line.message,
            });
        }
        if self.refused.len() < MOST_REFUSED {
            self.refused.push(line);
        } else {
            self.unnamed += 1;
        }
        Ok(())
    }

    /// The file's name.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The lines that could not be read so far; they are told once.
    pub fn refused(&mut self) -> Vec<RefusedLine> {
        std::mem::take(&mut self.refused)
    }

    /// How many lines more could not be read than were kept.
    pub fn unnamed(&self) -> u64 {
        self.unnamed
    }

    /// The types of the events so far that no schema declares, with their numbers.
    pub fn undeclared(&self) -> Undeclared {
        self.undeclared.clone()
    }

    /// A line of one of the events that were taken last, as it stands in the file.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn text_of(&mut self, line: u64) -> Result<String, Error> {
        let taken = self.lines[..self.next].iter().rev();
        let mut spans = taken.map(|own| own.span);
        let Some(span) = spans.find(|own| u64::from(own.line) == line) else {
            return Ok(String::new());
        };
        let mut text = Vec::new();
        self.read(span, &mut text)?;
        Ok(String::from_utf8_lossy(text.trim_ascii()).into_owned())
    }

    fn read(&mut self, span: Span, text: &mut Vec<u8>) -> Result<(), Error> {
        text.resize(span.length as usize, 0);
        self.file
            .seek(SeekFrom::Start(span.offset))
            .and_then(|_| self.file.read_exact(text))
            .map_err(|error| Error::file(&self.path, error))
    }

    /// When the first event happened, in the order of times.
    pub fn first(&self) -> Option<Instant> {
        self.lines.first().map(|line| line.time)
    }

    /// When the last event happened, in the order of times.
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

    /// Passes over events up to an instant, and says how many there were.
    pub fn skip(&mut self, upto: Instant) -> usize {
        let first = self.next;
        while self.next_time().is_some_and(|time| time <= upto) {
            self.next += 1;
        }
        self.next - first
    }

    /// The next events up to an instant, at most so many. None only when there is none left up to then: lines that can't be
    /// read are passed over.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn take(&mut self, upto: Instant, most: usize) -> Result<Vec<Delivered>, Error> {
        let name: Arc<str> = self.name().into();
        let mut events = Vec::new();
        let mut text = Vec::new();
        while events.len() < most
            && let Some(line) = self.lines.get(self.next).filter(|line| line.time <= upto)
        {
            let span = line.span;
            self.next += 1;
            self.read(span, &mut text)?;
            let bytes = text.trim_ascii();
            let translated = match self.translate(bytes) {
                Ok(translated) => translated,
                Err(message) => {
                    self.refuse(wrong_row(span, message, bytes))?;
                    continue;
                }
            };
            match self.decoder.event(&translated, self.arrival) {
                Ok(event) => {
                    self.undeclared.note(&self.schema, &event);
                    events.push(Delivered {
                        place: Some((name.clone(), span.line.into())),
                        ..Delivered::from(event)
                    });
                }
                Err(error) => {
                    self.refuse(RefusedLine::of(span.line.into(), &error, bytes))?;
                }
            }
        }
        Ok(events)
    }
}

fn wrong_row(span: Span, message: String, bytes: &[u8]) -> RefusedLine {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LARGEST)]);
    RefusedLine::row(span.line.into(), message, text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of three customers, not in the order of their times.
    fn feed(order: Order) -> Feed {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut lines = String::new();
        for (number, (customer, minute)) in [
            ("bo", 5),
            ("al", 3),
            ("bo", 1),
            ("cy", 0),
            ("al", 4),
            ("bo", 2),
        ]
        .iter()
        .enumerate()
        {
            lines += &format!(
                r#"{{"specversion":"1.0","id":"e{number}","source":"shop","type":"order.paid","subject":"{customer}","time":"2026-01-01T00:0{minute}:00Z","data":{{}}}}"#
            );
            lines.push('\n');
        }
        std::fs::write(file.path(), lines).expect("written");
        Feed::open(file.path(), Arc::default(), order).expect("a feed")
    }

    fn read(order: Order, page: usize) -> Vec<(String, u64)> {
        let (mut feed, mut read) = (feed(order), Vec::new());
        loop {
            let events = feed.take(Instant::MAX, page).expect("events");
            if events.is_empty() {
                return read;
            }
            read.extend(events.iter().map(|own| {
                let (_, line) = own.place.as_ref().expect("a place");
                (own.event.customer.to_string(), *line)
            }));
        }
    }

    #[test]
    fn a_file_is_read_as_it_happened_or_customer_after_customer() {
        for page in [1, 2, 100] {
            let told = |own: &[(&str, u64)]| {
                own.iter()
                    .map(|(id, line)| ((*id).to_owned(), *line))
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                read(Order::Time, page),
                told(&[
                    ("cy", 4),
                    ("bo", 3),
                    ("bo", 6),
                    ("al", 2),
                    ("al", 5),
                    ("bo", 1)
                ])
            );
            assert_eq!(
                read(Order::Customer, page),
                told(&[
                    ("al", 2),
                    ("al", 5),
                    ("bo", 3),
                    ("bo", 6),
                    ("bo", 1),
                    ("cy", 4)
                ])
            );
        }
    }
}
