//! Histories and the contents of the log are forgotten, and nothing that somebody may still look back on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kurant_engine::action::Action;
use kurant_engine::event::Event;
use kurant_engine::id::CustomerId;
use kurant_engine::map::Map;
use kurant_engine::value::Value;
use kurant_store::{AnchorRange, AnchorRow, Batch, By, Kept, LogPlace, Old, Store, Stored, Walked};

use super::sample::{action, again, at, event, id, person, seen, waiting};

/// What decisions look back on at the moment 1,000: carts of the last 300, the latest order, and clicks since one entered.
fn kept() -> Vec<Kept> {
    let own = |kind: &str, since: Option<i64>, latest, enrolled| Kept {
        kind: kind.into(),
        since: since.map(at),
        latest,
        enrolled,
    };
    vec![
        own("cart", Some(700), false, false),
        own("order", None, true, false),
        own("click", Some(900), false, true),
    ]
}

/// One event of each of these moments and a customer.
async fn happened(store: &dyn Store, stored: Stored, events: &[(&str, i64)]) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = stored.person.customer.id.clone();
    let events = events.iter().map(|(kind, time)| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        event(&name, kind, number, *time)
    });
    let events: Vec<Arc<Event>> = events.collect();
    let batch = Batch {
        persons: vec![stored.into()],
        seen: events.iter().map(|own| seen(own)).collect(),
        events,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
}

