//! Codes of coupon pools.

use kurant_engine::calendar::Instant;
use kurant_engine::stock::Coded;
use sqlx::{AssertSqlSafe, SqlitePool};

use super::decode::{array, columns};
use super::transaction::{Rows, Transaction};
use crate::coupon::{self, LEFT, LEVEL, ROW, SUMS};
use crate::rows::{self, limit};
use crate::{Batch, CodeRow, Error, PoolLevel, PoolSums, Share, Sought};

const NEW: Rows = Rows {
    head: "INSERT OR FAIL INTO code (pool, code, expires, imported) VALUES ",
    columns: 4,
    tail: " ON CONFLICT (code) DO NOTHING",
};
const GIVEN: Rows = Rows {
    head: "WITH new (pool, code, at, customer, journey, enrollment) AS (VALUES ",
    columns: 6,
    tail: ") UPDATE OR FAIL code SET given = new.at, customer = new.customer, journey = new.journey, enrollment = new.enrollment \
           FROM new WHERE code.code = new.code AND code.pool = new.pool AND code.given IS NULL AND code.aside = 0",
};
const RELEASED: Rows = Rows {
    head: "WITH new (code) AS (VALUES ",
    columns: 1,
    tail: ") UPDATE OR FAIL code SET aside = 0 FROM new WHERE code.code = new.code",
};
const ASIDE: &str = "UPDATE code SET aside = $2 WHERE n IN ( \
     SELECT n FROM code WHERE pool = $1 AND given IS NULL AND aside = 0 AND imported <= $2 LIMIT $3) RETURNING 1";
// From the end: what is at hand for the next decisions stands at the beginning.
const WITHDRAWN: &str = "DELETE FROM code WHERE n IN ( \
     SELECT n FROM code WHERE pool = $1 AND given IS NULL ORDER BY aside DESC, expires DESC, n DESC LIMIT $2) RETURNING 1";

/// Writes the codes of a batch.
pub(super) async fn write(tx: &mut Transaction, batch: &Batch) -> Result<(), Error> {
    tx.write(&NEW, &batch.codes_new, |own, values| {
        values.text(&own.pool);
        values.text(&own.code);
        values.number(coupon::stored(own.expires));
        values.number(batch.clock.millis());
    })
    .await?;
    tx.write(&RELEASED, &batch.codes_released, |code, values| {
        values.text(code);
    })
    .await?;
    let given = tx
        .write(&GIVEN, &batch.codes_given, |own, values| {
            values.text(&own.given.pool);
            values.text(&own.given.code);
            values.number(own.given.at.millis());
            values.shared(&own.customer);
            values.shared(&own.given.journey);
            values.key(own.given.enrollment);
        })
        .await?;
    let all = given == batch.codes_given.len() as u64;
    all.then_some(()).ok_or(Error::Conflict)
}

/// Codes that can be given.
pub(super) async fn left(
    pool: &SqlitePool,
    name: &str,
    from: Instant,
    share: Share,
    most: usize,
) -> Result<Vec<Coded>, Error> {
    let rows = sqlx::query(LEFT)
        .bind(name.to_owned())
        .bind(from.millis())
        .bind(limit(most))
        .bind(i64::from(share.of.max(1)))
        .bind(i64::from(share.index))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::coded(columns(row, "code")))
        .collect()
}

/// Codes, and what became of them.
pub(super) async fn found(
    pool: &SqlitePool,
    sought: Sought<'_>,
    most: usize,
) -> Result<Vec<CodeRow>, Error> {
    let which = match sought {
        Sought::Codes(_) => {
            "WHERE code IN (SELECT value FROM json_each($1)) ORDER BY code LIMIT $2"
        }
        Sought::Of(_) => "WHERE customer = $1 ORDER BY given DESC, code LIMIT $2",
        Sought::Given(_) => {
            "WHERE pool = $1 AND given IS NOT NULL ORDER BY given DESC, code LIMIT $2"
        }
        Sought::Aside(..) => "WHERE pool = $1 AND aside > 0 AND code > $2 ORDER BY code LIMIT $3",
    };
    let query = sqlx::query(AssertSqlSafe(format!("{ROW} {which}")));
    let query = match sought {
        Sought::Codes(codes) => query.bind(array(codes.iter().map(String::as_str))),
        Sought::Of(name) | Sought::Given(name) => query.bind(name.to_owned()),
        Sought::Aside(name, after) => query.bind(name.to_owned()).bind(after.to_owned()),
    };
    let rows = query.bind(limit(most)).fetch_all(pool).await?;
    rows.iter()
        .map(|row| rows::code(columns(row, "code")))
        .collect()
}

/// How many stand where.
pub(super) async fn sums(
    pool: &SqlitePool,
    now: Instant,
    since: Instant,
) -> Result<Vec<PoolSums>, Error> {
    let asked = sqlx::query(SUMS).bind(now.millis()).bind(since.millis());
    let rows = asked.fetch_all(pool).await?;
    rows.iter()
        .map(|row| rows::pool_sums(columns(row, "code")))
        .collect()
}

/// How a pool stands.
pub(super) async fn level(
    pool: &SqlitePool,
    name: &str,
    now: Instant,
    since: Instant,
) -> Result<PoolLevel, Error> {
    let asked = sqlx::query(LEVEL)
        .bind(name.to_owned())
        .bind(now.millis())
        .bind(since.millis());
    rows::pool_level(columns(&asked.fetch_one(pool).await?, "code"))
}

/// Puts codes aside that nobody was given.
pub(super) async fn put_aside(
    pool: &SqlitePool,
    name: String,
    at: Instant,
    most: usize,
) -> Result<u64, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let statement = sqlx::query(ASIDE)
        .bind(name)
        .bind(at.millis().max(1))
        .bind(limit(most));
    let aside = tx.fetch(statement).await?.len() as u64;
    tx.commit().await?;
    Ok(aside)
}

/// Takes codes out that nobody was given.
pub(super) async fn withdraw(pool: &SqlitePool, name: String, most: usize) -> Result<u64, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let statement = sqlx::query(WITHDRAWN).bind(name).bind(limit(most));
    let gone = tx.fetch(statement).await?.len() as u64;
    tx.commit().await?;
    Ok(gone)
}
