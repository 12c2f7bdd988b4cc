//! Work that waits: timers and what must leave.

use kurant_engine::calendar::Instant;
use kurant_store::{Batch, OutboxState, Settled, Store, Waiting};

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
    assert_eq!(store.next_wake().await.unwrap(), Some(at(100)));
    assert_eq!(
        store.due(at(300), 9).await.unwrap(),
        [(at(100), id("a")), (at(100), id("b")), (at(300), id("c"))]
    );
    assert_eq!(store.due(at(300), 1).await.unwrap(), [(at(100), id("a"))]);
    assert_eq!(store.due(at(99), 9).await.unwrap(), []);
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