/// Walks through all histories, a few rows at a time.
async fn walk(store: &dyn Store, before: i64, limit: usize) -> u64 {
    let (mut after, mut all) = (None::<CustomerId>, 0);
    for _ in 0..99 {
        let walked = store
            .forget_history(at(before), &kept(), after.as_deref(), limit)
            .await;
        let Walked { gone, next } = walked.unwrap();
        assert!(gone <= limit as u64, "{gone}");
        all += gone;
        match next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
    panic!("the walk has no end");
}

/// What the history still holds of each.
async fn left(store: &dyn Store, names: &[&str]) -> Vec<(String, i64)> {
    let all = ["cart", "order", "click", "visit", "consent.changed"].map(|kind| Kept {
        kind: kind.into(),
        since: Some(at(i64::MIN)),
        latest: false,
        enrolled: false,
    });
    let ids: Vec<CustomerId> = names.iter().map(|name| id(name)).collect();
    let people = store.load(&ids, &all).await.unwrap();
    let events = people.into_iter().flat_map(|own| own.person.history);
    let mut told: Vec<_> = events
        .map(|own| (format!("{} {}", own.customer, own.kind), own.time.millis()))
        .collect();
    told.sort();
    told
}

pub(super) async fn histories_are_forgotten_but_for_what_is_looked_back_on(store: &dyn Store) {
    let mut since_long = waiting("bohdan", 2_000);
    since_long.person.enrollments[0].trigger.time = at(150);
    happened(
        store,
        person("anna"),
        &[
            ("cart", 100),
            ("cart", 750),
            ("order", 200),
            ("order", 300),
            ("visit", 400),
            ("visit", 900),
            ("click", 100),
            ("consent.changed", 50),
        ],
    )
    .await;
    happened(
        store,
        since_long,
        &[("click", 100), ("click", 200), ("click", 800), ("visit", 1)],
    )
    .await;
    let names: Vec<String> = (0..7).map(|number| format!("c{number}")).collect();
    for name in &names {
        happened(store, person(name), &[("visit", 10), ("visit", 20)]).await;
    }
    let sums = store.sums(true).await.unwrap();
    let ids: Vec<CustomerId> = ["anna", "bohdan"].map(id).to_vec();
    let seen = store.load(&ids, &kept()).await.unwrap();
    for limit in [3, 100] {
        let gone = walk(store, 800, limit).await;
        assert_eq!(gone, if limit == 3 { 4 + 2 + 14 } else { 0 }, "{limit}");
    }
    // Decisions see the same as before, and what tells of a consent is there.
    assert_eq!(store.load(&ids, &kept()).await.unwrap(), seen);
    let told = |text: &str, time: i64| (text.to_owned(), time);
    assert_eq!(
        left(store, &["anna", "bohdan", "c0", "c6"]).await,
        [
            told("anna cart", 750),
            told("anna consent.changed", 50),
            told("anna order", 300),
            told("anna visit", 900),
            told("bohdan click", 200),
            told("bohdan click", 800),
        ]
    );
    assert_eq!(store.sums(true).await.unwrap(), sums);
}

pub(super) async fn what_tells_of_a_consent_stays_in_the_history(store: &dyn Store) {
    let mut told = Event::clone(&event("anna", "customer.created", 1, 10));
    let consents = Map::from_iter([("email", Value::Bool(true))]);
    told.data.insert("consents", Value::Map(consents));
    let batch = Batch {
        persons: vec![person("anna").into()],
        events: vec![
            Arc::new(told.clone()),
            event("anna", "customer.created", 2, 20),
        ],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let walked = store.forget_history(at(100), &[], None, 9).await.unwrap();
    assert_eq!((walked.gone, walked.next), (1, None));
    let kept = Kept {
        kind: "customer.created".into(),
        since: Some(at(0)),
        latest: false,
        enrolled: false,
    };
    let people = store.load(&[id("anna")], &[kept]).await.unwrap();
    let ids: Vec<_> = people[0].person.history.iter().map(|own| &own.id).collect();
    assert_eq!(ids, [&told.id]);
}

/// An action that tells what it was done with.
fn with(name: &str, number: i64) -> Action {
    let mut action = action(name, number);
    action
        .data
        .insert("offer", Value::text(format!("for {name}")));
    action
}

/// The clock of each entry of the log of a customer, the oldest first, and whether it still tells what its first action was done with.
async fn bodies(store: &dyn Store, name: &str) -> Vec<(i64, bool)> {
    let entries = store.latest(name, 9).await.unwrap();
    let told = entries.iter().rev();
    told.map(|entry| (entry.clock.millis(), !entry.actions[0].data.is_empty()))
        .collect()
}

pub(super) async fn a_body_whose_clock_is_out_of_order_is_not_jumped_over(store: &dyn Store) {
    for (number, clock) in [(1, 100), (2, 300), (3, 200)] {
        let mut anna = person("anna");
        (1..number).for_each(|_| anna = again(&anna));
        let batch = Batch {
            clock: at(clock),
            persons: vec![anna.into()],
            actions: vec![with("anna", number)],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    assert_eq!(store.forget(Old::Bodies, at(250), 9).await.unwrap(), 1);
    let first = [(100, false), (300, true), (200, true)];
    assert_eq!(bodies(store, "anna").await, first);
    assert_eq!(store.forget(Old::Bodies, at(301), 9).await.unwrap(), 2);
    let all = [(100, false), (300, false), (200, false)];
    assert_eq!(bodies(store, "anna").await, all);
}

pub(super) async fn bodies_are_forgotten_and_their_lines_stay(store: &dyn Store) {
    for (number, clock) in [(1, 100), (2, 200), (3, 300), (4, 400)] {
        let mut anna = person("anna");
        (1..number).for_each(|_| anna = again(&anna));
        let batch = Batch {
            clock: at(clock),
            persons: vec![anna.into()],
            actions: vec![with("anna", number), action("anna", number + 10)],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    let before = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
        store.load(&[id("anna")], &[]).await.unwrap(),
    );
    assert_eq!(store.forget(Old::Bodies, at(100), 9).await.unwrap(), 0);
    assert_eq!(store.forget(Old::Bodies, at(300), 1).await.unwrap(), 1);
    assert_eq!(store.forget(Old::Bodies, at(300), 9).await.unwrap(), 1);
    assert_eq!(store.forget(Old::Bodies, at(300), 9).await.unwrap(), 0);
    // The lines are as they were, the younger ones with what they were made of.
    let page = store
        .log(None, LogPlace::default(), at(i64::MAX), 99)
        .await
        .unwrap();
    assert_eq!(page.lines.len(), 8);
    let entries = store.latest("anna", 9).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| {
            let first = &entry.actions[0];
            assert_eq!((&*first.action, entry.actions.len()), ("send", 2));
            (entry.clock.millis(), !first.data.is_empty())
        })
        .collect();
    assert_eq!(told, [(100, false), (200, false), (300, true), (400, true)]);
    let after = (
        store.sums(true).await.unwrap(),
        store.totals().await.unwrap(),
        store.load(&[id("anna")], &[]).await.unwrap(),
    );
    assert_eq!(after, before);
}

pub(super) async fn what_stands_beside_the_log_is_touched_by_no_forgetting(store: &dyn Store) {
    let batch = Batch {
        clock: at(100),
        persons: vec![waiting("anna", 5_000).into()],
        anchors: vec![AnchorRow {
            attribute: "last_purchase_at".into(),
            by: By::Moment,
            zone: "UTC".into(),
            at: 5,
            customer: id("anna"),
            since: at(0),
        }],
        marks: vec![("a/mark".into(), Some("1".into()))],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let before = store.load(&[id("anna")], &[]).await.unwrap();
    for old in Old::ALL {
        store.forget(old, at(i64::MAX), 99).await.unwrap();
    }
    walk(store, 1_000_000, 9).await;
    assert_eq!(store.load(&[id("anna")], &[]).await.unwrap(), before);
    assert_eq!(store.marks("a/").await.unwrap().len(), 1);
    let ranges = [AnchorRange {
        zone: "UTC".into(),
        from: 0,
        until: 9,
        time_from: 0,
        time_until: 86_400_000,
    }];
    let found = store.anchored("last_purchase_at", By::Moment, &ranges, None, 9);
    assert_eq!(found.await.unwrap().len(), 1);
}
