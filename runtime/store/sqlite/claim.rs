//! Claims: rows of the outbox for whoever hands them over, and pieces of work that one worker at a time should do.

use kurant_engine::calendar::Instant;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use super::decode::columns;
use super::documents::json;
use super::transaction::{Rows, Transaction};
use crate::batch::TOGETHER;
use crate::rows::{self, Columns, limit};
use crate::{Error, OutboxState, Outgoing, Queue};

const EXPIRED: &str = "UPDATE outbox SET state = 'claimed', attempt = attempt + 1, lease = $2 WHERE n IN \
     (SELECT n FROM outbox WHERE state = 'claimed' AND lease <= $1 AND route = $4 ORDER BY due, n LIMIT $3) \
   RETURNING command, route, due, attempt, tries, lease, withdrawn, n";
const PENDING: &str = "UPDATE outbox SET state = 'claimed', attempt = attempt + 1, lease = $2 WHERE n IN \
     (SELECT n FROM outbox p INDEXED BY outbox_waiting WHERE state = 'pending' AND route = $4 AND due <= $1 AND NOT EXISTS ( \
        SELECT 1 FROM outbox e WHERE e.customer = p.customer AND e.n < p.n AND e.route = p.route \
          AND (e.state = 'pending' OR (e.state = 'claimed' AND e.attempt > 1))) \
      ORDER BY due, n LIMIT $3) \
   RETURNING command, route, due, attempt, tries, lease, withdrawn, n";
// Behind the first ones of these numbers, which were claimed a moment ago: what was claimed before them keeps the rest back.
const BEHIND: &str = "UPDATE outbox SET state = 'claimed', attempt = attempt + 1, lease = $2 WHERE n IN \
     (SELECT p.n FROM json_each($4) own CROSS JOIN outbox h ON h.n = own.value CROSS JOIN outbox p \
        ON p.customer = h.customer AND p.n > h.n AND p.route = h.route AND p.state = 'pending' AND p.due <= $1 \
      WHERE (SELECT count(*) FROM outbox e WHERE e.customer = p.customer AND e.n > h.n AND e.n < p.n AND e.route = p.route \
          AND e.state = 'pending') < $5 \
        AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.customer = p.customer AND e.n > h.n AND e.n < p.n AND e.route = p.route \
          AND ((e.state = 'pending' AND e.due > $1) OR (e.state = 'claimed' AND e.attempt > 1))) \
      ORDER BY p.n LIMIT $3) \
   RETURNING command, route, due, attempt, tries, lease, withdrawn, n";
const LEASE: Rows = Rows {
    head: "INSERT INTO lease (name, worker, until) SELECT name, worker, until FROM \
           (WITH asked (name, worker, until, now) AS (VALUES ",
    columns: 4,
    tail: ") SELECT * FROM asked WHERE NOT EXISTS (SELECT 1 FROM lease l WHERE l.name = asked.name \
           AND l.worker <> asked.worker AND l.until > asked.now)) \
           WHERE true ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until = excluded.until",
};

/// The routes by which something may be claimed.
pub(super) async fn routes_waiting(pool: &SqlitePool, now: Instant) -> Result<Vec<String>, Error> {
    let routes = sqlx::query_scalar(rows::ROUTES_WAITING)
        .bind(now.millis())
        .fetch_all(pool)
        .await?;
    Ok(routes)
}

/// Claims what was claimed under a lease that has passed, then what is due, then what queues behind that; of one route.
pub(super) async fn reclaim(
    pool: &SqlitePool,
    route: &str,
    now: Instant,
    lease: Instant,
    most: usize,
) -> Result<Vec<Outgoing>, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let asked = |sql, left: usize| {
        let query = sqlx::query(sql).bind(now.millis()).bind(lease.millis());
        query.bind(limit(left))
    };
    let expired = asked(EXPIRED, most).bind(route.to_owned());
    let mut claimed = claims(&tx.fetch(expired).await?)?;
    let left = most.saturating_sub(claimed.len());
    let pending = asked(PENDING, left).bind(route.to_owned());
    let pending = claims(&tx.fetch(pending).await?)?;
    let left = left.saturating_sub(pending.len());
    if left > 0 && !pending.is_empty() {
        let first: Vec<i64> = pending.iter().map(|(n, _)| *n).collect();
        let behind = asked(BEHIND, left)
            .bind(json("command", &first)?)
            .bind(limit(TOGETHER));
        claimed.extend(claims(&tx.fetch(behind).await?)?);
    }
    claimed.extend(pending);
    tx.commit().await?;
    claimed.sort_by_key(|(n, _)| *n);
    Ok(claimed.into_iter().map(|(_, outgoing)| outgoing).collect())
}

/// Claimed rows, each with its number.
fn claims(rows: &[SqliteRow]) -> Result<Vec<(i64, Outgoing)>, Error> {
    let claim = |row| {
        let mut columns = columns(row, "command");
        let outgoing = rows::outgoing(&mut columns, OutboxState::Claimed)?;
        Ok((columns.number()?, outgoing))
    };
    rows.iter().map(claim).collect()
}

/// Takes a piece of work, or keeps it, unless somebody else has it.
pub(super) async fn lease(
    pool: &SqlitePool,
    name: String,
    worker: String,
    now: Instant,
    until: Instant,
) -> Result<bool, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let taken = tx
        .write(&LEASE, &[(name, worker)], |(name, worker), values| {
            values.text(name);
            values.text(worker);
            values.number(until.millis());
            values.number(now.millis());
        })
        .await?;
    tx.commit().await?;
    Ok(taken == 1)
}

/// Whose commands are being tried again.
pub(super) async fn retried(pool: &SqlitePool, most: usize) -> Result<Vec<Queue>, Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT route, customer FROM outbox \
         WHERE state = 'pending' OR (state = 'claimed' AND attempt > 1) LIMIT $1",
    )
    .bind(limit(most))
    .fetch_all(pool)
    .await?;
    let mut retried = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "outbox");
        retried.push((columns.text()?.to_owned(), columns.shared()?));
    }
    Ok(retried)
}
