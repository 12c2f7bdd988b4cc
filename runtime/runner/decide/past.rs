//! What an import tells of a customer is merged into what is known.

use kurant_engine::calendar::Instant;
use kurant_engine::customer::{Consent, Customer};
use kurant_engine::decode::Record;
use kurant_engine::map::Map;
use kurant_engine::person::{LastEntry, Person, Sent};
use kurant_engine::value::Value;

use crate::runner::PastSend;

/// Sets what a record names; null removes. A consent that was withdrawn stays so. With `as_of`, events up to then are in it; without,
/// what it says was so at `now`.
pub(super) fn merge(person: &mut Person, record: Record, as_of: Option<Instant>, now: Instant) {
    let at = as_of.unwrap_or(now);
    person.as_of = person.as_of.max(as_of);
    let customer = &mut person.customer;
    let before = customer.clone();
    for (name, value) in record.attributes {
        match (name.as_str(), value) {
            ("consents", Value::Map(consents)) => merge_consents(customer, &consents, at),
            ("topics", Value::Map(topics)) => merge_topics(customer, &topics),
            (name, Value::Null) => drop(customer.attributes.remove(name)),
            (_, value) => drop(customer.attributes.insert(name, value)),
        }
    }
    if *customer != before {
        // Segments are judged anew before anything happens: an import makes nobody enter or leave.
        person.memberships.clear();
        person.segments_due = None;
    }
}

/// A consent that the record withdraws is given again only by a later word than it.
fn merge_consents(customer: &mut Customer, consents: &Map, at: Instant) {
    for (channel, value) in consents.iter() {
        let Value::Bool(granted) = *value else {
            continue;
        };
        let at = if granted { Instant::MIN } else { at };
        match customer
            .consents
            .iter_mut()
            .find(|consent| consent.channel == channel)
        {
            Some(consent) if consent.granted && !granted => {
                consent.granted = false;
                consent.at = consent.at.max(at);
            }
            Some(_) => {}
            None => customer.consents.push(Consent {
                channel: channel.into(),
                granted,
                at,
            }),
        }
    }
}

fn merge_topics(customer: &mut Customer, topics: &Map) {
    for (topic, value) in topics.iter() {
        customer.opted_out.retain(|own| own != topic);
        if *value == Value::Bool(false) {
            customer.opted_out.push(topic.to_owned());
        }
    }
}

/// Notes a message of the past for frequency caps, and its occasion as taken.
pub(super) fn note_send(person: &mut Person, send: PastSend) {
    let sent = Sent {
        at: send.at,
        category: send.category,
        channel: send.channel.into(),
    };
    if !person.sends.contains(&sent) {
        person.sends.push(sent);
        person.sends.sort_by_key(|sent| sent.at);
    }
    let Some(journey) = send.journey else { return };
    let known = person
        .entries
        .iter()
        .position(|entry| *entry.journey == *journey && entry.key.is_empty());
    let place = known.unwrap_or_else(|| {
        let (journey, key) = (journey.as_str().into(), String::new());
        person.entries.push(LastEntry {
            journey,
            key,
            at: send.at,
            occasions: Default::default(),
        });
        person.entries.len() - 1
    });
    let entry = &mut person.entries[place];
    entry.at = entry.at.max(send.at);
    entry.occasions.extend(
        send.occasion
            .filter(|occasion| !entry.occasions.contains(occasion)),
    );
}
