//! Forgets what happened to customers long ago, a few customers at a time, in one transaction each.

use kurant_engine::calendar::Instant;
use kurant_engine::id::CustomerId;
use serde_json::json;
use sqlx::SqlitePool;

use super::decode::{array, columns};
use super::people;
use super::transaction::Transaction;
use crate::forget::{CONSENTS, Needed, OF_CONSENTS};
use crate::rows::{Columns, limit};
use crate::{Error, Kept, Walked};

// Who comes next, and who of them has anything that is old: one look at the beginning of each one's history.
const NEXT: &str = "SELECT c.id, EXISTS (SELECT 1 FROM event e WHERE e.customer = c.id AND e.time < $2) \
   FROM (SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT $3) c ORDER BY c.id";
// $3 tells what stays of whomever, $4 what stays of those who are inside a journey since long ago.
const GONE: &str = "WITH kept AS MATERIALIZED (SELECT value->>0 AS type, value->>1 AS floor, value->>2 AS latest FROM json_each($3)), \
     own AS MATERIALIZED (SELECT value->>0 AS customer, value->>1 AS type, value->>2 AS floor FROM json_each($4)) \
   DELETE FROM event WHERE (customer, time, n) IN ( \
     SELECT e.customer, e.time, e.n FROM json_each($1) c CROSS JOIN event e \
     WHERE e.customer = c.value AND e.time < $2 \
       AND e.type NOT IN (SELECT value FROM json_each($5)) AND instr(e.data, $6) = 0 \
       AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.type = e.type AND (e.time >= k.floor OR (k.latest AND NOT EXISTS ( \
         SELECT 1 FROM event l WHERE l.customer = e.customer AND l.type = e.type AND (l.time, l.n) > (e.time, e.n))))) \
       AND NOT EXISTS (SELECT 1 FROM own k WHERE k.customer = e.customer AND k.type = e.type AND e.time >= k.floor) \
     LIMIT $7) RETURNING 1";
const COUNTED: &str = "INSERT INTO forgotten (what, count) VALUES ('event', $1) \
   ON CONFLICT (what) DO UPDATE SET count = forgotten.count + excluded.count";

/// Forgets events of the customers after one.
pub(super) async fn forget_history(
    read: &SqlitePool,
    write: &SqlitePool,
    before: Instant,
    kept: &[Kept],
    after: Option<&str>,
    most: usize,
) -> Result<Walked, Error> {
    let rows = sqlx::query(NEXT)
        .bind(after.unwrap_or_default().to_owned())
        .bind(before.millis())
        .bind(limit(most))
        .fetch_all(read)
        .await?;
    let mut old: Vec<CustomerId> = Vec::new();
    let mut last: Option<CustomerId> = None;
    for row in &rows {
        let mut columns = columns(row, "customer");
        let id = columns.shared()?;
        if columns.number()? != 0 {
            old.push(id.clone());
        }
        last = Some(id);
    }
    let gone = match old.is_empty() {
        true => 0,
        false => {
            let people = match kept.iter().any(|own| own.enrolled) {
                true => people::load(read, &old, &[]).await?,
                false => Vec::new(),
            };
            gone(write, before, &old, &Needed::of(kept, &people), most).await?
        }
    };
    let next = match gone >= most as u64 {
        true => Some(after.unwrap_or_default().into()),
        false => last.filter(|_| rows.len() == most),
    };
    Ok(Walked { gone, next })
}

async fn gone(
    write: &SqlitePool,
    before: Instant,
    ids: &[CustomerId],
    needed: &Needed,
    most: usize,
) -> Result<u64, Error> {
    let all = needed.of_all.iter();
    let all = all.map(|(kind, (since, latest))| json!([kind, since.map(Instant::millis), latest]));
    let some = needed.of_some.iter();
    let some = some.map(|(id, kind, floor)| json!([&**id, kind, floor.millis()]));
    let query = sqlx::query(GONE)
        .bind(array(ids.iter().map(|id| &**id)))
        .bind(before.millis())
        .bind(serde_json::Value::from_iter(all).to_string())
        .bind(serde_json::Value::from_iter(some).to_string())
        .bind(array(OF_CONSENTS.into_iter()))
        .bind(CONSENTS)
        .bind(limit(most));
    let mut tx = Transaction::begin(write).await?;
    let gone = tx.fetch(query).await?.len();
    if gone > 0 {
        tx.fetch(sqlx::query(COUNTED).bind(limit(gone))).await?;
    }
    tx.commit().await?;
    Ok(gone as u64)
}
