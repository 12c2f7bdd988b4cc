//! Counts what is done, for whoever watches.
//!
//! Counting happens once a batch, never once an event, and does nothing while nobody exports. Labels are words of Kurant's own
//! and names that stand in the workspace: never anything of a customer.

mod exporter;
mod names;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_store::{OutboxState, Outgoing};
use metrics::{counter, gauge, histogram};

use crate::intake::{Receipt, Via};

pub(crate) use exporter::Exporter;
use names::*;

/// Events that were received and not settled yet, by their way. They are this process's, like the counters.
static IN_HAND: [AtomicI64; Via::ALL.len()] = [const { AtomicI64::new(0) }; Via::ALL.len()];
/// The verbs that an action may have; another one is a word of nobody's.
const VERBS: [&str; 13] = [
    "assign", "coupon", "emit", "enter", "exit", "score", "send", "set", "start", "tag", "task",
    "untag", "webhook",
];

/// A delivery came: so many events, and so many dead letters that its source made.
pub(crate) fn received(via: Via, events: usize, rejected: usize) {
    let count = events + rejected;
    if count > 0 {
        counter!(RECEIVED, "source" => via.word()).increment(count as u64);
        in_hand(via, count as i64);
    }
}

/// It is known what became of a delivery.
pub(crate) fn settled(receipt: &Receipt) {
    let via = receipt.via;
    let mut count = 0;
    for (outcome, own) in [
        ("taken", receipt.taken),
        ("repeated", receipt.repeated),
        ("refused", receipt.refused.len()),
        ("rejected", receipt.rejected),
    ] {
        if own > 0 {
            event_outcome(via, outcome, own as u64);
            count += own;
        }
    }
    in_hand(via, -(count as i64));
}

/// A request was refused before it was a delivery.
pub(crate) fn refused(via: Via, events: usize) {
    received(via, events, 0);
    event_outcome(via, "refused", events as u64);
    in_hand(via, -(events as i64));
}

/// What is in hand goes back to where it came from: it comes again.
pub(crate) fn given_back() {
    for via in Via::ALL {
        let count = IN_HAND[via as usize].load(Ordering::Relaxed);
        if count > 0 {
            event_outcome(via, "given_back", count.cast_unsigned());
            in_hand(via, -count);
        }
    }
}

fn event_outcome(via: Via, outcome: &'static str, count: u64) {
    counter!(EVENTS, "source" => via.word(), "outcome" => outcome).increment(count);
}

fn in_hand(via: Via, more: i64) {
    let now = IN_HAND[via as usize].fetch_add(more, Ordering::Relaxed) + more;
    gauge!(EVENTS_IN_HAND, "source" => via.word()).set(now as f64);
}

/// A batch was decided: so many events and customers.
pub(crate) fn decided(events: usize, customers: usize, took: Duration) {
    histogram!(BATCH_EVENTS).record(events as f64);
    histogram!(BATCH_CUSTOMERS).record(customers as f64);
    histogram!(DECIDE_SECONDS).record(took.as_secs_f64());
}

/// A batch is durable, with so many events in effect.
pub(crate) fn committed(seen: usize, took: Duration) {
    counter!(BATCHES, "outcome" => "committed").increment(1);
    counter!(EVENTS_COMMITTED).increment(seen as u64);
    histogram!(COMMIT_SECONDS).record(took.as_secs_f64());
}

/// A batch was not written, because somebody else was first: it is decided again.
pub(crate) fn conflict() {
    counter!(BATCHES, "outcome" => "conflict").increment(1);
}

/// A batch was not written, because something in it failed: it is taken apart.
pub(crate) fn taken_apart() {
    counter!(BATCHES, "outcome" => "failed").increment(1);
}

/// Timers are worked off that were due at these moments.
pub(crate) fn timers(due: impl Iterator<Item = Instant>, now: Instant) {
    let (count, lateness) = (counter!(TIMERS), histogram!(TIMER_LATENESS));
    for at in due {
        count.increment(1);
        lateness.record(now.millis_since(at).max(0) as f64 / 1_000.0);
    }
}

