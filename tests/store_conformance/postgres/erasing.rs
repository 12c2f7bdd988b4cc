//! Workers who erase somebody while others write about the same person.

use std::sync::Arc;

use kurant_store::{AnchorRow, Batch, By, Erasure, Error, Postgres, Store};

use super::super::sample::{at, id, person};
use super::database::Schema;

/// How often both meet.
const ROUNDS: u64 = 60;

fn erases(name: &str, revision: u64) -> Batch {
    let erasure = Erasure {
        customer: id(name),
        at: at(300),
        revision,
        addresses: Vec::new(),
    };
    Batch {
        erased: vec![erasure],
        ..Batch::default()
    }
}

fn makes(name: &str) -> Batch {
    Batch {
        persons: vec![person(name).into()],
        ..Batch::default()
    }
}

/// Anchors of a customer, as a walk over everybody writes them.
fn page(name: &str) -> Batch {
    let anchor = |attribute: u64| AnchorRow {
        attribute: attribute.to_string(),
        by: By::MonthDay,
        zone: "UTC".into(),
        at: 5,
        customer: id(name),
        since: at(0),
    };
    Batch {
        anchors: (0..50).map(anchor).collect(),
        ..Batch::default()
    }
}

/// Commits two batches side by side.
async fn both(store: &Arc<Postgres>, batches: [Batch; 2]) -> [Result<(), Error>; 2] {
    let [one, other] = batches.map(|batch| {
        let store = store.clone();
        tokio::spawn(async move { store.commit(batch).await })
    });
    [one.await.expect("it ends"), other.await.expect("it ends")]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_and_a_walk_leave_no_anchor_whoever_is_first() {
    let schema = Schema::new().await;
    let store = Arc::new(schema.open().await);
    for round in 0..ROUNDS {
        let name = format!("c{round}");
        store.commit(makes(&name)).await.unwrap();
        let done = both(&store, [page(&name), erases(&name, 1)]).await;
        done.into_iter().for_each(|own| own.unwrap());
        let export = store.export(&name).await.unwrap();
        let anchors = export.iter().find(|(table, _)| *table == "anchor");
        assert!(anchors.unwrap().1.is_empty(), "{round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_of_somebody_unknown_and_a_first_event_see_each_other() {
    let schema = Schema::new().await;
    let store = Arc::new(schema.open().await);
    for round in 0..ROUNDS {
        let name = format!("c{round}");
        let done = both(&store, [makes(&name), erases(&name, 0)]).await;
        let refused = done.iter().filter(|own| own.is_err());
        let is_conflict = |own: &Result<(), Error>| matches!(own, Err(Error::Conflict));
        assert!(refused.clone().all(is_conflict), "{round}: {done:?}");
        assert_eq!(refused.count(), 1, "{round}: {done:?}");
    }
}
