//! Forgets customers in the transaction that decided it.

use std::collections::HashSet;

use kurant_engine::calendar::Instant;
use kurant_engine::erased::{pseudonym, tombstone, word};
use kurant_engine::id::CustomerId;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::decode::array;
use super::taken;
use super::transaction::{Rows, Transaction};
use crate::erasure::{self, Erasure};
use crate::{Error, Stored};

const GONE: &str = "DELETE FROM customer WHERE id = $1 RETURNING revision";
const TOMBSTONE: &str = "INSERT INTO erased (customer, at) VALUES ($1, $2) \
   ON CONFLICT (customer) DO UPDATE SET at = max(erased.at, excluded.at)";
// Each entry names the one before it, and the customer the latest.
const LOG: &str = "WITH RECURSIVE own (n, previous) AS \
     (SELECT l.n, l.previous FROM customer c JOIN log l ON l.n = c.logged WHERE c.id = $1 \
      UNION ALL SELECT l.n, l.previous FROM own JOIN log l ON l.n = own.previous) \
   SELECT l.n, l.actions, l.traces FROM own CROSS JOIN log l ON l.n = own.n";
const LOG_KEPT: Rows = Rows {
    head: "WITH kept (n, customer, actions, traces) AS (VALUES ",
    columns: 4,
    tail: ") UPDATE OR FAIL log SET customer = kept.customer, actions = kept.actions, traces = kept.traces \
           FROM kept WHERE log.n = kept.n",
};
const NOT_NEEDED: &str = "INSERT INTO outbox_left (route, state, count) SELECT route, 'skipped', count(*) FROM outbox \
   WHERE customer = $1 AND state = 'pending' GROUP BY route \
   ON CONFLICT (route, state) DO UPDATE SET count = outbox_left.count + excluded.count";
const NOT_NEEDED_GONE: &str = "DELETE FROM outbox WHERE customer = $1 AND state = 'pending'";
const OUTBOX: &str = "SELECT n, command, reason FROM outbox WHERE customer = $1";
const OUTBOX_KEPT: Rows = Rows {
    head: "WITH kept (n, customer, command, reason) AS (VALUES ",
    columns: 4,
    tail: ") UPDATE OR FAIL outbox SET customer = kept.customer, command = kept.command, reason = kept.reason, withdrawn = 1 \
           FROM kept WHERE outbox.n = kept.n",
};
const EVENTS: &str = "INSERT INTO forgotten (what, count) SELECT 'event', count(*) FROM event WHERE customer = $1 \
   ON CONFLICT (what) DO UPDATE SET count = forgotten.count + excluded.count";
const EVENTS_GONE: &str = "DELETE FROM event WHERE customer = $1";
const ENROLLMENTS_GONE: &str = "DELETE FROM enrollment WHERE customer = $1";
// Nobody else may be given the code.
const CODES: &str = "UPDATE code SET customer = $2 WHERE customer = $1";
// All of the table is looked through, as an erasure is rare: those too are found that were kept for journeys which are retired or
// gone, and nobody knows any more by which day they stand.
const ANCHORS_GONE: &str = "DELETE FROM anchor WHERE customer IN (SELECT value FROM json_each($1))";
const LETTERS: &str = "SELECT n, body FROM rejected \
   WHERE EXISTS (SELECT 1 FROM json_each($1) name WHERE instr(lower(rejected.body), name.value) > 0)";
const LETTERS_KEPT: Rows = Rows {
    head: "UPDATE OR FAIL rejected SET body = '', reason = 'erased: it was about somebody who was erased' WHERE n IN (VALUES ",
    columns: 1,
    tail: ")",
};
const DROPPED: &str = "INSERT INTO forgotten (what, count) VALUES ('event', $1) \
   ON CONFLICT (what) DO UPDATE SET count = forgotten.count + excluded.count";

/// Forgets customers.
pub(super) async fn erase(tx: &mut Transaction, erased: &[Erasure]) -> Result<(), Error> {
    if erased.is_empty() {
        return Ok(());
    }
    for erasure in erased {
        one(tx, erasure).await?;
    }
    let ids = array(erased.iter().map(|own| &*own.customer));
    tx.fetch(sqlx::query(ANCHORS_GONE).bind(ids)).await?;
    Ok(())
}

async fn one(tx: &mut Transaction, erasure: &Erasure) -> Result<(), Error> {
    let id = erasure.customer.to_string();
    log(tx, &id).await?;
    let gone = tx.fetch(sqlx::query(GONE).bind(id.clone())).await?;
    let revision = gone.first().map(|row| row.try_get::<i64, _>(0));
    let revision = revision.transpose()?.unwrap_or(0);
    if revision != erasure.revision.cast_signed() {
        return Err(Error::Conflict);
    }
    let name = tombstone(&id).to_bytes().to_vec();
    let at = erasure.at.millis();
    tx.fetch(sqlx::query(TOMBSTONE).bind(name).bind(at)).await?;
    outbox(tx, &id).await?;
    for sql in [EVENTS, EVENTS_GONE, ENROLLMENTS_GONE, taken::GONE] {
        tx.fetch(sqlx::query(sql).bind(id.clone())).await?;
    }
    let name = pseudonym(&id).to_string();
    tx.fetch(sqlx::query(CODES).bind(id).bind(name)).await?;
    letters(tx, erasure).await
}

