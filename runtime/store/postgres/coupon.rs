//! Codes of coupon pools.

use kurant_engine::calendar::Instant;
use kurant_engine::stock::Coded;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;

use super::decode::columns;
use super::transaction::{Id, Statement};
use crate::coupon::{self, LEFT, LEVEL, ROW, SUMS};
use crate::rows::{self, limit};
use crate::{Batch, CodeRow, Error, PoolLevel, PoolSums, Share, Sought};

const NEW: &str = "INSERT INTO code (pool, code, expires, imported) \
   SELECT *, $4 FROM UNNEST($1::text[], $2::text[], $3::bigint[]) ON CONFLICT (code) DO NOTHING";
const GIVEN: &str = "UPDATE code c SET given = g.at, customer = g.customer, journey = g.journey, enrollment = g.enrollment \
   FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::uuid[]) \
     AS g (pool, code, at, customer, journey, enrollment) \
   WHERE c.code = g.code AND c.pool = g.pool AND c.given IS NULL AND c.aside = 0";
const RELEASED: &str = "UPDATE code SET aside = 0 WHERE code = ANY($1)";
const ASIDE: &str = "UPDATE code SET aside = $2 WHERE code IN ( \
     SELECT code FROM code WHERE pool = $1 AND given IS NULL AND aside = 0 AND imported <= $2 LIMIT $3 FOR UPDATE) AND given IS NULL";
// From the end: what is at hand for the next decisions stands at the beginning.
const WITHDRAWN: &str = "DELETE FROM code WHERE code IN ( \
     SELECT code FROM code WHERE pool = $1 AND given IS NULL ORDER BY aside DESC, expires DESC, n DESC LIMIT $2 FOR UPDATE) \
   AND given IS NULL";

/// Writes the codes of a batch. Rows stand in one order everywhere, so that workers and imports meet in it.
pub(super) fn statements(statements: &mut Vec<Statement>, batch: &mut Batch) {
    let column = |expires: Option<Instant>| coupon::stored(expires);
    let new = &mut batch.codes_new;
    new.sort_by(|one, other| one.code.cmp(&other.code));
    if !new.is_empty() {
        let statement = Statement::new(NEW)
            .with(new.iter().map(|own| own.pool.as_str()).collect::<Vec<_>>())
            .with(new.iter().map(|own| own.code.as_str()).collect::<Vec<_>>())
            .with(
                new.iter()
                    .map(|own| column(own.expires))
                    .collect::<Vec<_>>(),
            )
            .with(batch.clock.millis());
        statements.push(statement);
    }
    if !batch.codes_released.is_empty() {
        let codes = std::mem::take(&mut batch.codes_released);
        statements.push(Statement::new(RELEASED).with(codes));
    }
    let rows = &mut batch.codes_given;
    rows.sort_by(|one, other| one.given.code.cmp(&other.given.code));
    if !rows.is_empty() {
        let given = || rows.iter().map(|own| &own.given);
        let statement = Statement::new(GIVEN)
            .with(given().map(|own| own.pool.as_str()).collect::<Vec<_>>())
            .with(given().map(|own| own.code.as_str()).collect::<Vec<_>>())
            .with(given().map(|own| own.at.millis()).collect::<Vec<_>>())
            .with(rows.iter().map(|own| &*own.customer).collect::<Vec<_>>())
            .with(given().map(|own| &*own.journey).collect::<Vec<_>>())
            .with(given().map(|own| Id(own.enrollment)).collect::<Vec<_>>());
        statements.push(statement.touches(rows.len()));
    }
}

/// Codes that can be given.
pub(super) async fn left(
    pool: &PgPool,
    name: &str,
    from: Instant,
    share: Share,
    most: usize,
) -> Result<Vec<Coded>, Error> {
    let rows = sqlx::query(LEFT)
        .bind(name)
        .bind(from.millis())
        .bind(limit(most))
        .bind(i64::from(share.of.max(1)))
        .bind(i64::from(share.index))
        .persistent(false)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::coded(columns(row, "code")))
        .collect()
}

/// Codes, and what became of them.
pub(super) async fn found(
    pool: &PgPool,
    sought: Sought<'_>,
    most: usize,
) -> Result<Vec<CodeRow>, Error> {
    let which = match sought {
        Sought::Codes(_) => "WHERE code = ANY($1) ORDER BY code LIMIT $2",
        Sought::Of(_) => "WHERE customer = $1 ORDER BY given DESC, code LIMIT $2",
        Sought::Given(_) => {
            "WHERE pool = $1 AND given IS NOT NULL ORDER BY given DESC, code LIMIT $2"
        }
        Sought::Aside(..) => "WHERE pool = $1 AND aside > 0 AND code > $2 ORDER BY code LIMIT $3",
    };
    let query = sqlx::query(AssertSqlSafe(format!("{ROW} {which}")));
    let query = match sought {
        Sought::Codes(codes) => query.bind(codes.to_vec()),
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
    pool: &PgPool,
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
    pool: &PgPool,
    name: &str,
    now: Instant,
    since: Instant,
) -> Result<PoolLevel, Error> {
    let asked = sqlx::query(LEVEL)
        .bind(name)
        .bind(now.millis())
        .bind(since.millis());
    rows::pool_level(columns(&asked.fetch_one(pool).await?, "code"))
}

/// Puts codes aside that nobody was given.
pub(super) async fn put_aside(
    pool: &PgPool,
    name: String,
    at: Instant,
    most: usize,
) -> Result<u64, Error> {
    let statement = sqlx::query(ASIDE)
        .bind(name)
        .bind(at.millis().max(1))
        .bind(limit(most));
    Ok(statement.execute(pool).await?.rows_affected())
}

/// Takes codes out that nobody was given.
pub(super) async fn withdraw(pool: &PgPool, name: String, most: usize) -> Result<u64, Error> {
    let done = sqlx::query(WITHDRAWN).bind(name).bind(limit(most));
    Ok(done.execute(pool).await?.rows_affected())
}
