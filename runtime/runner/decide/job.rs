//! What is to be decided together, and what came of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::decode::Record;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Firing;
use kurant_engine::operator::Operator;
use kurant_engine::stock::Wanting;
use kurant_store::{Batch, Stored};

use super::Late;
use crate::channel::CameBack;
use crate::intake::Delivered;
use crate::runner::PastSend;

/// An event that is to be decided on.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// When it is taken in, on the engine's clock.
    pub(crate) at: Instant,
    /// As it was brought.
    pub(crate) delivered: Delivered,
    /// It belongs to the past and starts nothing.
    pub(crate) imported: bool,
}

impl Arrived {
    pub(crate) fn event(&self) -> &Arc<Event> {
        &self.delivered.event
    }
}

/// The stretch of time that is worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// What was due up to here is done.
    pub(crate) after: Instant,
    /// What is due up to here is to be done.
    pub(crate) upto: Instant,
    /// Each instant on its own, with the engine's clock standing at it; else all of it at the last instant.
    pub(crate) exact: bool,
}

impl Window {
    /// No stretch at all: only what is due already.
    pub(crate) fn at(now: Instant) -> Self {
        Self {
            after: now,
            upto: now,
            exact: false,
        }
    }
}

/// What is done with each customer at hand beside the events.
#[derive(Debug, Clone, Default)]
pub(crate) enum Task {
    /// Nothing: timers come later.
    #[default]
    EventsOnly,
    /// Timers, firings and messages due in the window.
    Due(Window),
    /// Timers and messages that are due by now; triggers are another worker's.
    Timers,
    /// They are taken in for firings that were missed.
    Late {
        /// Whom, and where.
        late: Late,
        /// How many at the most.
        most: usize,
    },
    /// Messages of theirs were given up on their way out, or web hooks have answered: how it went is written with what follows.
    CameBack(Vec<CameBack>),
    /// An operator let go of these calls: nobody waits for their answers any more.
    Dropped(Vec<(CustomerId, Key)>),
    /// Those who were held go on, as far as nothing holds them still.
    Resume,
    /// A coupon pool has codes again: those who left because there was none go on.
    Refilled {
        /// Which.
        pool: String,
    },
    /// Their enrollments end.
    Stop {
        /// In this journey; none = in all.
        journey: Option<String>,
    },
    /// An operator has a word about them.
    Operator(CustomerId, Arc<Operator>),
    /// Their segments are judged for the first time.
    Baseline,
    /// What an import tells of them is merged into what is known; who is unknown is made.
    Customers {
        /// One a customer.
        records: Vec<Record>,
        /// They hold every event up to here already.
        as_of: Option<Instant>,
    },
    /// Messages of the past are noted.
    Sends(Vec<PastSend>),
    /// Their anchors are written down.
    Index {
        /// For these attributes.
        attributes: Vec<String>,
        /// The workspace's zone has been this one so far.
        moved_from: Option<Zone>,
    },
}

/// What is to be decided together and committed as one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Job {
    /// The customers at hand, those that there are.
    pub(crate) people: Vec<Arc<Stored>>,
    /// Events, in the order in which they are taken in.
    pub(crate) events: Vec<Arrived>,
    /// What is done beside them.
    pub(crate) task: Task,
    /// Firings for every customer at hand.
    pub(crate) schedules: Vec<Firing>,
    /// What was due up to here was handled when the attribute was set, by customer and attribute.
    pub(crate) since: HashMap<CustomerId, Vec<(String, Instant)>>,
    /// Only firings of these triggers, for journeys that have just gone live.
    pub(crate) only: Option<Vec<(String, usize)>>,
    /// The engine's clock when the job was made.
    pub(crate) clock: Instant,
}

/// What the engine says to a job.
pub(crate) enum Answer {
    /// It is decided.
    Decided(Box<Decided>),
    /// Nothing is decided: more codes have to be at hand.
    Short(Box<Short>),
}

/// A job that wants more codes than are at hand.
pub(crate) struct Short {
    pub(crate) job: Job,
    /// By coupon pool.
    pub(crate) wanting: BTreeMap<String, Wanting>,
}

/// What came of a job.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// To be committed.
    pub(crate) batch: Batch,
    /// Events of customers whom nobody knows, by their place in the job.
    pub(crate) unknown: Vec<usize>,
    /// Events that had been taken in by the time it was decided.
    pub(crate) repeated: Vec<Key>,
    /// How many were taken in for firings that were missed.
    pub(crate) taken_in: usize,
    /// The last customer who was looked at for that.
    pub(crate) looked_at: Option<CustomerId>,
    /// New customers made by events of others than `customer.created`.
    pub(crate) created: usize,
}

impl Decided {
    /// Nothing so far, decided as of an instant.
    pub(crate) fn at(clock: Instant) -> Self {
        let batch = Batch {
            clock,
            ..Batch::default()
        };
        Self {
            batch,
            ..Self::default()
        }
    }
}