/// Actions are durable.
pub(crate) fn acted(actions: &[Action]) {
    let mut counted: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
    for action in actions {
        let verb = VERBS.iter().find(|verb| **verb == action.action);
        let status = match action.status {
            ActionStatus::Sent => "sent",
            ActionStatus::Skipped => "skipped",
            ActionStatus::Deferred => "deferred",
        };
        *counted
            .entry((verb.copied().unwrap_or("other"), status))
            .or_default() += 1;
    }
    for ((verb, status), count) in counted {
        counter!(ACTIONS, "verb" => verb, "status" => status).increment(count);
    }
}

/// Commands are durable, and are to leave.
pub(crate) fn commands(made: &[Outgoing]) {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for row in made {
        *counted.entry(row.route.as_str()).or_default() += 1;
    }
    for (route, count) in counted {
        counter!(COMMANDS, "route" => route.to_owned()).increment(count);
    }
}

/// How hand-overs went, until they are counted.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<(String, OutboxState, &'static str, u64)>);

impl Tally {
    /// One more.
    pub(crate) fn note(&mut self, row: &Outgoing, state: OutboxState) {
        let attempt = match row.tries {
            0 => "1",
            1 => "2",
            2..=4 => "3-5",
            _ => "6+",
        };
        self.add_up(&row.route, state, attempt, 1);
    }

    /// All of another one.
    pub(crate) fn add(&mut self, other: Self) {
        for (route, state, attempt, count) in other.0 {
            self.add_up(&route, state, attempt, count);
        }
    }

    fn add_up(&mut self, route: &str, state: OutboxState, attempt: &'static str, more: u64) {
        let is_it = |one: &&mut (String, OutboxState, &'static str, u64)| {
            one.0 == route && one.1 == state && one.2 == attempt
        };
        match self.0.iter_mut().find(is_it) {
            Some((.., count)) => *count += more,
            None => self.0.push((route.to_owned(), state, attempt, more)),
        }
    }

    /// Counts them.
    pub(crate) fn count(self) {
        for (route, state, attempt, count) in self.0 {
            let outcome = match state {
                OutboxState::Pending | OutboxState::Claimed => "again",
                other => other.word(),
            };
            counter!(HAND_OVERS, "route" => route, "outcome" => outcome, "attempt" => attempt)
                .increment(count);
        }
    }
}

/// A provider called: so many times this came of it.
pub(crate) fn called(channel: &str, outcome: &'static str, count: usize) {
    if count > 0 {
        counter!(CALLBACKS, "channel" => channel.to_owned(), "outcome" => outcome)
            .increment(count as u64);
    }
}

/// A mail came back, and this came of it.
pub(crate) fn returned(outcome: &'static str) {
    counter!(RETURNED, "outcome" => outcome).increment(1);
}

/// Something was noticed of how messages are read, and kept or not.
pub(crate) fn tracked(what: &'static str, outcome: &'static str) {
    counter!(TRACKED, "what" => what, "outcome" => outcome).increment(1);
}

/// Whether a part of what is needed is there.
pub(crate) fn up(part: &'static str, is_up: bool) {
    gauge!(UP, "part" => part).set(f64::from(u8::from(is_up)));
}

/// How many codes of a coupon pool can be given.
pub(crate) fn codes_left(pool: &str, count: u64) {
    gauge!(CODES_LEFT, "pool" => pool.to_owned()).set(count as f64);
}

/// How far intake is behind.
pub(crate) fn lag(millis: i64) {
    gauge!(INTAKE_LAG).set(millis.max(0) as f64 / 1_000.0);
}

/// How many workers there are, and whether this one leads.
pub(crate) fn crew(workers: u32, leads: bool) {
    gauge!(WORKERS).set(f64::from(workers));
    gauge!(LEADS).set(f64::from(u8::from(leads)));
}

/// How far the clock of all workers is ahead of this machine's.
pub(crate) fn clock_ahead(millis: i64) {
    gauge!(CLOCK_AHEAD).set(millis as f64 / 1_000.0);
}

/// So much was old enough to be forgotten.
pub(crate) fn forgotten(what: &'static str, count: u64) {
    if count > 0 {
        counter!(FORGOTTEN, "what" => what).increment(count);
    }
}

/// How long something is there that should be gone.
pub(crate) fn kept(what: &'static str, lag: i64) {
    gauge!(RETENTION_LAG, "what" => what).set(lag.max(0) as f64 / 1_000.0);
}
