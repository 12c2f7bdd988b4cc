//! The customer: attributes, consents, topics, points.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::{Instant, Zone};
use crate::definition::Category;
use crate::event::Event;
use crate::id::{CustomerId, Key};
use crate::map::Map;
use crate::value::Value;

/// The attribute that says by whose clock a customer lives.
pub(crate) const TIMEZONE: &str = "timezone";

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

    /// Whether the person is gone: erased, and has given no consent since.
    pub fn is_erased(&self) -> bool {
        let came_back = |at: Instant| self.consents.iter().any(|own| own.at > at);
        self.erased.is_some_and(|at| !came_back(at))
    }

    /// Whether an event is about somebody who is gone: one of the time before the erasure, or any at all until a consent is given
    /// anew. Nothing of it is kept.
    pub fn ignores(&self, event: &Event) -> bool {
        let Some(at) = self.erased else {
            return false;
        };
        event.time <= at || (self.is_erased() && !event.gives_consent() && !event.erases())
    }

    /// The customer's clock: the attribute `timezone` if it names one, else the workspace's.
    pub fn zone(&self, workspace: Zone) -> Zone {
        match self.text(TIMEZONE) {
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
        self.said_of(channel) == Some(true)
    }

    /// What was said of a consent last: given, or withdrawn; none = never a word.
    pub fn said_of(&self, channel: &str) -> Option<bool> {
        let own = self.consents.iter().find(|own| own.channel == channel);
        own.map(|own| own.granted)
    }

    /// Gives or withdraws a consent, as of an instant. Whether that changed it.
    pub fn set_consent(&mut self, channel: &str, granted: bool, at: Instant) -> bool {
        let Some(own) = self.consents.iter_mut().find(|own| own.channel == channel) else {
            self.consents.push(Consent {
                channel: channel.into(),
                granted,
                at,
            });
            return true;
        };
        let changed = own.granted != granted;
        own.granted = granted;
        own.at = own.at.max(at);
        changed
    }

    /// Takes a consent as a snapshot of an instant says. A withdrawn one is never given again this way: a nightly snapshot may
    /// be older than last night's unsubscribe. One that the snapshot withdraws is given again only by a later word than it.
    /// Whether that changed anything.
    pub fn merge_consent(&mut self, channel: &str, granted: bool, at: Instant) -> bool {
        match self.consents.iter().find(|own| own.channel == channel) {
            None if granted => self.set_consent(channel, granted, Instant::MIN),
            None => self.set_consent(channel, granted, at),
            Some(own) => own.granted && !granted && self.set_consent(channel, granted, at),
        }
    }

    /// Takes a consent of which a list says since when it stands so: the later word holds, and a withdrawn one is not given again.
    /// Whether that changed anything.
    pub fn merge_dated_consent(&mut self, channel: &str, granted: bool, since: Instant) -> bool {
        match self.consents.iter_mut().find(|own| own.channel == channel) {
            None => self.set_consent(channel, granted, since),
            Some(own) if own.granted && granted => {
                let before = own.at;
                own.at = before.max(since);
                own.at != before
            }
            Some(own) => {
                own.granted
                    && !granted
                    && since >= own.at
                    && self.set_consent(channel, granted, since)
            }
        }
    }

    /// Opts out of topics that are false, and into the others that are named. Whether that changed anything.
    pub fn merge_topics(&mut self, topics: &Map) -> bool {
        let before = self.opted_out.clone();
        for (topic, wanted) in topics.iter() {
            self.opted_out.retain(|own| own != topic);
            if *wanted == Value::Bool(false) {
                self.opted_out.push(topic.to_owned());
            }
        }
        self.opted_out != before
    }

    /// Whether nothing is sent to an address through a channel any more.
    pub fn is_suppressed(&self, channel: &str, address: &str) -> bool {
        self.suppressed
            .iter()
            .any(|own| own.channel == channel && own.address == address)
    }

    /// Why nothing of a category may be sent to an address through a channel, if so.
    pub fn refusal(
        &self,
        category: Category,
        channel: &str,
        address: &str,
    ) -> Option<&'static str> {
        if self.is_suppressed(channel, address) {
            return Some("suppressed");
        }
        (category == Category::Marketing && !self.consented(channel)).then_some("no_consent")
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

    /// What tells an address from others and doesn't show it.
    pub fn address_hash(address: &str) -> String {
        let address = address.trim().to_lowercase();
        format!("{:016x}", Key::of(&["address", &address]).short())
    }

    /// The customer's address for a channel.
    pub fn address(&self, channel: &str) -> Option<&str> {
        self.text(Self::address_attribute(channel))
            .filter(|address| !address.is_empty())
    }
}
