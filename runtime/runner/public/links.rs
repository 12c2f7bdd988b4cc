//! Where the links of messages lead that nobody else serves: to pages of ours.

use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::ticket::{Seal, Sent, Ticket};

/// How customers reach these pages.
#[derive(Clone)]
pub struct PublicLinks {
    url: String,
    pub(super) seal: Seal,
}

impl PublicLinks {
    /// The pages at an address, with what seals their links.
    ///
    /// # Errors
    /// What is wrong with the secret, without it.
    pub fn new(url: &str, secret: &str) -> Result<Self, String> {
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            seal: Seal::of(secret)?,
        })
    }

    /// The links of a message.
    pub(crate) fn of(&self, ticket: &Ticket) -> Own {
        let (url, sealed) = (&self.url, self.seal.close(ticket));
        Own {
            unsubscribe: format!("{url}{UNSUBSCRIBE}/{sealed}"),
            preferences: format!("{url}{PREFERENCES}/{sealed}"),
        }
    }
}

/// The page to unsubscribe.
pub(super) const UNSUBSCRIBE: &str = "/u";
/// The page of preferences.
pub(super) const PREFERENCES: &str = "/p";

/// The links of one message.
pub(crate) struct Own {
    pub(crate) unsubscribe: String,
    pub(crate) preferences: String,
}

impl Ticket {
    /// What a message that leaves says in its links.
    pub(crate) fn of(command: &Command) -> Option<Self> {
        let Effect::Send { channel, .. } = &command.what else {
            return None;
        };
        Some(Self {
            customer: command.customer.clone(),
            channel: channel.clone(),
            message: Some(Sent {
                key: command.key,
                journey: command.journey.to_string(),
                step: command.step.to_string(),
            }),
        })
    }

    /// What a message says that is only looked at.
    pub(crate) fn seen(channel: &str, context: &Map) -> Option<Self> {
        let Some(Value::Map(customer)) = context.get("customer") else {
            return None;
        };
        let id = customer.get("id").and_then(Value::as_text)?;
        Some(Self {
            customer: id.into(),
            channel: channel.to_owned(),
            message: None,
        })
    }
}
