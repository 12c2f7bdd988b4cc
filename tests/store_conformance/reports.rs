//! What people ask for.

use kurant_engine::id::Key;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_store::{Batch, EnrollmentRow, Inside, Rejected, Store};

use super::sample::{action, again, at, definitions, ended, enrollment, id, person};

fn trace(what: &str) -> Trace {
    Trace {
        clock: at(10),
        at: at(10),
        journey: Some("welcome".into()),
        enrollment: None,
        place: None,
        what: what.into(),
        reason: None,
        values: Map::new(),
        after: 0,
    }
}

pub(super) async fn the_log_is_kept_by_customer(store: &dyn Store) {
    let actions = vec![action("anna", 1), action("bohdan", 2), action("anna", 3)];
    let traces = vec![(id("anna"), vec![trace("entered"), trace("waits")])];
    let (anna, bohdan) = (person("anna"), person("bohdan"));
    let persons = vec![anna.clone().into(), bohdan.clone().into()];
    store
        .commit(Batch {
            persons,
            actions,
            traces,
            ..Batch::default()
        })
        .await
        .unwrap();
    let persons = vec![again(&anna).into(), again(&bohdan).into()];
    let traces = vec![
        (id("anna"), vec![trace("timeout")]),
        (id("bohdan"), vec![trace("entered")]),
    ];
    store
        .commit(Batch {
            persons,
            traces,
            ..Batch::default()
        })
        .await
        .unwrap();
    let latest = store.latest("anna", 9).await.unwrap();
    let done: Vec<_> = latest.iter().map(|entry| &entry.actions).collect();
    assert_eq!(done, [&vec![], &vec![action("anna", 1), action("anna", 3)]]);
    let told = latest.iter().flat_map(|entry| &entry.traces);
    let words: Vec<&str> = told.map(|trace| trace.what.as_str()).collect();
    assert_eq!(words, ["timeout", "entered", "waits"]);
    assert_eq!(store.latest("anna", 1).await.unwrap(), latest[..1]);
    assert_eq!(store.latest("nobody", 9).await.unwrap(), []);
}

fn row(name: &str) -> EnrollmentRow {
    EnrollmentRow::of(&id(name), &enrollment(name, 2_000))
}

pub(super) async fn enrollments_are_counted(store: &dyn Store) {
    let enrollments = vec![row("anna"), row("bohdan"), row("chris")];
    store
        .commit(Batch {
            enrollments,
            ..Batch::default()
        })
        .await
        .unwrap();
    let over = EnrollmentRow {
        held: false,
        ..EnrollmentRow::of(&id("anna"), &ended("anna"))
    };
    store
        .commit(Batch {
            enrollments: vec![over],
            ..Batch::default()
        })
        .await
        .unwrap();
    let inside = Inside {
        journey: "welcome".into(),
        version: Key::of(&["welcome", "1"]),
        node: Some(3),
        count: 2,
    };
    assert_eq!(store.inside().await.unwrap(), [inside]);
    assert_eq!(store.enrollments("anna").await.unwrap(), []);
    assert_eq!(store.enrollments("bohdan").await.unwrap(), [row("bohdan")]);
}

pub(super) async fn members_are_those_inside_by_id(store: &dyn Store) {
    let over = EnrollmentRow::of(&id("dana"), &ended("dana"));
    let other = EnrollmentRow {
        journey: "other".into(),
        ..row("chris")
    };
    store
        .commit(Batch {
            enrollments: vec![row("bohdan"), row("anna"), other, over],
            ..Batch::default()
        })
        .await
        .unwrap();
    let ids = |names: &[&str]| names.iter().map(|name| id(name)).collect::<Vec<_>>();
    let all = store.members(None, None, 9).await.unwrap();
    assert_eq!(all, ids(&["anna", "bohdan", "chris"]));
    let own = store.members(Some("welcome"), None, 9).await.unwrap();
    assert_eq!(own, ids(&["anna", "bohdan"]));
    let first = store.members(Some("welcome"), None, 1).await.unwrap();
    assert_eq!(first, ids(&["anna"]));
    let next = store
        .members(Some("welcome"), Some("anna"), 9)
        .await
        .unwrap();
    assert_eq!(next, ids(&["bohdan"]));
}

pub(super) async fn pinned_versions_are_those_held(store: &dyn Store) {
    store.publish(&definitions("1"), at(1)).await.unwrap();
    store.publish(&definitions("2"), at(2)).await.unwrap();
    assert_eq!(store.pinned().await.unwrap(), []);
    store
        .commit(Batch {
            enrollments: vec![row("anna")],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(store.pinned().await.unwrap(), definitions("1").journeys);
    let left = EnrollmentRow {
        held: false,
        ..row("anna")
    };
    store
        .commit(Batch {
            enrollments: vec![left],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(store.pinned().await.unwrap(), []);
}

pub(super) async fn definitions_are_replaced(store: &dyn Store) {
    assert_eq!(store.definitions().await.unwrap(), None);
    store.publish(&definitions("1"), at(1)).await.unwrap();
    store.publish(&definitions("2"), at(2)).await.unwrap();
    store.publish(&definitions("2"), at(3)).await.unwrap();
    assert_eq!(store.definitions().await.unwrap(), Some(definitions("2")));
}

pub(super) async fn dead_letters_are_kept_once(store: &dyn Store) {
    let letter = |origin: &str, line| Rejected {
        at: at(1),
        origin: origin.into(),
        line,
        reason: "not_json: it is not JSON".into(),
        body: "{".into(),
    };
    let rejected = vec![
        letter("b.jsonl", 7),
        letter("a.jsonl", 9),
        letter("a.jsonl", 3),
    ];
    store
        .commit(Batch {
            rejected,
            ..Batch::default()
        })
        .await
        .unwrap();
    store
        .commit(Batch {
            rejected: vec![letter("a.jsonl", 9)],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        store.rejected(Some("a.jsonl"), 9).await.unwrap(),
        [letter("a.jsonl", 3), letter("a.jsonl", 9)]
    );
    assert_eq!(store.rejected(None, 9).await.unwrap().len(), 3);
    assert_eq!(store.totals().await.unwrap().rejected, 3);
    assert_eq!(store.letters().await.unwrap(), 3);
    let letters = store.letters_after(0, 9).await.unwrap();
    let lines: Vec<u64> = letters.iter().map(|own| own.rejected.line).collect();
    assert_eq!(lines, [7, 9, 3]);
    let gone = Batch {
        letters_gone: vec![letters[1].n],
        ..Batch::default()
    };
    store.commit(gone.clone()).await.unwrap();
    store.commit(gone).await.unwrap();
    let later = store.letters_after(letters[0].n, 9).await.unwrap();
    assert_eq!(later, letters[2..]);
}
