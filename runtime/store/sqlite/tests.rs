//! Cost follows what happens: the steps that SQLite takes for what is due don't grow with those who sleep.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kurant_engine::calendar::{DAY, Instant};

use super::people::TURNED_AWAY;
use super::work::{ANCHORED, DUE as DUE_NOW, NEXT_WAKE, OUTBOX};
use super::{Sqlite, options, pool};
use crate::coupon::LEVEL;
use crate::{AnchorRange, By, OutboxState, Share, Store};

/// So many customers have something due.
const DUE: u64 = 200;
/// Beside so many, and so many, to whom nothing happens.
const FEW: u64 = 2_000;
const MANY: u64 = 100_000;
/// Steps deeper in a larger tree, in percent.
const DEEPER: u64 = 25;

/// A store where every customer has an anchor, and [`DUE`] of them a timer, an anchor and a command that are due by now.
async fn store(customers: u64) -> (tempfile::TempDir, Sqlite) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.db");
    let mut store = Sqlite::open(&path).await.expect("a store");
    // One connection answers everything, so that its steps can be counted.
    store.read = pool(1)
        .connect_with(options(&path))
        .await
        .expect("a connection");
    let writer = store.writer().expect("a store to write to");
    // Those with something due stand between those without.
    let numbers = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < $1), \
                   one (n, later) AS (SELECT n, n % ($1 / $2) <> 0 FROM number)";
    let rows = [
        "INSERT INTO customer (id, state, fired, revision, wake_at) \
         SELECT 'c' || n, '{}', 0, 1, CASE WHEN later THEN 1000000 + n ELSE n % 1000 END FROM one",
        "INSERT INTO anchor (attribute, part, zone, at, customer, since) \
         SELECT 'born_at', 'moment', 'UTC', CASE WHEN later THEN 1000000 + n ELSE n % 1000 END, 'c' || n, 0 FROM one",
        "INSERT INTO outbox (key, customer, route, due, state, attempt, command) \
         SELECT randomblob(16), 'c' || n, 'email', 1000000 + n, 'pending', 0, '{}' FROM one WHERE later",
    ];
    for insert in rows {
        let text = format!("{numbers} {insert}");
        sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(customers.cast_signed())
            .bind(DUE.cast_signed())
            .execute(&writer)
            .await
            .expect("rows");
    }
    (folder, store)
}

/// How many steps a question takes.
async fn steps<T>(store: &Sqlite, ask: impl Future<Output = T>) -> (u64, T) {
    let count = Arc::new(AtomicU64::new(0));
    let (own, mut connection) = (
        count.clone(),
        store.read.acquire().await.expect("a connection"),
    );
    let mut handle = connection.lock_handle().await.expect("its handle");
    handle.set_progress_handler(1, move || {
        own.fetch_add(1, Ordering::Relaxed);
        true
    });
    drop(handle);
    drop(connection);
    let answer = ask.await;
    (count.load(Ordering::Relaxed), answer)
}

/// The steps of each question about what is due.
async fn questions(customers: u64) -> Vec<(&'static str, u64)> {
    let (_folder, store) = store(customers).await;
    let now = Instant::from_millis(1_000);
    let ranges = [AnchorRange {
        zone: "UTC".into(),
        from: 0,
        until: 1_000,
        time_from: 0,
        time_until: DAY,
    }];
    let (due, list) = steps(&store, store.due(now, 1_000, Share::ALL)).await;
    assert_eq!(list.expect("an answer").len() as u64, DUE);
    let ask = store.anchored("born_at", By::Moment, &ranges, None, 1_000);
    let (anchored, list) = steps(&store, ask).await;
    assert_eq!(list.expect("an answer").len() as u64, DUE);
    let (next, wake) = steps(&store, store.next_wake(Share::ALL)).await;
    assert!(wake.expect("an answer").is_some_and(|wake| wake <= now));
    let ask = store.outbox(OutboxState::Pending, now, 1_000);
    let (outbox, rows) = steps(&store, ask).await;
    assert!(rows.expect("an answer").is_empty());
    vec![
        ("due", due),
        ("anchored", anchored),
        ("next_wake", next),
        ("outbox", outbox),
    ]
}

#[tokio::test]
async fn what_is_due_costs_the_same_among_many() {
    let (few, many) = (questions(FEW).await, questions(MANY).await);
    for ((question, few), (_, many)) in few.into_iter().zip(many) {
        let most = few + few * DEEPER / 100;
        assert!(
            few > 0 && many <= most,
            "`{question}` takes {few} steps among {FEW} customers, {many} among {MANY}"
        );
    }
}

/// What one search in one index finds is a row of the index for each that is due and, where the index doesn't hold all that is
/// asked for, its row of the table: two at the most.
#[tokio::test]
async fn each_question_about_what_is_due_is_one_search_in_one_index() {
    let (_folder, store) = store(FEW).await;
    for (statement, table) in [
        (DUE_NOW, "customer"),
        (NEXT_WAKE, "customer"),
        (ANCHORED, "a"),
        (OUTBOX, "outbox"),
    ] {
        let plan = plan(&store, statement).await;
        let reads: Vec<&str> = plan
            .iter()
            .map(String::as_str)
            .filter(|line| line.split(' ').nth(1) == Some(table))
            .collect();
        assert!(
            matches!(reads[..], [read] if read.starts_with("SEARCH")),
            "{statement}: {plan:?}"
        );
    }
}

#[tokio::test]
async fn whoever_a_pool_had_no_code_for_is_found_among_those_alone() {
    let (_folder, store) = store(FEW).await;
    let plan = plan(&store, TURNED_AWAY).await;
    let is_own = |line: &&String| line.contains("INDEX enrollment_no_coupon (customer>?)");
    assert!(
        plan.len() == 1 && plan.iter().all(|line| is_own(&line)),
        "{plan:?}"
    );
}

#[tokio::test]
async fn how_a_pool_stands_is_told_by_stretches_of_indexes() {
    let (_folder, store) = store(FEW).await;
    let plan = plan(&store, LEVEL).await;
    let reads: Vec<&String> = plan.iter().filter(|line| line.contains(" code ")).collect();
    let by = |read: &str, index: &str| read.contains(&format!("INDEX code_{index}"));
    assert!(
        matches!(reads[..], [left, aside, given]
            if by(left, "left (pool=? AND aside=? AND expires>?)")
                && by(aside, "aside (pool=?)")
                && by(given, "given (pool=? AND given>?)")),
        "{plan:?}"
    );
}

/// How a question is answered, step by step.
async fn plan(store: &Sqlite, statement: &str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain)
        .fetch_all(&store.read)
        .await
        .expect("a plan");
    plan.into_iter().map(|(_, _, _, line)| line).collect()
}
