//! All of a batch, or nothing.

use futures_util::FutureExt;
use kurant_store::{Batch, Error, Seen, Store, Stored, Swap, Turn};

use super::sample::{again, at, event, id, person, seen};

pub(super) async fn an_event_takes_effect_once(store: &dyn Store) {
    let (one, two) = (
        event("anna", "order.paid", 1, 100),
        event("anna", "order.paid", 2, 100),
    );
    store
        .commit(Batch {
            seen: vec![seen(&one)],
            ..Batch::default()
        })
        .await
        .unwrap();
    let found = store
        .seen(&[two.identity(), one.identity(), one.identity()])
        .await
        .unwrap();
    assert_eq!(
        found,
        [Seen {
            identity: one.identity(),
            body: u64::MAX
        }]
    );
    assert_eq!(store.seen(&[]).await.unwrap(), []);
}

pub(super) async fn a_batch_with_a_known_event_writes_nothing(store: &dyn Store) {
    let (one, two) = (
        event("anna", "order.paid", 1, 100),
        event("anna", "order.paid", 2, 100),
    );
    store
        .commit(Batch {
            seen: vec![seen(&one)],
            ..Batch::default()
        })
        .await
        .unwrap();
    let batch = Batch {
        persons: vec![person("anna").into()],
        seen: vec![seen(&two), seen(&one)],
        events: vec![two.clone()],
        marks: vec![("place".into(), Some("7".into()))],
        ..Batch::default()
    };
    assert!(matches!(store.commit(batch).await, Err(Error::Conflict)));
    assert_eq!(store.load(&[id("anna")], &[]).await.unwrap(), []);
    assert_eq!(store.seen(&[two.identity()]).await.unwrap(), []);
    assert_eq!(store.marks("place").await.unwrap(), []);
    // And the store goes on.
    store
        .commit(Batch {
            seen: vec![seen(&two)],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(store.totals().await.unwrap().events, 2);
}

pub(super) async fn the_same_event_twice_in_a_batch_is_a_conflict(store: &dyn Store) {
    let one = event("anna", "order.paid", 1, 100);
    let batch = Batch {
        seen: vec![seen(&one), seen(&one)],
        ..Batch::default()
    };
    assert!(matches!(store.commit(batch).await, Err(Error::Conflict)));
    assert_eq!(store.totals().await.unwrap().events, 0);
}

pub(super) async fn a_state_is_written_over_the_one_before_it_only(store: &dyn Store) {
    let write = |stored: &Stored, name: &'static str| {
        store.commit(Batch {
            persons: vec![person("zoe").into(), stored.clone().into()],
            marks: vec![(name.into(), Some(String::new()))],
            ..Batch::default()
        })
    };
    let alone = |stored: &Stored| {
        store.commit(Batch {
            persons: vec![stored.clone().into()],
            ..Batch::default()
        })
    };
    let first = person("anna");
    let mut second = again(&first);
    second.fired = at(8);
    // Nobody is there yet whose second state it could be.
    assert!(matches!(
        write(&second, "early").await,
        Err(Error::Conflict)
    ));
    alone(&first).await.unwrap();
    assert!(matches!(write(&first, "twice").await, Err(Error::Conflict)));
    let late = again(&second);
    assert!(matches!(write(&late, "late").await, Err(Error::Conflict)));
    alone(&second).await.unwrap();
    assert!(matches!(
        write(&second, "again").await,
        Err(Error::Conflict)
    ));
    assert_eq!(
        store.load(&[id("anna"), id("zoe")], &[]).await.unwrap(),
        [second]
    );
    assert_eq!(store.marks("").await.unwrap(), []);
}

pub(super) async fn marks_are_set_and_forgotten(store: &dyn Store) {
    let mark = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    let marks = vec![
        mark("file/a", Some("1")),
        mark("file/b", Some("2")),
        mark("filed", Some("3")),
        mark("fired", Some("4")),
    ];
    store
        .commit(Batch {
            marks,
            ..Batch::default()
        })
        .await
        .unwrap();
    let marks = vec![mark("file/a", None), mark("file/b", Some("5"))];
    store
        .commit(Batch {
            marks,
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        store.marks("file/").await.unwrap(),
        [("file/b".to_owned(), "5".to_owned())]
    );
    assert_eq!(store.marks("fi").await.unwrap().len(), 3);
}

pub(super) async fn a_large_batch_is_written_whole(store: &dyn Store) {
    // Neither a round number nor a small one: every shape of statement is used.
    const MANY: u32 = 619;
    let names: Vec<String> = (0..MANY).map(|number| format!("c{number:04}")).collect();
    let events: Vec<_> = (0..MANY)
        .map(|number| event(&names[number as usize], "order.paid", number, 100))
        .collect();
    let batch = Batch {
        persons: names.iter().map(|name| person(name).into()).collect(),
        seen: events.iter().map(|event| seen(event)).collect(),
        events,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let totals = store.totals().await.unwrap();
    assert_eq!(
        (totals.customers, totals.events),
        (MANY.into(), MANY.into())
    );
    let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    let mut loaded = store.load(&ids, &[]).await.unwrap();
    loaded.sort_by(|one, other| one.person.customer.id.cmp(&other.person.customer.id));
    assert_eq!(loaded.last(), Some(&person("c0618")));
    assert_eq!(loaded.len(), MANY as usize);
}

pub(super) async fn a_batch_is_written_in_its_turn_or_never(store: &dyn Store) {
    let marking = |value: &str| Batch {
        marks: vec![("place".to_owned(), Some(value.to_owned()))],
        ..Batch::default()
    };
    let place = || async { store.marks("place").await.unwrap().pop() };
    let ((first, turn), (second, next)) = (Turn::later(), Turn::later());
    let (mut written, mut given_up) = (
        store.commit_in_turn(marking("one"), turn),
        store.commit_in_turn(marking("two"), next),
    );
    // Both are on their way, and neither is written.
    assert!((&mut written).now_or_never().is_none());
    assert!((&mut given_up).now_or_never().is_none());
    assert_eq!(place().await, None);
    first.go();
    written.await.unwrap();
    drop(second);
    assert!(matches!(given_up.await, Err(Error::GivenUp)));
    assert_eq!(place().await, Some(("place".to_owned(), "one".to_owned())));
}

pub(super) async fn a_mark_that_others_may_write_is_written_over_what_was_read(store: &dyn Store) {
    let swap = |was: Option<&str>, now: &str| {
        let swap = Swap {
            name: "desk".into(),
            was: was.map(str::to_owned),
            now: now.into(),
        };
        store.commit(Batch {
            marks: vec![("beside".into(), Some(now.into()))],
            swaps: vec![swap],
            ..Batch::default()
        })
    };
    let refused =
        |done: Result<(), Error>| assert!(matches!(done, Err(Error::Conflict)), "{done:?}");
    refused(swap(Some("nothing"), "a").await);
    assert_eq!(store.marks("").await.unwrap(), []);
    swap(None, "a").await.unwrap();
    refused(swap(None, "b").await);
    refused(swap(Some("b"), "c").await);
    swap(Some("a"), "d").await.unwrap();
    let mark = |name: &str| (name.to_owned(), "d".to_owned());
    assert_eq!(
        store.marks("").await.unwrap(),
        [mark("beside"), mark("desk")]
    );
}
