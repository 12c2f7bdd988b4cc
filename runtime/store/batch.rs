//! What one transaction writes.

use std::sync::Arc;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::enrollment::Enrollment;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Command, Trace};
use kurant_engine::person::Person;

use crate::{AnchorRow, CodeGiven, Erasure, NewCode};

/// A customer as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Everything that decisions need; the history only as far as it was asked for.
    pub person: Person,
    /// Date and inactivity triggers are worked off up to here, where that is later than the runner's own place.
    pub fired: Instant,
    /// The number that this state has once it is written: 1 for a new customer, one more with each write.
    pub revision: u64,
}

/// Everything that one transaction writes: all of it, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The clock when it was decided, for the log.
    pub clock: Instant,
    /// Customers as they are now.
    pub persons: Vec<Arc<Stored>>,
    /// Anchors that are no longer.
    pub anchors_gone: Vec<AnchorRow>,
    /// Anchors that are new.
    pub anchors: Vec<AnchorRow>,
    /// Events taken in; none may have been before.
    pub seen: Vec<Seen>,
    /// Events for the history, in the order of their arrival.
    pub events: Vec<Arc<Event>>,
    /// How many events were taken in and are not kept: they were about somebody who is erased.
    pub dropped: u64,
    /// Customers of whom nothing that is there so far is kept; whatever else is written comes after.
    pub erased: Vec<Erasure>,
    /// Enrollments that began or moved on, and those that customers' states hold no more.
    pub enrollments: Vec<EnrollmentRow>,
    /// What was done, each by a customer among those written.
    pub actions: Vec<Action>,
    /// What happened and why, by customer: each of them is among those written.
    pub traces: Vec<(CustomerId, Vec<Trace>)>,
    /// What must leave.
    pub outbox: Vec<Outgoing>,
    /// Codes that are imported into coupon pools. Those that stand in one already stay as they are.
    pub codes_new: Vec<NewCode>,
    /// Codes that were put aside and may be given again.
    pub codes_released: Vec<String>,
    /// Codes of coupon pools that were given.
    pub codes_given: Vec<CodeGiven>,
    /// Keys of commands that must not leave any more, if they are there still.
    pub withdrawn: Vec<Key>,
    /// How it went with what left.
    pub settled: Vec<Settled>,
    /// Dead letters.
    pub rejected: Vec<Rejected>,
    /// Dead letters that are no longer, by their numbers.
    pub letters_gone: Vec<i64>,
    /// Places come to; none = forgotten.
    pub marks: Vec<(String, Option<String>)>,
    /// Marks that others may write too: each is written only over what was read.
    pub swaps: Vec<Swap>,
}

/// A mark that is written only over what was read, so that whoever decided on something older decides again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The mark's name.
    pub name: String,
    /// What it was; none = there was none.
    pub was: Option<String>,
    /// What it is now.
    pub now: String,
}

/// An event that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Hash of source and id.
    pub identity: Key,
    /// Hash of what it said.
    pub body: u64,
}

/// Who is inside which journey, or has ended and may still reach its goal. Whoever is past the last step while a fallback waits
/// counts as inside: it is found, stopped and resumed like the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollmentRow {
    /// The enrollment's id.
    pub id: Key,
    /// The customer.
    pub customer: CustomerId,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The version it ends on.
    pub version: Key,
    /// The entry key; empty when the customer is the key.
    pub key: String,
    /// The number of the step it stands at; none past the last.
    pub node: Option<u32>,
    /// When it began.
    pub entered: Instant,
    /// When it ended.
    pub ended: Option<Instant>,
    /// Why.
    pub reason: Option<String>,
    /// Whether the customer's state still holds it; if not, the row is taken out.
    pub held: bool,
}

impl EnrollmentRow {
    /// The row of an enrollment that the customer's state holds.
    pub fn of(customer: &CustomerId, enrollment: &Enrollment) -> Self {
        let node = enrollment.node();
        let ended = enrollment
            .ended
            .as_ref()
            .filter(|_| enrollment.is_through());
        Self {
            id: enrollment.id,
            customer: customer.clone(),
            journey: enrollment.journey.clone(),
            version: enrollment.version,
            key: enrollment.key.clone(),
            node: node.filter(|_| enrollment.ended.is_none()),
            entered: enrollment.entered,
            ended: ended.map(|ended| ended.at),
            reason: ended.map(|ended| ended.reason.clone()),
            held: true,
        }
    }
}

