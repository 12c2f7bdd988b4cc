//! Whose messages are told of, by providers and by mail that comes back, and the events that come of it.

use std::collections::BTreeMap;

use kurant_engine::calendar::Instant;
use kurant_engine::erased::is_pseudonym;
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_engine::input::Effect;
use kurant_engine::map::Map;
use kurant_engine::provider::{Fact, Fate, NamedBy};
use kurant_engine::value::Value;
use kurant_store::{Error, OutboxState, Outgoing, Store, Taken};

use super::About;
use crate::channel::proven;
use crate::intake::Proven;

/// Messages by the names that the other side has for them.
pub(crate) struct Found {
    by: NamedBy,
    messages: BTreeMap<String, Message>,
}

/// A message that is told of.
struct Message {
    about: About,
    /// It can't have happened before this.
    since: Instant,
    /// It stands in the outbox still: that it was taken is not known there.
    open: Option<Box<Outgoing>>,
}

impl Found {
    /// Looks for messages that left by a channel.
    pub(crate) async fn look(
        store: &dyn Store,
        channel: &str,
        by: NamedBy,
        names: &[String],
    ) -> Result<Self, Error> {
        let mut messages = BTreeMap::new();
        if names.is_empty() {
            return Ok(Self { by, messages });
        }
        if by == NamedBy::Key {
            let keys: Vec<Key> = names.iter().filter_map(|name| name.parse().ok()).collect();
            // Before those that were taken: one that is written down meanwhile stands there.
            let open = store.commands(&keys).await?;
            let is_own = |row: &Outgoing| row.route == channel && row.command.is_message();
            for row in open.into_iter().filter(is_own) {
                messages.insert(row.command.key.to_string(), Message::open(row));
            }
        }
        for taken in store.taken(channel, names).await? {
            messages.insert(taken.name.clone(), Message::taken(taken));
        }
        Ok(Self { by, messages })
    }

    /// Those of these names that nobody has.
    pub(crate) fn missing(&self, names: &[String]) -> Vec<String> {
        let known = |name: &&String| !self.messages.contains_key(*name);
        names.iter().filter(known).cloned().collect()
    }

    /// Whether a name that is missing may be known soon: a provider may tell of a message before its own answer has told its id.
    pub(crate) fn may_come(&self) -> bool {
        self.by == NamedBy::Id
    }
}

impl Message {
    fn taken(taken: Taken) -> Self {
        Self {
            about: About {
                customer: taken.customer,
                channel: taken.route,
                key: taken.key,
                journey: taken.journey.to_string(),
                step: taken.step.to_string(),
                address: taken.address,
            },
            since: taken.at,
            open: None,
        }
    }

    fn open(row: Outgoing) -> Self {
        Self {
            about: About::of(&row.command, &row.route),
            since: row.command.at,
            open: Some(Box::new(row)),
        }
    }
}

/// The events that come of what is said, and what it proves of messages whose end was not known. Of somebody who was erased nothing is
/// noted any more: only the message that left under another name comes to its end.
pub(crate) fn events(found: &Found, facts: &[Fact], now: Instant) -> (Vec<Event>, Vec<Proven>) {
    let (mut made, mut proofs) = (Vec::new(), BTreeMap::new());
    for fact in facts {
        let name = fact.name.as_ref();
        let Some((name, message)) = name.and_then(|own| found.messages.get_key_value(own)) else {
            continue;
        };
        let is_of_nobody = is_pseudonym(&message.about.customer);
        if let Some(row) = message.open.as_deref().filter(|row| is_in_question(row)) {
            let mut proof = proven(row, name.clone(), now);
            if is_of_nobody {
                proof.settled.taken = None;
            }
            proofs.insert(name.clone(), proof);
        }
        if !is_of_nobody {
            made.extend(event(message, fact, now));
        }
    }
    (made, proofs.into_values().collect())
}

/// Whether a message was given to the provider, and it is not known whether it was taken.
fn is_in_question(row: &Outgoing) -> bool {
    let is_open = matches!(
        row.state,
        OutboxState::Pending | OutboxState::Claimed | OutboxState::InDoubt
    );
    is_open && row.attempt > 0 && matches!(row.command.what, Effect::Send { .. })
}

fn event(message: &Message, fact: &Fact, now: Instant) -> Option<Event> {
    let fate = fact.fate?;
    let mut more = Map::new();
    let which = match fate {
        Fate::Clicked => {
            if let Some(url) = &fact.url {
                more.insert("url", Value::text(url.as_str()));
            }
            fact.url.clone().unwrap_or_default()
        }
        Fate::Replied => {
            if let Some(text) = &fact.text {
                more.insert("text", Value::text(text.as_str()));
            }
            // Somebody may answer more than once, and in the same words.
            let said = fact.time.map(|at| at.to_string()).unwrap_or_default();
            let words = fact.text.clone().unwrap_or_default();
            let own = || Key::of(&[&said, &words]).to_string();
            fact.event.clone().unwrap_or_else(own)
        }
        _ => String::new(),
    };
    // A provider's clock is another one.
    let told = fact.time.filter(|at| (message.since..=now).contains(at));
    let time = told.unwrap_or(now);
    message.about.event(fate, &which, more, time)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kurant_engine::definition::Category;
    use kurant_engine::erased::pseudonym;
    use kurant_engine::id::CustomerId;
    use kurant_engine::input::Command;

    use super::*;

    /// What is said of a message that is claimed still.
    fn said_of(customer: CustomerId) -> (Vec<Event>, Vec<Proven>) {
        let command = Command {
            key: Key::of(&["message"]),
            customer,
            journey: Arc::from("thanks"),
            step: Arc::from("now"),
            at: Instant::from_millis(0),
            planned: Instant::from_millis(0),
            what: Effect::Send {
                channel: "sms".into(),
                to: "+380501112233".into(),
                template: "hello".into(),
                valid_until: None,
                context: Map::new(),
                category: Category::Transactional,
            },
        };
        let row = Outgoing {
            command,
            route: "sms".into(),
            state: OutboxState::Claimed,
            attempt: 1,
            tries: 0,
            due: Instant::from_millis(0),
            lease: None,
            is_withdrawn: false,
        };
        let name = row.command.key.to_string();
        let found = Found {
            by: NamedBy::Key,
            messages: BTreeMap::from([(name.clone(), Message::open(row))]),
        };
        let fact = Fact {
            name: Some(name),
            fate: Some(Fate::Delivered),
            said: None,
            time: None,
            event: None,
            url: None,
            text: None,
        };
        events(&found, &[fact], Instant::from_millis(1_000))
    }

    #[test]
    fn of_somebody_who_was_erased_a_message_comes_to_its_end_and_nothing_is_noted() {
        let (made, proven) = said_of("anna".into());
        assert_eq!((made.len(), proven.len()), (1, 1));
        assert!(proven[0].settled.taken.is_some());
        let (made, proven) = said_of(pseudonym(&CustomerId::from("anna")));
        assert_eq!(made, []);
        assert_eq!(proven.len(), 1);
        assert_eq!(proven[0].settled.state, OutboxState::Accepted);
        assert_eq!(proven[0].settled.taken, None);
    }
}
