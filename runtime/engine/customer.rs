//! The customer: attributes, consents, topics, points.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::{Instant, Zone};
use crate::id::CustomerId;
use crate::map::Map;
use crate::value::Value;

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// As the CRM knows it.
    pub id: CustomerId,
    /// Everything else that has a name: `email`, `timezone`, `tags`, `owner`, what `profile.yaml` keeps. `consents`, `topics`
    /// and `score` live in the fields below.
    pub attributes: Map,
    /// By channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Consent>,
    /// Subjects opted out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opted_out: Vec<String>,
    /// Addresses that nothing is sent to any more, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// Points that still count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Points>,
    /// When the person was erased; nothing else is kept then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Instant>,
}

/// An address that a channel can't reach. Another channel may: a phone without Viber still takes an SMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// The channel's name.
    pub channel: CompactString,
    /// The address.
    pub address: String,
}

/// Whether a channel may be used for marketing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// The channel's name.
    pub channel: CompactString,
    /// Given, or withdrawn.
    pub granted: bool,
    /// When it was given or withdrawn; the beginning of time when a snapshot said so.
    pub at: Instant,
}

/// Points of the lead score, with their reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    /// How many.
    pub add: i64,
    /// Why.
    pub because: String,
    /// Until when they count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl Customer {
    /// A customer of whom nothing is known.
    pub fn new(id: CustomerId) -> Self {
        Self {
            id,
            attributes: Map::new(),
            consents: Vec::new(),
            opted_out: Vec::new(),
            suppressed: Vec::new(),
            points: Vec::new(),
            erased: None,
        }
    }

    /// The customer's clock: the attribute `timezone` if it names one, else the workspace's.
    pub fn zone(&self, workspace: Zone) -> Zone {
        match self.text("timezone") {
            // Most customers live where the workspace does; a name is slow to look up.
            Some(name) if name != workspace.name() => name.parse().unwrap_or(workspace),
            _ => workspace,
        }
    }

    /// An attribute that is text.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_text)
    }

    /// Whether the channel may be used for marketing; absent = not given.
    pub fn consented(&self, channel: &str) -> bool {
        self.consents
            .iter()
            .any(|consent| consent.channel == channel && consent.granted)
    }

    /// Whether nothing is sent to an address through a channel any more.
    pub fn is_suppressed(&self, channel: &str, address: &str) -> bool {
        self.suppressed
            .iter()
            .any(|own| own.channel == channel && own.address == address)
    }

    /// All attributes as conditions and templates see them at a moment.
    pub fn seen(&self, now: Instant) -> Map {
        let mut seen = self.attributes.clone();
        seen.insert("id", Value::text(&*self.id));
        seen.insert("score", Value::Integer(self.score(now)));
        seen.insert("consents", self.seen_consents());
        seen.insert("topics", self.seen_topics());
        seen
    }

    /// `customer.consents`: what was given and what was withdrawn, by channel.
    pub(crate) fn seen_consents(&self) -> Value {
        let consents = self.consents.iter();
        let consents = consents.map(|consent| (consent.channel.as_str(), consent.granted.into()));
        Value::Map(consents.collect())
    }

    /// `customer.topics`: false for those opted out of.
    pub(crate) fn seen_topics(&self) -> Value {
        let topics = self.opted_out.iter();
        Value::Map(topics.map(|topic| (topic.as_str(), false.into())).collect())
    }

    /// Whether the customer carries the tag.
    pub fn has_tag(&self, tag: &str) -> bool {
        match self.attributes.get("tags") {
            Some(Value::List(tags)) => tags.iter().any(|own| own.as_text() == Some(tag)),
            _ => false,
        }
    }

    /// The lead score at a moment: the attribute `score`, if the CRM sets one, and the points that still count.
    pub fn score(&self, now: Instant) -> i64 {
        let base = match self.attributes.get("score") {
            Some(Value::Integer(score)) => *score,
            _ => 0,
        };
        let counted = self
            .points
            .iter()
            .filter(|points| points.until.is_none_or(|until| until > now));
        counted.fold(base, |sum, points| sum.saturating_add(points.add))
    }

    /// The attribute that holds the customer's address for a channel.
    pub fn address_attribute(channel: &str) -> &str {
        match channel {
            "sms" | "viber" => "phone",
            "push" => "push_token",
            other => other,
        }
    }

    /// The customer's address for a channel.
    pub fn address(&self, channel: &str) -> Option<&str> {
        self.text(Self::address_attribute(channel))
            .filter(|address| !address.is_empty())
    }
}
