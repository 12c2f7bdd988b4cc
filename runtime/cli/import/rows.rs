//! The rows of a CSV file, one after the other. A quote that is never closed takes no more than its own line.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Position, Reader};

use super::sheet::unreadable;
use crate::error::Error;

/// What is said of a quote without an end.
pub(super) const UNCLOSED: &str =
    "a quote opens here and is never closed: close it, or double it where it belongs to the text";

/// One row.
pub(crate) struct Row {
    /// Its cells.
    pub(super) cells: ByteRecord,
    /// As it stands in the file, where it can't be taken apart: a quote opens in it and is never closed.
    pub(super) unclosed: Option<Vec<u8>>,
}

impl Row {
    /// At which byte of the file it begins.
    pub(super) fn begins_at(&self) -> u64 {
        self.cells.position().map_or(0, Position::byte)
    }
}

/// A row, and where it stands in the file.
pub(super) struct Placed {
    pub(super) row: Row,
    /// Its first byte, and how many bytes.
    pub(super) offset: u64,
    pub(super) length: u64,
    /// On which line it begins; the quote, where that is never closed.
    pub(super) line: u64,
}

/// Reads row after row.
pub(super) struct Rows {
    path: PathBuf,
    reader: Reader<File>,
    /// The same file, to look at a row as it stands.
    raw: File,
    separator: u8,
    size: u64,
    /// How many lines on from where the reader counts a row begins: it takes the second sign of the line's end before as its own.
    behind: u64,
}

impl Rows {
    /// Those behind the header.
    pub(super) fn new(
        path: &Path,
        mut reader: Reader<File>,
        separator: u8,
        behind: u64,
    ) -> Result<Self, Error> {
        let failed = |error: &dyn std::fmt::Display| unreadable(path, error);
        reader.byte_headers().map_err(|error| failed(&error))?;
        let raw = File::open(path).map_err(|error| failed(&error))?;
        let size = raw.metadata().map_err(|error| failed(&error))?.len();
        let mut rows = Self {
            path: path.to_owned(),
            reader,
            raw,
            separator,
            size,
            behind,
        };
        let header = rows.between(0, rows.reader.position().byte())?;
        match unclosed(&header, separator) {
            None => Ok(rows),
            Some(_) => Err(Error::findings(format!("{}:1: {UNCLOSED}", path.display()))),
        }
    }

    /// The next row; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Placed>, Error> {
        let from = self.reader.position().clone();
        let mut cells = ByteRecord::new();
        // What isn't text is seen when the cells are.
        let read = self.reader.read_byte_record(&mut cells);
        if !read.map_err(|error| unreadable(&self.path, &error))? {
            return Ok(None);
        }
        let to = self.reader.position().clone();
        let line = cells.position().map_or(from.line(), Position::line);
        let mut placed = Placed {
            row: Row {
                cells,
                unclosed: None,
            },
            offset: from.byte(),
            length: to.byte() - from.byte(),
            line: line + self.behind,
        };
        // A row on one line hides no other; at the end of the file it may lack its own end.
        if to.line() > from.line() + 1 || to.byte() >= self.size {
            self.part(&from, &mut placed)?;
        }
        Ok(Some(placed))
    }

    /// Where a quote is never closed, the row ends with the line of that quote, and the next line is a row again.
    fn part(&mut self, from: &Position, placed: &mut Placed) -> Result<(), Error> {
        let mut text = self.between(placed.offset, placed.length)?;
        let Some(quote) = unclosed(&text, self.separator) else {
            return Ok(());
        };
        let rest = text[quote..].iter().position(|byte| ends_line(*byte));
        text.truncate(rest.map_or(text.len(), |rest| quote + rest + 1));
        let lines = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count() as u64;
        placed.length = text.len() as u64;
        placed.line = from.line() + lines(&text[..quote]);
        let mut next = Position::new();
        next.set_byte(placed.offset + placed.length)
            .set_line(from.line() + lines(&text))
            .set_record(from.record() + 1);
        self.reader
            .seek(next)
            .map_err(|error| unreadable(&self.path, &error))?;
        placed.row.unclosed = Some(text.trim_ascii().to_vec());
        Ok(())
    }

    fn between(&mut self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        self.raw
            .seek(SeekFrom::Start(offset))
            .and_then(|_| (&self.raw).take(length).read_to_end(&mut text))
            .map_err(|error| unreadable(&self.path, &error))?;
        Ok(text)
    }
}

fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Where a quote opens that is never closed, or only by one of a later line that opens a cell there.
pub(super) fn unclosed(text: &[u8], separator: u8) -> Option<usize> {
    #[derive(PartialEq)]
    enum At {
        Beginning,
        Plain,
        Quoted,
        /// Behind a quote that closes, unless another one follows.
        Closed,
    }
    let (mut at, mut quote, mut has_lines) = (At::Beginning, 0, false);
    for (place, byte) in text.iter().enumerate() {
        at = match (at, *byte) {
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, byte) => {
                has_lines |= ends_line(byte);
                At::Quoted
            }
            (At::Closed, b'"') => At::Quoted,
            (_, byte) if byte == separator || ends_line(byte) => At::Beginning,
            (At::Beginning, b'"') => {
                (quote, has_lines) = (place, false);
                At::Quoted
            }
            (At::Closed, byte) if has_lines && byte != b' ' => return Some(quote),
            _ => At::Plain,
        };
    }
    (at == At::Quoted).then_some(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_is_closed_at_the_end_of_its_cell_or_never() {
        for (text, place) in [
            ("1,a,b", None),
            ("1,\"a\",\"b\"\n", None),
            ("1,\"two\nlines\",b", None),
            ("1,\"5\"\"\",7", None),
            // A quote within a cell is one of its signs.
            ("1,5\" pack,7", None),
            ("1,\"a\" b,7", None),
            ("1,\"two\nlines\" ,b", None),
            ("1,\"\",7", None),
            ("1,\"Anna", Some(2)),
            ("1,\"Anna\n2,b", Some(2)),
            ("1,\"5\"\" pack,7\n2,\"b\",3", Some(2)),
            ("1,\"two\nlines\",\"b\n2,c", Some(14)),
        ] {
            assert_eq!(unclosed(text.as_bytes(), b','), place, "{text}");
        }
    }
}
