//! What can happen to a customer, and what a decision about it changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::calendar::{Date, Instant};
use crate::catalog::Reply;
use crate::definition::Category;
use crate::event::Event;
use crate::id::{CustomerId, Key};
use crate::map::Map;
use crate::operator::{Act, Operator};
use crate::provider::{Fate, first_words};
use crate::value::Value;

/// One thing that happens to one customer. The engine's clock is an argument beside it.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// An event was taken in for the first time.
    Event(Arc<Event>),
    /// An event of the past is added: it reaches profile, history, waits, exits and goals, and starts nothing.
    Imported(Arc<Event>),
    /// Timers are due, and these triggers fire; all in the order of their instants.
    Due(Vec<Firing>),
    /// All due messages of the customer are judged and handed over, highest priority first.
    HandOver,
    /// Judges segments for the first time, so that later changes can be seen; starts nothing.
    Baseline,
    /// An operator, or the API, enrolls the customer by hand.
    Enroll {
        /// The journey's id.
        journey: String,
        /// Variables to begin with.
        vars: Map,
        /// What makes a repeated request the same one.
        request: String,
    },
    /// An operator takes the customer in for a firing that was missed.
    EnrollLate {
        /// The journey's id.
        journey: String,
        /// The id of the step to begin at; none = where the customer would stand today.
        step: Option<String>,
    },
    /// A message was given up on its way out: its fallback is tried at once.
    GaveUp {
        /// The message's key.
        key: Key,
    },
    /// A web hook that a journey waits for has answered, or failed for good.
    Replied {
        /// The call's key.
        key: Key,
        /// What came back.
        reply: Reply,
    },
    /// Something that was held back isn't any more: those who were held go on.
    Resume,
    /// A coupon pool has codes again: who left because there was none goes on.
    Refilled {
        /// The pool.
        pool: String,
    },
    /// An operator ends the customer's enrollments in a journey.
    Stop {
        /// The journey's id.
        journey: String,
    },
    /// An operator has a word about this one customer.
    Operator(Arc<Operator>),
}

impl Input {
    /// Whether it may erase the customer.
    pub fn may_erase(&self) -> bool {
        match self {
            Self::Event(event) | Self::Imported(event) => event.erases(),
            Self::Operator(operator) => operator.act == Act::Erase,
            _ => false,
        }
    }
}

/// A date, inactivity or schedule trigger fires for a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Firing {
    /// When it was due.
    pub at: Instant,
    /// The journey's id.
    pub journey: Arc<str>,
    /// Which of the journey's triggers.
    pub trigger: usize,
    /// What it is about.
    pub occasion: Occasion,
}

/// What a firing is about: what makes it the same one when it comes again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// `date`: the occasion itself, a birthday say.
    Date(Date),
    /// `inactive`: the anchor's value.
    Since(Value),
    /// `schedule`: the schedule's instant.
    Time(Instant),
}

/// Everything that one input does to the world outside the person, committed with the person as one value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// What was done, in order: the lines of the actions file.
    pub actions: Vec<Action>,
    /// What must leave after the commit, in order.
    pub commands: Vec<Command>,
    /// What happened and why, for the execution log.
    pub trace: Vec<Trace>,
    /// Codes of coupon pools that the customer was given.
    pub codes: Vec<GivenCode>,
    /// Keys of messages that must not leave any more, if they have not: their enrollment was ended from outside, or another channel
    /// took their place.
    pub withdrawn: Vec<Key>,
}

/// A code of a coupon pool that the customer was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCode {
    /// The pool.
    pub pool: String,
    /// The code.
    pub code: String,
    /// By which journey.
    pub journey: Arc<str>,
    /// In which enrollment.
    pub enrollment: Key,
    /// When, on the logical clock.
    pub at: Instant,
}

/// Something that must leave after the commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The idempotency key.
    pub key: Key,
    /// The customer.
    pub customer: CustomerId,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The step's id or place.
    pub step: Arc<str>,
    /// The logical instant.
    pub at: Instant,
    /// When it was due first: before the night, a cap or a channel that didn't answer put it off.
    pub planned: Instant,
    /// What is to be done.
    pub what: Effect,
}

impl Command {
    /// Whether the end of its enrollment keeps it from leaving: messages and tasks, while what the profile has become is told.
    pub fn ends_with_enrollment(&self) -> bool {
        match &self.what {
            Effect::Send { .. } => true,
            Effect::Crm { command, .. } => command == "task",
            Effect::Emit { .. } | Effect::Webhook { .. } => false,
        }
    }

    /// Whether its journey waits for what comes back.
    pub fn is_awaited(&self) -> bool {
        matches!(self.what, Effect::Webhook { awaited: true, .. })
    }

    /// Whether it is a message to the customer.
    pub fn is_message(&self) -> bool {
        matches!(self.what, Effect::Send { .. })
    }
}

/// What a command does outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// A message to the customer.
    Send {
        /// The channel.
        channel: String,
        /// The address.
        to: String,
        /// The template's name.
        template: String,
        /// Up to when it is worth sending; none = always.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid_until: Option<Instant>,
        /// What the template sees: `customer`, `data`, `event`, `trigger`, `vars`.
        context: Map,
        /// Its journey's.
        #[serde(default)]
        category: Category,
    },
    /// A command to the CRM: `task`, `assign`, `set`, `tag`, `untag`, `score`.
    Crm {
        /// Which.
        command: String,
        /// Its content.
        data: Map,
    },
    /// An event to the broker.
    Emit {
        /// The event.
        event: Arc<Event>,
    },
    /// An HTTP call.
    Webhook {
        /// Where to.
        url: String,
        /// GET, POST and so on.
        method: String,
        /// Its headers.
        headers: Map,
        /// Its body.
        body: Value,
        /// Whether its journey waits for what comes back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        awaited: bool,
    },
}

/// What a trace says when an enrollment reaches its goal.
pub const GOAL: &str = "goal";
/// What a trace says when there is no code left to give, and the reason of the exit that follows.
pub const NO_COUPON: &str = "no_coupon";

/// What may become of a message, in the words by which the callbacks of providers are described.
pub const FATES: [&str; Fate::ALL.len() - 1] = first_words();

/// What a trace says when somebody is erased.
pub const ERASED: &str = "erased";

/// One line of the execution log: what happened, at which place of the author's file, and the values that mattered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The engine's clock.
    pub clock: Instant,
    /// The logical instant.
    pub at: Instant,
    /// The journey's id; none for what concerns the customer alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<Arc<str>>,
    /// The enrollment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<Key>,
    /// The place in the author's file: `steps[2].when`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Arc<str>>,
    /// What happened: `entered`, `not_entered`, `waits`, `missed`, `too_late`, `error`, ...
    pub what: String,
    /// Why, in a word: `audience`, `already_active`, `again`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The values that mattered.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map,
    /// How many actions of the same decision were made before it: by this what was done and what happened are told in one order.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Changes {
    /// Writes a line down, after what was done so far.
    pub(crate) fn note(&mut self, line: Trace) {
        let after = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.trace.push(Trace { after, ..line });
    }

    /// Adds what was done later.
    pub fn add(&mut self, later: Self) {
        let before = u32::try_from(self.actions.len()).unwrap_or(u32::MAX);
        self.trace.extend(later.trace.into_iter().map(|line| Trace {
            after: line.after.saturating_add(before),
            ..line
        }));
        self.actions.extend(later.actions);
        self.commands.extend(later.commands);
        self.codes.extend(later.codes);
        self.withdrawn.extend(later.withdrawn);
    }
}
