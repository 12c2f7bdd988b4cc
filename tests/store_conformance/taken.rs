//! Messages that were handed over, by the names that they have on the other side.

use kurant_engine::id::Key;
use kurant_store::{Batch, Erasure, Old, OutboxState, Outgoing, Settled, Store, Taken};

use super::sample::{at, id, outgoing, person};

fn named(row: &Outgoing, name: &str, when: i64) -> Taken {
    Taken {
        route: row.route.clone(),
        name: name.to_owned(),
        customer: row.command.customer.clone(),
        key: row.command.key,
        journey: row.command.journey.clone(),
        step: row.command.step.clone(),
        at: at(when),
        address: format!("hash-of-{name}"),
    }
}

fn settled(row: &Outgoing, attempt: u32, taken: Taken) -> Settled {
    Settled {
        key: row.command.key,
        attempt,
        tries: 1,
        state: OutboxState::Accepted,
        due: None,
        reason: None,
        taken: Some(Box::new(taken)),
    }
}

async fn write(store: &dyn Store, batch: Batch) {
    store.commit(batch).await.expect("it is written");
}

async fn by_names(store: &dyn Store, route: &str, names: &[&str]) -> Vec<Taken> {
    let names: Vec<String> = names.iter().map(|own| (*own).to_owned()).collect();
    let mut found = store.taken(route, &names).await.expect("an answer");
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Two messages that are being handed over.
async fn two(store: &dyn Store) -> [Outgoing; 2] {
    let rows = [
        outgoing("anna", 1, OutboxState::Claimed),
        outgoing("bohdan", 2, OutboxState::Claimed),
    ];
    let batch = Batch {
        persons: vec![person("anna").into(), person("bohdan").into()],
        outbox: rows.to_vec(),
        ..Batch::default()
    };
    write(store, batch).await;
    rows
}

pub(super) async fn what_was_taken_is_found_by_its_name(store: &dyn Store) {
    let [anna, bohdan] = two(store).await;
    let (one, other) = (named(&anna, "a-1", 5), named(&bohdan, "b/2=", 6));
    let batch = Batch {
        settled: vec![
            settled(&anna, 1, one.clone()),
            // That it was taken is true, though somebody else claims it by now.
            settled(&bohdan, 7, other.clone()),
        ],
        ..Batch::default()
    };
    write(store, batch.clone()).await;
    let found = by_names(store, "email", &["b/2=", "a-1", "nobody"]).await;
    assert_eq!(found, [one.clone(), other]);
    assert_eq!(by_names(store, "sms", &["a-1"]).await, []);
    assert_eq!(by_names(store, "email", &[]).await, []);
    let open = store.outbox(OutboxState::Claimed, at(99), 9).await;
    assert_eq!(open.expect("rows").len(), 1);
    // Told once more, and under a name that another one has: the first stays.
    let batch = Batch {
        settled: vec![settled(&bohdan, 1, named(&bohdan, "a-1", 9))],
        ..batch
    };
    write(store, batch).await;
    assert_eq!(by_names(store, "email", &["a-1"]).await, [one]);
}

pub(super) async fn commands_are_given_whole_while_they_are_in_the_outbox(store: &dyn Store) {
    let [anna, bohdan] = two(store).await;
    let keys = [anna.command.key, bohdan.command.key, Key::of(&["nobody"])];
    let mut found = store.commands(&keys).await.expect("commands");
    found.sort_by_key(|own| own.due);
    assert_eq!(found, [anna.clone(), bohdan.clone()]);
    let batch = Batch {
        settled: vec![
            settled(&anna, 1, named(&anna, "a", 5)),
            Settled {
                state: OutboxState::InDoubt,
                taken: None,
                ..settled(&bohdan, 1, named(&bohdan, "b", 5))
            },
        ],
        ..Batch::default()
    };
    write(store, batch).await;
    let found = store.commands(&keys).await.expect("commands");
    let states: Vec<_> = found
        .iter()
        .map(|own| (own.command.key, own.state))
        .collect();
    assert_eq!(states, [(keys[1], OutboxState::InDoubt)]);
    assert_eq!(store.commands(&[]).await.expect("none"), []);
}

pub(super) async fn names_are_forgotten(store: &dyn Store) {
    let [anna, _] = two(store).await;
    let names = ["a", "b", "c", "d"];
    let taken = (1..)
        .zip(names)
        .map(|(when, name)| settled(&anna, 1, named(&anna, name, when)));
    let batch = Batch {
        settled: taken.collect(),
        ..Batch::default()
    };
    write(store, batch).await;
    assert_eq!(store.forget(Old::Taken, at(4), 2).await.expect("some"), 2);
    assert_eq!(store.forget(Old::Taken, at(4), 9).await.expect("some"), 1);
    assert_eq!(store.forget(Old::Taken, at(4), 9).await.expect("none"), 0);
    let left = by_names(store, "email", &names).await;
    assert_eq!(
        left.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(),
        ["d"]
    );
}

pub(super) async fn of_somebody_erased_no_name_is_kept(store: &dyn Store) {
    let [anna, bohdan] = two(store).await;
    let batch = Batch {
        settled: vec![
            settled(&anna, 1, named(&anna, "a", 5)),
            settled(&bohdan, 1, named(&bohdan, "b", 5)),
        ],
        ..Batch::default()
    };
    write(store, batch).await;
    let told = store.export("anna").await.expect("an export");
    let own = told.iter().find(|(table, _)| *table == "taken");
    assert_eq!(own.expect("the table").1.len(), 1);
    let batch = Batch {
        erased: vec![Erasure {
            customer: id("anna"),
            at: at(50),
            revision: 1,
            addresses: Vec::new(),
        }],
        ..Batch::default()
    };
    write(store, batch).await;
    // What was under way meanwhile is told late.
    let batch = Batch {
        settled: vec![settled(&anna, 1, named(&anna, "late", 60))],
        ..Batch::default()
    };
    write(store, batch).await;
    let left = by_names(store, "email", &["a", "b", "late"]).await;
    assert_eq!(
        left.iter().map(|own| own.name.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
}
