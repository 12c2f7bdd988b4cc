//! What came of one try to hand something over, and what becomes of its row then.

use std::time::Duration;

use kurant_engine::calendar::Instant;
use kurant_engine::value::Value;
use kurant_store::{Outgoing, Settled};

use super::backoff::{after_refusal, is_over, while_away};
use super::{accepted, again, dead, in_doubt, tried};

/// Nobody is asked to come back later than this, in milliseconds, whatever the other side says.
const LONGEST_ASKED: i64 = kurant_engine::calendar::HOUR;

/// What came of one try. The reasons are read by people and stand in logs: nothing personal is in them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// It was taken.
    Accepted,
    /// It was taken, and the other side knows it by this name, if any.
    Taken(Option<String>),
    /// It was taken, and this came back.
    Answered(Value),
    /// It was not begun, which says nothing about the other side.
    NotBegun(String),
    /// It was surely not taken, and may be later; the other side may say when.
    Later {
        reason: String,
        after: Option<Duration>,
    },
    /// The other side is not there, which says nothing about the message.
    Away(String),
    /// It was refused for good.
    Refused(String),
    /// It was refused for good, since nobody has that address.
    Bounced(String),
    /// It was complete, and nobody knows whether it was taken.
    InDoubt(String),
}

impl Outcome {
    /// Not now.
    pub(crate) fn later(reason: impl Into<String>) -> Self {
        Self::Later {
            reason: reason.into(),
            after: None,
        }
    }

    /// Why it was not taken; nothing where it was.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Accepted | Self::Taken(_) | Self::Answered(_) => "",
            Self::NotBegun(why)
            | Self::Later { reason: why, .. }
            | Self::Away(why)
            | Self::Refused(why)
            | Self::Bounced(why)
            | Self::InDoubt(why) => why,
        }
    }

    /// Whether it tells that the other side is in trouble.
    pub(crate) fn is_trouble(&self) -> bool {
        !matches!(
            self,
            Self::Accepted
                | Self::Taken(_)
                | Self::Answered(_)
                | Self::NotBegun(_)
                | Self::Refused(_)
                | Self::Bounced(_)
        )
    }

    /// Whether it was taken.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Accepted | Self::Taken(_))
    }

    /// Whether nobody has the address.
    pub(crate) fn is_bounce(&self) -> bool {
        matches!(self, Self::Bounced(_))
    }

    /// The name that the other side has for what it took.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Taken(name) => name.clone(),
            _ => None,
        }
    }

    /// What becomes of the row; a message that was surely not taken is tried for `valid_for` milliseconds.
    pub(crate) fn settle(self, row: &Outgoing, now: Instant, valid_for: i64) -> Settled {
        match self {
            Self::Accepted | Self::Taken(_) | Self::Answered(_) => accepted(row),
            Self::NotBegun(reason) => again(row, row.due, reason),
            Self::Later { reason, .. } if is_over(row, now, valid_for) => {
                tried(dead(row, now, reason))
            }
            Self::Later { reason, after } => {
                let asked =
                    after.map_or(0, |after| after.as_millis().try_into().unwrap_or(i64::MAX));
                let earliest = now.plus_millis(asked.min(LONGEST_ASKED));
                tried(again(row, after_refusal(row, now).max(earliest), reason))
            }
            Self::Away(reason) => again(row, while_away(row, now), format!("away: {reason}")),
            Self::Refused(reason) | Self::Bounced(reason) => tried(dead(row, now, reason)),
            Self::InDoubt(reason) => tried(in_doubt(row, now, reason)),
        }
    }
}
