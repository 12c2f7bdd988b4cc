//! The log: what was done and what happened, in the order of the commits. One entry holds what one transaction did for one
//! customer, since that is written and read together.

use std::collections::HashMap;
use std::future::Future;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::id::CustomerId;
use kurant_engine::input::Trace;

use crate::{Batch, Error};

/// A place in the log, behind the entry of this number; the default is its beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogPlace(pub i64);

/// What one transaction did for one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, rising.
    pub n: i64,
    /// When it was written, on the clock of whoever wrote it.
    pub clock: Instant,
    /// The customer.
    pub customer: CustomerId,
    /// What was done, or left undone.
    pub actions: Vec<Action>,
    /// What happened on the way.
    pub traces: Vec<Trace>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// When it was written, on the clock of whoever wrote it.
    pub clock: Instant,
    /// The customer.
    pub customer: CustomerId,
    /// What it tells.
    pub what: Happened,
}

/// What a line of the log tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// Something was done, or left undone.
    Did(Action),
    /// Something happened on the way.
    Passed(Trace),
}

/// Some lines of the log, and the place after them.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    /// In the order of their commits.
    pub lines: Vec<LogLine>,
    /// Where to go on.
    pub next: LogPlace,
}

impl LogPage {
    /// The lines of these entries.
    pub(crate) fn of(after: LogPlace, entries: Vec<Entry>) -> Self {
        let next = entries.last().map_or(after, |entry| LogPlace(entry.n));
        let lines = entries.into_iter().flat_map(Entry::lines).collect();
        Self { lines, next }
    }
}

impl Entry {
    fn lines(self) -> impl Iterator<Item = LogLine> {
        let Self {
            clock, customer, ..
        } = self;
        // In the order of making: what came before a line was done before it.
        let mut told = Vec::with_capacity(self.actions.len() + self.traces.len());
        let mut done = self.actions.into_iter();
        let mut count = 0;
        for trace in self.traces {
            let before = usize::try_from(trace.after).unwrap_or(usize::MAX);
            let missing = before.saturating_sub(count);
            told.extend(done.by_ref().take(missing).map(Happened::Did));
            count = count.max(before);
            told.push(Happened::Passed(trace));
        }
        told.extend(done.map(Happened::Did));
        told.into_iter().map(move |what| LogLine {
            clock,
            customer: customer.clone(),
            what,
        })
    }
}

/// Leaves out what stands behind a number that is missing after `after` and may still come: entries written by `settled` are
/// joined by no earlier ones.
pub(crate) fn upto_gap(entries: &mut Vec<Entry>, after: LogPlace, settled: Instant) {
    let mut last = after.0;
    let is_missing = |entry: &Entry| {
        let follows = std::mem::replace(&mut last, entry.n) + 1 == entry.n;
        !follows && entry.clock > settled
    };
    if let Some(place) = entries.iter().position(is_missing) {
        entries.truncate(place);
    }
}

/// One customer's part of what a batch writes down.
pub(crate) struct Part<'b> {
    pub(crate) customer: &'b CustomerId,
    pub(crate) actions: Vec<&'b Action>,
    pub(crate) traces: &'b [Trace],
}

/// What a batch writes down, by customer.
pub(crate) fn parts(batch: &Batch) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut places: HashMap<&CustomerId, usize> = HashMap::new();
    for action in &batch.actions {
        let place = place_of(&action.customer, &mut places, &mut parts);
        parts[place].actions.push(action);
    }
    for (customer, traces) in batch.traces.iter().filter(|(_, own)| !own.is_empty()) {
        let place = place_of(customer, &mut places, &mut parts);
        parts[place].traces = traces;
    }
    parts
}

fn place_of<'b>(
    customer: &'b CustomerId,
    places: &mut HashMap<&'b CustomerId, usize>,
    parts: &mut Vec<Part<'b>>,
) -> usize {
    *places.entry(customer).or_insert_with(|| {
        parts.push(Part {
            customer,
            actions: Vec::new(),
            traces: &[],
        });
        parts.len() - 1
    })
}

/// The place before the first entry that was written at an instant or later: `next` finds the entry after a number. Clocks of
/// entries rise with their numbers.
pub(crate) async fn place<F, R>(last: i64, at: Instant, next: F) -> Result<LogPlace, Error>
where
    F: Fn(i64) -> R,
    R: Future<Output = Result<Option<(i64, Instant)>, Error>>,
{
    let (mut before, mut upto) = (0, last);
    while before < upto {
        let middle = before + (upto - before) / 2;
        match next(middle).await? {
            Some((n, clock)) if clock < at && n <= upto => before = n,
            _ => upto = middle,
        }
    }
    Ok(LogPlace(before))
}
