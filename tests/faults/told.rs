//! Reads what a store tells, through its reports.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Trace;
use kurant_engine::value::Value;
use kurant_store::{Happened, Kept, LogLine, LogPlace, OutboxState, Store, Stored};

use crate::acted::acted;

use super::history::{Done, Known, Line, Told, What};
use super::load::{KINDS, Load, SOURCE, ids};

/// How much is read at once.
const PAGE: usize = 10_000;

/// All that the checker wants to know.
pub(super) async fn told(store: &dyn Store, load: &Load) -> Told {
    let letters = store.rejected(None, usize::MAX).await;
    let letters = letters.expect("the dead letters").into_iter();
    let given_up = store.given_up(0, usize::MAX).await;
    let given_up = given_up.expect("what was given up").into_iter();
    let inside = store.inside().await.expect("who is inside");
    let mut outbox: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in store.waiting().await.expect("the outbox") {
        let place = (row.route, row.state.word().to_owned());
        *outbox.entry(place).or_default() += row.count;
    }
    Told {
        taken: taken(store, load).await,
        taken_in_all: store.totals().await.expect("totals").events as usize,
        letters: letters.map(|letter| letter.body).collect(),
        customers: customers(store).await,
        log: log(store).await,
        inside: inside.iter().map(|inside| inside.count).sum(),
        outbox,
        given_up: given_up
            .map(|given_up| given_up.outgoing.command.key.to_string())
            .collect(),
    }
}

/// Whether nothing is under way any more: nobody inside, nothing in the outbox, and each event is in.
pub(super) async fn is_at_rest(store: &dyn Store, load: &Load) -> bool {
    let inside = store.inside().await.expect("who is inside");
    let outbox = store.waiting().await.expect("the outbox");
    let is_settled = |state: OutboxState| state.is_final() || state == OutboxState::InDoubt;
    if !inside.is_empty() || !outbox.iter().all(|row| is_settled(row.state)) {
        return false;
    }
    let letters = store.letters().await.expect("the dead letters") as usize;
    let taken = taken(store, load).await.len();
    taken + letters >= load.published.len() + load.no_events.len()
}

/// The keys of all actions that are committed.
pub(super) async fn committed(store: &dyn Store) -> BTreeSet<String> {
    let actions = acted(store).await.into_iter();
    actions.map(|action| action.key.to_string()).collect()
}

/// The ids of published events that were taken in.
async fn taken(store: &dyn Store, load: &Load) -> BTreeSet<String> {
    let mut taken = BTreeSet::new();
    for page in load.published.chunks(PAGE) {
        let identities: Vec<Key> = page
            .iter()
            .map(|event| Key::of(&[SOURCE, &event.id]))
            .collect();
        let seen = store.seen(&identities).await.expect("what was taken in");
        let seen: HashSet<Key> = seen.into_iter().map(|seen| seen.identity).collect();
        let both = page.iter().zip(identities);
        let own = both.filter(|(_, identity)| seen.contains(identity));
        taken.extend(own.map(|(event, _)| event.id.clone()));
    }
    taken
}

async fn customers(store: &dyn Store) -> BTreeMap<String, Known> {
    let all = |kind: &str| Kept {
        kind: kind.to_owned(),
        since: Some(Instant::MIN),
        latest: false,
        enrolled: false,
    };
    let kept = KINDS.map(all);
    let ids: Vec<CustomerId> = ids().map(|id| id.as_str().into()).collect();
    let people = store.load(&ids, &kept).await.expect("customers");
    let one = |stored: Stored| (stored.person.customer.id.to_string(), known(&stored));
    people.into_iter().map(one).collect()
}

fn known(stored: &Stored) -> Known {
    let attributes = stored.person.customer.attributes.iter();
    let number = |(name, value): (&str, &Value)| match value {
        Value::Integer(number) => Some((name.to_owned(), *number)),
        _ => None,
    };
    let history = stored.person.history.iter();
    Known {
        numbers: attributes.filter_map(number).collect(),
        events: history.map(|event| event.id.to_string()).collect(),
    }
}

async fn log(store: &dyn Store) -> Vec<Line> {
    let (mut lines, mut place) = (Vec::new(), LogPlace::default());
    loop {
        let page = store.log(None, place, Instant::MAX, PAGE).await;
        let page = page.expect("the log");
        if page.next == place {
            return lines;
        }
        place = page.next;
        lines.extend(page.lines.iter().map(line));
    }
}

fn line(line: &LogLine) -> Line {
    let clock = line.clock.millis();
    match &line.what {
        Happened::Did(action) => did(clock, action),
        Happened::Passed(trace) => passed(clock, &line.customer, trace),
    }
}

fn did(clock: i64, action: &Action) -> Line {
    let route = match action.action.as_str() {
        "enter" | "exit" => None,
        "send" => action.channel.as_ref().map(ToString::to_string),
        "emit" => Some("events".to_owned()),
        _ => Some("crm".to_owned()),
    };
    Line {
        clock,
        customer: action.customer.to_string(),
        journey: action.journey.to_string(),
        enrollment: Some(action.enrollment.to_string()),
        step: action.step.as_deref().unwrap_or_default().to_owned(),
        what: What::Did(Done {
            verb: action.action.to_string(),
            key: action.key.to_string(),
            is_sent: action.status == ActionStatus::Sent,
            reason: action.reason.as_ref().map(ToString::to_string),
            route,
        }),
    }
}

fn passed(clock: i64, customer: &str, trace: &Trace) -> Line {
    let key = trace.values.get("key").and_then(Value::as_text);
    let until = match trace.values.get("until") {
        Some(Value::Instant(until)) => Some(until.millis()),
        _ => None,
    };
    Line {
        clock,
        customer: customer.to_owned(),
        journey: trace.journey.as_deref().unwrap_or_default().to_owned(),
        enrollment: trace.enrollment.map(|id| id.to_string()),
        step: trace.place.as_deref().unwrap_or_default().to_owned(),
        what: match key.filter(|_| trace.what == "not_sent") {
            Some(key) => What::Withheld(key.to_owned()),
            None => What::Passed {
                what: trace.what.clone(),
                until,
            },
        },
    }
}
