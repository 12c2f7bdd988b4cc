//! One message to try a channel with, beside all journeys: it is in no store, and nobody's passage knows of it.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Category, Definitions, Links, Template};
use kurant_engine::id::Key;
use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_store::{OutboxState, Outgoing};

use super::{Dispatch, Renderer, Ways};
use crate::error::Error;

/// What stands for a customer, a journey, a step and a template.
const NAME: &str = "kurant-channel-try";
const SUBJECT: &str = "A test of Kurant";
const TEXT: &str = "This is a test of Kurant: the channel works.\n";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// It was taken.
    Taken,
    /// It was not taken, and a journey's message would be tried again; why.
    NotNow(String),
    /// It was refused for good; why.
    Refused(String),
    /// Nobody knows whether it was taken; why.
    InDoubt(String),
}

/// Hands one message over by a channel to an address, and says what came of it.
///
/// # Errors
/// When a file of the outbox can't be written.
pub async fn try_channel(
    ways: Ways,
    definitions: &Definitions,
    channel: &str,
    to: &str,
    now: Instant,
) -> Result<Trial, Error> {
    let mut own = Definitions::new(definitions.workspace.clone());
    // They lead to a customer's page, and this is none.
    own.workspace.settings.links = Links::default();
    own.templates.push(Template {
        name: NAME.to_owned(),
        channel: channel.to_owned(),
        locale: None,
        extension: "txt".to_owned(),
        front: [("subject".to_owned(), SUBJECT.to_owned())].into(),
        body: TEXT.to_owned(),
    });
    let dispatch = Dispatch::open(ways, Arc::new(Renderer::new(&own, None)));
    let done = dispatch
        .hand_over(vec![message(channel, to, now)], now)
        .await?;
    let given_up = done.given_up.into_iter().map(|own| own.settled);
    let settled = done.settled.into_iter().chain(given_up).next();
    let Some(settled) = settled else {
        return Ok(Trial::InDoubt("nothing was heard of it".to_owned()));
    };
    let reason = settled.reason.unwrap_or_default();
    Ok(match settled.state {
        OutboxState::Accepted => Trial::Taken,
        OutboxState::Pending | OutboxState::Claimed => Trial::NotNow(reason),
        OutboxState::InDoubt => Trial::InDoubt(reason),
        OutboxState::Dead | OutboxState::Skipped => Trial::Refused(reason),
    })
}

fn message(channel: &str, to: &str, now: Instant) -> Outgoing {
    let command = Command {
        // Each trial is another message.
        key: Key::of(&[NAME, channel, to, &now.to_string()]),
        customer: NAME.into(),
        journey: NAME.into(),
        step: NAME.into(),
        at: now,
        planned: now,
        what: Effect::Send {
            channel: channel.to_owned(),
            to: to.to_owned(),
            template: NAME.to_owned(),
            valid_until: None,
            context: Map::new(),
            category: Category::Transactional,
        },
    };
    Outgoing {
        command,
        route: channel.to_owned(),
        due: now,
        state: OutboxState::Claimed,
        attempt: 1,
        tries: 0,
        lease: None,
        is_withdrawn: false,
    }
}
