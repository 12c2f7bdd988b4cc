//! Everything that is kept of one customer: the snapshot that a decision starts from, and what it leaves behind.

use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::Instant;
use crate::customer::Customer;
use crate::definition::Category;
use crate::enrollment::{Enrollment, Started};
use crate::event::Event;
use crate::id::Key;
use crate::map::Map;
use crate::value::Value;

/// A customer with all state that decisions need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The profile.
    pub customer: Customer,
    /// The logical instant of the previous input: time never runs backwards for one customer.
    pub clock: Instant,
    /// Active enrollments, and ended ones whose goal may still be reached or whose fallback may still be needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrollments: Vec<Enrollment>,
    /// The last entry per journey and key, and the occasions taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<LastEntry>,
    /// What journeys have judged while they were live, and did not remember as an occasion: none of that was missed. What is noted of
    /// a segment goes when it is left, and what is noted for a journey that is no more when the next is noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judged: Vec<Judged>,
    /// Firings that wait until an active enrollment has ended (`while_active: queue`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queue: Vec<Queued>,
    /// Messages handed over lately, as long as a frequency cap looks back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<Sent>,
    /// Which of the segments with an `enters` or `leaves` trigger the customer is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<Membership>,
    /// When a time in a segment's condition comes next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments_due: Option<Instant>,
    /// The profile came from an import and holds every event up to here already: none of them changes it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Instant>,
    /// The events that conditions look back on. Not part of the stored state: the store loads what the catalog needs.
    #[serde(skip)]
    pub history: Vec<Arc<Event>>,
}

/// The last entry into a journey under a key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastEntry {
    /// The journey's id.
    pub journey: Arc<str>,
    /// The entry key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// When.
    pub at: Instant,
    /// The latest occasions, for triggers that fire once per occasion: `birthday year 2026`, `paid_at since ...`. From an import
    /// the year, the month or the value alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occasions: Vec<String>,
}

impl LastEntry {
    /// Whether an occasion is among those known to be taken. An import names the year, the month or the value alone: that is
    /// taken whatever attribute it is of.
    pub(crate) fn has_taken(&self, occasion: &str) -> bool {
        let alone = occasion.rsplit_once(' ').map(|(_, alone)| alone);
        let mut known = self.occasions.iter();
        known.any(|known| known == occasion || alone == Some(known))
    }
}

/// The latest firing of a trigger that a journey has judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The journey's id.
    pub journey: Arc<str>,
    /// What fired, and of which attribute or segment: `date birthday -7d`, `enters vip`.
    pub what: CompactString,
    /// When it fired.
    pub at: Instant,
    /// What it fired for: the day, or the value of the attribute; empty for a segment.
    #[serde(default, skip_serializing_if = "CompactString::is_empty")]
    pub occasion: CompactString,
}

/// A firing that waits until an active enrollment has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// The journey's id.
    pub journey: Arc<str>,
    /// The entry key.
    pub key: String,
    /// What fired.
    pub trigger: Started,
    /// What makes the firing the same one when it comes again.
    pub occasion: String,
    /// Whether the occasion counts only once, as in [`LastEntry`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
    /// Variables to begin with.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub vars: Map,
    /// How deep in events emitted and journeys started it was put in line: whoever starts itself again comes to an end.
    #[serde(default)]
    pub depth: u32,
}

/// A message that was handed over, for frequency caps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Instant,
    /// Its journey's category.
    pub category: Category,
    /// Through which channel.
    pub channel: CompactString,
}

/// Whether the customer is in a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// The segment's name.
    pub segment: String,
    /// The condition that was judged; under another one nothing is known yet, since editing a segment triggers nothing.
    pub condition: Key,
    /// In or out.
    pub inside: bool,
}

impl Person {
    /// A person of whom only the profile is known.
    pub fn new(customer: Customer) -> Self {
        Self {
            customer,
            clock: Instant::MIN,
            enrollments: Vec::new(),
            entries: Vec::new(),
            judged: Vec::new(),
            queue: Vec::new(),
            sends: Vec::new(),
            memberships: Vec::new(),
            segments_due: None,
            as_of: None,
            history: Vec::new(),
        }
    }

    /// The first moment at which a timer of this person is due: waits, deadlines, expiries, times in segments, ends of
    /// points. Firings of date, inactivity and schedule triggers are not among them.
    pub fn timer_due(&self) -> Option<Instant> {
        let enrollments = self.enrollments.iter().filter_map(Enrollment::timer_due);
        enrollments.chain(self.segments_due).min()
    }

    /// The first moment at which a message of this person is due to be handed over.
    pub fn hand_over_due(&self) -> Option<Instant> {
        self.enrollments
            .iter()
            .filter_map(Enrollment::hand_over_due)
            .min()
    }

    /// The first moment at which this person needs anything.
    pub fn wake_at(&self) -> Option<Instant> {
        [self.timer_due(), self.hand_over_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// An attribute's value as conditions see it; `id` is one of them.
    pub fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(Value::text(&*self.customer.id)),
            other => self.customer.attributes.get(other).cloned(),
        }
    }
}
