//! What an operator decides about a command that was given up, and what the log is told of it.

use kurant_engine::calendar::Instant;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use kurant_runner::{DROPPED, Steering};
use kurant_store::{Batch, GivenUp, OutboxState, Settled};

use crate::hand_over::TRIED_AGAIN;

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It leaves once more.
    TriedAgain,
    /// What it belongs to was ended meanwhile: however often it is tried, it must not leave.
    Withdrawn,
    /// Nobody wants it any more.
    Dropped,
}

impl Fate {
    pub(crate) fn of(own: &GivenUp, again: bool) -> Self {
        match again {
            false => Self::Dropped,
            true if own.outgoing.is_withdrawn => Self::Withdrawn,
            true => Self::TriedAgain,
        }
    }

    /// Notes it, with a line for the log, which whoever runs writes.
    pub(crate) fn settle(self, own: &GivenUp, batch: &mut Batch) {
        let (row, now) = (&own.outgoing, batch.clock);
        let (state, reason) = match self {
            Self::TriedAgain => (OutboxState::Pending, None),
            Self::Withdrawn => (OutboxState::Skipped, Some("withdrawn".to_owned())),
            Self::Dropped => (OutboxState::Skipped, Some("dropped".to_owned())),
        };
        batch.settled.push(Settled {
            key: row.command.key,
            attempt: row.attempt,
            // Asked for by hand, it is tried as if for the first time.
            tries: 0,
            state,
            due: Some(now),
            reason,
            taken: None,
        });
        let command = &row.command;
        let line = self.line(own, now);
        batch
            .marks
            .push(Steering::fate(&command.customer, command.key, &line));
    }

    fn line(self, own: &GivenUp, now: Instant) -> Trace {
        let row = &own.outgoing;
        let (what, reason) = match self {
            Self::TriedAgain => (TRIED_AGAIN, None),
            Self::Withdrawn => ("not_sent", Some("withdrawn".to_owned())),
            Self::Dropped => (DROPPED, None),
        };
        let mut values = Map::new();
        values.insert("key", Value::text(row.command.key.to_string()));
        values.insert("route", Value::text(row.route.as_str()));
        values.insert("attempts", Value::Integer(row.tries.into()));
        Trace {
            clock: now,
            at: now,
            journey: Some(row.command.journey.clone()),
            enrollment: None,
            place: Some(row.command.step.clone()),
            what: what.to_owned(),
            reason,
            values,
            after: 0,
        }
    }
}
