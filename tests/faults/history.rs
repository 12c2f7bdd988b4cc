//! A run in plain values: what was published, what the store tells, and what receivers got.

use std::collections::{BTreeMap, BTreeSet};

/// What is known of a run once it has come to rest.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// The producer's log: each event once, however often it was sent.
    pub(super) published: Vec<Event>,
    /// What was sent and is no event.
    pub(super) no_events: Vec<String>,
    pub(super) told: Told,
    /// What receivers got, in the order in which it came.
    pub(super) received: Vec<Received>,
    /// How often a worker was stopped in the middle of its work.
    pub(super) stops: usize,
}

/// An event that a producer published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) customer: String,
    /// Its fields that are numbers.
    pub(super) numbers: BTreeMap<String, i64>,
}

/// What the store tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The ids of published events that were taken in.
    pub(super) taken: BTreeSet<String>,
    /// How many events were taken in, those of journeys too.
    pub(super) taken_in_all: usize,
    /// The bodies of dead letters.
    pub(super) letters: Vec<String>,
    pub(super) customers: BTreeMap<String, Known>,
    /// The execution log, in its order.
    pub(super) log: Vec<Line>,
    /// How many are inside a journey still.
    pub(super) inside: u64,
    /// How many commands stand where, by route and state.
    pub(super) outbox: BTreeMap<(String, String), u64>,
    /// The keys of commands that were given up.
    pub(super) given_up: BTreeSet<String>,
}

/// What the store keeps of a customer.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The attributes that are numbers.
    pub(super) numbers: BTreeMap<String, i64>,
    /// The ids of the events in the history.
    pub(super) events: Vec<String>,
}

/// A line of the execution log.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The engine's clock when it was decided, in milliseconds.
    pub(super) clock: i64,
    pub(super) customer: String,
    pub(super) journey: String,
    /// None for what concerns no enrollment.
    pub(super) enrollment: Option<String>,
    /// The step's id for what was done, its place in the file for what happened.
    pub(super) step: String,
    pub(super) what: What,
}

/// What a line tells.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// Something was done.
    Did(Done),
    /// Something happened.
    Passed {
        /// `waits`, `timeout`, `not_entered`, ...
        what: String,
        /// Until when, for a wait.
        until: Option<i64>,
    },
    /// A command that waited must not leave any more, by its key.
    Withheld(String),
}

/// An action.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) verb: String,
    pub(super) key: String,
    /// Whether it was done, and neither skipped nor put off.
    pub(super) is_sent: bool,
    pub(super) reason: Option<String>,
    /// Which way its command leaves, if it has one.
    pub(super) route: Option<String>,
}

/// Something that a receiver got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) route: String,
    pub(super) key: String,
    pub(super) customer: String,
    pub(super) body: String,
}

impl Line {
    /// The action, if it is one that was done.
    pub(super) fn sent(&self) -> Option<&Done> {
        match &self.what {
            What::Did(done) if done.is_sent => Some(done),
            _ => None,
        }
    }

    /// Whether it tells that something of this name happened.
    pub(super) fn tells(&self, word: &str) -> bool {
        matches!(&self.what, What::Passed { what, .. } if what == word)
    }
}

impl History {
    /// The keys of commands that must not leave any more.
    pub(super) fn withheld(&self) -> BTreeSet<&str> {
        let lines = self.told.log.iter();
        lines
            .filter_map(|line| match &line.what {
                What::Withheld(key) => Some(key.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The actions that were done, in order.
    pub(super) fn sent(&self) -> impl Iterator<Item = (&Line, &Done)> {
        let lines = self.told.log.iter();
        lines.filter_map(|line| Some((line, line.sent()?)))
    }
}
