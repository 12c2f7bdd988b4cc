//! What left: all of it (I8), not too often (I9), always the same (I10), nothing else (I11), settled once (I13).

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Invariant};
use crate::faults::history::{History, Received};
use crate::faults::rules::Rules;

/// Hand-overs by route and key.
type Handed<'h> = BTreeMap<(&'h str, &'h str), Vec<&'h Received>>;

pub(super) fn check(history: &History, rules: &Rules, found: &mut Findings) {
    let mut handed: Handed<'_> = BTreeMap::new();
    for received in &history.received {
        let place = (received.route.as_str(), received.key.as_str());
        handed.entry(place).or_default().push(received);
    }
    let sent = commands(history, found);
    complete(history, &sent, &handed, found);
    withheld(history, found);
    bounds(history, rules, &handed, found);
    bytes(history, &handed, found);
    let keys = sent.values().flatten().copied().collect();
    ghosts(&history.received, &keys, found);
}

/// The keys of the commands that the log tells of, by route; each action has its own.
fn commands<'h>(
    history: &'h History,
    found: &mut Findings,
) -> BTreeMap<&'h str, BTreeSet<&'h str>> {
    let mut sent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for (line, done) in history.sent() {
        found.expect(keys.insert(&done.key), Invariant::SameBytes, || {
            format!(
                "two actions have the key {}; one is {} of {}",
                done.key, done.verb, line.journey
            )
        });
        if let Some(route) = &done.route {
            sent.entry(route).or_default().insert(&done.key);
        }
    }
    sent
}

/// Each command stands in one state, and what was accepted was handed over.
fn complete(
    history: &History,
    sent: &BTreeMap<&str, BTreeSet<&str>>,
    handed: &Handed<'_>,
    found: &mut Findings,
) {
    let told = &history.told;
    let withheld = history.withheld();
    let mut accepted: BTreeMap<&str, u64> = BTreeMap::new();
    for ((route, state), count) in &told.outbox {
        match state.as_str() {
            "accepted" => *accepted.entry(route).or_default() += count,
            "dead" | "in_doubt" => {}
            "skipped" => {
                let own = sent.get(route.as_str()).into_iter().flatten();
                let own = own.filter(|key| withheld.contains(**key)).count() as u64;
                found.expect(own == *count, Invariant::Rest, || {
                    format!("{route}: {count} commands are skipped, and the log tells of {own}")
                });
            }
            state => found.add(
                Invariant::Rest,
                format!("{route}: {count} commands are {state}"),
            ),
        }
    }
    let has_ended = |key: &&str| told.given_up.contains(*key) || withheld.contains(*key);
    for (route, keys) in sent {
        let ended = keys.iter().filter(|key| has_ended(key)).count();
        let (left, settled) = (
            (keys.len() - ended) as u64,
            accepted.remove(route).unwrap_or(0),
        );
        let invariant = if settled > left {
            Invariant::Fencing
        } else {
            Invariant::OutboxComplete
        };
        found.expect(settled == left, invariant, || {
            format!("{route}: {left} commands had to leave, and {settled} were settled as accepted")
        });
        for key in keys.iter().filter(|key| !has_ended(key)) {
            found.expect(
                handed.contains_key(&(*route, *key)),
                Invariant::OutboxComplete,
                || format!("{route}: {key} was accepted, and nobody has it"),
            );
        }
    }
    for (route, count) in accepted {
        found.add(
            Invariant::OutboxComplete,
            format!("{route}: {count} accepted commands of which the log knows nothing"),
        );
    }
}

/// Only what belongs to a passage that ended early is withheld.
fn withheld(history: &History, found: &mut Findings) {
    let withheld = history.withheld();
    let ended: BTreeSet<&str> = history
        .sent()
        .filter(|(_, done)| done.verb == "exit" && done.reason.as_deref() != Some("completed"))
        .filter_map(|(line, _)| line.enrollment.as_deref())
        .collect();
    for (line, done) in history.sent() {
        let is_right = line
            .enrollment
            .as_deref()
            .is_some_and(|own| ended.contains(own));
        let is_withheld = withheld.contains(done.key.as_str());
        found.expect(!is_withheld || is_right, Invariant::OutboxComplete, || {
            format!("{} was withheld, and its passage was not ended", done.key)
        });
    }
}

/// Nothing is handed over more often than its route and the stops allow.
fn bounds(history: &History, rules: &Rules, handed: &Handed<'_>, found: &mut Findings) {
    let mut more: BTreeMap<&str, usize> = BTreeMap::new();
    for ((route, key), times) in handed {
        let Some(bound) = rules.routes.get(route) else {
            found.add(
                Invariant::NoGhosts,
                format!("{route} is no way out, and {key} went there"),
            );
            continue;
        };
        let most = bound.at_rest + bound.each_stop * history.stops;
        found.expect(times.len() <= most, Invariant::HandOverBound, || {
            format!(
                "{route}: {key} was handed over {} times, {most} at the most",
                times.len()
            )
        });
        *more.entry(route).or_default() += times.len() - 1;
    }
    for (route, more) in more {
        let Some(bound) = rules.routes.get(route) else {
            continue;
        };
        let most = bound.in_the_air * history.stops;
        found.expect(more <= most, Invariant::HandOverBound, || {
            format!("{route}: {more} hand-overs too many, {most} at the most")
        });
    }
}

/// What is handed over under one key is always the same, and two keys are never the same action.
fn bytes(history: &History, handed: &Handed<'_>, found: &mut Findings) {
    for ((route, key), all) in handed {
        let first = all.first();
        let same = all.iter().all(|one| Some(one) == first);
        found.expect(same, Invariant::SameBytes, || {
            format!("{route}: {key} was handed over with different bytes")
        });
    }
    let mut routes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for received in &history.received {
        let own = routes.entry(&received.key).or_default();
        own.insert(&received.route);
    }
    for (key, routes) in routes.iter().filter(|(_, routes)| routes.len() > 1) {
        found.add(
            Invariant::SameBytes,
            format!("{key} was handed over by {routes:?}"),
        );
    }
}

/// Whatever a receiver got is an action that the log holds.
pub(in crate::faults) fn ghosts(
    received: &[Received],
    committed: &BTreeSet<&str>,
    found: &mut Findings,
) {
    for one in received {
        found.expect(
            committed.contains(one.key.as_str()),
            Invariant::NoGhosts,
            || {
                format!(
                    "{}: {} was handed over and never committed",
                    one.route, one.key
                )
            },
        );
    }
}
