//! What a store keeps of somebody who was erased, also of what was under way meanwhile.

use kurant_engine::calendar::Instant;
use kurant_engine::erased::pseudonym;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_store::{
    AnchorRow, Batch, By, Erasure, Error, LogPlace, OutboxState, Settled, Store, Stored,
};

use super::sample::{at, id, outgoing, person};

fn anchor() -> AnchorRow {
    AnchorRow {
        attribute: "birthday".into(),
        by: By::MonthDay,
        zone: "UTC".into(),
        at: 5,
        customer: id("anna"),
        since: at(0),
    }
}

/// A page of anchors, as a walk over everybody writes it.
fn page() -> Batch {
    Batch {
        anchors: vec![anchor()],
        ..Batch::default()
    }
}

/// How a hand-over went.
fn told() -> Batch {
    let trace = Trace {
        clock: at(400),
        at: at(400),
        journey: None,
        enrollment: None,
        place: None,
        what: "taken".into(),
        reason: None,
        values: Map::new(),
    };
    Batch {
        traces: vec![(id("anna"), vec![trace])],
        ..Batch::default()
    }
}

fn erases(revision: u64, millis: i64) -> Batch {
    let erasure = Erasure {
        customer: id("anna"),
        at: at(millis),
        revision,
        addresses: Vec::new(),
    };
    Batch {
        erased: vec![erasure],
        ..Batch::default()
    }
}

fn came_back(erased: Instant) -> Stored {
    let mut stored = person("anna");
    stored.person.customer.erased = Some(erased);
    stored
}

async fn rows(store: &dyn Store, table: &str) -> usize {
    let export = store.export("anna").await.unwrap();
    let mut tables = export.iter().filter(|(name, _)| *name == table);
    tables.next().map_or(0, |(_, rows)| rows.len())
}

pub(super) async fn nobody_who_was_erased_leaves_an_anchor(store: &dyn Store) {
    let batch = Batch {
        persons: vec![person("anna").into()],
        ..page()
    };
    store.commit(batch).await.unwrap();
    // The journey that it was kept for may be gone: nobody names the row.
    store.commit(erases(1, 300)).await.unwrap();
    assert_eq!(rows(store, "anchor").await, 0);
    // A page that was read before comes after.
    store.commit(page()).await.unwrap();
    assert_eq!(rows(store, "anchor").await, 0);
    let batch = Batch {
        persons: vec![came_back(at(300)).into()],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    store.commit(page()).await.unwrap();
    assert_eq!(rows(store, "anchor").await, 1, "who is back has anchors");
}

pub(super) async fn lines_about_who_is_back_stand_under_the_own_name(store: &dyn Store) {
    store.commit(erases(0, 300)).await.unwrap();
    store.commit(told()).await.unwrap();
    let batch = Batch {
        persons: vec![came_back(at(300)).into()],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    store.commit(told()).await.unwrap();
    let page = store.log(None, LogPlace::default(), at(i64::MAX), 10);
    let page = page.await.unwrap();
    let names: Vec<_> = page.lines.iter().map(|own| &own.customer).collect();
    assert_eq!(names, [&pseudonym("anna"), &id("anna")]);
}

pub(super) async fn of_a_reason_told_after_the_erasure_the_code_stays(store: &dyn Store) {
    let claimed = outgoing("anna", 1, OutboxState::Claimed);
    let key = claimed.command.key;
    let batch = Batch {
        outbox: vec![claimed],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    store.commit(erases(0, 300)).await.unwrap();
    for (reason, kept) in [
        ("refused: anna@example.com", Some("refused")),
        ("anna@example.com is unknown", None),
    ] {
        let settled = Settled {
            key,
            attempt: 1,
            tries: 1,
            state: OutboxState::Dead,
            due: None,
            reason: Some(reason.into()),
        };
        let batch = Batch {
            settled: vec![settled],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
        let found = store.in_outbox(&[key]).await.unwrap();
        assert_eq!(found[0].reason.as_deref(), kept, "{reason}");
    }
}

pub(super) async fn what_was_decided_before_an_erasure_makes_nobody(store: &dyn Store) {
    store.commit(erases(0, 300)).await.unwrap();
    for (stored, is_taken) in [
        (person("anna"), false),
        (came_back(at(200)), false),
        (came_back(at(300)), true),
    ] {
        let batch = Batch {
            persons: vec![stored.into()],
            ..Batch::default()
        };
        match store.commit(batch).await {
            Ok(()) => assert!(is_taken),
            Err(error) => assert!(matches!(error, Error::Conflict) && !is_taken, "{error}"),
        }
    }
}
