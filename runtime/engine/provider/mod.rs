//! A provider that messages are handed to by HTTP: described, not programmed.
//!
//! A description says how a message becomes a request ([`Composer`]) and what the answer to it means ([`Provider::judge`]). Both are
//! pure; whoever has the network sends what the one gives and asks the other.

mod answer;
mod body;
mod callback;
mod fate;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use answer::{Answer, Verdict, field};
pub use body::Body;
pub use callback::{
    Algorithm, Callback, Encoding, Error as Unreadable, Fact, Form, Hmac, NamedBy, Status, Verify,
    Which,
};
pub use fate::Fate;
pub(crate) use fate::first_words;
pub use request::{Button, Composer, Filled, MESSAGE, Message, Request, environment};

use crate::calendar::Duration;

/// A provider as it is described in `channels/NAME.yaml`, or among those that come along.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// The settings that `kurant.yaml` has to give.
    pub needs: Vec<String>,
    /// The settings that it may give.
    pub takes: Vec<String>,
    /// Where requests go; sees the settings only. None = `kurant.yaml` says.
    pub url: Option<String>,
    /// `POST` and so on.
    pub method: String,
    /// What stands behind the `?`, by name.
    pub query: Vec<(String, String)>,
    /// Headers by name.
    pub headers: Vec<(String, String)>,
    /// User and password of basic authentication.
    pub login: Option<(String, String)>,
    /// What is sent.
    pub body: Option<Body>,
    /// What its answers mean; the first that fits counts.
    pub answers: Vec<Rule>,
    /// The field of an answer that holds the provider's own id of the message.
    pub message_id: Option<String>,
    /// The field of an answer that holds after how many seconds to try again; beside the header `Retry-After`.
    pub retry_after: Option<String>,
    /// How it knows a message that comes again; none = it doesn't.
    pub idempotency: Option<Idempotency>,
    /// How it calls back to say what became of messages; none = it doesn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// When its documentation was read, and where that is; for people.
    pub about: BTreeMap<String, String>,
}

/// How a provider knows a message that comes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// Where the key stands.
    pub place: KeyPlace,
    /// How long the provider remembers it.
    pub lasts: Duration,
}

/// Where the key of a message stands in its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// In this header.
    Header(String),
    /// In this field of the body.
    Field(String),
}

/// What some answers mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The statuses that it is about, from and to; any if there is none.
    pub status: Vec<(u16, u16)>,
    /// The field that it looks at: `response_result.0.code`.
    pub field: Option<String>,
    /// What the field may hold; anything if there is none.
    pub is: Vec<String>,
    /// What it means.
    pub means: Means,
}

/// What an answer means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// It was taken.
    Accepted,
    /// It was refused for good.
    Refused,
    /// It was refused for good, and so will every other one to this address be.
    Bounced,
    /// It was surely not taken, and may be later.
    Later,
    /// The answer speaks of the account and of no message: nothing is given up for it.
    Away,
    /// Nobody knows.
    InDoubt,
}

impl Provider {
    /// Whether messages that come again under the same key are known.
    pub fn knows_keys(&self) -> bool {
        self.idempotency.is_some()
    }

    /// Every text of it that is Jinja.
    pub fn texts(&self) -> Vec<&str> {
        let mut texts: Vec<&str> = self.url.iter().map(String::as_str).collect();
        let named = self.query.iter().chain(&self.headers);
        texts.extend(named.map(|(_, text)| text.as_str()));
        if let Some((user, password)) = &self.login {
            texts.extend([user.as_str(), password]);
        }
        texts.extend(self.body.iter().flat_map(Body::texts));
        texts
    }
}
