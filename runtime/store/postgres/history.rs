//! Reads the log: what was done and what happened are two tables, read side by side.

use kurant_engine::calendar::Instant;
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgPool, PgRow};

use super::decode::columns;
use crate::log::{self, Row, Series};
use crate::rows::{Columns, limit};
use crate::{Error, LogPage, LogPlace};

/// The statements about one table.
struct Table {
    what: &'static str,
    of_all: &'static str,
    of_one: &'static str,
    last: &'static str,
    next: &'static str,
}

const ACTIONS: Table = Table {
    what: "action",
    of_all: "SELECT n, clock, customer, body FROM action WHERE n > $1 ORDER BY n LIMIT $2",
    of_one: "SELECT n, clock, customer, body FROM action WHERE n > $1 AND customer = $3 ORDER BY n LIMIT $2",
    last: "SELECT max(n) FROM action",
    next: "SELECT n, clock FROM action WHERE n > $1 ORDER BY n LIMIT 1",
};
const TRACES: Table = Table {
    what: "trace",
    of_all: "SELECT n, clock, customer, body FROM trace WHERE n > $1 ORDER BY n LIMIT $2",
    of_one: "SELECT n, clock, customer, body FROM trace WHERE n > $1 AND customer = $3 ORDER BY n LIMIT $2",
    last: "SELECT max(n) FROM trace",
    next: "SELECT n, clock FROM trace WHERE n > $1 ORDER BY n LIMIT 1",
};

/// Lines of the log after a place.
pub(super) async fn log(
    pool: &PgPool,
    customer: Option<&str>,
    after: LogPlace,
    settled: Instant,
    most: usize,
) -> Result<LogPage, Error> {
    let asked = Asked {
        customer,
        settled,
        most,
    };
    let actions = ACTIONS.read(pool, after.actions, &asked).await?;
    let traces = TRACES.read(pool, after.traces, &asked).await?;
    Ok(log::merged(after, actions, traces))
}

/// The place before what was written at an instant or later.
pub(super) async fn place(pool: &PgPool, at: Instant) -> Result<LogPlace, Error> {
    Ok(LogPlace {
        actions: ACTIONS.place(pool, at).await?,
        traces: TRACES.place(pool, at).await?,
    })
}

/// Whose lines are asked for.
struct Asked<'a> {
    customer: Option<&'a str>,
    settled: Instant,
    most: usize,
}

impl Table {
    async fn read<T: DeserializeOwned>(
        &self,
        pool: &PgPool,
        after: i64,
        asked: &Asked<'_>,
    ) -> Result<Series<T>, Error> {
        let query = match asked.customer {
            Some(customer) => sqlx::query(self.of_one)
                .bind(after)
                .bind(limit(asked.most))
                .bind(customer.to_owned()),
            None => sqlx::query(self.of_all).bind(after).bind(limit(asked.most)),
        };
        let rows = query.fetch_all(pool).await?;
        let read = rows.iter().map(|row| self.row(row));
        let rows = read.collect::<Result<_, _>>()?;
        // One customer's rows come in the order of their commits: each waits for the one before.
        let gaps = asked.customer.is_none().then_some(after);
        Ok(Series::new(rows, asked.most, gaps, asked.settled))
    }

    fn row<T: DeserializeOwned>(&self, row: &PgRow) -> Result<Row<T>, Error> {
        let mut columns = columns(row, self.what);
        Ok(Row {
            n: columns.number()?,
            clock: columns.instant()?,
            customer: columns.shared()?,
            body: columns.json()?,
        })
    }

    async fn place(&self, pool: &PgPool, at: Instant) -> Result<i64, Error> {
        let last: Option<i64> = sqlx::query_scalar(self.last).fetch_one(pool).await?;
        let next = |after: i64| async move {
            let row = sqlx::query(self.next)
                .bind(after)
                .fetch_optional(pool)
                .await?;
            let place = |row: &PgRow| {
                let mut columns = columns(row, self.what);
                Ok((columns.number()?, columns.instant()?))
            };
            row.as_ref().map(place).transpose()
        };
        log::place(last.unwrap_or_default(), at, next).await
    }
}
