//! Work that waits: timers and what must leave.

use kurant_engine::calendar::Instant;
use kurant_store::{Batch, OutboxState, Outgoing, Settled, Share, Store, Waiting};

use super::sample::{at, id, outgoing, person, waiting};

pub(super) async fn due_customers_come_in_order(store: &dyn Store) {
    let persons = vec![
        waiting("c", 300),
        waiting("b", 100),
        waiting("a", 100),
        waiting("d", 400),
        person("e"),
    ];
    let persons = persons.into_iter().map(Into::into).collect();
    store
        .commit(Batch {
            persons,
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(store.next_wake(Share::ALL).await.unwrap(), Some(at(100)));
    assert_eq!(
        store.due(at(300), 9, Share::ALL).await.unwrap(),
        [(at(100), id("a")), (at(100), id("b")), (at(300), id("c"))]
    );
    // Which of those at the same moment comes first is no matter.
    let first = store.due(at(300), 1, Share::ALL).await.unwrap();
    assert_eq!(
        first.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [at(100)]
    );
    assert_eq!(store.due(at(99), 9, Share::ALL).await.unwrap(), []);
}

pub(super) async fn a_share_holds_its_own_customers(store: &dyn Store) {
    const MANY: i64 = 60;
    let names: Vec<String> = (0..MANY).map(|number| format!("c{number:02}")).collect();
    let persons = names
        .iter()
        .zip(0..)
        .map(|(name, due)| waiting(name, due).into());
    store
        .commit(Batch {
            persons: persons.collect(),
            ..Batch::default()
        })
        .await
        .unwrap();
    let mut found = Vec::new();
    for index in 0..3 {
        let share = Share { index, of: 3 };
        let own = store.due(at(MANY), 99, share).await.unwrap();
        assert!(own.is_sorted() && own.iter().all(|(_, id)| share.holds(id)));
        assert_eq!(store.due(at(MANY), 5, share).await.unwrap(), own[..5]);
        assert_eq!(store.next_wake(share).await.unwrap(), Some(own[0].0));
        found.extend(own);
    }
    found.sort();
    let ids: Vec<&str> = found.iter().map(|(_, id)| &**id).collect();
    assert_eq!(ids, names);
}

fn outgoing_due(number: i64, state: OutboxState, lease: Option<i64>) -> Outgoing {
    Outgoing {
        lease: lease.map(at),
        ..outgoing("anna", number, state)
    }
}

pub(super) async fn a_claim_whose_lease_has_passed_is_claimed_anew(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, InDoubt, Pending};
    let outbox = vec![
        outgoing_due(5, Claimed, Some(50)),
        outgoing_due(4, Claimed, Some(51)),
        outgoing_due(3, Claimed, None),
        outgoing_due(2, Pending, None),
        outgoing_due(1, InDoubt, None),
        outgoing_due(60, Pending, None),
    ];
    store
        .commit(Batch {
            outbox: outbox.clone(),
            ..Batch::default()
        })
        .await
        .unwrap();
    let claimed = store.reclaim(at(50), at(90), 9).await.unwrap();
    let anew = |row: &Outgoing| Outgoing {
        state: Claimed,
        attempt: row.attempt + 1,
        lease: Some(at(90)),
        ..row.clone()
    };
    assert_eq!(claimed, [anew(&outbox[3]), anew(&outbox[0])]);
    assert_eq!(store.reclaim(at(50), at(91), 9).await.unwrap(), []);
    // Whoever held it before comes too late.
    let done = |attempt| Batch {
        settled: vec![settled(5, attempt, Accepted, None)],
        ..Batch::default()
    };
    store.commit(done(1)).await.unwrap();
    assert_eq!(
        store.outbox(Claimed, Instant::MAX, 9).await.unwrap().len(),
        4
    );
    store.commit(done(2)).await.unwrap();
    assert_eq!(
        store.outbox(Claimed, Instant::MAX, 9).await.unwrap().len(),
        3
    );
    // A few at a time, earliest first.
    let next = store.reclaim(at(90), at(99), 1).await.unwrap();
    assert_eq!((next[0].due, next[0].attempt), (at(2), 2));
}

pub(super) async fn one_worker_has_a_piece_of_work_until_its_time_is_up(store: &dyn Store) {
    let ask = |name: &'static str, worker: &'static str, now, until| async move {
        store.lease(name, worker, at(now), at(until)).await.unwrap()
    };
    assert!(ask("sweep", "one", 10, 20).await);
    assert!(!ask("sweep", "two", 19, 29).await);
    assert!(ask("other", "two", 19, 29).await);
    assert!(ask("sweep", "one", 19, 25).await);
    assert!(!ask("sweep", "two", 20, 30).await);
    assert!(ask("sweep", "two", 25, 35).await);
    assert!(!ask("sweep", "one", 26, 36).await);
}

pub(super) async fn a_worker_alone_has_everybody(store: &dyn Store) {
    let share = store.beat("one", at(10), at(0)).await.unwrap();
    assert_eq!(share, Share::ALL);
}

fn settled(number: i64, attempt: u32, state: OutboxState, due: Option<Instant>) -> Settled {
    Settled {
        key: outgoing("anna", number, state).command.key,
        attempt,
        state,
        due,
        reason: None,
    }
}

pub(super) async fn outbox_rows_move_on(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, Dead, Pending};
    let outbox = vec![
        outgoing("anna", 2, Pending),
        outgoing("anna", 1, Pending),
        outgoing("anna", 3, Claimed),
    ];
    store
        .commit(Batch {
            outbox: outbox.clone(),
            ..Batch::default()
        })
        .await
        .unwrap();
    let pending = store.outbox(Pending, Instant::MAX, 9).await.unwrap();
    assert_eq!(pending, [outbox[1].clone(), outbox[0].clone()]);
    assert_eq!(store.outbox(Pending, at(1), 9).await.unwrap().len(), 1);
    let done = vec![
        settled(1, 0, Accepted, None),
        settled(3, 1, Pending, Some(at(9))),
        settled(2, 0, Dead, None),
    ];
    store
        .commit(Batch {
            settled: done,
            ..Batch::default()
        })
        .await
        .unwrap();
    let pending = store.outbox(Pending, Instant::MAX, 9).await.unwrap();
    assert_eq!(
        pending
            .iter()
            .map(|row| (row.due, row.attempt))
            .collect::<Vec<_>>(),
        [(at(9), 1)]
    );
    let row = |state, count| Waiting {
        route: "email".into(),
        state,
        count,
    };
    assert_eq!(
        store.waiting().await.unwrap(),
        [row(Pending, 1), row(Accepted, 1), row(Dead, 1)]
    );
}

pub(super) async fn only_the_own_claim_settles(store: &dyn Store) {
    let claimed = outgoing("anna", 1, OutboxState::Claimed);
    store
        .commit(Batch {
            outbox: vec![claimed.clone()],
            ..Batch::default()
        })
        .await
        .unwrap();
    let stale = settled(1, 0, OutboxState::Accepted, None);
    store
        .commit(Batch {
            settled: vec![stale],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        store
            .outbox(OutboxState::Claimed, Instant::MAX, 9)
            .await
            .unwrap(),
        [claimed]
    );
}
