//! What is reached from outside: pages of ours that links of messages lead to, links by way of here, and what providers call.

use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_engine::provider::{Callback, Verify};
use kurant_engine::value::Value;

use super::ticket::{Seal, Sent, Ticket};

/// How customers reach these pages.
#[derive(Clone)]
pub struct PublicLinks {
    url: String,
    /// Of tickets of the pages.
    pub(super) seal: Seal,
    /// Of links that were followed.
    pub(super) clicks: Seal,
    /// Of letters that were opened.
    pub(super) opens: Seal,
    /// Of addresses that providers call.
    calls: Seal,
}

impl PublicLinks {
    /// The pages at an address, with what seals their links.
    ///
    /// # Errors
    /// What is wrong with the secret, without it.
    pub fn new(url: &str, secret: &str) -> Result<Self, String> {
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            seal: Seal::of(secret, "ticket")?,
            clicks: Seal::of(secret, "click")?,
            opens: Seal::of(secret, "open")?,
            calls: Seal::of(secret, "call")?,
        })
    }

    /// Where the provider of a channel calls back to say what became of messages.
    pub fn callback(&self, channel: &str, callback: &Callback) -> String {
        let url = format!("{}{CALLBACK}/{channel}", self.url);
        match callback.verify {
            Verify::Address => format!("{url}/{}", self.mark(channel)),
            _ => url,
        }
    }

    /// What nobody guesses in the address that a provider calls.
    pub(super) fn mark(&self, channel: &str) -> String {
        self.calls.mark(channel)
    }

    /// An address as it was asked for from outside.
    pub(super) fn outside(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Whether an address is one of these.
    pub(crate) fn is_own(&self, url: &str) -> bool {
        url.strip_prefix(&self.url)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// The way of a link by here.
    pub(crate) fn click(&self, ticket: &Ticket, leads_to: &str) -> String {
        let sealed = self.clicks.close_link(ticket, leads_to);
        format!("{}{CLICK}/{sealed}", self.url)
    }

    /// A picture that tells that a letter was opened.
    pub(crate) fn picture(&self, ticket: &Ticket) -> String {
        format!("{}{OPEN}/{}", self.url, self.opens.close(ticket))
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

/// An address that a provider calls, without what nobody guesses.
pub(super) fn without_mark<'u>(url: &'u str, verify: &Verify) -> &'u str {
    match verify {
        Verify::Address => url.rsplit_once('/').map_or("", |(place, _)| place),
        _ => url,
    }
}

/// The page to unsubscribe.
pub(super) const UNSUBSCRIBE: &str = "/u";
/// The page of preferences.
pub(super) const PREFERENCES: &str = "/p";

/// Where links lead that were followed.
pub(super) const CLICK: &str = "/c";
/// The picture of letters.
pub(super) const OPEN: &str = "/o";
/// What providers call.
pub(super) const CALLBACK: &str = "/callback";

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_mark_whatever_the_channel_is_called() {
        let links = PublicLinks::new(
            "https://mail.shop.example/k/",
            "0123456789abcdef0123456789abcdef",
        );
        let links = links.expect("links");
        // Letters that stand in marks, too.
        for channel in ["a", "b", "0", "sms", "callback"] {
            let place = format!("https://mail.shop.example/k/callback/{channel}");
            let url = format!("{place}/{}", links.mark(channel));
            assert_eq!(without_mark(&url, &Verify::Address), place);
            let by_secret = Verify::Standard {
                secret: String::new(),
            };
            assert_eq!(without_mark(&place, &by_secret), place);
        }
    }
}
