//! What a customer has chosen, and what becomes of it when they choose otherwise: ordinary events.

use std::collections::BTreeSet;

use kurant_engine::calendar::Instant;
use kurant_engine::customer::{Consent, Customer};
use kurant_engine::definition::{Category, Definitions, Tracking, Whose};
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::ticket::Ticket;

/// Who says so: the page that a link leads to.
const FROM_UNSUBSCRIBE: &str = "kurant/unsubscribe";
/// The page of preferences.
const FROM_PREFERENCES: &str = "kurant/preferences";

/// The field of a form that says which boxes were shown: what nobody saw, nobody left empty.
pub(super) const SHOWN: &str = "shown";

/// What it says of one box.
pub(super) fn box_of(field: &str, value: &str) -> String {
    format!("{field}:{value}")
}

/// What a workspace lets customers choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Who sends, as the pages say it.
    name: String,
    /// The language of customers without one of their own.
    locale: String,
    channels: Vec<String>,
    topics: BTreeSet<String>,
    /// What is noticed of how they read.
    tracking: Tracking,
}

impl Offer {
    /// What these definitions let them choose.
    pub fn of(definitions: &Definitions) -> Self {
        let workspace = &definitions.workspace;
        let public = workspace.settings.public.as_ref();
        let own = public.and_then(|public| public.name.clone());
        let marketing = definitions.journeys.iter().map(|version| &version.journey);
        let marketing = marketing.filter(|journey| journey.category == Category::Marketing);
        let channels = workspace
            .channels
            .iter()
            .map(|channel| channel.name.clone());
        Self {
            name: own.unwrap_or_else(|| workspace.name.clone()),
            locale: workspace.locale.clone(),
            channels: channels.collect(),
            topics: marketing
                .filter_map(|journey| journey.topic.clone())
                .collect(),
            tracking: workspace.settings.tracking,
        }
    }

    pub(super) fn tracking(&self) -> Tracking {
        self.tracking
    }

    /// Whether anything is noticed of those only who gave their consent.
    fn asks_whether_to_track(&self) -> bool {
        let Tracking { links, opens } = self.tracking;
        [links, opens].contains(&Whose::Consented)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn locale(&self) -> &str {
        &self.locale
    }
}

/// What a customer has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// The channel of the message whose link was followed.
    pub(super) channel: String,
    /// The channels that reach the customer, each with whether marketing may use it.
    pub(super) channels: Vec<(String, bool)>,
    /// Each topic with whether it is wanted.
    pub(super) topics: Vec<(String, bool)>,
    /// What is noticed of how messages are read, and what the customer said of it, if ever a word; none where nobody is asked.
    pub(super) tracking: Option<(Tracking, Option<bool>)>,
}

impl Choice {
    /// What somebody has chosen; of nobody nothing is known, and nothing is sent to them.
    pub(super) fn of(customer: Option<&Customer>, ticket: &Ticket, offer: &Offer) -> Self {
        let Some(customer) = customer.filter(|own| !own.is_erased()) else {
            return Self {
                channel: ticket.channel.clone(),
                ..Self::default()
            };
        };
        let reaches = |channel: &&String| {
            let is_known = customer.consents.iter().any(|own| own.channel == **channel);
            is_known || customer.address(channel).is_some() || **channel == ticket.channel
        };
        let channels = offer.channels.iter().filter(reaches);
        let mut topics = offer.topics.clone();
        topics.extend(customer.opted_out.iter().cloned());
        Self {
            channel: ticket.channel.clone(),
            channels: channels
                .map(|own| (own.clone(), customer.consented(own)))
                .collect(),
            topics: topics
                .into_iter()
                .map(|own| (own.clone(), !customer.opted_out.contains(&own)))
                .collect(),
            tracking: offer
                .asks_whether_to_track()
                .then(|| (offer.tracking, customer.said_of(Tracking::CONSENT))),
        }
    }

    /// Whether no marketing comes by the channel of the message any more.
    pub(super) fn is_out(&self) -> bool {
        let own = self.channels.iter().find(|(own, _)| *own == self.channel);
        own.is_none_or(|(_, is_in)| !is_in)
    }

