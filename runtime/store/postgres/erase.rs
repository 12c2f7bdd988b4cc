//! Forgets customers in the transaction that decided it.

use kurant_engine::calendar::Instant;
use kurant_engine::erased::{pseudonym, tombstone, word};
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::taken;
use super::transaction::{Id, Statement, Transaction};
use crate::erasure::{self, Erasure};
use crate::{Error, Stored};

// What is read here is read whole, as an erasure is rare: dead letters and anchors have no index for it, which each event would
// pay for. The limit of other statements would end it, and the run would begin anew for ever.
const PATIENT: &str = "SET LOCAL statement_timeout = 300000";
// Whoever makes somebody who is unknown waits for the place, and then finds the tombstone.
const PLACE: &str = "INSERT INTO customer (id, slot, revision, fired, state) VALUES ($1, 0, 0, 0, '') ON CONFLICT DO NOTHING";
// Those too that were kept for journeys which are retired or gone: nobody knows any more by which day they stand.
const ANCHORS_GONE: &str = "DELETE FROM anchor WHERE customer = ANY($1)";
const GONE: &str = "DELETE FROM customer WHERE id = $1 RETURNING revision";
const TOMBSTONE: &str = "INSERT INTO erased (customer, at) VALUES ($1, $2) \
   ON CONFLICT (customer) DO UPDATE SET at = greatest(erased.at, excluded.at)";
const TOMBSTONES: &str = "SELECT customer, at FROM erased WHERE customer = ANY($1)";
const LOG: &str = "SELECT n, actions, traces FROM log WHERE customer = $1";
const LOG_KEPT: &str = "UPDATE log l SET customer = $2, actions = k.actions, traces = k.traces \
   FROM UNNEST($3::bigint[], $4::text[], $5::text[]) AS k (n, actions, traces) WHERE l.customer = $1 AND l.n = k.n";
// What is on its way of them is locked before their lines: whoever tells how a hand-over went does so in the same order.
const NOT_NEEDED: &str = "WITH gone AS (DELETE FROM outbox WHERE customer = $1 AND state = 'pending' RETURNING route) \
   INSERT INTO outbox_left (count, route, state) SELECT count(*), route, 'skipped' FROM gone GROUP BY route";
// By state, so that each part has an index: what is claimed is little, and what stays is found by the customer.
const OUTBOX: &str = "SELECT key, command, reason FROM outbox \
   WHERE customer = $1 AND (state = 'claimed' OR state IN ('dead', 'in_doubt')) ORDER BY key FOR UPDATE";
const OUTBOX_KEPT: &str = "UPDATE outbox o SET customer = $2, command = k.command, reason = k.reason, withdrawn = 1 \
   FROM UNNEST($1::uuid[], $3::text[], $4::text[]) AS k (key, command, reason) WHERE o.key = k.key";
const EVENTS: &str = "WITH gone AS (DELETE FROM event WHERE customer = $1 RETURNING 1) \
   INSERT INTO forgotten AS f (what, count) SELECT 'event', count(*) FROM gone \
   ON CONFLICT (what) DO UPDATE SET count = f.count + excluded.count";
const ENROLLMENTS_GONE: &str = "DELETE FROM enrollment WHERE customer = $1";
// Nobody else may be given the code.
const CODES: &str = "UPDATE code SET customer = $2 WHERE customer = $1";
const LETTERS: &str = "SELECT n, body FROM rejected WHERE EXISTS ( \
     SELECT FROM UNNEST($1::text[]) AS s (name) \
     WHERE position(encode(convert_to(s.name, 'UTF8'), 'escape') IN lower(encode(body, 'escape'))) > 0)";
const LETTERS_KEPT: &str = "UPDATE rejected SET body = '', reason = $2 WHERE n = ANY($1)";

/// Counts events that were taken in and are not kept.
pub(super) const DROPPED: &str = "INSERT INTO forgotten AS f (what, count) VALUES ('event', $1) \
   ON CONFLICT (what) DO UPDATE SET count = f.count + excluded.count";

