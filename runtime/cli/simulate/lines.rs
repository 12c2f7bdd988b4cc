//! Lines in the order of their events' times, in blocks, without holding the file.

use std::ops::Range;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::{LARGEST, time_of};

use super::input::Input;
use super::parallel;
use crate::error::Error;

/// How much is read at once, in bytes.
const BLOCK: usize = 4 << 20;
/// How many lines a block holds when they are gathered one by one.
const GATHERED: usize = 20_000;
/// A line without an end stops the run here, in bytes.
const LONGEST_LINE: usize = 64 << 20;

/// Some lines, in order.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    lines: Vec<Range<usize>>,
}

impl Block {
    /// How many lines it holds.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The lines with these numbers, counted within the block.
    pub(super) fn lines(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        self.lines[range]
            .iter()
            .map(|line| &self.bytes[line.clone()])
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
    }

    /// Splits the bytes into lines; empty ones are passed over.
    fn split(&mut self) {
        let mut start = 0;
        while start < self.bytes.len() {
            let end = memchr::memchr(b'\n', &self.bytes[start..])
                .map_or(self.bytes.len(), |at| start + at);
            if !self.bytes[start..end].trim_ascii().is_empty() {
                self.lines.push(start..end);
            }
            start = end + 1;
        }
    }
}

/// The lines of a file.
pub(super) struct Lines {
    input: Input,
    /// Where to go on reading.
    offset: u64,
    /// Where each line begins and how long it is, in the order of time; none when the file stands in that order.
    order: Option<std::vec::IntoIter<Entry>>,
}

/// One line of a file that is not in order.
struct Entry {
    time: Instant,
    /// Where it begins, and in the low bits how long it is.
    place: u64,
}

/// The bits of [`Entry::place`] that hold the length: enough to see that a line is too long.
const LENGTH_BITS: u32 = 20;
const _: () = assert!(LARGEST < (1 << LENGTH_BITS) - 1);

impl Lines {
    /// The lines as they stand.
    pub(super) fn as_they_stand(input: Input) -> Self {
        Self {
            input,
            offset: 0,
            order: None,
        }
    }

    /// The lines in the order of their events' times; equal times keep the file's order.
    pub(super) fn by_time(input: Input, progress: &dyn Fn(u64)) -> Result<Self, Error> {
        let mut lines = Self::as_they_stand(input);
        if !lines.are_sorted(progress)? {
            lines.order = Some(lines.sorted()?);
        }
        lines.offset = 0;
        Ok(lines)
    }

    /// How many bytes have been read of how many; for a progress bar.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Fills the block with the next lines; false at the end.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool, Error> {
        block.clear();
        let Some(order) = &mut self.order else {
            return self.read(block);
        };
        for entry in order.take(GATHERED) {
            let length = (entry.place & ((1 << LENGTH_BITS) - 1)) as usize;
            let start = block.bytes.len();
            self.input
                .read_at(entry.place >> LENGTH_BITS, length, &mut block.bytes)?;
            block.lines.push(start..block.bytes.len());
            self.offset += length as u64 + 1;
        }
        Ok(block.len() > 0)
    }

    /// The next lines as they stand in the file.
    fn read(&mut self, block: &mut Block) -> Result<bool, Error> {
        let mut most = BLOCK;
        loop {
            block.bytes.clear();
            let read = self.input.read_at(self.offset, most, &mut block.bytes)?;
            let at_end = self.offset + read as u64 >= self.input.length() || read == 0;
            if !at_end {
                match memchr::memrchr(b'\n', &block.bytes) {
                    Some(last) => block.bytes.truncate(last + 1),
                    None if most < LONGEST_LINE => {
                        most *= 2;
                        continue;
                    }
                    None => {
                        return Err(Error::failure(format!(
                            "no line end within {LONGEST_LINE} bytes"
                        )));
                    }
                }
            }
            self.offset += block.bytes.len() as u64;
            block.split();
            return Ok(read > 0);
        }
    }

    /// Whether no event is dated before the one above it. Lines that can't be read are in order wherever they stand.
    fn are_sorted(&mut self, progress: &dyn Fn(u64)) -> Result<bool, Error> {
        let mut latest = Instant::MIN;
        let mut block = Block::default();
        loop {
            block.clear();
            if !self.read(&mut block)? {
                return Ok(true);
            }
            progress(self.offset);
            for times in times(&block) {
                for time in times.into_iter().flatten() {
                    if time < latest {
                        return Ok(false);
                    }
                    latest = time;
                }
            }
        }
    }

    /// The index of all lines, by time. A line that can't be read stays behind the one above it.
    fn sorted(&mut self) -> Result<std::vec::IntoIter<Entry>, Error> {
        let mut entries = Vec::new();
        let mut latest = Instant::MIN;
        let mut block = Block::default();
        self.offset = 0;
        loop {
            block.clear();
            let start = self.offset;
            if !self.read(&mut block)? {
                break;
            }
            let times = times(&block).into_iter().flatten();
            for (line, time) in block.lines.iter().zip(times) {
                latest = time.unwrap_or(latest);
                let length = line.len().min((1 << LENGTH_BITS) - 1) as u64;
                entries.push(Entry {
                    time: latest,
                    place: ((start + line.start as u64) << LENGTH_BITS) | length,
                });
            }
        }
        entries.sort_by_key(|entry| entry.time);
        Ok(entries.into_iter())
    }
}

/// The times of a block's events, read side by side.
fn times(block: &Block) -> Vec<Vec<Option<Instant>>> {
    parallel::ranges(block.len(), |range| {
        block.lines(range).map(time_of).collect()
    })
}
