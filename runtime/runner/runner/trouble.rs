//! What goes wrong for customers, said in one line for each journey and reason with the number of them: enrollments that end in
//! `error`, conditions that fail, codes that run dry, commands that are given up.

use std::collections::{BTreeMap, HashMap};

use kurant_engine::calendar::MINUTE;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{NO_COUPON, Trace};
use kurant_engine::value::Value;
use kurant_store::Batch;

use super::Runner;
use crate::coupon_level::CouponLevel;
use crate::restore::HELD;

/// The same is said again at the earliest after so many milliseconds of the machine's clock.
const SAID_EVERY: i64 = MINUTE;
/// So many different reasons are told apart.
const MOST_REASONS: usize = 200;
/// What stands for all reasons beyond that.
const OTHER: &str = "for other reasons; `kurant log` has them";

/// What went wrong: the journey's id, and what is to be said of it.
type What = (String, Kind, String);

/// In which way something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// An enrollment ended in `error`.
    Ended,
    /// A condition failed, and counted as false.
    Failed,
    /// A pattern has no codes left.
    Dry,
    /// A coupon pool has none that can be given.
    DryPool,
    /// A command was given up.
    GaveUp,
    /// Nobody knows whether a command was taken.
    InDoubt,
    /// It may have left before the store was restored.
    Held,
}

/// What went wrong in one batch, and how often.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeMap<What, u64>);

/// What went wrong since it was said last.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    known: BTreeMap<What, Tally>,
    /// How many codes are put aside of the coupon pools that had none, where a store was restored.
    aside: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
struct Tally {
    unsaid: u64,
    /// When it was said, on the machine's clock; none = not yet.
    said: Option<i64>,
}

impl Found {
    /// What a batch writes down that went wrong.
    pub(super) fn in_batch(batch: &Batch) -> Self {
        let mut found = Self::default();
        if batch.traces.is_empty() {
            return found;
        }
        let exits = batch
            .actions
            .iter()
            .filter(|action| action.action == "exit" && action.reason.as_deref() == Some("error"));
        let ended: HashMap<Key, ()> = exits.map(|exit| (exit.enrollment, ())).collect();
        for trace in batch.traces.iter().flat_map(|(_, traces)| traces) {
            found.note(trace, &ended);
        }
        found
    }

    /// What came of handing over.
    pub(super) fn in_traces(traces: &[(CustomerId, Vec<Trace>)]) -> Self {
        let mut found = Self::default();
        for trace in traces.iter().flat_map(|(_, traces)| traces) {
            found.note(trace, &HashMap::new());
        }
        found
    }

    /// The coupon pools that had no code for somebody.
    pub(super) fn dry_pools(&self) -> impl Iterator<Item = &str> {
        let dry = self.0.keys().filter(|own| own.1 == Kind::DryPool);
        dry.map(|(_, _, pool)| pool.as_str())
    }

    fn note(&mut self, trace: &Trace, ended: &HashMap<Key, ()>) {
        let is_over = |own: Key| ended.contains_key(&own);
        let kind = match trace.what.as_str() {
            "error" if trace.enrollment.is_some_and(is_over) => Kind::Ended,
            "error" => Kind::Failed,
            "gave_up" => Kind::GaveUp,
            "in_doubt" if trace.reason.as_deref() == Some(HELD) => Kind::Held,
            "in_doubt" => Kind::InDoubt,
            NO_COUPON if trace.values.get("pool").is_some() => Kind::DryPool,
            NO_COUPON => Kind::Dry,
            _ => return,
        };
        let reason = match kind {
            Kind::Dry | Kind::DryPool => trace.values.get("codes").and_then(Value::as_text),
            _ => trace.reason.as_deref(),
        };
        let journey = trace.journey.as_deref().unwrap_or_default().to_owned();
        let what = (journey, kind, reason.unwrap_or_default().to_owned());
        *self.0.entry(what).or_default() += 1;
    }
}

impl Trouble {
    pub(super) fn add(&mut self, found: Found) {
        for ((journey, kind, reason), count) in found.0 {
            let mut what = (journey, kind, reason);
            if self.known.len() >= MOST_REASONS && !self.known.contains_key(&what) {
                what.2 = OTHER.to_owned();
            }
            self.known.entry(what).or_default().unsaid += count;
        }
    }

    /// What is to be said now: whatever is new, and again what goes on. At the end all of it.
    fn lines(&mut self, now: i64, at_the_end: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for ((journey, kind, reason), tally) in &mut self.known {
            let is_due = tally.said.is_none_or(|said| now - said >= SAID_EVERY);
            // That a pattern is dry is said once; nothing about it changes.
            let is_known = *kind == Kind::Dry && tally.said.is_some();
            if tally.unsaid == 0 || is_known || !(is_due || at_the_end) {
                continue;
            }
            let aside = self.aside.get(reason).copied().unwrap_or_default();
            lines.push(line(journey, *kind, reason, tally.unsaid, aside));
            *tally = Tally {
                unsaid: 0,
                said: Some(now),
            };
        }
        lines
    }
}

