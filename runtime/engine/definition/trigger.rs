//! What starts a journey.

use serde::{Deserialize, Serialize};

use super::Script;
use crate::calendar::{DateRule, Duration, InactiveRule, Schedule, Zone};

/// One trigger of a journey.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Which kind it is, with its own options.
    #[serde(flatten)]
    pub kind: TriggerKind,
    /// How late a firing is still made up for (`date`, `inactive`, `schedule`); a day unless told.
    pub catch_up: Duration,
}

/// The kinds of triggers. LANGUAGE: `event`, `date`, `inactive`, `enters`, `leaves`, `schedule`, `manual`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// An event of this type is taken in.
    Event {
        /// The type.
        event: String,
        /// Which of them: `where`.
        filter: Option<Script>,
        /// Older ones, on arrival, start nothing; a day unless told.
        max_age: Duration,
    },
    /// A day reckoned from an attribute of the customer.
    Date {
        /// The attribute's name, without `customer.`.
        of: String,
        /// Which day, and when on it.
        rule: DateRule,
    },
    /// The attribute's moment has become that old.
    Inactive {
        /// The attribute's name, without `customer.`.
        since: String,
        /// How old, and when on the day.
        rule: InactiveRule,
    },
    /// The customer comes into the segment.
    Enters {
        /// The segment's name.
        segment: String,
    },
    /// The customer falls out of the segment.
    Leaves {
        /// The segment's name.
        segment: String,
    },
    /// At each time, for every customer that satisfies the audience.
    Schedule {
        /// When.
        schedule: Schedule,
        /// On whose clock; the workspace's unless told.
        timezone: Option<Zone>,
    },
    /// By hand: the API, the command line, or another journey's `start`.
    Manual,
}

impl TriggerKind {
    /// The word that stands in YAML and in `trigger.kind`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Event { .. } => "event",
            Self::Date { .. } => "date",
            Self::Inactive { .. } => "inactive",
            Self::Enters { .. } => "enters",
            Self::Leaves { .. } => "leaves",
            Self::Schedule { .. } => "schedule",
            Self::Manual => "manual",
        }
    }

    /// The attribute whose moment is reckoned from, for `date` and `inactive`.
    pub fn anchor(&self) -> Option<&str> {
        match self {
            Self::Date { of, .. } => Some(of),
            Self::Inactive { since, .. } => Some(since),
            _ => None,
        }
    }

    /// The segment that is watched, for `enters` and `leaves`.
    pub fn segment(&self) -> Option<&str> {
        match self {
            Self::Enters { segment } | Self::Leaves { segment } => Some(segment),
            _ => None,
        }
    }
}
