//! What came in: nothing lost (I1), nothing twice (I2).

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Invariant};
use crate::faults::history::{Event, History};
use crate::faults::rules::{Over, Rules, Sum};

pub(super) fn check(history: &History, rules: &Rules, found: &mut Findings) {
    classes(history, found);
    sums(history, rules, found);
    events(history, found);
}

/// Each event is taken in or a dead letter, each line that is none is a dead letter, and nothing else is either.
fn classes(history: &History, found: &mut Findings) {
    let told = &history.told;
    let mut letters: BTreeMap<String, usize> = BTreeMap::new();
    for body in &told.letters {
        *letters.entry(name(body)).or_default() += 1;
    }
    let mut expected = BTreeSet::new();
    for event in &history.published {
        let dead = letters.get(&event.id).copied().unwrap_or(0);
        let taken = usize::from(told.taken.contains(&event.id));
        found.expect(taken + dead == 1, Invariant::NoLoss, || {
            let id = &event.id;
            format!("the event {id} was taken in {taken} times and is {dead} dead letters")
        });
        expected.insert(event.id.clone());
    }
    for text in &history.no_events {
        let dead = letters.get(text).copied().unwrap_or(0);
        found.expect(dead == 1, Invariant::NoLoss, || {
            format!("`{text}` is no event, and {dead} dead letters")
        });
        expected.insert(text.clone());
    }
    for name in letters.keys().filter(|name| !expected.contains(*name)) {
        found.add(
            Invariant::NoLoss,
            format!("a dead letter that nobody published: {name}"),
        );
    }
    for id in told.taken.difference(&expected) {
        found.add(
            Invariant::NoLoss,
            format!("an event that nobody published: {id}"),
        );
    }
    let emitted = history.sent().filter(|(_, done)| done.verb == "emit");
    let (sum, all) = (told.taken.len() + emitted.count(), told.taken_in_all);
    found.expect(sum == all, Invariant::NoLoss, || {
        format!("{all} events were taken in, and {sum} are accounted for")
    });
}

/// What a dead letter is known by: the event's id, else all of it.
fn name(body: &str) -> String {
    let event = serde_json::from_str::<serde_json::Value>(body);
    let id = event
        .ok()
        .and_then(|event| Some(event["id"].as_str()?.to_owned()));
    id.unwrap_or_else(|| body.to_owned())
}

/// The counters of each customer are sums over the events that were taken in.
fn sums(history: &History, rules: &Rules, found: &mut Findings) {
    for sum in &rules.sums {
        let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
        let taken = |event: &&Event| history.told.taken.contains(&event.id);
        for event in history.published.iter().filter(taken) {
            *expected.entry(&event.customer).or_default() += share(sum, event);
        }
        if let Over::Emitted(journey, step) = sum.over {
            let own = |line: &str, of: &str| line == journey && of == step;
            for (line, _) in history
                .sent()
                .filter(|(line, _)| own(&line.journey, &line.step))
            {
                *expected.entry(&line.customer).or_default() += 1;
            }
        }
        for (customer, known) in &history.told.customers {
            let expected = expected.remove(customer.as_str()).unwrap_or(0);
            let kept = known.numbers.get(sum.attribute).copied().unwrap_or(0);
            found.expect(kept == expected, Invariant::NoDoubleEffect, || {
                let attribute = sum.attribute;
                format!("{customer}: {attribute} is {kept}, and its events give {expected}")
            });
        }
        for (customer, expected) in expected.into_iter().filter(|(_, sum)| *sum != 0) {
            let attribute = sum.attribute;
            found.add(
                Invariant::NoDoubleEffect,
                format!("{customer} is not there, and has {attribute} {expected}"),
            );
        }
    }
}

fn share(sum: &Sum, event: &Event) -> i64 {
    match sum.over {
        Over::Events(kind) => i64::from(event.kind == kind),
        Over::Field(kind, field) if event.kind == kind => {
            event.numbers.get(field).copied().unwrap_or(0)
        }
        Over::Field(..) | Over::Emitted(..) => 0,
    }
}

/// The history of each customer holds each of the events once.
fn events(history: &History, found: &mut Findings) {
    let mut kept: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (customer, known) in &history.told.customers {
        for id in &known.events {
            *kept.entry((customer, id)).or_default() += 1;
        }
    }
    for event in &history.published {
        let times = kept.remove(&(event.customer.as_str(), event.id.as_str()));
        let (times, taken) = (times.unwrap_or(0), history.told.taken.contains(&event.id));
        found.expect(
            times == usize::from(taken),
            Invariant::NoDoubleEffect,
            || {
                let (customer, id) = (&event.customer, &event.id);
                format!("the event {id} stands {times} times in the history of {customer}")
            },
        );
    }
    let emitted: BTreeSet<(&str, &str)> = history
        .sent()
        .filter(|(_, done)| done.verb == "emit")
        .map(|(line, done)| (line.customer.as_str(), done.key.as_str()))
        .collect();
    for ((customer, id), times) in kept {
        let is_emitted = emitted.contains(&(customer, id)) && times == 1;
        found.expect(is_emitted, Invariant::NoDoubleEffect, || {
            format!("the history of {customer} holds {id} {times} times")
        });
    }
}
