//! One customer's passage through one version of a journey.

use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::{Date, Instant};
use crate::event::Event;
use crate::id::Key;
use crate::map::Map;
use crate::value::Value;

/// An enrollment: where somebody stands in a journey, and what it has made so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enrollment {
    /// Hash of journey, customer, entry key and occasion.
    pub id: Key,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The version it ends on.
    pub version: Key,
    /// The entry key as text; empty when the customer is the key.
    pub key: String,
    /// Whether others with the same key may be active beside it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
    /// When it began, on the logical clock.
    pub entered: Instant,
    /// What started it.
    pub trigger: Started,
    /// `vars`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub vars: Map,
    /// Where it stands.
    pub place: Place,
    /// The event that a `wait_for` was answered by, while its `then` runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<Answered>,
    /// The latest `wait_for`s whose patience ended, so that an answer that comes too late can be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeouts: Vec<TimedOut>,
    /// Its journey is held back: it stays where it is, and nothing wakes it until it is resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// In the control group: every action is skipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub control: bool,
    /// How deep in events emitted and journeys started it began; what it does at that very instant is as deep.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u32,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Instant>,
    /// How often each `repeat` around the current step has begun its round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// How often an operator has moved it to another step.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved: u32,
    /// Its messages and tasks, which feedback is matched with.
    #[serde(default, alias = "keys", skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    /// Its last send, for `goal.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_send: Option<Instant>,
    /// Whether the goal has been counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goal_reached: bool,
    /// Other channels that wait in case that a message isn't delivered; also past the last step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<Fallback>,
    /// The `coupon` at which it ended because its pool had no code: it may go on there once there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turned_away: Option<TurnedAway>,
    /// How often it has gone on so.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub returned: u32,
    /// When and why it ended; kept while its goal may still be reached, a fallback be needed, or a code come for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

impl Enrollment {
    /// The moment from which on its `wait_for`s may look back: what started it may be older than its entry.
    pub fn began(&self) -> Instant {
        self.entered.min(self.trigger.time)
    }
}

/// What started an enrollment: `trigger` in a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// `trigger.kind`.
    pub kind: CompactString,
    /// `trigger.time`.
    pub time: Instant,
    /// `trigger.event`, for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Arc<Event>>,
    /// `trigger.date`, for a date: the occasion itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// `trigger.since`, for inactivity: the anchor's value, an instant or a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Value>,
}

/// Where an enrollment stands. `node` is the step's number in the version's program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Just begun, or about to go on with this step.
    At {
        /// The step.
        node: u32,
    },
    /// In a `wait`.
    Waiting {
        /// The step.
        node: u32,
        /// When it is over.
        due: Instant,
    },
    /// In a `wait_for`.
    WaitingFor {
        /// The step.
        node: u32,
        /// Only events dated at or after it count.
        since: Instant,
        /// When the patience ends; none = it doesn't.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Instant>,
    },
    /// At a `send` that has not been handed over yet.
    Sending {
        /// The step.
        node: u32,
        /// When it was due first; `valid_for` counts from here.
        planned: Instant,
        /// When what led here was due: before `planned`, if the customer's clock had gone past that.
        was_due: Instant,
        /// When it is judged next.
        due: Instant,
        /// Why it was deferred, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deferred: Option<String>,
    },
    /// At an `assign` that waits for the pool's hours.
    Assigning {
        /// The step.
        node: u32,
        /// When somebody is at work.
        due: Instant,
    },
    /// At a `webhook` whose answer has not come.
    Calling {
        /// The step.
        node: u32,
        /// The call's key.
        key: Key,
        /// When nobody will answer any more.
        due: Instant,
    },
    /// Past the last step, or ended early.
    Done,
}

/// The event that answered a `wait_for`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The `wait_for`'s step.
    pub node: u32,
    /// The event.
    pub event: Arc<Event>,
}

/// A `wait_for` whose patience ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimedOut {
    /// The `wait_for`'s step.
    pub node: u32,
    /// Only events dated at or after it would have counted.
    pub since: Instant,
    /// Only events dated at or before it would have counted.
    pub deadline: Instant,
}

/// How often a `repeat` has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// The `repeat`'s step.
    pub node: u32,
    /// 1 in the first round.
    pub round: u32,
}

/// Another channel that waits for a delivery that isn't confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fallback {
    /// The `send`'s step.
    pub node: u32,
    /// The rounds of the repeats around it when it was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<u32>,
    /// The message that isn't confirmed.
    pub key: Key,
    /// Which channel of the list comes next: 0 is the step's own.
    pub next: u32,
    /// The channel that `best` was: it isn't tried a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub besides: Option<CompactString>,
    /// When what led to the message was due that this and all other fallbacks stand in for.
    pub was_due: Instant,
    /// When the send was due first.
    pub planned: Instant,
    /// When the patience ends, or the deferred fallback is judged again.
    pub due: Instant,
    /// The step has no `fallback_after`: it is tried only if the message bounces, until `due`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_if_bounced: bool,
    /// Whether a line says that it was deferred: another one has to say what became of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
}

