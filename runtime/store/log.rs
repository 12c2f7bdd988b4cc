//! The log: what was done and what happened, in the order of the commits.

use std::collections::VecDeque;
use std::future::Future;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::id::CustomerId;
use kurant_engine::input::Trace;

use crate::Error;

/// A place in the log, between two lines; the default is its beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogPlace {
    /// The number of the latest traces before it.
    pub traces: i64,
    /// The number of the latest action before it.
    pub actions: i64,
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

/// Rows of one table of the log, as far as they were asked for.
pub(crate) struct Series<T> {
    pub(crate) rows: VecDeque<Row<T>>,
    /// There are more.
    pub(crate) more: bool,
}

/// A row of a table of the log.
pub(crate) struct Row<T> {
    pub(crate) n: i64,
    pub(crate) clock: Instant,
    pub(crate) customer: CustomerId,
    pub(crate) body: T,
}

impl<T> Series<T> {
    /// Rows in the order of their numbers, read with a limit. Where customers' rows stand side by side, `gaps` is the number
    /// before the first of them, and the series ends before a number that is missing and may still come.
    pub(crate) fn new(
        rows: Vec<Row<T>>,
        limit: usize,
        gaps: Option<i64>,
        settled: Instant,
    ) -> Self {
        let more = rows.len() >= limit;
        let mut rows: VecDeque<Row<T>> = rows.into();
        let Some(mut last) = gaps else {
            return Self { rows, more };
        };
        let is_missing = |row: &Row<T>| {
            let follows = std::mem::replace(&mut last, row.n) + 1 == row.n;
            !follows && row.clock > settled
        };
        match rows.iter().position(is_missing) {
            Some(place) => {
                rows.truncate(place);
                // What stands behind the gap waits.
                Self { rows, more: true }
            }
            None => Self { rows, more },
        }
    }

    /// When its next row was written; none if that is not known yet.
    fn next(&self) -> Option<Instant> {
        match self.rows.front() {
            Some(row) => Some(row.clock),
            None if self.more => None,
            None => Some(Instant::MAX),
        }
    }
}

/// Two tables as one, by their clocks.
pub(crate) fn merged(
    after: LogPlace,
    mut actions: Series<Action>,
    mut traces: Series<Vec<Trace>>,
) -> LogPage {
    let mut page = LogPage {
        lines: Vec::new(),
        next: after,
    };
    while let (Some(action), Some(trace)) = (actions.next(), traces.next()) {
        if action <= trace {
            let Some(row) = actions.rows.pop_front() else {
                break;
            };
            page.next.actions = row.n;
            page.lines.push(LogLine {
                clock: row.clock,
                customer: row.customer,
                what: Happened::Did(row.body),
            });
        } else if let Some(row) = traces.rows.pop_front() {
            page.next.traces = row.n;
            page.lines.extend(row.body.into_iter().map(|trace| LogLine {
                clock: row.clock,
                customer: row.customer.clone(),
                what: Happened::Passed(trace),
            }));
        }
    }
    page
}

/// The number before the first row that was written at an instant or later: `next` finds the row after a number. Clocks of
/// rows rise with their numbers.
pub(crate) async fn place<F, R>(last: i64, at: Instant, next: F) -> Result<i64, Error>
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
    Ok(before)
}
