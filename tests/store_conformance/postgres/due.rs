//! What a worker's timers cost the database.

use std::sync::Arc;
use std::time::Duration;

use kurant_store::{Batch, OutboxState, Share, Store};

use super::super::sample::{at, outgoing, waiting};
use super::database::Schema;

/// Customers whose timers are due.
const DUE: i64 = 20_000;
/// Customers who sleep on, for each of them.
const ASLEEP: i64 = 2;
/// How many a worker takes at a time.
const PAGE: usize = 1_000;
const WORKERS: u32 = 4;
/// Rows that the database says it has read of the customers.
const READ: &str = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables \
                    WHERE relname = 'customer' AND schemaname = current_schema()";
/// Places in the indexes of enrollments that it has read.
const READ_OF_ENROLLMENTS: &str = "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes \
                                   WHERE relname = 'enrollment' AND schemaname = current_schema()";
/// Rows of what must leave that it has read.
const READ_OF_OUTBOX: &str = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables \
                              WHERE relname = 'outbox' AND schemaname = current_schema()";
/// How often it is asked until it has counted.
const LOOKS: u32 = 300;

#[tokio::test]
async fn a_page_of_due_timers_reads_two_rows_each_at_the_most_however_many_are_due() {
    let schema = Schema::new().await;
    let store = schema.open_carelessly().await;
    let everybody: Vec<i64> = (0..DUE * (1 + ASLEEP)).collect();
    for some in everybody.chunks(5_000) {
        let person = |number: &i64| {
            let due = if number % (1 + ASLEEP) == 0 { 1 } else { DUE };
            Arc::new(waiting(&format!("c{number}"), due))
        };
        let batch = Batch {
            persons: some.iter().map(person).collect(),
            ..Batch::default()
        };
        store.commit(batch).await.unwrap();
    }
    drop(store);
    schema.execute("VACUUM ANALYZE customer").await;
    let before = settled(&schema, READ).await;
    let store = schema.open_carelessly().await;
    for index in 0..WORKERS {
        let share = Share { index, of: WORKERS };
        let page = store.due(at(2), PAGE, share).await.unwrap();
        assert_eq!(page.len(), PAGE);
        assert!(store.next_wake(share).await.unwrap().is_some());
    }
    // A session tells what it has read at the latest when it ends.
    drop(store);
    let read = settled(&schema, READ).await - before;
    let pages = i64::from(WORKERS) * PAGE as i64;
    assert!(
        (pages..=2 * pages).contains(&read),
        "{read} rows were read for {pages} due timers"
    );
}

#[tokio::test]
async fn what_waits_to_leave_is_found_without_a_look_at_what_is_under_way() {
    let schema = Schema::new().await;
    let store = schema.open_carelessly().await;
    // The server takes the table for an empty one, as it does a moment after many timers came due.
    schema
        .execute("ALTER TABLE outbox SET (autovacuum_enabled = off)")
        .await;
    schema.execute("VACUUM ANALYZE outbox").await;
    let command = outgoing("anna", 1, OutboxState::Pending).command;
    let command = serde_json::to_string(&command).unwrap();
    // One waits; of all others the claims, made a thousand at a time, are not over yet.
    schema
        .execute(&format!(
            "INSERT INTO outbox (key, due, lease, attempt, state, customer, route, command) \
             SELECT gen_random_uuid(), 1, 1000000 + n / 1000, 1, CASE n WHEN 1 THEN 'pending' ELSE 'claimed' END, 'c' || n, \
               CASE n WHEN 1 THEN 'sms' ELSE 'crm' END, '{command}' FROM generate_series(1, 20000) n"
        ))
        .await;
    let before = settled(&schema, READ_OF_OUTBOX).await;
    assert_eq!(store.routes_waiting(at(2)).await.unwrap(), ["sms"]);
    assert_eq!(store.retried(PAGE).await.unwrap().len(), 1);
    let pending = store.outbox(OutboxState::Pending, at(2), PAGE).await;
    assert_eq!(pending.unwrap().len(), 1);
    assert_eq!(store.reclaim("crm", at(2), at(9), PAGE).await.unwrap(), []);
    drop(store);
    let read = settled(&schema, READ_OF_OUTBOX).await - before;
    assert!((1..=10).contains(&read), "{read} rows were read for one");
}

#[tokio::test]
async fn whoever_a_pool_had_no_code_for_is_found_without_a_look_at_all_others() {
    let schema = Schema::new().await;
    let store = schema.open_carelessly().await;
    schema
        .execute(
            "INSERT INTO enrollment (id, version, entered, ended, customer, journey, key, reason) \
             SELECT gen_random_uuid(), gen_random_uuid(), 1, 2, 'c' || n, 'welcome', '', \
               CASE WHEN n % 10000 = 0 THEN 'no_coupon' ELSE 'completed' END FROM generate_series(1, 20000) n",
        )
        .await;
    schema.execute("VACUUM ANALYZE enrollment").await;
    let before = settled(&schema, READ_OF_ENROLLMENTS).await;
    let found = store.turned_away(None, PAGE).await.unwrap();
    assert_eq!(found, ["c10000".into(), "c20000".into()]);
    drop(store);
    let read = settled(&schema, READ_OF_ENROLLMENTS).await - before;
    assert!(
        (2..=10).contains(&read),
        "{read} places were read for 2 customers"
    );
}

/// What was read, once the database counts no more.
async fn settled(schema: &Schema, question: &str) -> i64 {
    let mut read = -1;
    let mut same = 0;
    for _ in 0..LOOKS {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = schema.number(question).await;
        same = if now == read { same + 1 } else { 0 };
        if same == 20 {
            return read;
        }
        read = now;
    }
    panic!("the database never stops counting");
}