/// Forgets customers.
pub(super) async fn erase(tx: &mut Transaction, erased: &[Erasure]) -> Result<(), Error> {
    if erased.is_empty() {
        return Ok(());
    }
    tx.run(&Statement::new(PATIENT)).await?;
    for erasure in erased {
        one(tx, erasure).await?;
    }
    let ids: Vec<&str> = erased.iter().map(|own| &*own.customer).collect();
    tx.run(&Statement::new(ANCHORS_GONE).with(ids)).await
}

async fn one(tx: &mut Transaction, erasure: &Erasure) -> Result<(), Error> {
    let id = &*erasure.customer;
    let about = |sql| Statement::new(sql).with(id);
    if erasure.revision == 0 {
        tx.run(&about(PLACE)).await?;
    }
    let gone = tx.fetch(&about(GONE)).await?;
    let revision = gone.first().map(|row| row.try_get::<i64, _>(0));
    let revision = revision.transpose()?.unwrap_or(0);
    if revision != erasure.revision.cast_signed() {
        return Err(Error::Conflict);
    }
    let name = Statement::new(TOMBSTONE)
        .with(Id(tombstone(id)))
        .with(erasure.at.millis());
    tx.run(&name).await?;
    outbox(tx, id).await?;
    for sql in [EVENTS, ENROLLMENTS_GONE, taken::GONE] {
        tx.run(&about(sql)).await?;
    }
    tx.run(&about(CODES).with(&*pseudonym(id))).await?;
    letters(tx, erasure).await?;
    log(tx, id).await
}

/// What waits is not needed any more. Of what is under way, in doubt or given up only the bones stay, and it must not leave.
async fn outbox(tx: &mut Transaction, id: &str) -> Result<(), Error> {
    tx.run(&Statement::new(NOT_NEEDED).with(id)).await?;
    let rows = tx.fetch(&Statement::new(OUTBOX).with(id)).await?;
    let (mut keys, mut commands, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let reason: Option<String> = row.try_get(2)?;
        keys.push(row.try_get::<Id, _>(0)?);
        commands.push(erasure::command(row.try_get(1)?)?);
        reasons.push(reason.as_deref().and_then(word));
    }
    let kept = Statement::new(OUTBOX_KEPT)
        .with(keys)
        .with(&*pseudonym(id))
        .with(commands)
        .with(reasons);
    tx.run(&kept).await
}

async fn letters(tx: &mut Transaction, erasure: &Erasure) -> Result<(), Error> {
    let asked = Statement::new(LETTERS).with(erasure.names());
    let mut own = Vec::new();
    for row in &tx.fetch(&asked).await? {
        let body: &[u8] = row.try_get(1)?;
        if erasure.holds(&String::from_utf8_lossy(body)) {
            own.push(row.try_get::<i64, _>(0)?);
        }
    }
    let kept = Statement::new(LETTERS_KEPT).with(own).with(erasure::REASON);
    tx.run(&kept).await
}

async fn log(tx: &mut Transaction, id: &str) -> Result<(), Error> {
    let rows = tx.fetch(&Statement::new(LOG).with(id)).await?;
    let (mut numbers, mut actions, mut traces) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        let (done, passed) = erasure::entry(row.try_get(1)?, row.try_get(2)?)?;
        numbers.push(row.try_get::<i64, _>(0)?);
        actions.push(done);
        traces.push(passed);
    }
    let kept = Statement::new(LOG_KEPT)
        .with(id)
        .with(&*pseudonym(id))
        .with(numbers)
        .with(actions)
        .with(traces);
    tx.run(&kept).await
}

/// Those of these customers who were erased.
pub(super) async fn tombstones(pool: &PgPool, ids: &[&str]) -> Result<Vec<Stored>, Error> {
    let names: Vec<Id> = ids.iter().map(|id| Id(tombstone(id))).collect();
    let rows = sqlx::query(TOMBSTONES).bind(&names).fetch_all(pool).await?;
    let mut found = Vec::new();
    for row in &rows {
        let Id(name) = row.try_get(0)?;
        if let Some(id) = ids.iter().find(|id| tombstone(id) == name) {
            let at = Instant::from_millis(row.try_get(1)?);
            found.push(Stored::erased((*id).into(), at));
        }
    }
    Ok(found)
}
