//! What the five journeys say, step by step, copied out of their files by hand.

use chrono::NaiveDate;

use self::Step::{Churn, Letter, Listen, Otherwise, Remind, Until};
use super::days::Moment;

/// The five journeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Journey {
    Birthday,
    Dormant,
    Cart,
    Lead,
    Welcome,
}

/// What a journey does, one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// A letter, which is worth sending for so many days.
    Letter(&'static str, Option<u64>),
    /// Time passes.
    Until(&'static str),
    /// An answer is waited for.
    Listen,
    /// A manager is told.
    Remind,
    /// Another channel than the one that was of no use.
    Otherwise,
    /// The customer counts as lost.
    Churn,
}

impl Journey {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Birthday => "birthday-silver",
            Self::Dormant => "dormant-cascade",
            Self::Cart => "abandoned-cart",
            Self::Lead => "no-reply",
            Self::Welcome => "welcome",
        }
    }

    pub(super) fn steps(self) -> &'static [Step] {
        match self {
            Self::Birthday => &[
                Letter("offer", None),
                Until("until-last-days"),
                Letter("reminder", Some(2)),
            ],
            Self::Dormant => &[
                Letter("nine", None),
                Until("until-twelve"),
                Letter("twelve", None),
                Until("until-fifteen"),
                Letter("fifteen", None),
                Until("three-years"),
                Churn,
            ],
            Self::Cart => &[
                Until("an-hour"),
                Letter("reminder", Some(1)),
                Until("next-day"),
                Letter("incentive", Some(1)),
            ],
            Self::Lead => &[Listen, Remind, Otherwise],
            Self::Welcome => &[
                Letter("hello", None),
                Until("three-days"),
                Letter("incentive", None),
                Until("last-day"),
                Letter("last-call", Some(1)),
            ],
        }
    }
}

/// What started somebody's way through a journey.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// The day that is celebrated.
    Day(NaiveDate),
    /// The last purchase.
    Since(Moment),
    /// How the lead was written to.
    Lead(&'static str),
    Event,
}

/// Where somebody stands.
#[derive(Debug, Clone)]
pub(super) enum Stand {
    Waiting(Moment),
    Listening {
        since: Moment,
        until: Moment,
    },
    Sending {
        planned: Moment,
        due: Moment,
        is_deferred: bool,
    },
    Over,
}

/// Somebody's way through a journey.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    pub(super) journey: Journey,
    pub(super) key: String,
    pub(super) about: About,
    pub(super) step: usize,
    pub(super) stand: Stand,
    /// When another channel is tried, and whether it was put off.
    pub(super) fallback: Option<(Moment, bool)>,
}
