//! The marks by which operators and a run speak with each other.

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Script, Segment};
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Trace;
use kurant_engine::operator::{Act, Stand};
use kurant_engine::paused::{Pause, Paused, Target};
use kurant_store::{Batch, Error as StoreError, Store};
use serde::{Deserialize, Serialize};

use crate::decide::Late;
use crate::error::Error;

/// All of them begin so.
pub(crate) const STEERING: &str = "steer/";
/// What is to be held back, by target: who, since when, why.
pub(crate) const HOLD: &str = "steer/hold/";
/// What a run has held back: somebody may be held for it.
pub(crate) const HELD: &str = "steer/held/";
/// Who resumed what, for the log.
pub(crate) const LIFTED: &str = "steer/lifted/";
/// What a run is to do once, in the order of the names.
pub(crate) const ORDER: &str = "steer/order/";

/// What was made of commands that were given up, by key, until the log is told.
pub(crate) const FATE: &str = "steer/fate/";

/// What the log is told of a command that an operator let go of.
pub const DROPPED: &str = "dropped";

/// When journeys were stopped last, by id; without one, all of them.
pub(crate) const STOPPED: &str = "steer/stopped/";

/// Names under which codes were imported, and when that was last, or when some were taken out.
pub(crate) const CODES: &str = "steer/codes/";

/// Whose backlog is to be taken in, by journey.
pub(crate) const ENROLL: &str = "steer/enroll/";

/// People who are to be taken into a journey for firings that were missed, so many a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// The journey's id.
    pub journey: String,
    /// Who says so.
    pub by: String,
    /// Only those for whom it holds.
    pub condition: Option<String>,
    /// The step to begin at; none = where each would stand today.
    pub step: Option<String>,
    /// How many a day.
    pub per_day: u64,
    /// The last customer who was looked at.
    #[serde(default)]
    pub place: Option<String>,
    /// The day that is counted, on the workspace's clock.
    #[serde(default)]
    pub day: String,
    /// How many were taken in that day.
    #[serde(default)]
    pub taken_today: u64,
    /// How many were taken in altogether.
    #[serde(default)]
    pub taken: u64,
    /// Everybody has been looked at.
    #[serde(skip)]
    pub is_over: bool,
}

impl Backlog {
    /// Whom to take in, and where. A condition is a segment of the definitions then, see [`Steering::with_condition`].
    pub fn late(&self) -> Late {
        Late {
            journey: self.journey.clone(),
            step: self.step.clone(),
            segment: self
                .condition
                .as_ref()
                .map(|_| crate::runner::typed(&self.journey)),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        json(self)
    }
}

/// Something that a run is to do once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Who says so.
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: String,
    /// What.
    #[serde(flatten)]
    pub verb: Verb,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verb")]
pub enum Verb {
    /// Ends the enrollments in a journey, or in all.
    Stop {
        /// Which; none = all.
        journey: Option<String>,
    },
    /// Takes back whoever left because a coupon pool had no code.
    Refilled {
        /// The pool.
        pool: String,
    },
    /// A word about one customer.
    Customer {
        /// Whom.
        customer: CustomerId,
        /// With which enrollments.
        about: Vec<Stand>,
        /// What.
        #[serde(flatten)]
        act: Act,
    },
}

impl Order {
    /// What tells it from others that were given at the same moment.
    fn name(&self, at: Instant) -> String {
        let what = Key::of(&[&at.to_string(), &json(self)]);
        format!("{at} {what}")
    }
}

/// An operator's side: leaves marks for whoever runs, or will.
pub struct Steering<'s> {
    store: &'s dyn Store,
}

impl<'s> Steering<'s> {
    /// On a store that may be open beside a run.
    pub fn on(store: &'s dyn Store) -> Self {
        Self { store }
    }

