//! What an operator says about one customer, and why it can't always be.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendar::Instant;
use crate::id::Key;

/// An operator's word about one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// What tells this word from others, for those who look for what came of it.
    pub order: String,
    /// Who says so.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: String,
    /// What is to be done.
    pub act: Act,
    /// With which enrollments, each as the operator saw it: whoever has moved on meanwhile is left alone, and what is done is
    /// not done a second time.
    #[serde(default)]
    pub about: Vec<Stand>,
}

/// An enrollment, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// The enrollment.
    pub enrollment: Key,
    /// Where, as [`crate::enrollment::Enrollment::stand`] names it.
    pub at: Key,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub enum Act {
    /// The enrollment ends, and what of it was not handed over never is.
    End,
    /// The step where it stands is passed over.
    Skip,
    /// Its wait ends at another moment.
    Postpone {
        /// When.
        until: Instant,
    },
    /// It goes on with another step.
    Move {
        /// Its id, or its place in the file.
        step: Arc<str>,
    },
    /// The customer is erased, with all that is known.
    Erase,
}

impl Act {
    /// The word that an operator gives.
    pub fn word(&self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Skip => "skip",
            Self::Postpone { .. } => "postpone",
            Self::Move { .. } => "move",
            Self::Erase => "erase",
        }
    }
}

/// Why an operator's word can't be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The customer is not inside, or not any more.
    NotInside,
    /// It is past its last step, and only a fallback waits.
    OnlyFallback,
    /// The enrollment stands elsewhere than the operator saw.
    MovedOn,
    /// It stands at a step that lets no time pass: at this one.
    NoWait(&'static str),
    /// It waits for an event, however long.
    NoTimer,
    /// It has no such step.
    NoSuchStep,
    /// The step reads an event that hasn't come: it stands in the `then` of this `wait_for`.
    NoAnswer(Arc<str>),
    /// Its version can't be read.
    NoVersion,
}

impl Refusal {
    /// In a word, for the log.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotInside => "not_inside",
            Self::OnlyFallback => "only_fallback",
            Self::MovedOn => "moved_on",
            Self::NoWait(_) => "no_wait",
            Self::NoTimer => "no_timer",
            Self::NoSuchStep => "no_such_step",
            Self::NoAnswer(_) => "no_answer",
            Self::NoVersion => "no_version",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInside => f.write_str("the customer is not inside any more"),
            Self::OnlyFallback => f.write_str("only a fallback waits; `end` cancels it"),
            Self::MovedOn => f.write_str("the customer has moved on meanwhile"),
            Self::NoWait(verb) => write!(f, "the step is a `{verb}`, which has no timer to move"),
            Self::NoTimer => {
                f.write_str("the step waits for an event, however long: no timer ends it")
            }
            Self::NoSuchStep => {
                f.write_str("the version that the customer is inside of has no such step")
            }
            Self::NoAnswer(step) => write!(
                f,
                "the step stands in the `then` of `{step}` and reads the event that was waited for, which hasn't come"
            ),
            Self::NoVersion => f.write_str("the version of the journey can't be read"),
        }
    }
}
