//! Work that waits: timers and what must leave.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::id::Key;
use kurant_store::{
    Batch, InOutbox, OutboxState, Outgoing, Settled, Share, Store, Stored, Waiting, Word,
};

use super::sample::{at, id, outgoing, person, put, waiting};

pub(super) async fn due_customers_come_in_order(store: &dyn Store) {
    let persons = vec![
        waiting("c", 300),
        waiting("b", 100),
        waiting("a", 100),
        waiting("d", 400),
        person("e"),
    ];
    let persons = persons.into_iter().map(Into::into).collect();
    put(store, persons).await;
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
    put(store, persons.collect()).await;
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

pub(super) async fn those_who_are_due_first_come_first_whatever_their_slots(store: &dyn Store) {
    // Most of them share a slot, and the others' moments lie among theirs.
    let slot = Share::slot("anna");
    let crowd = (0..).map(|number| format!("c{number}"));
    let crowd: Vec<String> = crowd
        .filter(|id| Share::slot(id) == slot)
        .take(40)
        .collect();
    let others = (0..40).map(|number| format!("other-{number}"));
    let ids: Vec<String> = crowd.iter().cloned().chain(others).collect();
    let moments = (0..40)
        .map(|number| number * 2)
        .chain((0..40).map(|number| number * 5 + 1));
    let persons = ids.iter().zip(moments);
    let persons: Vec<Arc<Stored>> = persons.map(|(id, due)| waiting(id, due).into()).collect();
    put(store, persons).await;
    let all = store.due(at(1_000), 999, Share::ALL).await.unwrap();
    assert_eq!(all.len(), 80);
    assert!(all.is_sorted());
    for most in [1, 10, 30, 60, 79] {
        assert_eq!(
            store.due(at(1_000), most, Share::ALL).await.unwrap(),
            all[..most],
            "{most}"
        );
    }
}

fn outgoing_due(number: i64, state: OutboxState, lease: Option<i64>) -> Outgoing {
    Outgoing {
        lease: lease.map(at),
        ..outgoing("anna", number, state)
    }
}

pub(super) async fn what_is_withdrawn_is_claimed_as_that(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, Pending};
    let rows = vec![
        outgoing("anna", 1, Pending),
        outgoing("anna", 2, Pending),
        outgoing("anna", 3, Claimed),
    ];
    let keys: Vec<Key> = rows.iter().map(|row| row.command.key).collect();
    let written = Batch {
        outbox: rows,
        ..Batch::default()
    };
    store.commit(written).await.unwrap();
    // As often as it is said; also what is claimed, and what was never there.
    for _ in 0..2 {
        let withdrawn = vec![keys[0], keys[2], Key::of(&["nobody"])];
        let batch = Batch {
            withdrawn,
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    let claimed = store.reclaim("email", at(9), at(90), 9).await.unwrap();
    let found: Vec<_> = claimed
        .iter()
        .map(|row| (row.command.key, row.is_withdrawn))
        .collect();
    assert_eq!(found, [(keys[0], true), (keys[1], false)]);
    let open = store.outbox(Claimed, Instant::MAX, 9).await.unwrap();
    let own = open.iter().find(|row| row.command.key == keys[2]);
    assert!(own.is_some_and(|row| row.is_withdrawn));
    // It can be settled like any other.
    let batch = Batch {
        settled: vec![settled(3, 1, Accepted, None)],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    assert_eq!(
        store.outbox(Claimed, Instant::MAX, 9).await.unwrap().len(),
        2
    );
}

pub(super) async fn a_claim_whose_lease_has_passed_is_claimed_anew(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, InDoubt, Pending};
    let outbox = vec![
        outgoing_due(5, Claimed, Some(50)),
        outgoing_due(4, Claimed, Some(51)),
        outgoing_due(3, Claimed, None),
        outgoing("bohdan", 2, Pending),
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
    let claimed = store.reclaim("email", at(50), at(90), 9).await.unwrap();
    let anew = |row: &Outgoing| Outgoing {
        state: Claimed,
        attempt: row.attempt + 1,
        lease: Some(at(90)),
        ..row.clone()
    };
    // In the order of their making.
    assert_eq!(claimed, [anew(&outbox[0]), anew(&outbox[3])]);
    assert_eq!(store.reclaim("email", at(50), at(91), 9).await.unwrap(), []);
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
    // A few at a time.
    let next = store.reclaim("email", at(90), at(99), 1).await.unwrap();
    assert_eq!((next[0].due, next[0].attempt), (at(2), 2));
}

pub(super) async fn each_route_is_claimed_by_itself(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, Dead, Pending};
    let by = |route: &str, customer: &str, number, state, lease: Option<i64>| Outgoing {
        route: route.into(),
        lease: lease.map(at),
        ..outgoing(customer, number, state)
    };
    let outbox = vec![
        by("sms", "anna", 1, Pending, None),
        by("email", "anna", 2, Pending, None),
        by("viber", "anna", 3, Claimed, Some(50)),
        by("crm", "anna", 4, Claimed, None),
        by("push", "anna", 5, Dead, None),
        by("sms", "bohdan", 6, Pending, None),
        by("sms", "anna", 99, Pending, None),
    ];
    let batch = Batch {
        outbox,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    assert_eq!(
        store.routes_waiting(at(49)).await.unwrap(),
        ["email", "sms"]
    );
    let waiting = store.routes_waiting(at(50)).await.unwrap();
    assert_eq!(waiting, ["email", "sms", "viber"]);
    let claimed = async |route: &'static str, limit| {
        let rows = store.reclaim(route, at(50), at(90), limit).await.unwrap();
        rows.iter().map(|row| row.due).collect::<Vec<_>>()
    };
    assert_eq!(claimed("telegram", 9).await, []);
    assert_eq!(claimed("sms", 0).await, []);
    assert_eq!(claimed("sms", 9).await, [at(1), at(6)]);
    assert_eq!(claimed("viber", 9).await, [at(3)]);
    assert_eq!(claimed("email", 9).await, [at(2)]);
    // What is not due yet waits all the same, until its turn has come.
    assert_eq!(store.routes_waiting(at(50)).await.unwrap(), ["sms"]);
    let key = by("sms", "anna", 1, Claimed, None).command.key;
    let tried = |attempt, tries, state| Batch {
        settled: vec![Settled {
            key,
            attempt,
            tries,
            state,
            due: None,
            reason: None,
            taken: None,
        }],
        ..Batch::default()
    };
    // How often the other side was asked is another thing than how often it was claimed.
    store.commit(tried(1, 0, Pending)).await.unwrap();
    let again = store.reclaim("sms", at(50), at(90), 1).await.unwrap();
    assert_eq!((again[0].attempt, again[0].tries), (2, 0));
    store.commit(tried(2, 1, Pending)).await.unwrap();
    let again = store.reclaim("sms", at(50), at(90), 1).await.unwrap();
    assert_eq!((again[0].attempt, again[0].tries), (3, 1));
    store.commit(tried(3, 2, Accepted)).await.unwrap();
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
    let word = Word {
        at: at(10),
        behind: None,
        heeded: at(10),
    };
    let share = store.beat("one", word, at(0)).await.unwrap().share;
    assert_eq!(share, Share::ALL);
}

fn settled(number: i64, attempt: u32, state: OutboxState, due: Option<Instant>) -> Settled {
    Settled {
        key: outgoing("anna", number, state).command.key,
        attempt,
        tries: attempt,
        state,
        due,
        reason: None,
        taken: None,
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

/// The moments of what can be claimed at an instant, each settled as told.
async fn tried(store: &dyn Store, now: i64, state: OutboxState, due: Option<i64>) -> Vec<Instant> {
    let rows = store
        .reclaim("email", at(now), at(now + 50), 9)
        .await
        .unwrap();
    let settled = rows.iter().map(|row| Settled {
        key: row.command.key,
        attempt: row.attempt,
        tries: row.tries + 1,
        state,
        due: due.map(at),
        reason: Some("refused".into()),
        taken: None,
    });
    let batch = Batch {
        settled: settled.collect(),
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    rows.iter().map(|row| row.command.at).collect()
}

pub(super) async fn what_is_tried_again_keeps_its_order_for_each_customer(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, Pending};
    let retried = |customer: &str, number, due| Outgoing {
        attempt: 1,
        due: at(due),
        ..outgoing(customer, number, Pending)
    };
    // The one made last is due first.
    let outbox = vec![
        retried("anna", 1, 30),
        retried("anna", 2, 20),
        retried("anna", 3, 10),
        retried("bohdan", 4, 10),
        outgoing("chris", 5, Claimed),
    ];
    let batch = Batch {
        outbox,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let email = |customer: &str| ("email".to_owned(), id(customer));
    let mut behind = store.retried(9).await.unwrap();
    behind.sort();
    assert_eq!(behind, [email("anna"), email("bohdan")]);
    // The first one is not due, so the others wait for it.
    assert_eq!(tried(store, 25, Accepted, None).await, [at(4)]);
    // Those behind it come with it, in the order of their making.
    let all = [at(1), at(2), at(3)];
    assert_eq!(tried(store, 30, Pending, Some(40)).await, all);
    assert_eq!(tried(store, 39, Accepted, None).await, []);
    // While one is on its way the next one waits.
    let under_way = store.reclaim("email", at(40), at(90), 1).await.unwrap();
    assert_eq!(under_way.len(), 1);
    assert_eq!(tried(store, 41, Accepted, None).await, []);
    assert_eq!(store.retried(9).await.unwrap(), [email("anna")]);
    let ended = store.reclaim("email", at(90), at(99), 1).await.unwrap();
    assert_eq!(ended[0].command.at, at(1));
    assert_eq!(tried(store, 99, Accepted, None).await[..1], [at(1)]);
    while !store.retried(9).await.unwrap().is_empty() {
        assert!(!tried(store, 100, Accepted, None).await.is_empty());
    }
}

pub(super) async fn what_was_given_up_is_kept_and_can_be_tried_again(store: &dyn Store) {
    use OutboxState::{Claimed, Dead, InDoubt, Pending, Skipped};
    let rows = (1..=4).map(|number| outgoing("anna", number, Claimed));
    let rows: Vec<Outgoing> = rows.collect();
    let told = |number: i64, state, due: Option<i64>, reason: Option<&str>| Settled {
        due: due.map(at),
        reason: reason.map(Into::into),
        ..settled(number, 1, state, None)
    };
    let batch = Batch {
        outbox: rows.clone(),
        settled: vec![
            told(1, Dead, Some(50), Some("unroutable: x")),
            told(2, InDoubt, Some(51), Some("unconfirmed: y")),
            told(3, Dead, Some(52), Some("refused: z")),
        ],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let given_up = store.given_up(0, 9).await.unwrap();
    let seen = |row: &kurant_store::GivenUp| {
        let reason = row.reason.clone().unwrap_or_default();
        (row.outgoing.state, row.outgoing.due, reason)
    };
    assert_eq!(
        given_up.iter().map(seen).collect::<Vec<_>>(),
        [
            (Dead, at(50), "unroutable: x".to_owned()),
            (InDoubt, at(51), "unconfirmed: y".to_owned()),
            (Dead, at(52), "refused: z".to_owned())
        ]
    );
    assert_eq!(given_up[0].outgoing.command, rows[0].command);
    let later = store.given_up(given_up[0].n, 1).await.unwrap();
    assert_eq!(later, given_up[1..2]);
    // Asked for twice, it happens once.
    for _ in 0..2 {
        let settled = vec![
            told(1, Pending, Some(60), None),
            told(3, Skipped, None, Some("dropped")),
        ];
        let batch = Batch {
            settled,
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    let left = store.given_up(0, 9).await.unwrap();
    assert_eq!(left, given_up[1..2]);
    let again = store.reclaim("email", at(60), at(90), 9).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].command, again[0].attempt), (&rows[0].command, 2));
}

pub(super) async fn where_commands_stand_is_told_by_their_keys(store: &dyn Store) {
    use OutboxState::{Accepted, Claimed, Dead, Pending};
    let rows: Vec<Outgoing> = (1..=5)
        .map(|number| outgoing("anna", number, Claimed))
        .collect();
    let keys: Vec<Key> = rows.iter().map(|row| row.command.key).collect();
    let told = |number, state, due: i64, reason: &str| Settled {
        due: Some(at(due)),
        reason: Some(reason.into()),
        ..settled(number, 1, state, None)
    };
    let batch = Batch {
        outbox: rows,
        settled: vec![
            told(1, Pending, 60, "away: it says 535"),
            told(2, Dead, 50, "refused: no"),
            settled(3, 1, Accepted, None),
        ],
        withdrawn: vec![keys[1]],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    // What left is not there, nor what nobody asked for, nor what never was.
    let asked = [keys[0], keys[1], keys[2], keys[3], Key::of(&["nobody"])];
    let mut found = store.in_outbox(&asked).await.unwrap();
    found.sort_by_key(|row| row.due);
    let row = |key, state, due, reason: Option<&str>, is_withdrawn| InOutbox {
        key,
        route: "email".into(),
        state,
        due: at(due),
        tries: u32::from(state != Claimed),
        reason: reason.map(Into::into),
        is_withdrawn,
    };
    let expected = [
        row(keys[3], Claimed, 4, None, false),
        row(keys[1], Dead, 50, Some("refused: no"), true),
        row(keys[0], Pending, 60, Some("away: it says 535"), false),
    ];
    assert_eq!(found, expected);
    let all = store.outbox_of("anna").await.unwrap();
    let all: Vec<Key> = all.iter().map(|row| row.key).collect();
    assert_eq!(all, [keys[0], keys[1], keys[3], keys[4]]);
    assert_eq!(store.outbox_of("bohdan").await.unwrap(), []);
    assert_eq!(store.in_outbox(&[]).await.unwrap(), []);
}