    /// What is held back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn paused(&self) -> Result<Paused, Error> {
        Ok(crate::runner::paused(&self.store.marks(HOLD).await?))
    }

    /// Holds a target back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pause(&self, target: &Target, pause: &Pause) -> Result<(), Error> {
        self.leave(vec![
            (format!("{HOLD}{target}"), Some(json(pause))),
            (format!("{LIFTED}{target}"), None),
        ])
        .await
    }

    /// Lets a target go on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, target: &Target, by: &Pause) -> Result<(), Error> {
        self.leave(vec![
            (format!("{HOLD}{target}"), None),
            (format!("{LIFTED}{target}"), Some(json(by))),
        ])
        .await
    }

    /// Gives an order, and says what it is called.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn order(&self, at: Instant, order: &Order) -> Result<String, Error> {
        let name = order.name(at);
        self.leave(vec![(format!("{ORDER}{name}"), Some(json(order)))])
            .await?;
        Ok(name)
    }

    /// Whether an order stands that no run has carried out so far.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_open(&self, name: &str) -> Result<bool, Error> {
        let name = format!("{ORDER}{name}");
        let marks = self.store.marks(&name).await?;
        Ok(marks.iter().any(|(own, _)| *own == name))
    }

    /// The orders about a customer that no run has carried out so far, by their names.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn orders_about(&self, id: &str) -> Result<Vec<(String, Order)>, Error> {
        let marks = self.store.marks(ORDER).await?;
        let read = marks.iter().filter_map(|(name, text)| {
            let order: Order = serde_json::from_str(text).ok()?;
            let Verb::Customer { customer, .. } = &order.verb else {
                return None;
            };
            let name = name.strip_prefix(ORDER)?.to_owned();
            (**customer == *id).then_some((name, order))
        });
        Ok(read.collect())
    }

    /// Has a backlog taken in, from the beginning.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn enroll(&self, backlog: &Backlog) -> Result<(), Error> {
        let name = format!("{ENROLL}{}", backlog.journey);
        self.leave(vec![(name, Some(json(backlog)))]).await
    }

    /// The names under which codes were imported so far.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn coupon_pools(&self) -> Result<Vec<String>, Error> {
        let marks = self.store.marks(CODES).await?;
        let names = marks
            .iter()
            .filter_map(|(name, _)| name.strip_prefix(CODES));
        Ok(names.map(str::to_owned).collect())
    }

    /// A mark that has whoever runs ask anew which codes a coupon pool has. `about` tells it from another one of the same moment. It
    /// belongs to the batch that changes them.
    pub fn renewed_codes(pool: &str, at: Instant, about: &str) -> (String, Option<String>) {
        let what = Key::of(&[pool, about]);
        (format!("{CODES}{pool}"), Some(format!("{at} {what}")))
    }

    /// A mark that has whoever runs write a line into the log about a command: what an operator made of it. It belongs to the
    /// batch that does so.
    pub fn fate(customer: &CustomerId, key: Key, line: &Trace) -> (String, Option<String>) {
        (format!("{FATE}{key}"), Some(json(&(customer, line))))
    }

    /// Lines that the log has not been told of yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn untold(&self) -> Result<Vec<Trace>, StoreError> {
        let marks = self.store.marks(FATE).await?;
        let lines = marks.iter().filter_map(|(_, text)| line(text));
        Ok(lines.map(|(_, line)| line).collect())
    }

    /// The backlogs that are being taken in.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn backlogs(&self) -> Result<Vec<Backlog>, Error> {
        let marks = self.store.marks(ENROLL).await?;
        let read = marks
            .iter()
            .filter_map(|(_, text)| serde_json::from_str(text).ok());
        Ok(read.collect())
    }

    /// Definitions that hold a backlog's condition as a segment.
    #[must_use]
    pub fn with_condition(mut definitions: Definitions, backlog: &Backlog) -> Definitions {
        if let Some(condition) = &backlog.condition {
            let name = crate::runner::typed(&backlog.journey);
            definitions.segments.push(Segment {
                condition: Script::new(condition.as_str(), "--where"),
                name,
            });
        }
        definitions
    }

    /// Whether a run has taken up all that was said.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_heeded(&self) -> Result<bool, Error> {
        let marks = self.store.marks(STEERING).await?;
        let has = |name: String| marks.iter().any(|(own, _)| *own == name);
        Ok(marks.iter().all(|(name, _)| {
            let taken = |prefix: &str, other: &str| {
                let target = name.strip_prefix(prefix);
                target.is_none_or(|target| has(format!("{other}{target}")))
            };
            taken(HOLD, HELD) && taken(HELD, HOLD) && !name.starts_with(ORDER)
        }))
    }

    /// Whether all workers have taken up what was said before an instant.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all_have_heeded(&self, said: Instant) -> Result<bool, Error> {
        let workers = self.store.workers().await?;
        let mut words = workers.iter().filter_map(|worker| worker.word);
        Ok(words.all(|word| word.heeded > said))
    }

    async fn leave(&self, marks: Vec<(String, Option<String>)>) -> Result<(), Error> {
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }
}

/// The customer and the line of a mark about a command.
pub(crate) fn line(text: &str) -> Option<(CustomerId, Trace)> {
    serde_json::from_str(text).ok()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
