//! The ways out: files, and RabbitMQ.

mod amqp;
mod backoff;
mod file;

use kurant_engine::calendar::Instant;
use kurant_store::{OutboxState, Outgoing, Settled};

pub(crate) use amqp::Amqp;
pub(crate) use file::{Files, HANDED};

/// A command as it leaves.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The row of the outbox.
    pub(crate) row: Outgoing,
    /// One object of JSON.
    pub(crate) text: String,
}

/// What came of handing over.
#[derive(Debug, Default)]
pub(crate) struct HandedOver {
    pub(crate) settled: Vec<Settled>,
    pub(crate) marks: Vec<(String, Option<String>)>,
}

impl HandedOver {
    /// How many were taken on the other side.
    pub(crate) fn accepted(&self) -> u64 {
        let accepted = |settled: &&Settled| settled.state == OutboxState::Accepted;
        self.settled.iter().filter(accepted).count() as u64
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.settled.extend(other.settled);
        self.marks.extend(other.marks);
    }
}

/// It was taken on the other side.
pub(crate) fn accepted(row: &Outgoing) -> Settled {
    settled(row, OutboxState::Accepted, None, None)
}

/// It is given up.
pub(crate) fn dead(row: &Outgoing, reason: String) -> Settled {
    settled(row, OutboxState::Dead, None, Some(reason))
}

/// It was not handed over, and is tried again.
pub(crate) fn again(row: &Outgoing, due: Instant, reason: String) -> Settled {
    settled(row, OutboxState::Pending, Some(due), Some(reason))
}

fn settled(
    row: &Outgoing,
    state: OutboxState,
    due: Option<Instant>,
    reason: Option<String>,
) -> Settled {
    Settled {
        key: row.command.key,
        attempt: row.attempt,
        state,
        due,
        reason,
    }
}
