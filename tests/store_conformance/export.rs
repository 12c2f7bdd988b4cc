//! What is told of one customer: all that is held, and every column of every table is either in it or known to say nothing of a
//! person.

use kurant_store::{Batch, By, Store, told};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::coupons::{given, new};
use super::sample::{
    action, again, at, enrollment, event, id, outgoing, person, put, seen, waiting,
};
use kurant_engine::id::Key;
use kurant_store::{AnchorRow, EnrollmentRow, Erasure, OutboxState, Rejected, Settled, Taken};

async fn held(store: &dyn Store) {
    for (number, name) in [(1, "anna"), (2, "bohdan")] {
        let order = event(name, "order.paid", number, 100);
        let batch = Batch {
            clock: at(200),
            persons: vec![waiting(name, 5_000).into()],
            seen: vec![seen(&order)],
            events: vec![order],
            enrollments: vec![EnrollmentRow::of(&id(name), &enrollment(name, 5_000))],
            anchors: vec![AnchorRow {
                attribute: "birthday".into(),
                by: By::MonthDay,
                zone: "UTC".into(),
                at: 5,
                customer: id(name),
                since: at(0),
            }],
            actions: vec![action(name, 1)],
            outbox: vec![outgoing(name, 1, OutboxState::Pending)],
            settled: vec![Settled {
                key: Key::of(&["left", name]),
                attempt: 1,
                tries: 1,
                state: OutboxState::Accepted,
                due: None,
                reason: None,
                taken: Some(Box::new(Taken {
                    route: "sms".into(),
                    name: format!("sms-{name}"),
                    customer: id(name),
                    key: Key::of(&["left", name]),
                    journey: "welcome".into(),
                    step: "hello".into(),
                    at: at(3),
                    address: format!("hash-of-{name}"),
                })),
            }],
            rejected: vec![Rejected {
                at: at(1),
                origin: name.into(),
                line: 1,
                reason: "not_json".into(),
                body: format!(r#"{{"subject":"{name}"}}"#),
            }],
            codes_new: vec![new("spring", &format!("CODE-{number}"), None)],
            codes_given: vec![given(&format!("CODE-{number}"), name, 1)],
            marks: vec![(
                format!("steer/order/{name}"),
                Some(format!(r#"{{"customer":"{name}"}}"#)),
            )],
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
}

pub(super) async fn all_that_is_held_of_one_customer_is_told(store: &dyn Store) {
    held(store).await;
    let export = store.export("anna").await.unwrap();
    for (table, rows) in &export {
        let count = usize::from(*table != "erased");
        assert_eq!(rows.len(), count, "{table}: {rows:?}");
    }
    let text = serde_json::to_string(&export).unwrap();
    assert!(
        text.contains("anna@example.com") && !text.contains("bohdan"),
        "{text}"
    );
    let of = |table: &str| export.iter().find(|(name, _)| *name == table).unwrap().1[0].clone();
    assert_eq!(of("customer")["state"]["customer"]["id"], "anna");
    assert_eq!(of("event")["data"]["number"], 1);
    assert_eq!(of("enrollment")["id"], enrollment("anna", 0).id.to_string());
    assert_eq!(of("log")["actions"][0]["step"], "hello");
    assert_eq!(of("outbox")["command"]["what"]["effect"], "send");
    assert_eq!(of("taken")["name"], "sms-anna");
    assert_eq!(of("code")["code"], "CODE-1");
    assert_eq!(of("rejected")["body"], r#"{"subject":"anna"}"#);
}

pub(super) async fn of_an_erased_customer_only_the_bones_are_told(store: &dyn Store) {
    held(store).await;
    let before = store.sums(true).await.unwrap();
    let erasure = |revision| Erasure {
        customer: id("anna"),
        at: at(300),
        revision,
        addresses: vec!["anna@example.com".into()],
    };
    let batch = |revision| Batch {
        erased: vec![erasure(revision)],
        ..Batch::default()
    };
    let refused = store.commit(batch(7)).await;
    assert!(
        matches!(refused, Err(kurant_store::Error::Conflict)),
        "somebody else was first"
    );
    store.commit(batch(1)).await.unwrap();
    let after = store.sums(true).await.unwrap();
    assert_eq!((after.seen, after.history), (before.seen, before.history));
    assert_eq!(after.log.unwrap().commands, before.log.unwrap().commands);
    let found = store.load(&[id("anna"), id("bohdan")], &[]).await.unwrap();
    let erased: Vec<_> = found.iter().map(|own| own.person.customer.erased).collect();
    assert!(
        erased.contains(&Some(at(300))) && erased.contains(&None),
        "{erased:?}"
    );
    // Who was known by nobody is written anew.
    let mut new = person("anna");
    new.person.customer.erased = Some(at(300));
    put(store, vec![new.clone().into()]).await;
    put(store, vec![again(&new).into()]).await;
    let found = store.load(&[id("anna")], &[]).await.unwrap();
    assert_eq!(found, [again(&new)]);
}

#[tokio::test]
async fn every_column_of_sqlite_is_told_or_known_to_be_nobodys() {
    let (folder, _store) = super::sqlite().await;
    let url = format!("sqlite://{}", folder.path().join("state.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    thought_of(&columns);
}

#[tokio::test]
async fn every_column_of_postgres_is_told_or_known_to_be_nobodys() {
    let schema = super::postgres::database::Schema::new().await;
    let _store = schema.open().await;
    let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    thought_of(&columns);
}

fn thought_of(columns: &[(String, String)]) {
    assert!(columns.len() > 50, "the schema is there: {columns:?}");
    let unknown = columns
        .iter()
        .filter(|(table, column)| told(table, column).is_none());
    let unknown: Vec<_> = unknown.collect();
    assert!(
        unknown.is_empty(),
        "add them to runtime/store/export.rs, and to what an erasure takes: {unknown:?}"
    );
}
