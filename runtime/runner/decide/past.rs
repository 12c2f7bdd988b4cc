//! What an import tells of a customer is merged into what is known.

use kurant_engine::calendar::Instant;
use kurant_engine::customer::{Consent, Customer};
use kurant_engine::decode::Record;
use kurant_engine::map::Map;
use kurant_engine::person::{LastEntry, Person, Sent};
use kurant_engine::value::Value;

use crate::runner::PastSend;

/// Sets what a record names; null removes. A consent that was withdrawn stays so. With `as_of`, events up to then are in it.
pub(super) fn merge(person: &mut Person, record: Record, as_of: Option<Instant>) {
    person.as_of = person.as_of.max(as_of);
    let customer = &mut person.customer;
    let before = customer.clone();
    for (name, value) in record.attributes {
        match (name.as_str(), value) {
            ("consents", Value::Map(consents)) => merge_consents(customer, &consents),
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

fn merge_consents(customer: &mut Customer, consents: &Map) {
    for (channel, value) in consents.iter() {
        let Value::Bool(granted) = *value else {
            continue;
        };
        match customer
            .consents
            .iter_mut()
            .find(|consent| consent.channel == channel)
        {
            Some(consent) => consent.granted &= granted,
            None => customer.consents.push(Consent {
                channel: channel.into(),
                granted,
                at: Instant::MIN,
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
