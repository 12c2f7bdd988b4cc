//! What is asked of a store, and what it answers.

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::id::Key;
use kurant_engine::input::Trace;
use kurant_engine::person::Person;

use crate::{OutboxState, Outgoing, Rejected};

/// Events of one type that are loaded with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The type.
    pub kind: String,
    /// All at or after an instant; none = none for their age.
    pub since: Option<Instant>,
    /// And the latest one, however old.
    pub latest: bool,
    /// And all since the customer's oldest active enrollment began.
    pub enrolled: bool,
}

impl Kept {
    /// The first instant from which all events are loaded, for a customer.
    pub(crate) fn floor(&self, person: &Person) -> Option<Instant> {
        let active = person
            .enrollments
            .iter()
            .filter(|enrollment| self.enrolled && enrollment.is_active());
        active
            .map(|enrollment| enrollment.entered)
            .chain(self.since)
            .min()
    }

    /// Whether an event is loaded, apart from being the latest.
    pub(crate) fn holds(&self, person: &Person, kind: &str, time: Instant) -> bool {
        self.kind == kind && self.floor(person).is_some_and(|floor| time >= floor)
    }
}

/// One line of the execution log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its number, rising.
    pub n: i64,
    /// What was done.
    pub action: Action,
}

/// The traces of one customer in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// Their number, rising.
    pub n: i64,
    /// In the order of happening.
    pub traces: Vec<Trace>,
}

/// How many are inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inside {
    /// The journey's id.
    pub journey: String,
    /// The version.
    pub version: Key,
    /// The number of the step; none past the last.
    pub node: Option<u32>,
    /// So many.
    pub count: u64,
}

/// How many rows of the outbox stand where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Which way out.
    pub route: String,
    /// In which state.
    pub state: OutboxState,
    /// So many.
    pub count: u64,
}

/// The size of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Customers.
    pub customers: u64,
    /// Events taken in.
    pub events: u64,
    /// Lines of the execution log.
    pub actions: u64,
    /// Dead letters.
    pub rejected: u64,
}

/// A command that somebody has to look at: dead, or in doubt.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenUp {
    /// Its number, rising.
    pub n: i64,
    /// The command; `due` is when it was given up.
    pub outgoing: Outgoing,
    /// Why.
    pub reason: Option<String>,
}

/// A dead letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number, rising.
    pub n: i64,
    /// What it holds.
    pub rejected: Rejected,
}

/// Somebody who works on a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub name: String,
    /// When it was last heard of, where workers tell.
    pub heard: Option<Instant>,
}