    /// Each consent that this says otherwise than before, by its channel.
    fn consents<'c>(&'c self, before: &'c Self) -> impl Iterator<Item = (&'c str, bool)> {
        let channels = before.channels.iter().zip(&self.channels);
        let channels = channels.filter(|((_, was_in), (_, is_in))| was_in != is_in);
        let channels = channels.map(|(_, (own, is_in))| (&**own, *is_in));
        // By what is noticed: where nobody gave a word and some of it is `on`, an empty box is a no that was not said before.
        let noticed =
            |Tracking { links, opens }: Tracking, said| [links, opens].map(|own| own.lets(said));
        let tracking = before.tracking.zip(self.tracking);
        let tracking =
            tracking.filter(|((own, was), (_, is))| noticed(*own, *was) != noticed(*own, *is));
        let tracking = tracking.and_then(|(_, (_, is))| Some((Tracking::CONSENT, is?)));
        channels.chain(tracking)
    }

    /// What the boxes say that were shown; of the others, what held before.
    pub(super) fn ticked(&self, form: &[(String, String)]) -> Self {
        let has = |field: &str, value: &str| {
            let mut form = form.iter();
            form.any(|(own, of)| own == field && of == value)
        };
        let said =
            |field: &str, value: &str| has(SHOWN, &box_of(field, value)).then(|| has(field, value));
        let all = |field: &str, known: &[(String, bool)]| {
            let known = known.iter();
            known
                .map(|(own, was_in)| (own.clone(), said(field, own).unwrap_or(*was_in)))
                .collect()
        };
        Self {
            channel: self.channel.clone(),
            channels: all("channel", &self.channels),
            topics: all("topic", &self.topics),
            tracking: self
                .tracking
                .map(|(own, was)| (own, said(Tracking::CONSENT, Tracking::CONSENT).or(was))),
        }
    }
}

/// The event of a message that was unsubscribed from. It is the same one until its customer has chosen otherwise: a mail program
/// that asks twice changes nothing.
pub(super) fn unsubscribed(
    ticket: &Ticket,
    sealed: &str,
    customer: &Customer,
    now: Instant,
) -> Event {
    let mut data = Map::from_iter([("channel", Value::text(ticket.channel.as_str()))]);
    if let Some(sent) = &ticket.message {
        data.insert("key", Value::text(sent.key.to_string()));
        data.insert("journey", Value::text(sent.journey.as_str()));
        data.insert("step", Value::text(sent.step.as_str()));
    }
    // One that was withdrawn stands so, however often that is said again.
    let consent = consent(customer, &ticket.channel);
    let since = consent.filter(|own| own.granted).map(|own| own.at);
    let since = since.map_or_else(String::new, |at| at.to_string());
    Event {
        id: Key::of(&[sealed, &since]).to_string().into(),
        source: FROM_UNSUBSCRIBE.into(),
        kind: "message.unsubscribed".into(),
        customer: ticket.customer.clone(),
        time: now,
        data,
        attributes: Map::new(),
    }
}

/// The events that make one choice of another.
pub(super) fn changes(
    ticket: &Ticket,
    customer: &Customer,
    (before, after): (&Choice, &Choice),
    now: Instant,
) -> Vec<Event> {
    let event = |kind: &str, what: &[&str], data: Map| Event {
        id: Key::of(&[&[&ticket.customer, kind], what].concat())
            .to_string()
            .into(),
        source: FROM_PREFERENCES.into(),
        kind: kind.into(),
        customer: ticket.customer.clone(),
        time: now,
        data,
        attributes: Map::new(),
    };
    let mut events = Vec::new();
    for (channel, is_in) in after.consents(before) {
        let data = Map::from_iter([
            ("channel", Value::text(channel)),
            ("granted", Value::Bool(is_in)),
        ]);
        let since = consent(customer, channel).map(|own| own.at.to_string());
        let (since, said) = (since.unwrap_or_default(), is_in.to_string());
        events.push(event("consent.changed", &[channel, &said, &since], data));
    }
    let topics = before.topics.iter().zip(&after.topics);
    let topics = topics.filter(|((_, was_in), (_, is_in))| was_in != is_in);
    let topics: Map = topics
        .map(|(_, (topic, is_in))| (topic.as_str(), Value::Bool(*is_in)))
        .collect();
    if !topics.is_empty() {
        let data = Map::from_iter([("topics", Value::Map(topics))]);
        events.push(event("customer.updated", &[&now.to_string()], data));
    }
    events
}

fn consent<'c>(customer: &'c Customer, channel: &str) -> Option<&'c Consent> {
    let mut consents = customer.consents.iter();
    consents.find(|own| own.channel == channel)
}

#[cfg(test)]
mod tests;
