//! What a store keeps of somebody who was erased, also of what was under way meanwhile.

use kurant_engine::calendar::Instant;
use kurant_engine::erased::pseudonym;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_store::{
    AnchorRow, Batch, By, Erasure, Error, LogPlace, OutboxState, Rejected, Settled, Store, Stored,
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
        after: 0,
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
            taken: None,
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

pub(super) async fn a_dead_letter_that_comes_late_has_no_body(store: &dyn Store) {
    store.commit(erases(0, 300)).await.unwrap();
    let letter = |line: u64, body: &str| Rejected {
        at: at(400),
        origin: "late.jsonl".into(),
        line,
        reason: "`data.total` is `a secret`".into(),
        body: body.into(),
    };
    let batch = Batch {
        rejected: vec![
            letter(1, r#"{"subject":"anna","data":"a secret"}"#),
            letter(2, r#"{"subject":"bohdan"}"#),
            letter(3, "no json"),
        ],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let letters = store.rejected(Some("late.jsonl"), 10).await.unwrap();
    let is_kept = letters
        .iter()
        .map(|own| !own.body.is_empty() && own.reason.contains("secret"));
    assert_eq!(is_kept.collect::<Vec<_>>(), [false, true, true]);
    assert!(letters[0].reason.starts_with("erased:"), "{:?}", letters[0]);
}

pub(super) async fn dead_letters_are_found_however_they_spell_a_name(store: &dyn Store) {
    let bodies = [
        r#"{"subject":"shop\/їжак:1","data":"#,
        r#"{"subject":"shop/\u0457\u0436\u0430\u043A:1"}"#,
        r#"{"subject":"x","to":"Anna@Example.com"}"#,
        "ANNA@EXAMPLE.COM;1",
        "shop/їжак:17;1",
    ];
    let letters = bodies.iter().zip(1..).map(|(body, line)| Rejected {
        at: at(1),
        origin: "one.jsonl".into(),
        line,
        reason: "broken".into(),
        body: (*body).into(),
    });
    let batch = Batch {
        rejected: letters.collect(),
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let export = store.export("shop/їжак:1").await.unwrap();
    let mut own = export.iter().filter(|(table, _)| *table == "rejected");
    assert_eq!(own.next().unwrap().1.len(), 2);
    let erasure = Erasure {
        customer: id("shop/їжак:1"),
        at: at(300),
        revision: 0,
        addresses: vec!["anna@example.com".into()],
    };
    let batch = Batch {
        erased: vec![erasure],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let letters = store.rejected(Some("one.jsonl"), 10).await.unwrap();
    let is_gone: Vec<bool> = letters.iter().map(|own| own.body.is_empty()).collect();
    assert_eq!(is_gone, [true, true, true, true, false]);
}
