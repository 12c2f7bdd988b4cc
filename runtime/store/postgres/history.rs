//! Reads the log.

use kurant_engine::calendar::Instant;
use sqlx::postgres::{PgPool, PgRow};

use super::decode::columns;
use crate::rows::{self, Columns, count, limit};
use crate::{Entry, Error, LogPage, LogPlace, log};

const OF_ALL: &str =
    "SELECT n, clock, customer, actions, traces FROM log WHERE n > $1 ORDER BY n LIMIT $2";
const OF_ONE: &str = "SELECT n, clock, customer, actions, traces FROM log WHERE n > $1 AND customer = $3 ORDER BY n LIMIT $2";
const LATEST: &str = "SELECT n, clock, customer, actions, traces FROM log WHERE customer = $1 ORDER BY n DESC LIMIT $2";

/// Lines of the log after a place.
pub(super) async fn log(
    pool: &PgPool,
    customer: Option<&str>,
    after: LogPlace,
    settled: Instant,
    most: usize,
) -> Result<LogPage, Error> {
    let query = match customer {
        Some(customer) => sqlx::query(OF_ONE)
            .bind(after.0)
            .bind(limit(most))
            .bind(customer.to_owned()),
        None => sqlx::query(OF_ALL).bind(after.0).bind(limit(most)),
    };
    let mut entries = read(&query.fetch_all(pool).await?)?;
    if customer.is_none() {
        // One customer's entries come in the order of their commits: each waits for the one before.
        log::upto_gap(&mut entries, after, settled);
    }
    Ok(LogPage::of(after, entries))
}

/// A customer's latest entries, latest first.
pub(super) async fn latest(
    pool: &PgPool,
    customer: &str,
    most: usize,
) -> Result<Vec<Entry>, Error> {
    let query = sqlx::query(LATEST)
        .bind(customer.to_owned())
        .bind(limit(most));
    read(&query.fetch_all(pool).await?)
}

fn read(rows: &[PgRow]) -> Result<Vec<Entry>, Error> {
    rows.iter()
        .map(|row| rows::entry(columns(row, "log")))
        .collect()
}

/// The place before what was written at an instant or later.
pub(super) async fn place(pool: &PgPool, at: Instant) -> Result<LogPlace, Error> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(n) FROM log")
        .fetch_one(pool)
        .await?;
    let next = |after: i64| async move {
        let row = sqlx::query("SELECT n, clock FROM log WHERE n > $1 ORDER BY n LIMIT 1")
            .bind(after)
            .fetch_optional(pool)
            .await?;
        let place = |row: &PgRow| {
            let mut columns = columns(row, "log");
            Ok((columns.number()?, columns.instant()?))
        };
        row.as_ref().map(place).transpose()
    };
    log::place(last.unwrap_or_default(), at, next).await
}

/// How much was done after a place.
pub(super) async fn done(pool: &PgPool, after: LogPlace) -> Result<u64, Error> {
    let done =
        sqlx::query_scalar::<_, i64>("SELECT coalesce(sum(done), 0)::bigint FROM log WHERE n > $1")
            .bind(after.0)
            .fetch_one(pool)
            .await?;
    Ok(count(done))
}
