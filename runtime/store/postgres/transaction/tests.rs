//! The driver's two dangerous edges, on a real server.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use sqlx::postgres::{PgPool, PgPoolOptions};

use super::*;

#[expect(
    clippy::disallowed_methods,
    reason = "the environment says which database is to be used"
)]
fn url() -> String {
    let named = std::env::var("KURANT_TEST_POSTGRES").ok();
    // The one that `scripts/servers/postgres start` has started beside these tests.
    let started = || {
        let own: PathBuf = std::env::current_exe().ok()?;
        let note = own.ancestors().nth(3)?.join("servers/postgres-test/url");
        Some(std::fs::read_to_string(note).ok()?.trim().to_owned())
    };
    named.or_else(started).expect(
        "this test needs PostgreSQL: run `scripts/servers/postgres start` first, or name a database in KURANT_TEST_POSTGRES=postgres://...",
    )
}

async fn pool(sessions: u32) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(sessions);
    pool.connect(&url())
        .await
        .expect("the database of the tests")
}

async fn is_in_transaction(pool: &PgPool) -> bool {
    // Within one transaction its time stands still; two statements outside of one have two times.
    let mut connection = pool.acquire().await.expect("a session");
    let mut times = Vec::new();
    for _ in 0..2 {
        let time: i64 = sqlx::query_scalar("SELECT (extract(epoch FROM now()) * 1000000)::bigint")
            .fetch_one(&mut *connection)
            .await
            .expect("a time");
        times.push(time);
    }
    times[0] == times[1]
}

/// Polls so often, then gives up. True if it was done before.
async fn give_up_after<T>(polls: usize, work: impl Future<Output = T>) -> bool {
    let mut work = pin!(work);
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(_done) = work.as_mut().poll(&mut context) {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_begin_that_is_given_up_leaves_no_session_inside_a_transaction() {
    let pool = pool(1).await;
    let mut finished = 0;
    for round in 0..400 {
        finished += usize::from(give_up_after(round % 50, Transaction::begin(&pool)).await);
        assert!(!is_in_transaction(&pool).await, "round {round}");
    }
    assert!(finished < 400, "no begin was ever given up");
}

#[tokio::test]
async fn a_transaction_that_failed_is_never_committed() {
    let pool = pool(1).await;
    let good = Statement::new("SELECT 1");
    let bad = Statement::new("SELECT 1 / 0");
    let mut tx = Transaction::begin(&pool).await.unwrap();
    tx.run(&good).await.unwrap();
    assert!(tx.run(&bad).await.is_err());
    assert!(matches!(tx.run(&good).await, Err(Error::Poisoned)));
    assert!(matches!(tx.commit().await, Err(Error::Poisoned)));
    assert!(!is_in_transaction(&pool).await);
    // Why: the driver takes the server's answer to such a COMMIT, which is ROLLBACK, for a good one.
    let mut own = pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN").execute(&mut *own).await.unwrap();
    assert!(
        sqlx::raw_sql("SELECT 1 / 0")
            .execute(&mut *own)
            .await
            .is_err()
    );
    assert!(sqlx::raw_sql("COMMIT").execute(&mut *own).await.is_ok());
}

#[tokio::test]
async fn a_conflict_gives_the_session_back_and_writes_nothing() {
    let pool = pool(1).await;
    let before: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&pool)
        .await
        .unwrap();
    let statements = [Statement::new("SELECT 2::bigint").counts(3)];
    assert!(matches!(
        write(&pool, &statements).await,
        Err(Error::Conflict)
    ));
    assert!(!is_in_transaction(&pool).await);
    let after: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_collides_is_tried_again_and_not_for_ever() {
    let pool = pool(1).await;
    let collide =
        Statement::new("DO $$ BEGIN RAISE EXCEPTION 'collided' USING ERRCODE = '40P01'; END $$");
    let error = write(&pool, &[collide]).await.unwrap_err();
    assert!(error.is_a_collision() && error.is_passing(), "{error}");
    write(&pool, &[Statement::new("SELECT 1")]).await.unwrap();
}
