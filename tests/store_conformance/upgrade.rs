//! A newer Kurant comes to a store in a file: its tables are changed after a copy, all of it or nothing.

use std::path::{Path, PathBuf};

use kurant_store::{Batch, Error, Sqlite, Store, Tables};

use super::sample::{id, person};

/// What the next release could add.
pub(super) const COLOUR: &str = "ALTER TABLE customer ADD COLUMN colour TEXT";
/// The same, and then something that is refused.
pub(super) const BROKEN: &str = "CREATE TABLE half (id BIGINT); SELECT nobody FROM nowhere";

/// A store with one customer, closed.
async fn store(folder: &Path) -> PathBuf {
    let path = folder.join("state.db");
    let store = Sqlite::open(&path).await.expect("a new store");
    assert_eq!(store.brought_up(), None, "there was nothing to copy");
    let batch = Batch {
        persons: vec![person("anna").into()],
        ..Batch::default()
    };
    store.commit(batch).await.expect("a commit");
    store.close().await;
    path
}

async fn has_anna(store: &Sqlite) -> bool {
    store.load(&[id("anna")], &[]).await.expect("a load") == [person("anna")]
}

fn copies(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("backups"));
    let entries = entries.into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn tables_are_changed_after_a_copy_that_the_old_one_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = store(folder.path()).await;
    let newer = Tables::sqlite().and("colours", COLOUR);
    let at = Sqlite::tables(&path, &newer).await.expect("tables");
    assert_eq!(at.missing, [(2, "colours".to_owned())]);
    assert!(copies(folder.path()).is_empty(), "to look changes nothing");
    let opened = Sqlite::open_as(&path, &newer).await.expect("it is opened");
    let done = opened.brought_up().cloned().expect("something was done");
    assert_eq!((done.at.version, done.at.known), (1, 2));
    assert!(has_anna(&opened).await);
    opened.close().await;
    let again = Sqlite::open_as(&path, &newer).await.expect("once more");
    assert_eq!(again.brought_up(), None);
    again.close().await;
    // The old one refuses what is newer, and takes the copy.
    assert!(matches!(
        Sqlite::open(&path).await,
        Err(Error::Newer {
            version: 2,
            known: 1
        })
    ));
    assert!(Sqlite::open_to_read(&path).await.is_ok(), "it may look");
    assert_eq!(copies(folder.path()), ["state-before-0002.db"]);
    let old = Sqlite::open(&done.copy).await.expect("the copy");
    assert!(has_anna(&old).await);
    old.close().await;
}

#[tokio::test]
async fn a_change_that_fails_half_way_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = store(folder.path()).await;
    let newer = Tables::sqlite().and("colours", COLOUR).and("half", BROKEN);
    let Err(error) = Sqlite::open_as(&path, &newer).await else {
        panic!("it was opened")
    };
    let told = error.to_string();
    assert!(matches!(error, Error::Change { number: 3, .. }), "{told}");
    assert!(told.contains("are as they were"), "{told}");
    assert_eq!(copies(folder.path()), ["state-before-0002.db"]);
    let old = Sqlite::open(&path).await.expect("the old one goes on");
    assert!(has_anna(&old).await);
    old.close().await;
    let at = Sqlite::tables(&path, &newer).await.expect("tables");
    assert_eq!((at.version, at.missing.len()), (1, 2));
}

#[tokio::test]
async fn nothing_is_changed_where_no_copy_can_be_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = store(folder.path()).await;
    std::fs::write(folder.path().join("backups"), "in the way").expect("a file");
    let newer = Tables::sqlite().and("colours", COLOUR);
    assert!(matches!(
        Sqlite::open_as(&path, &newer).await,
        Err(Error::File { .. })
    ));
    Sqlite::open(&path).await.expect("all is as before");
}

#[tokio::test]
async fn some_copies_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = store(folder.path()).await;
    let mut newer = Tables::sqlite();
    for number in 0..5 {
        newer = newer.and("one more", format!("CREATE TABLE t{number} (id BIGINT)"));
        let opened = Sqlite::open_as(&path, &newer).await.expect("a change");
        opened.close().await;
    }
    assert_eq!(
        copies(folder.path()),
        [
            "state-before-0004.db",
            "state-before-0005.db",
            "state-before-0006.db"
        ]
    );
}

#[tokio::test]
async fn whoever_works_beside_a_run_waits_for_the_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    std::fs::write(&path, "").expect("a file without tables");
    for told in [
        Sqlite::open_to_read(&path).await.map(drop),
        Sqlite::open_beside(&path).await.map(drop),
    ] {
        assert!(matches!(told, Err(Error::Older { version: 0, .. })));
    }
}