fn line(journey: &str, kind: Kind, reason: &str, count: u64, aside: u64) -> String {
    let one = count == 1;
    match kind {
        Kind::Ended => {
            let who = if one {
                "1 person"
            } else {
                &format!("{count} people")
            };
            format!("ALERT: {journey}: {who} left with `error`: {reason}")
        }
        Kind::Failed => {
            let times = if one {
                "once"
            } else {
                &format!("{count} times")
            };
            let of = if journey.is_empty() {
                "the workspace"
            } else {
                journey
            };
            format!("ALERT: {of}: a script failed {times}: {reason}")
        }
        Kind::Dry => format!(
            "ALERT: {journey}: no code like {reason} is left; whoever comes now leaves with `no_coupon`. Give the pattern more `#`"
        ),
        Kind::DryPool => {
            let who = if one {
                "1 person"
            } else {
                &format!("{count} people")
            };
            format!(
                "ALERT: {journey}: {who} left with `no_coupon`: coupon pool {reason} has no code left that holds long enough; {}",
                CouponLevel::advice(reason, aside)
            )
        }
        Kind::GaveUp => {
            let what = if one {
                "1 message or command"
            } else {
                &format!("{count} messages or commands")
            };
            format!(
                "ALERT: {journey}: {what} given up: {reason}; `kurant dead list` has them, `kurant dead retry` tries again"
            )
        }
        Kind::Held => {
            let what = if one {
                "1 message or command"
            } else {
                &format!("{count} messages or commands")
            };
            format!(
                "ALERT: {journey}: {what} held that may have left before the store was restored; `kurant held list` has them"
            )
        }
        Kind::InDoubt => {
            let what = if one {
                "1 message or command"
            } else {
                &format!("{count} messages or commands")
            };
            format!(
                "ALERT: {journey}: of {what} nobody knows whether they were taken: {reason}; `kurant dead list` has them"
            )
        }
    }
}

impl Runner {
    /// Adds what went wrong in a batch that is durable.
    pub(super) async fn add_trouble(&mut self, found: Found) {
        if self.restored.is_some() {
            let now = self.clock.now();
            for pool in found.dry_pools() {
                match self.store.pool_level(pool, now, now).await {
                    Ok(own) => drop(self.trouble.aside.insert(pool.to_owned(), own.aside)),
                    // What is said then tells of an import alone.
                    Err(error) => {
                        tracing::warn!(%error, "how many coupon codes are put aside could not be asked");
                    }
                }
            }
        }
        self.trouble.add(found);
    }

    /// Says what has gone wrong, unless the same was said a moment ago.
    pub(crate) fn say_trouble(&mut self, at_the_end: bool) {
        let now = self.clock.real_millis();
        for line in self.trouble.lines(now, at_the_end) {
            self.audience.told(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(reason: &str, count: u64) -> Found {
        let what = ("j".to_owned(), Kind::Ended, reason.to_owned());
        Found(BTreeMap::from([(what, count)]))
    }

    #[test]
    fn the_same_is_said_at_once_and_then_once_a_minute() {
        let mut trouble = Trouble::default();
        trouble.add(found("why", 50));
        let said = trouble.lines(0, false);
        assert_eq!(said, ["ALERT: j: 50 people left with `error`: why"]);
        trouble.add(found("why", 1));
        trouble.add(found("why", 1));
        assert_eq!(trouble.lines(SAID_EVERY - 1, false), [""; 0]);
        let said = trouble.lines(SAID_EVERY, false);
        assert_eq!(said, ["ALERT: j: 2 people left with `error`: why"]);
        trouble.add(found("why", 1));
        let said = trouble.lines(SAID_EVERY + 1, true);
        assert_eq!(said, ["ALERT: j: 1 person left with `error`: why"]);
        assert_eq!(trouble.lines(i64::MAX, true), [""; 0]);
    }

    #[test]
    fn whoever_found_no_code_is_told_with_the_way_to_those_that_are_put_aside() {
        for (aside, advice) in [(0, "coupons import spring"), (3, "coupons release spring")] {
            let mut trouble = Trouble::default();
            let what = ("j".to_owned(), Kind::DryPool, "spring".to_owned());
            trouble.add(Found(BTreeMap::from([(what, 1)])));
            trouble.aside.insert("spring".to_owned(), aside);
            let said = trouble.lines(0, false);
            let first = said[0].split("`kurant ").nth(1).unwrap_or_default();
            assert!(first.starts_with(advice), "{said:?}");
        }
    }

    #[test]
    fn a_flood_of_reasons_is_folded() {
        let mut trouble = Trouble::default();
        for number in 0..2 * MOST_REASONS {
            trouble.add(found(&format!("{number}"), 1));
        }
        let said = trouble.lines(0, false);
        assert_eq!(said.len(), MOST_REASONS + 1);
        assert!(
            said.iter()
                .any(|line| line.contains("200 people") && line.contains(OTHER)),
            "{said:?}"
        );
    }
}
