//! Which databases are opened, and what is said about the others.

use kurant_store::{
    Batch, Durability, Error, OutboxState, Outgoing, Postgres, Rejected, Store, Word,
};

use super::super::sample::{at, event, id, outgoing, person, seen};
use super::database::Schema;

async fn refused(url: &str) -> String {
    match Postgres::open(url, Durability::Required).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[tokio::test]
async fn a_server_that_may_lose_commits_is_refused_unless_that_is_no_harm() {
    let schema = Schema::new().await;
    for value in ["off", "local"] {
        let url = schema.url_with(&[("synchronous_commit", value)]);
        let told = refused(&url).await;
        assert!(
            told.contains(&format!("synchronous_commit = {value}")),
            "{told}"
        );
        assert!(told.contains("set synchronous_commit = on"), "{told}");
        let opened = Postgres::open(&url, Durability::Waived).await;
        opened
            .expect("it is opened if losing is no harm")
            .close()
            .await;
    }
}

#[tokio::test]
async fn nobody_there_is_said_with_the_place_and_without_the_password() {
    let told = refused("postgres://shop:hunter2@127.0.0.1:1/shop").await;
    assert!(
        told.contains("127.0.0.1:1/shop") && !told.contains("hunter2"),
        "{told}"
    );
    let error = Postgres::open(
        "postgres://shop:hunter2@127.0.0.1:1/shop",
        Durability::Required,
    )
    .await;
    assert!(error.is_err_and(|error| error.is_passing()));
    let told = refused("postgres://shop:hunter2@127.0.0.1:port/shop").await;
    assert!(
        told.contains("is no store") && !told.contains("hunter2"),
        "{told}"
    );
}

#[tokio::test]
async fn readers_need_tables_and_write_nothing() {
    let schema = Schema::new().await;
    let missing = Postgres::open_to_read(&schema.url()).await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
    let store = schema.open().await;
    let reader = Postgres::open_to_read(&schema.url()).await.unwrap();
    let batch = Batch {
        persons: vec![person("anna").into()],
        ..Batch::default()
    };
    store.commit(batch.clone()).await.unwrap();
    assert_eq!(
        reader.load(&[id("anna")], &[]).await.unwrap(),
        [person("anna")]
    );
    assert!(matches!(reader.commit(batch).await, Err(Error::ReadOnly)));
    let now = reader.now().await.unwrap();
    assert!(reader.now().await.unwrap() >= now && now > Some(at(0)));
}

#[tokio::test]
async fn workers_that_start_together_make_the_tables_once() {
    let schema = Schema::new().await;
    let start = || async { schema.open().await.close().await };
    tokio::join!(start(), start(), start(), start());
    assert_eq!(
        schema.number("SELECT count(*) FROM _sqlx_migrations").await,
        1
    );
}

#[tokio::test]
async fn what_the_database_cannot_keep_is_told_as_bad_rows_and_still_fits_a_dead_letter() {
    let schema = Schema::new().await;
    let store = schema.open().await;
    let bad = event("an\0na", "order.paid", 1, 100);
    let batch = Batch {
        seen: vec![seen(&bad)],
        events: vec![bad],
        ..Batch::default()
    };
    let error = store.commit(batch).await.unwrap_err();
    assert!(error.is_about_rows() && !error.is_passing(), "{error}");
    let letter = Rejected {
        at: at(1),
        origin: "intake".into(),
        line: u64::MAX,
        reason: "not_json: an\0na".into(),
        body: "{\"id\":\"an\0na\"".into(),
    };
    let batch = Batch {
        rejected: vec![letter.clone()],
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
    let kept = store.rejected(None, 9).await.unwrap();
    assert_eq!((&kept[0].body, kept[0].line), (&letter.body, letter.line));
    assert_eq!(store.totals().await.unwrap().events, 0);
}

#[tokio::test]
async fn who_works_alone_is_alone_until_the_session_ends() {
    let schema = Schema::new().await;
    let open = || async { Postgres::open_alone(&schema.url(), Durability::Required).await };
    let first = open().await.expect("nobody is there");
    assert!(matches!(open().await, Err(Error::Locked { .. })));
    let other = Schema::new().await;
    let beside = Postgres::open_alone(&other.url(), Durability::Required).await;
    assert!(beside.is_ok(), "other tables are another matter");
    drop(first);
    // The server takes a moment to see that the session is gone.
    while let Err(error) = open().await {
        assert!(matches!(error, Error::Locked { .. }), "{error}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_work_side_by_side_but_not_beside_one_who_works_alone() {
    let schema = Schema::new().await;
    let join = || async { Postgres::open_among_others(&schema.url(), Durability::Required).await };
    let alone = || async { Postgres::open_alone(&schema.url(), Durability::Required).await };
    let first = join().await.expect("nobody is there");
    let second = join().await.expect("others may join");
    assert!(first.is_shared() && second.is_shared());
    assert!(matches!(alone().await, Err(Error::Locked { .. })));
    drop((first, second));
    let alone = loop {
        match alone().await {
            Ok(alone) => break alone,
            Err(error) => assert!(matches!(error, Error::Locked { .. }), "{error}"),
        }
        tokio::task::yield_now().await;
    };
    assert!(!alone.is_shared());
    assert!(matches!(join().await, Err(Error::Locked { .. })));
}

#[tokio::test]
async fn the_first_of_many_frees_what_the_last_ones_left_claimed() {
    let schema = Schema::new().await;
    let join = || async { Postgres::open_among_others(&schema.url(), Durability::Required).await };
    let first = join().await.expect("nobody is there");
    let (now, lease) = (at(1_000), at(2_000));
    let claimed = |name: &str| Outgoing {
        lease: Some(lease),
        ..outgoing(name, 1, OutboxState::Claimed)
    };
    let batch = Batch {
        persons: vec![person("anna").into()],
        outbox: vec![claimed("anna")],
        ..Batch::default()
    };
    first.commit(batch).await.unwrap();
    let word = Word {
        at: now,
        behind: None,
        heeded: now,
    };
    first.beat("first", word, at(0)).await.unwrap();
    assert!(first.lease("lead", "first", now, lease).await.unwrap());
    let second = join().await.expect("others may join");
    assert_eq!(
        second.reclaim("email", now, lease, 9).await.unwrap(),
        [],
        "somebody has it"
    );
    drop((first, second));
    let third = loop {
        // Until the server has seen that the sessions are gone, they count as being there.
        let third = join().await.expect("others may join");
        if third.lease("lead", "third", now, lease).await.unwrap() {
            break third;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(third.workers().await.unwrap(), []);
    let freed = third.reclaim("email", now, lease, 9).await.unwrap();
    assert_eq!(freed.len(), 1);
    assert_eq!(freed[0].attempt, 2);
}

#[tokio::test]
async fn a_database_that_a_newer_one_has_changed_is_refused() {
    let schema = Schema::new().await;
    schema.open().await.close().await;
    schema.execute(super::super::sqlite_file::NEWER).await;
    let told = refused(&schema.url()).await;
    assert!(
        told.contains("a newer Kurant") && told.contains("version 99"),
        "{told}"
    );
}
