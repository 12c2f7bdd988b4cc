//! What is old is forgotten, a little at a time, and the sums go on adding up.

use kurant_engine::calendar::Instant;
use kurant_store::{Batch, Old, OutboxState, Outgoing, Rejected, Settled, Store};

use super::sample::{action, again, at, event, outgoing, person, seen};

/// An event, an action with its command, and a customer, at this moment.
async fn happened(store: &dyn Store, name: &str, clock: i64) {
    let order = event(name, name, 1, clock);
    let mut actions = vec![action(name, 1), action(name, 2), action(name, 3)];
    actions[1].action = "enter".into();
    actions[2].action = "exit".into();
    let batch = Batch {
        clock: at(clock),
        persons: vec![person(name).into()],
        seen: vec![seen(&order)],
        events: vec![order],
        actions,
        outbox: vec![outgoing(name, 1, OutboxState::Claimed)],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
}

pub(super) async fn repeats_are_forgotten_and_histories_tell_them_still(store: &dyn Store) {
    for (name, clock) in [
        ("anna", 100),
        ("bohdan", 200),
        ("chris", 300),
        ("daryna", 300),
    ] {
        happened(store, name, clock).await;
    }
    let before = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
    );
    assert_eq!(store.forget(Old::Repeats, at(300), 1).await.unwrap(), 1);
    assert_eq!(store.forget(Old::Repeats, at(300), 9).await.unwrap(), 1);
    assert_eq!(store.forget(Old::Repeats, at(300), 9).await.unwrap(), 0);
    let known = |name, time| event(name, name, 1, time);
    let orders = [
        known("anna", 100),
        known("bohdan", 200),
        known("chris", 300),
    ];
    let identities = orders.each_ref().map(|order| order.identity());
    let left = store.seen(&identities).await.unwrap();
    let left: Vec<_> = left.iter().map(|own| own.identity).collect();
    assert_eq!(left, [identities[2]]);
    let mut asked = orders.to_vec();
    // Another one of the same moment, the same one of another moment, and the same one of somebody else.
    asked.push(event("anna", "anna", 2, 100));
    asked.push(known("bohdan", 100));
    asked.push(event("nobody", "chris", 1, 300));
    let mut told = store.in_history(&asked).await.unwrap();
    told.sort();
    let mut expected = identities.to_vec();
    expected.sort();
    assert_eq!(told, expected);
    assert_eq!(store.in_history(&[]).await.unwrap(), []);
    let after = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
    );
    assert_eq!(after, before);
}

pub(super) async fn the_log_is_forgotten_from_its_beginning(store: &dyn Store) {
    for (name, clock) in [("anna", 100), ("bohdan", 200), ("chris", 300)] {
        happened(store, name, clock).await;
    }
    let batch = Batch {
        clock: at(400),
        persons: vec![again(&person("anna")).into()],
        actions: vec![action("anna", 4)],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let before = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
    );
    assert_eq!(
        store.forget(Old::Log, at(100), 9).await.unwrap(),
        0,
        "it is not older"
    );
    assert_eq!(store.forget(Old::Log, at(300), 1).await.unwrap(), 1);
    assert_eq!(store.forget(Old::Log, at(300), 9).await.unwrap(), 1);
    let done = |entries: Vec<kurant_store::Entry>| -> usize {
        entries.iter().map(|entry| entry.actions.len()).sum()
    };
    // What is left of a customer is found, though it names one before it.
    assert_eq!(done(store.latest("anna", 9).await.unwrap()), 1);
    assert_eq!(done(store.latest("bohdan", 9).await.unwrap()), 0);
    assert_eq!(done(store.latest("chris", 9).await.unwrap()), 3);
    let after = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
    );
    assert_eq!(after, before);
    // The log goes on after all of it was old.
    store.forget(Old::Log, Instant::MAX, 9).await.unwrap();
    happened(store, "daryna", 500).await;
    assert_eq!(done(store.latest("daryna", 9).await.unwrap()), 3);
}

pub(super) async fn letters_are_forgotten(store: &dyn Store) {
    let letter = |line: u64| Rejected {
        at: at(100 * line.cast_signed()),
        origin: "a.jsonl".into(),
        line,
        reason: "not_json".into(),
        body: "{".into(),
    };
    let given_up = |name: &str, state, due| Outgoing {
        due: at(due),
        ..outgoing(name, 1, state)
    };
    let batch = Batch {
        rejected: vec![letter(1), letter(2), letter(3)],
        outbox: vec![
            given_up("anna", OutboxState::Dead, 100),
            given_up("bohdan", OutboxState::InDoubt, 100),
            given_up("chris", OutboxState::Dead, 300),
            given_up("daryna", OutboxState::Pending, 100),
        ],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let commands = store.sums(true).await.unwrap().log.map(|own| own.commands);
    assert_eq!(store.forget(Old::Letters, at(300), 9).await.unwrap(), 4);
    let left = store.letters_after(0, 9).await.unwrap();
    assert_eq!(
        left.iter().map(|own| own.rejected.line).collect::<Vec<_>>(),
        [3]
    );
    let left = store.given_up(0, 9).await.unwrap();
    let left: Vec<_> = left
        .iter()
        .map(|own| &*own.outgoing.command.customer)
        .collect();
    assert_eq!(left, ["chris"]);
    let pending = store.outbox(OutboxState::Pending, Instant::MAX, 9).await;
    assert_eq!(pending.unwrap().len(), 1);
    assert_eq!(
        store.sums(true).await.unwrap().log.map(|own| own.commands),
        commands
    );
}

pub(super) async fn counts_are_added_up(store: &dyn Store) {
    for (number, name) in ["anna", "bohdan", "chris"].into_iter().enumerate() {
        happened(store, name, 100 + number as i64).await;
        let settled = Settled {
            key: outgoing(name, 1, OutboxState::Claimed).command.key,
            attempt: 1,
            tries: 0,
            state: OutboxState::Accepted,
            due: None,
            reason: None,
            taken: None,
        };
        let batch = Batch {
            settled: vec![settled],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    let before = (
        store.waiting().await.unwrap(),
        store.sums(true).await.unwrap(),
    );
    store.forget(Old::Counts, Instant::MAX, 9).await.unwrap();
    let after = (
        store.waiting().await.unwrap(),
        store.sums(true).await.unwrap(),
    );
    assert_eq!(after, before);
    assert_eq!(
        store.forget(Old::Counts, Instant::MAX, 9).await.unwrap(),
        0,
        "they are one"
    );
}
