//! The checker: the invariants of a run, over plain values.

mod intake;
mod leaving;
mod passages;

use std::collections::BTreeMap;
use std::fmt;

use super::history::History;
use super::rules::Rules;

pub(super) use leaving::ghosts;

/// Of each invariant so many findings are told.
const MOST_TOLD: usize = 8;

/// Something that was promised and is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Invariant {
    /// The run comes to rest within a bound.
    Rest,
    /// I1: each event that was published is taken in or is a dead letter, and nothing else is.
    NoLoss,
    /// I2: counters and sums are those of the events that were taken in, each once.
    NoDoubleEffect,
    /// I3: who enters a journey, and how often.
    Entry,
    /// I4: each passage is a way through the journey.
    LegalPassage,
    /// I6: no timer is early.
    Timers,
    /// I7: each wait ends in one way.
    OneOutcome,
    /// I8: each action ends in one state, and what was accepted was handed over.
    OutboxComplete,
    /// I9: nothing is handed over more often than it may be.
    HandOverBound,
    /// I10: one key, the same bytes.
    SameBytes,
    /// I11: nothing is handed over that was not committed.
    NoGhosts,
    /// I13: nobody settles what another worker has settled.
    Fencing,
    /// I14: a passage ends on the version it began with.
    Pinning,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<Invariant, Vec<String>>);

impl Findings {
    pub(super) fn add(&mut self, invariant: Invariant, what: String) {
        self.0.entry(invariant).or_default().push(what);
    }

    /// Adds a finding unless something is so.
    pub(super) fn expect(&mut self, so: bool, invariant: Invariant, what: impl FnOnce() -> String) {
        if !so {
            self.add(invariant, what());
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an invariant was found broken.
    pub(super) fn names(&self, invariant: Invariant) -> bool {
        self.0.contains_key(&invariant)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (invariant, found) in &self.0 {
            writeln!(f, "{invariant:?}: {}", found.len())?;
            for one in found.iter().take(MOST_TOLD) {
                writeln!(f, "  {one}")?;
            }
        }
        Ok(())
    }
}

/// Looks whether everything that was promised is so.
pub(super) fn check(history: &History, rules: &Rules) -> Findings {
    let mut found = Findings::default();
    intake::check(history, rules, &mut found);
    passages::check(history, rules, &mut found);
    leaving::check(history, rules, &mut found);
    found
}
