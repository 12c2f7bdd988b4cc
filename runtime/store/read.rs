//! What is asked of a store, and what it answers.

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Needs;
use kurant_engine::enrollment::Enrollment;
use kurant_engine::id::Key;
use kurant_engine::person::Person;

use crate::{OutboxState, Outgoing, Rejected, Share};

/// Events of one type that are loaded with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The type.
    pub kind: String,
    /// All at or after an instant; none = none for their age.
    pub since: Option<Instant>,
    /// And the latest one, however old.
    pub latest: bool,
    /// And all since what started the customer's oldest enrollment that goes on, or may go on once there is a coupon for it.
    pub enrolled: bool,
}

impl Kept {
    /// What decisions at this instant look back on.
    pub fn of(needs: &Needs, now: Instant) -> Vec<Self> {
        let kept = needs.iter().map(|(kind, keep)| Self {
            kind: kind.to_owned(),
            since: keep.millis.map(|millis| now.plus_millis(-millis)),
            latest: keep.latest,
            enrolled: keep.enrolled,
        });
        kept.collect()
    }

    /// The first instant from which all events are loaded, for a customer.
    pub(crate) fn floor(&self, person: &Person) -> Option<Instant> {
        let own = person
            .enrollments
            .iter()
            .filter(|enrollment| self.enrolled && enrollment.looks_back());
        own.map(Enrollment::began).chain(self.since).min()
    }

    /// Whether an event is loaded, apart from being the latest.
    pub(crate) fn holds(&self, person: &Person, kind: &str, time: Instant) -> bool {
        self.kind == kind && self.floor(person).is_some_and(|floor| time >= floor)
    }
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

/// Where a command stands that is in the outbox still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InOutbox {
    /// The command's key.
    pub key: Key,
    /// Which way out.
    pub route: String,
    /// Its state: never one that leaves the outbox.
    pub state: OutboxState,
    /// When it may leave; when it was given up or became doubtful.
    pub due: Instant,
    /// How often the other side was asked to take it.
    pub tries: u32,
    /// Why it stands there, as far as somebody said.
    pub reason: Option<String>,
    /// What it belongs to was ended meanwhile: it must not leave any more.
    pub is_withdrawn: bool,
}

/// A dead letter as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number, rising.
    pub n: i64,
    /// What it holds.
    pub rejected: Rejected,
}

/// What a worker says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// It lives at this instant.
    pub at: Instant,
    /// Events that its source still holds may be as old as this; none = it isn't behind.
    pub behind: Option<Instant>,
    /// It has taken up what operators said before this instant.
    pub heeded: Instant,
}

/// What a worker hears of the others when it says that it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crew {
    /// What falls to it.
    pub share: Share,
    /// Events that somebody's source still holds may be as old as this; none = nobody is behind.
    pub behind: Option<Instant>,
}

impl Crew {
    /// Whoever works alone.
    pub const ALONE: Self = Self {
        share: Share::ALL,
        behind: None,
    };
}

/// Somebody who works on a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name.
    pub name: String,
    /// What it said of itself last, where workers tell.
    pub word: Option<Word>,
}
