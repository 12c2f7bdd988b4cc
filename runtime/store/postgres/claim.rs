//! Claims: rows of the outbox for whoever hands them over, pieces of work that one worker at a time should do, and who lives.

use kurant_engine::calendar::Instant;
use sqlx::postgres::{PgPool, PgRow};

use super::decode::columns;
use super::transaction::{Id, Statement, Transaction, write};
use crate::batch::TOGETHER;
use crate::rows::{self, Columns, limit};
use crate::{Crew, Error, OutboxState, Outgoing, Queue, Share, Word};

// Materialized: a plan that ran the search twice would lock more than it claims.
const EXPIRED: &str = "WITH free AS MATERIALIZED ( \
     SELECT key FROM outbox WHERE state = 'claimed' AND lease <= $1 AND route = $4 ORDER BY due, n LIMIT $3 FOR UPDATE SKIP LOCKED) \
   UPDATE outbox o SET state = 'claimed', attempt = o.attempt + 1, lease = $2 FROM free WHERE o.key = free.key \
   RETURNING o.command, o.route, o.due, o.attempt, o.tries, o.lease, o.withdrawn, o.n";
const PENDING: &str = "WITH free AS MATERIALIZED ( \
     SELECT key FROM outbox p WHERE state = 'pending' AND route = $4 AND due <= $1 AND NOT EXISTS ( \
         SELECT 1 FROM outbox e WHERE e.customer = p.customer AND e.n < p.n AND e.route = p.route \
           AND (e.state = 'pending' OR (e.state = 'claimed' AND e.attempt > 1))) \
       ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED) \
   UPDATE outbox o SET state = 'claimed', attempt = o.attempt + 1, lease = $2 FROM free WHERE o.key = free.key \
   RETURNING o.command, o.route, o.due, o.attempt, o.tries, o.lease, o.withdrawn, o.n";
// Nobody else claims one of these: the first of its queue was pending until this transaction, and is claimed after it.
const BEHIND: &str = "UPDATE outbox o SET state = 'claimed', attempt = o.attempt + 1, lease = $2 FROM ( \
     SELECT f.key FROM outbox h CROSS JOIN LATERAL ( \
         SELECT p.key, p.n FROM outbox p WHERE p.customer = h.customer AND p.route = h.route AND p.n > h.n \
           AND p.state = 'pending' AND p.due <= $1 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.customer = p.customer \
             AND e.route = p.route AND e.n > h.n AND e.n < p.n \
             AND ((e.state = 'pending' AND e.due > $1) OR (e.state = 'claimed' AND e.attempt > 1))) \
         ORDER BY p.n LIMIT $5) f \
       WHERE h.key = ANY($4::uuid[]) ORDER BY f.n LIMIT $3) free WHERE o.key = free.key \
   RETURNING o.command, o.route, o.due, o.attempt, o.tries, o.lease, o.withdrawn, o.n";
const BEAT: &str = "INSERT INTO worker AS w (name, beat, behind, heeded) VALUES ($1, $2, $3, $4) \
   ON CONFLICT (name) DO UPDATE SET beat = greatest(w.beat, excluded.beat), behind = excluded.behind, heeded = excluded.heeded";
// Whoever is beating at this moment is passed over: nobody waits for anybody here.
const FORGET: &str = "DELETE FROM worker WHERE name IN \
   (SELECT name FROM worker WHERE beat < $1 AND name <> $2 FOR UPDATE SKIP LOCKED)";
const LEASE: &str = "INSERT INTO lease AS l (name, worker, until) VALUES ($1, $2, $3) \
   ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until = excluded.until \
   WHERE l.worker = excluded.worker OR l.until <= $4";

/// The routes by which something may be claimed.
pub(super) async fn routes_waiting(pool: &PgPool, now: Instant) -> Result<Vec<String>, Error> {
    let routes = sqlx::query_scalar(rows::ROUTES_WAITING)
        .bind(now.millis())
        .fetch_all(pool)
        .await?;
    Ok(routes)
}

