//! Reads the log.

use kurant_engine::calendar::Instant;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use super::decode::columns;
use crate::rows::{self, Columns, count, limit};
use crate::{Entry, Error, LogPage, LogPlace, log};

const OF_ALL: &str =
    "SELECT n, clock, customer, actions, traces FROM log WHERE n > $1 ORDER BY n LIMIT $2";
// From the latest on, each names the one before it.
const OF_ONE: &str = "WITH RECURSIVE own (n, previous) AS \
     (SELECT l.n, l.previous FROM customer c JOIN log l ON l.n = c.logged WHERE c.id = $3 AND l.n > $1 \
      UNION ALL SELECT l.n, l.previous FROM own JOIN log l ON l.n = own.previous WHERE l.n > $1) \
   SELECT l.n, l.clock, l.customer, l.actions, l.traces FROM own CROSS JOIN log l ON l.n = own.n ORDER BY l.n LIMIT $2";
const LATEST: &str = "WITH RECURSIVE own (n, previous) AS \
     (SELECT l.n, l.previous FROM customer c JOIN log l ON l.n = c.logged WHERE c.id = $1 \
      UNION ALL SELECT l.n, l.previous FROM own JOIN log l ON l.n = own.previous LIMIT $2) \
   SELECT l.n, l.clock, l.customer, l.actions, l.traces FROM own CROSS JOIN log l ON l.n = own.n ORDER BY l.n DESC";

/// Lines of the log after a place. One process writes, in the order of the numbers.
pub(super) async fn log(
    pool: &SqlitePool,
    customer: Option<&str>,
    after: LogPlace,
    _settled: Instant,
    most: usize,
) -> Result<LogPage, Error> {
    let query = match customer {
        Some(customer) => sqlx::query(OF_ONE)
            .bind(after.0)
            .bind(limit(most))
            .bind(customer.to_owned()),
        None => sqlx::query(OF_ALL).bind(after.0).bind(limit(most)),
    };
    let entries = read(&query.fetch_all(pool).await?)?;
    Ok(LogPage::of(after, entries))
}

/// A customer's latest entries, latest first.
pub(super) async fn latest(
    pool: &SqlitePool,
    customer: &str,
    most: usize,
) -> Result<Vec<Entry>, Error> {
    let query = sqlx::query(LATEST)
        .bind(customer.to_owned())
        .bind(limit(most));
    read(&query.fetch_all(pool).await?)
}

fn read(rows: &[SqliteRow]) -> Result<Vec<Entry>, Error> {
    rows.iter()
        .map(|row| rows::entry(columns(row, "log")))
        .collect()
}

/// The number of the last entry.
pub(super) async fn last(pool: &SqlitePool) -> Result<i64, Error> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(n) FROM log")
        .fetch_one(pool)
        .await?;
    Ok(last.unwrap_or_default())
}

/// The place before what was written at an instant or later.
pub(super) async fn place(pool: &SqlitePool, at: Instant) -> Result<LogPlace, Error> {
    let next = |after: i64| async move {
        let row = sqlx::query("SELECT n, clock FROM log WHERE n > $1 ORDER BY n LIMIT 1")
            .bind(after)
            .fetch_optional(pool)
            .await?;
        let place = |row: &SqliteRow| {
            let mut columns = columns(row, "log");
            Ok((columns.number()?, columns.instant()?))
        };
        row.as_ref().map(place).transpose()
    };
    log::place(last(pool).await?, at, next).await
}

/// How much was done after a place.
pub(super) async fn done(pool: &SqlitePool, after: LogPlace) -> Result<u64, Error> {
    let done = sqlx::query_scalar("SELECT coalesce(sum(done), 0) FROM log WHERE n > $1")
        .bind(after.0)
        .fetch_one(pool)
        .await?;
    Ok(count(done))
}