/// How an enrollment ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// When, on the logical clock.
    pub at: Instant,
    /// `completed`, or why early.
    pub reason: String,
}

/// A message or a task that an enrollment made. It is stored as one text: the key, and behind blanks the
/// channel and the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// By which feedback names it.
    pub key: Key,
    /// By which a message left.
    pub channel: Option<CompactString>,
    /// The `send`'s step, of a message.
    pub node: Option<u32>,
}

impl Serialize for Made {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.channel, self.node) {
            (Some(channel), Some(node)) => {
                serializer.collect_str(&format_args!("{} {channel} {node}", self.key))
            }
            (Some(channel), None) => {
                serializer.collect_str(&format_args!("{} {channel}", self.key))
            }
            (None, _) => self.key.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Made {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let mut parts = text.split(' ');
        let key = parts.next().unwrap_or_default();
        let key = key.parse().map_err(serde::de::Error::custom)?;
        let channel = parts.next().map(Into::into);
        let node = parts.next().map(str::parse).transpose();
        let node = node.map_err(serde::de::Error::custom)?;
        Ok(Self { key, channel, node })
    }
}

/// Where it ended for want of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// The `coupon`'s step.
    pub node: u32,
    /// When what led there was due: whatever follows once there is a code stands in for what would have followed then.
    pub was_due: Instant,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Enrollment {
    /// The message or task of a key, if it is one of its own.
    pub fn made(&self, key: Key) -> Option<&Made> {
        self.made.iter().find(|own| own.key == key)
    }

    /// Whether it goes on.
    pub fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// The number of the step where it stands; none past the last.
    pub fn node(&self) -> Option<u32> {
        match self.place {
            Place::At { node }
            | Place::Waiting { node, .. }
            | Place::WaitingFor { node, .. }
            | Place::Sending { node, .. }
            | Place::Assigning { node, .. }
            | Place::Calling { node, .. } => Some(node),
            Place::Done => None,
        }
    }

    /// Where it stands, as one name: another one once it has moved on, or waits for another moment.
    pub fn stand(&self) -> Key {
        let moments = match self.place {
            Place::Waiting { due, .. } => [Some(due), None],
            Place::WaitingFor {
                since, deadline, ..
            } => [Some(since), deadline],
            Place::Sending { planned, .. } => [Some(planned), None],
            Place::At { .. } | Place::Assigning { .. } | Place::Calling { .. } | Place::Done => {
                [None, None]
            }
        };
        let moments = moments.map(|at| at.map(|at| at.to_string()).unwrap_or_default());
        let rounds = self.rounds.iter().flat_map(|own| [own.node, own.round]);
        let numbers: Vec<u32> = self
            .node()
            .into_iter()
            .chain([self.moved])
            .chain(rounds)
            .collect();
        let place = self.id.within("stand", &numbers).to_string();
        Key::of(&[&place, &moments[0], &moments[1]])
    }

    /// Whether its conditions may be asked again, and with them what happened since it began: it goes on, or may go on once there is a
    /// code for it.
    pub fn looks_back(&self) -> bool {
        self.is_active() || self.turned_away.is_some()
    }

    /// Whether it has ended and nothing of it will leave any more by itself: a fallback outlives the last step.
    pub fn is_through(&self) -> bool {
        let waits = |fallback: &Fallback| !fallback.only_if_bounced;
        self.ended.is_some() && !self.fallbacks.iter().any(waits)
    }

    /// Whether it, or a message of it, is held back until somebody resumes it.
    pub fn is_held(&self) -> bool {
        let own = matches!(self.place, Place::Sending { due, .. } if due == Instant::MAX);
        let fallback = |fallback: &Fallback| fallback.due == Instant::MAX;
        self.held || own || self.fallbacks.iter().any(fallback)
    }

    /// The first moment at which it wants a timer, hand-overs aside.
    pub fn timer_due(&self) -> Option<Instant> {
        if self.ended.is_some() || self.held {
            return None;
        }
        let place = match self.place {
            Place::Waiting { due, .. }
            | Place::Assigning { due, .. }
            | Place::Calling { due, .. } => Some(due),
            Place::WaitingFor { deadline, .. } => deadline,
            Place::At { .. } | Place::Sending { .. } | Place::Done => None,
        };
        [place, self.expires].into_iter().flatten().min()
    }

    /// The first moment at which one of its messages is due.
    pub fn hand_over_due(&self) -> Option<Instant> {
        if self.held {
            return None;
        }
        let own = match self.place {
            Place::Sending { due, .. } => Some(due),
            _ => None,
        };
        let fallbacks = self.fallbacks.iter();
        let timed = fallbacks.filter(|fallback| !fallback.only_if_bounced);
        own.into_iter()
            .chain(timed.map(|fallback| fallback.due))
            // What is held back is due when somebody resumes it.
            .filter(|due| *due < Instant::MAX)
            .min()
    }
}