/// Counts events that were taken in and are not kept.
pub(super) async fn drop_events(tx: &mut Transaction, count: u64) -> Result<(), Error> {
    if count > 0 {
        tx.fetch(sqlx::query(DROPPED).bind(count.cast_signed()))
            .await?;
    }
    Ok(())
}

async fn log(tx: &mut Transaction, id: &str) -> Result<(), Error> {
    let rows = tx.fetch(sqlx::query(LOG).bind(id.to_owned())).await?;
    let kept = |row: &SqliteRow| {
        let (actions, traces) = erasure::entry(row.try_get(1)?, row.try_get(2)?)?;
        Ok((row.try_get::<i64, _>(0)?, actions, traces))
    };
    let rows: Vec<_> = rows.iter().map(kept).collect::<Result<_, Error>>()?;
    let name = pseudonym(id);
    tx.write(&LOG_KEPT, &rows, |(n, actions, traces), values| {
        values.number(*n);
        values.shared(&name);
        values.text(actions);
        values.text(traces);
    })
    .await
    .map(drop)
}

/// What waits is not needed any more. Of what is under way, in doubt or given up only the bones stay, and it must not leave.
async fn outbox(tx: &mut Transaction, id: &str) -> Result<(), Error> {
    for sql in [NOT_NEEDED, NOT_NEEDED_GONE] {
        tx.fetch(sqlx::query(sql).bind(id.to_owned())).await?;
    }
    let rows = tx.fetch(sqlx::query(OUTBOX).bind(id.to_owned())).await?;
    let kept = |row: &SqliteRow| {
        let reason: Option<String> = row.try_get(2)?;
        let command = erasure::command(row.try_get(1)?)?;
        Ok((
            row.try_get::<i64, _>(0)?,
            command,
            reason.as_deref().and_then(word),
        ))
    };
    let rows: Vec<_> = rows.iter().map(kept).collect::<Result<_, Error>>()?;
    let name = pseudonym(id);
    tx.write(&OUTBOX_KEPT, &rows, |(n, command, reason), values| {
        values.number(*n);
        values.shared(&name);
        values.text(command);
        values.maybe_text(reason.as_deref());
    })
    .await
    .map(drop)
}

async fn letters(tx: &mut Transaction, erasure: &Erasure) -> Result<(), Error> {
    let names = erasure.names();
    let names = array(names.iter().map(String::as_str));
    let rows = tx.fetch(sqlx::query(LETTERS).bind(names)).await?;
    let mut own = Vec::new();
    for row in &rows {
        if erasure.holds(row.try_get(1)?) {
            own.push(row.try_get::<i64, _>(0)?);
        }
    }
    tx.write(&LETTERS_KEPT, &own, |n, values| values.number(*n))
        .await
        .map(drop)
}

/// Those of some customers who are gone: erased, and not back.
pub(super) async fn gone(tx: &mut Transaction, ids: &[&str]) -> Result<HashSet<CustomerId>, Error> {
    let erased = erased(tx, ids).await?;
    let erased = erased.into_iter().map(|own| own.person.customer.id);
    let mut gone: HashSet<CustomerId> = erased.collect();
    if !gone.is_empty() {
        let back = sqlx::query(BACK).bind(array(gone.iter().map(|own| &**own)));
        for row in &tx.fetch(back).await? {
            gone.remove(row.try_get::<&str, _>(0)?);
        }
    }
    Ok(gone)
}

/// Those of some customers who were erased, whether they are back or not.
pub(super) async fn erased(tx: &mut Transaction, ids: &[&str]) -> Result<Vec<Stored>, Error> {
    if ids.is_empty() || tx.fetch(sqlx::query(ANYBODY)).await?.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.fetch(sqlx::query(TOMBSTONES).bind(asked(ids))).await?;
    found(&rows, ids)
}

const ANYBODY: &str = "SELECT 1 FROM erased LIMIT 1";
const BACK: &str = "SELECT id FROM customer WHERE id IN (SELECT value FROM json_each($1))";

/// Asks for those of some customers who were erased.
pub(super) const TOMBSTONES: &str =
    "SELECT customer, at FROM erased WHERE customer IN (SELECT unhex(value) FROM json_each($1))";

/// What [`TOMBSTONES`] is asked with.
pub(super) fn asked(ids: &[&str]) -> String {
    let names: Vec<String> = ids.iter().map(|id| tombstone(id).to_string()).collect();
    array(names.iter().map(String::as_str))
}

/// What [`TOMBSTONES`] answers.
pub(super) fn found(rows: &[SqliteRow], ids: &[&str]) -> Result<Vec<Stored>, Error> {
    let mut found = Vec::new();
    for row in rows {
        let name: Vec<u8> = row.try_get(0)?;
        let is_it = |id: &&&str| tombstone(id).to_bytes()[..] == name[..];
        if let Some(id) = ids.iter().find(is_it) {
            let at = Instant::from_millis(row.try_get(1)?);
            found.push(Stored::erased((*id).into(), at));
        }
    }
    Ok(found)
}