/// Claims what was claimed under a lease that has passed, then what is due, then what queues behind that; of one route.
pub(super) async fn reclaim(
    pool: &PgPool,
    route: &str,
    now: Instant,
    lease: Instant,
    most: usize,
) -> Result<Vec<Outgoing>, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let asked = |sql, left: usize| {
        Statement::new(sql)
            .with(now.millis())
            .with(lease.millis())
            .with(limit(left))
    };
    let mut claimed = claims(&tx.fetch(&asked(EXPIRED, most).with(route)).await?)?;
    let left = most.saturating_sub(claimed.len());
    let pending = claims(&tx.fetch(&asked(PENDING, left).with(route)).await?)?;
    let left = left.saturating_sub(pending.len());
    if left > 0 && !pending.is_empty() {
        let keys = pending.iter().map(|(_, row)| Id(row.command.key));
        let behind = asked(BEHIND, left)
            .with(keys.collect::<Vec<_>>())
            .with(limit(TOGETHER));
        claimed.extend(claims(&tx.fetch(&behind).await?)?);
    }
    claimed.extend(pending);
    tx.commit().await?;
    claimed.sort_by_key(|(n, _)| *n);
    Ok(claimed.into_iter().map(|(_, outgoing)| outgoing).collect())
}

/// Claimed rows, each with its number.
fn claims(rows: &[PgRow]) -> Result<Vec<(i64, Outgoing)>, Error> {
    let claim = |row| {
        let mut columns = columns(row, "command");
        let outgoing = rows::outgoing(&mut columns, OutboxState::Claimed)?;
        Ok((columns.number()?, outgoing))
    };
    rows.iter().map(claim).collect()
}

/// Frees whatever was claimed or leased and forgets who worked: nobody works any more.
pub(super) async fn free_all(pool: &PgPool) -> Result<(), Error> {
    // Earlier than any clock shows.
    let statements = [
        Statement::new("UPDATE outbox SET lease = $1 WHERE state = 'claimed'").with(0_i64),
        Statement::new("DELETE FROM lease"),
        Statement::new("DELETE FROM worker"),
    ];
    write(pool, &statements).await
}

/// Notes that a worker lives, and gives its share and how far behind any of them is.
pub(super) async fn beat(
    pool: &PgPool,
    worker: String,
    word: Word,
    forget_before: Instant,
) -> Result<Crew, Error> {
    let statements = [
        Statement::new(BEAT)
            .with(worker.as_str())
            .with(word.at.millis())
            .with(word.behind.map(Instant::millis))
            .with(word.heeded.millis()),
        Statement::new(FORGET)
            .with(forget_before.millis())
            .with(worker.as_str()),
    ];
    write(pool, &statements).await?;
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE name < $1), count(*), min(behind) FROM worker WHERE name = $1 OR beat >= $2",
    )
    .bind(worker.as_str())
    .bind(forget_before.millis())
    .fetch_one(pool)
    .await?;
    let mut columns = columns(&row, "worker");
    let (index, of) = (columns.number()?, columns.number()?);
    let share = Share {
        index: u32::try_from(index).unwrap_or(0),
        of: u32::try_from(of).unwrap_or(1).max(1),
    };
    Ok(Crew {
        share,
        behind: columns.maybe_number()?.map(Instant::from_millis),
    })
}

/// Forgets a worker that ends, and frees what it had leased.
pub(super) async fn depart(pool: &PgPool, worker: String) -> Result<(), Error> {
    let statements = [
        Statement::new("DELETE FROM lease WHERE worker = $1").with(worker.as_str()),
        Statement::new("DELETE FROM worker WHERE name = $1").with(worker.as_str()),
    ];
    write(pool, &statements).await
}

/// Takes a piece of work, or keeps it, unless somebody else has it.
pub(super) async fn lease(
    pool: &PgPool,
    name: String,
    worker: String,
    now: Instant,
    until: Instant,
) -> Result<bool, Error> {
    let statement = Statement::new(LEASE)
        .with(name.as_str())
        .with(worker.as_str())
        .with(until.millis())
        .with(now.millis())
        .touches(1);
    match write(pool, &[statement]).await {
        Ok(()) => Ok(true),
        Err(Error::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whose commands are being tried again.
pub(super) async fn retried(pool: &PgPool, most: usize) -> Result<Vec<Queue>, Error> {
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
