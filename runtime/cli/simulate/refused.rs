//! Lines that were not taken, counted by reason.

use std::collections::BTreeMap;

use kurant_engine::decode::Error;

/// What was refused, by file and reason, with the first of each.
#[derive(Debug, Default)]
pub(super) struct Refused {
    counts: BTreeMap<(&'static str, &'static str), (u64, String)>,
}

impl Refused {
    /// A line of the customers file.
    pub(super) fn customer(&mut self, line: u64, error: &Error) {
        self.count("customers", error.reason(), || {
            format!("first in line {line}: {error}")
        });
    }

    /// A row of the customers file that could not be taken apart.
    pub(super) fn row(&mut self, line: u64, message: &str) {
        self.count("customers", "not_a_row", || {
            format!("first in line {line}: {message}")
        });
    }

    /// A row of the events file that could not be taken apart.
    pub(super) fn event_row(&mut self, line: u64, message: &str) {
        self.count("events", "not_a_row", || {
            format!("first in line {line}: {message}")
        });
    }

    /// A line of the events file.
    pub(super) fn event(&mut self, error: &Error) {
        self.count("events", error.reason(), || format!("first: {error}"));
    }

    /// An event that had come before.
    pub(super) fn repeated(&mut self) {
        self.count("events", "repeated", || {
            "their source and id had come before".to_owned()
        });
    }

    fn count(&mut self, file: &'static str, reason: &'static str, first: impl FnOnce() -> String) {
        self.counts
            .entry((file, reason))
            .or_insert_with(|| (0, first()))
            .0 += 1;
    }

    /// Whether anything was.
    pub(super) fn any(&self) -> bool {
        !self.counts.is_empty()
    }

    /// Tells on standard error.
    pub(super) fn tell(&self) {
        for ((file, reason), (count, first)) in &self.counts {
            eprintln!("{count} {file} not taken: {reason} ({first})");
        }
    }
}
