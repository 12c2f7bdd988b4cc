//! What an import tells of a customer is merged into what is known.

use kurant_engine::calendar::Instant;
use kurant_engine::customer::Customer;
use kurant_engine::decode::Record;
use kurant_engine::map::Map;
use kurant_engine::person::{LastEntry, Person, Sent};
use kurant_engine::value::Value;

use crate::runner::PastSend;

/// Sets what a record names; null removes. A consent that was withdrawn stays so. With `as_of`, events up to then are in it; without,
/// what it says was so at `now`; but a consent with a date was so since then.
pub(super) fn merge(person: &mut Person, mut record: Record, as_of: Option<Instant>, now: Instant) {
    if person.customer.is_erased() && !gives_newer_consent(&person.customer, &record) {
        return;
    }
    let at = as_of.unwrap_or(now);
    person.as_of = person.as_of.max(as_of);
    let customer = &mut person.customer;
    let before = customer.clone();
    for (name, value) in std::mem::take(&mut record.attributes) {
        match (name.as_str(), value) {
            ("consents", Value::Map(consents)) => merge_consents(customer, &consents, &record, at),
            ("topics", Value::Map(topics)) => drop(customer.merge_topics(&topics)),
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

/// Whether somebody who was erased has given a consent since: only then anything is known anew.
fn gives_newer_consent(customer: &Customer, record: &Record) -> bool {
    let mut attributes = record.attributes.iter();
    let consents = attributes.find(|(name, _)| *name == "consents");
    let Some((_, Value::Map(consents))) = consents else {
        return false;
    };
    let is_newer = |channel: &str| record.since(channel) > customer.erased;
    consents
        .iter()
        .any(|(channel, value)| *value == Value::Bool(true) && is_newer(channel))
}

fn merge_consents(customer: &mut Customer, consents: &Map, record: &Record, at: Instant) {
    for (channel, value) in consents.iter() {
        let Value::Bool(granted) = *value else {
            continue;
        };
        match record.since(channel) {
            Some(since) => drop(customer.merge_dated_consent(channel, granted, since)),
            None => drop(customer.merge_consent(channel, granted, at)),
        }
    }
}

/// Notes a message of the past for frequency caps, and its occasion as taken.
pub(super) fn note_send(person: &mut Person, send: PastSend) {
    if person.customer.is_erased() {
        return;
    }
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
