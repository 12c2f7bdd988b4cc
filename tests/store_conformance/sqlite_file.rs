//! What only a store in a file has: a lock, readers beside it, a life after the process.

use kurant_store::{Batch, Error, Sqlite, Store};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::sample::{event, id, person};

/// A change of the tables that nobody knows here.
pub(super) const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
     VALUES (99, 'later', true, '', 0)";

#[tokio::test]
async fn only_one_process_writes_and_the_next_is_told_who() {
    let (folder, store) = super::sqlite().await;
    let path = folder.path().join("state.db");
    let Err(error) = Sqlite::open(&path).await else {
        panic!("a second writer was let in")
    };
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    store.close().await;
    Sqlite::open(&path).await.expect("the lock is free again");
}

#[tokio::test]
async fn readers_see_what_is_committed_and_write_nothing() {
    let (folder, store) = super::sqlite().await;
    let reader = Sqlite::open_to_read(&folder.path().join("state.db"))
        .await
        .unwrap();
    store
        .commit(Batch {
            persons: vec![person("anna").into()],
            ..Batch::default()
        })
        .await
        .unwrap();
    assert_eq!(
        reader.load(&[id("anna")], &[]).await.unwrap(),
        [person("anna")]
    );
    assert!(matches!(
        reader.commit(Batch::default()).await,
        Err(Error::ReadOnly)
    ));
    let missing = Sqlite::open_to_read(&folder.path().join("other.db")).await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let (folder, store) = super::sqlite().await;
    let first = Batch {
        persons: vec![person("anna").into()],
        events: vec![event("anna", "order.paid", 1, 100)],
        ..Batch::default()
    };
    store.commit(first.clone()).await.unwrap();
    store.close().await;
    let store = Sqlite::open(&folder.path().join("state.db")).await.unwrap();
    assert_eq!(
        store.load(&[id("anna")], &[]).await.unwrap(),
        [person("anna")]
    );
    // Events go on being numbered where they left off: one at the same time finds its own place.
    store
        .commit(Batch {
            events: vec![event("anna", "order.paid", 2, 100)],
            ..Batch::default()
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_store_that_a_newer_one_has_changed_is_refused_and_left_as_it_is() {
    let (folder, store) = super::sqlite().await;
    store.close().await;
    let path = folder.path().join("state.db");
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.expect("the file");
    sqlx::query(NEWER).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let Err(error) = Sqlite::open(&path).await else {
        panic!("it was opened")
    };
    assert!(matches!(error, Error::Newer { version: 99, .. }), "{error}");
    assert!(error.to_string().contains("a newer Kurant"), "{error}");
}
