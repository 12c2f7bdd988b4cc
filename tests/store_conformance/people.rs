//! Customers and their histories.

use kurant_engine::enrollment::TurnedAway;
use kurant_store::{Batch, Kept, Share, Store};

use super::sample::{again, at, ended, event, id, person, put, waiting};

pub(super) async fn a_person_comes_back_as_written(store: &dyn Store) {
    let written = waiting("anna", 2_000);
    put(store, vec![written.clone().into()]).await;
    assert_eq!(
        store.load(&[id("anna")], &[]).await.unwrap(),
        std::slice::from_ref(&written)
    );
    let mut later = again(&written);
    later.person.enrollments.clear();
    later.fired = at(99);
    put(store, vec![later.clone().into()]).await;
    assert_eq!(store.load(&[id("anna")], &[]).await.unwrap(), [later]);
    assert_eq!(store.next_wake(Share::ALL).await.unwrap(), None);
}

pub(super) async fn an_unknown_customer_is_absent(store: &dyn Store) {
    put(store, vec![person("anna").into()]).await;
    let loaded = store.load(&[id("bohdan"), id("anna")], &[]).await.unwrap();
    assert_eq!(loaded, [person("anna")]);
    assert_eq!(store.load(&[], &[]).await.unwrap(), []);
}

pub(super) async fn history_holds_what_is_kept_oldest_first(store: &dyn Store) {
    let events = vec![
        event("anna", "order.paid", 1, 100),
        event("anna", "order.paid", 2, 300),
        event("anna", "order.paid", 3, 200),
        event("anna", "cart.left", 4, 100),
        event("anna", "cart.left", 5, 150),
        event("anna", "page.seen", 6, 400),
        event("anna", "task.done", 7, 499),
        event("anna", "task.done", 8, 500),
        event("bohdan", "order.paid", 9, 300),
    ];
    let persons = vec![waiting("anna", 2_000).into(), person("bohdan").into()];
    store
        .commit(Batch {
            persons,
            events,
            ..Batch::default()
        })
        .await
        .unwrap();
    let kept = [
        Kept {
            kind: "order.paid".into(),
            since: Some(at(200)),
            latest: false,
            enrolled: false,
        },
        Kept {
            kind: "cart.left".into(),
            since: None,
            latest: true,
            enrolled: false,
        },
        Kept {
            kind: "task.done".into(),
            since: None,
            latest: false,
            enrolled: true,
        },
    ];
    let loaded = store.load(&[id("anna")], &kept).await.unwrap();
    let ids: Vec<&str> = loaded[0]
        .person
        .history
        .iter()
        .map(|event| &*event.id)
        .collect();
    assert_eq!(
        ids,
        ["cart.left-5", "order.paid-3", "order.paid-2", "task.done-8"]
    );
    assert_eq!(
        *loaded[0].person.history[1],
        *event("anna", "order.paid", 3, 200)
    );
}

pub(super) async fn whoever_may_come_back_is_read_with_what_came_since_the_entry(
    store: &dyn Store,
) {
    let kept = Kept {
        kind: "click".into(),
        since: None,
        latest: false,
        enrolled: true,
    };
    let mut anna = person("anna");
    let mut own = ended("anna");
    own.turned_away = Some(TurnedAway {
        node: 0,
        was_due: at(1),
    });
    own.trigger.time = at(150);
    anna.person.enrollments.push(own);
    let batch = Batch {
        persons: vec![anna.into()],
        events: vec![
            event("anna", "click", 1, 100),
            event("anna", "click", 2, 200),
        ],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let walked = store.forget_history(at(300), std::slice::from_ref(&kept), None, 9);
    assert_eq!(walked.await.unwrap().gone, 1);
    let people = store.load(&[id("anna")], &[kept]).await.unwrap();
    let history = people[0].person.history.iter();
    assert_eq!(history.map(|own| &*own.id).collect::<Vec<_>>(), ["click-2"]);
}

pub(super) async fn customers_come_in_pages_by_id(store: &dyn Store) {
    let persons = ["d", "a", "c", "b"]
        .map(|name| person(name).into())
        .to_vec();
    put(store, persons).await;
    assert_eq!(
        store.customers(None, 3).await.unwrap(),
        ["a", "b", "c"].map(id)
    );
    assert_eq!(store.customers(Some("c"), 3).await.unwrap(), [id("d")]);
    assert_eq!(store.customers(Some("d"), 3).await.unwrap(), []);
}
