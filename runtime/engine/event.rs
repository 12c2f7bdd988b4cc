//! Events: what happened to a customer, as a CloudEvents envelope and its data.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::Instant;
use crate::id::{CustomerId, Key};
use crate::map::Map;

/// The source of what we say of our messages ourselves.
pub const FEEDBACK: &str = "kurant/feedback";
/// By which field of its data it tells the address that the message went to from others, without showing it.
pub const ADDRESS_HASH: &str = "address_hash";

/// One event of one customer, with its time settled and its data typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique together with the source.
    pub id: CompactString,
    /// Who says so.
    pub source: CompactString,
    /// What happened: CloudEvents' `type`.
    #[serde(rename = "type")]
    pub kind: CompactString,
    /// Whom: CloudEvents' `subject`.
    pub customer: CustomerId,
    /// When it happened.
    pub time: Instant,
    /// CloudEvents' `data`, without `customer`.
    pub data: Map,
    /// Attributes that came along as `data.customer`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub attributes: Map,
}

impl Event {
    /// What makes it the same event when it comes again.
    pub fn identity(&self) -> Key {
        Key::of(&[&self.source, &self.id])
    }

    /// A hash of what it says: its type, its customer and its data, however these are written. When it happened is no part
    /// of it, since a source that doesn't say so is told another time when it sends it again.
    pub fn content(&self) -> u64 {
        let data = [&self.data, &self.attributes].map(|map| map.to_json().to_string());
        Key::of(&[&self.kind, &self.customer, &data[0], &data[1]]).short()
    }

    /// As a CloudEvent in structured form, so that it can be taken in again.
    pub fn to_json(&self) -> serde_json::Value {
        let mut data = self.data.to_json();
        if !self.attributes.is_empty() {
            data["customer"] = self.attributes.to_json();
        }
        serde_json::json!({
            "specversion": "1.0", "id": self.id, "source": self.source, "type": self.kind, "subject": self.customer,
            "time": self.time, "data": data,
        })
    }

    /// Whether it tells of a person of the team and of no customer.
    pub fn is_about_the_team(&self) -> bool {
        matches!(&*self.kind, "person.away" | "person.back")
    }

    /// Whether it erases its customer.
    pub fn erases(&self) -> bool {
        &*self.kind == "customer.erased"
    }

    /// Whether it gives a consent.
    pub fn gives_consent(&self) -> bool {
        let given = || self.data.get("granted") == Some(&crate::value::Value::Bool(true));
        &*self.kind == "consent.changed" && given()
    }

    /// The key of the message or the task that it answers, if it is feedback: such events count in `wait_for`, `exit` and
    /// `goal` only for the enrollment whose message or task it was.
    pub fn answers(&self) -> Option<&str> {
        is_feedback(&self.kind).then(|| {
            self.data
                .get("key")
                .and_then(|key| key.as_text())
                .unwrap_or_default()
        })
    }
}

/// Whether events of this type answer a message or a task.
pub fn is_feedback(kind: &str) -> bool {
    kind.starts_with("message.") || kind == "task.done"
}