/// So many commands of one queue are claimed behind the first one.
pub(crate) const TOGETHER: usize = 15;

/// Where a row of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboxState {
    /// Waits to be handed over.
    Pending,
    /// Is being handed over: after a crash nobody knows whether it was.
    Claimed,
    /// Handed over.
    Accepted,
    /// Not needed any more.
    Skipped,
    /// Given up.
    Dead,
    /// Nobody knows, and somebody has to decide.
    InDoubt,
}

impl OutboxState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Claimed,
        Self::Accepted,
        Self::Skipped,
        Self::Dead,
        Self::InDoubt,
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Claimed => "claimed",
            Self::Accepted => "accepted",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
            Self::InDoubt => "in_doubt",
        }
    }

    /// The state of a word in the database.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether it leaves the outbox and is only counted: nobody has to look at it any more.
    pub(crate) fn leaves(self) -> bool {
        matches!(self, Self::Accepted | Self::Skipped)
    }

    /// Whether nothing more happens to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Skipped | Self::Dead)
    }
}

/// A command made durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// What is to be done.
    pub command: Command,
    /// Which way out: a channel's name, `crm`, `webhook`, `events`.
    pub route: String,
    /// When it may leave.
    pub due: Instant,
    /// Where it stands: pending, or claimed by the very transaction that makes it.
    pub state: OutboxState,
    /// How often it has been claimed.
    pub attempt: u32,
    /// How often the other side was asked to take it, before this claim.
    pub tries: u32,
    /// Until when the claim holds.
    pub lease: Option<Instant>,
    /// What it belongs to was ended meanwhile: it must not leave any more.
    pub is_withdrawn: bool,
}

/// Whose commands they are, by route: those of one queue leave in the order of their making.
pub type Queue = (String, CustomerId);

impl Outgoing {
    /// The queue in which it stands.
    pub fn queue(&self) -> Queue {
        (self.route.clone(), self.command.customer.clone())
    }

    /// Whether it is being tried again: what comes after it for its customer has to wait.
    pub(crate) fn is_retried(&self) -> bool {
        match self.state {
            OutboxState::Pending => true,
            OutboxState::Claimed => self.attempt > 1,
            _ => false,
        }
    }
}

/// How a hand-over went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The command's key.
    pub key: Key,
    /// The claim that it was handed over under; another one changes nothing.
    pub attempt: u32,
    /// How often the other side has been asked to take it.
    pub tries: u32,
    /// Where it stands now.
    pub state: OutboxState,
    /// When it may leave again, if it is pending again.
    pub due: Option<Instant>,
    /// Why, if it is not accepted.
    pub reason: Option<String>,
    /// By which name the other side will tell of it, if it will.
    pub taken: Option<Box<Taken>>,
}

/// A message that was handed over and is known on the other side by a name: what comes back later is told by that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Which way it went.
    pub route: String,
    /// Its name there.
    pub name: String,
    /// Whose it is.
    pub customer: CustomerId,
    /// The command's key.
    pub key: Key,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The step's id or place.
    pub step: Arc<str>,
    /// When it was handed over.
    pub at: Instant,
    /// What tells the address that it went to from others, and doesn't show it.
    pub address: String,
}

/// An event that can't be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// When.
    pub at: Instant,
    /// From where: a file's name, `http`.
    pub origin: String,
    /// Which line of it, from 1, or a number that tells it from others of the same origin.
    pub line: u64,
    /// Why, in people's words.
    pub reason: String,
    /// As it came.
    pub body: String,
}

impl Rejected {
    /// What the origin of a mail that came back begins with; the channel follows.
    pub const OF_MAIL: &str = "returned/";

    /// Whether it is a mail that came back: `body` is its file's name then.
    pub fn is_mail(&self) -> bool {
        self.origin.starts_with(Self::OF_MAIL)
    }
}
