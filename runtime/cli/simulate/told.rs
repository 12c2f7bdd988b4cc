//! What worlds did, as lines that are not written yet.

use std::collections::VecDeque;
use std::io::{self, Write};

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::id::{CustomerId, rank};

/// Actions of one world as lines, by instant and customer.
#[derive(Default)]
pub(super) struct Told {
    lines: String,
    /// Whose lines they are, and where they end.
    entries: VecDeque<Entry>,
}

/// Consecutive lines of one customer at one instant.
struct Entry {
    at: Instant,
    rank: u128,
    customer: CustomerId,
    end: usize,
}

impl Told {
    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Adds an action, which comes after all those before.
    pub(super) fn add(&mut self, action: Action) {
        action.write_line(&mut self.lines);
        let end = self.lines.len();
        match self.entries.back_mut() {
            Some(last) if last.at == action.at && last.customer == action.customer => {
                last.end = end;
            }
            _ => self.entries.push_back(Entry {
                at: action.at,
                rank: rank(&action.customer),
                customer: action.customer,
                end,
            }),
        }
    }

    /// Takes out what was done before `until`.
    pub(super) fn take(&mut self, until: Instant) -> Self {
        let count = self.entries.partition_point(|entry| entry.at < until);
        let Some(end) = count.checked_sub(1).map(|last| self.entries[last].end) else {
            return Self::default();
        };
        let mut later = Self {
            lines: self.lines.split_off(end),
            entries: self.entries.split_off(count),
        };
        for entry in &mut later.entries {
            entry.end -= end;
        }
        std::mem::replace(self, later)
    }
}

/// Writes what several worlds did, by instant and customer.
pub(super) fn write(told: &mut [Told], out: &mut dyn Write) -> io::Result<()> {
    let mut written = vec![0; told.len()];
    loop {
        let heads = told
            .iter()
            .enumerate()
            .filter_map(|(index, told)| Some((told.entries.front()?, index)));
        let first = heads.min_by(|(one, _), (other, _)| {
            (one.at, one.rank)
                .cmp(&(other.at, other.rank))
                .then_with(|| one.customer.cmp(&other.customer))
        });
        let Some((_, index)) = first else {
            return Ok(());
        };
        let told = &mut told[index];
        if let Some(entry) = told.entries.pop_front() {
            out.write_all(&told.lines.as_bytes()[written[index]..entry.end])?;
            written[index] = entry.end;
        }
    }
}
