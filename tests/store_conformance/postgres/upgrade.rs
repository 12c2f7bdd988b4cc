//! A newer Kurant comes to a database that others work on: somebody says when its tables are changed, and those who work go on.

use kurant_store::{Batch, Durability, Error, Postgres, Store, Tables};

use super::super::sample::{again, id, person};
use super::super::upgrade::{BROKEN, COLOUR};
use super::database::Schema;

fn newer() -> Tables {
    Tables::postgres().and("colours", COLOUR)
}

async fn open(schema: &Schema, tables: &Tables) -> Result<Postgres, Error> {
    Postgres::open_as(&schema.url(), Durability::Required, tables).await
}

#[tokio::test]
async fn an_older_database_is_refused_in_words_and_a_fresh_one_is_set_up() {
    let schema = Schema::new().await;
    schema.open().await.close().await;
    let Err(error) = open(&schema, &newer()).await else {
        panic!("it was opened")
    };
    let told = error.to_string();
    assert!(matches!(
        error,
        Error::Older {
            version: 1,
            known: 2
        }
    ));
    assert!(told.contains("run `kurant migrate` first"), "{told}");
    let fresh = Schema::new().await;
    open(&fresh, &newer())
        .await
        .expect("all of it")
        .close()
        .await;
    let at = Postgres::tables(&fresh.url(), &newer()).await.unwrap();
    assert_eq!((at.version, at.missing.len()), (2, 0));
}

#[tokio::test]
async fn those_who_change_the_tables_at_once_do_it_once() {
    let schema = Schema::new().await;
    schema.open().await.close().await;
    let (url, tables) = (schema.url(), newer());
    let change = || Postgres::migrate(&url, &tables);
    let (one, two, three) = tokio::join!(change(), change(), change());
    let done = [one.unwrap(), two.unwrap(), three.unwrap()];
    let did = done.iter().filter(|at| !at.missing.is_empty()).count();
    assert_eq!(did, 1, "{done:?}");
    open(&schema, &tables)
        .await
        .expect("it fits now")
        .close()
        .await;
}

#[tokio::test]
async fn whoever_works_goes_on_through_the_change_and_nobody_old_starts_after_it() {
    let schema = Schema::new().await;
    let worker = schema.open().await;
    let anna = person("anna");
    let write = async |stored: &kurant_store::Stored| {
        let batch = Batch {
            persons: vec![stored.clone().into()],
            ..Batch::default()
        };
        worker.commit(batch).await.unwrap();
    };
    write(&anna).await;
    Postgres::migrate(&schema.url(), &newer()).await.unwrap();
    let second = again(&anna);
    write(&second).await;
    assert_eq!(worker.load(&[id("anna")], &[]).await.unwrap(), [second]);
    let beside = open(&schema, &newer()).await.expect("the new one");
    let third = again(&again(&anna));
    let batch = Batch {
        persons: vec![third.clone().into()],
        ..Batch::default()
    };
    beside.commit(batch).await.unwrap();
    assert_eq!(worker.load(&[id("anna")], &[]).await.unwrap(), [third]);
    let old = Postgres::open(&schema.url(), Durability::Required).await;
    assert!(matches!(
        old,
        Err(Error::Newer {
            version: 2,
            known: 1
        })
    ));
    let reader = Postgres::open_to_read(&schema.url()).await;
    assert!(reader.is_ok(), "it may look");
}

#[tokio::test]
async fn a_change_that_fails_half_way_leaves_all_as_it_was() {
    let schema = Schema::new().await;
    schema.open().await.close().await;
    let tables = newer().and("half", BROKEN);
    let error = Postgres::migrate(&schema.url(), &tables).await.unwrap_err();
    assert!(matches!(error, Error::Change { number: 3, .. }), "{error}");
    schema.open().await.close().await;
    let there = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'customer'::regclass AND attname = 'colour'";
    assert_eq!(schema.number(there).await, 0);
    // The lock is free again.
    Postgres::migrate(&schema.url(), &newer()).await.unwrap();
}
