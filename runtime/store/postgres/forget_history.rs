//! Forgets what happened to customers long ago, a few customers at a time, in one transaction each.

use kurant_engine::calendar::Instant;
use kurant_engine::id::CustomerId;
use sqlx::PgPool;

use super::decode::columns;
use super::people;
use super::transaction::{Statement, Transaction};
use crate::forget::{CONSENTS, Needed, OF_CONSENTS};
use crate::rows::{Columns, count, limit};
use crate::{Error, Kept, Walked};

// Who comes next, and who of them has anything that is old: one look at the beginning of each one's history.
const NEXT: &str = "SELECT c.id, EXISTS (SELECT FROM event e WHERE e.customer = c.id AND e.time < $2) \
   FROM (SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT $3) c ORDER BY c.id";
// $3 to $5 tell what stays of whomever, $6 to $8 what stays of those who are inside a journey since long ago.
const GONE: &str = "WITH kept AS (SELECT * FROM UNNEST($3::text[], $4::bigint[], $5::boolean[]) AS k (type, floor, latest)), \
     own AS (SELECT * FROM UNNEST($6::text[], $7::text[], $8::bigint[]) AS k (customer, type, floor)), \
     old AS (SELECT e.customer, e.time, e.n FROM UNNEST($1::text[]) AS c (id) JOIN event e ON e.customer = c.id AND e.time < $2 \
       WHERE e.type <> ALL($9::text[]) AND position($10 IN e.data) = 0 \
         AND NOT EXISTS (SELECT FROM kept k WHERE k.type = e.type AND (e.time >= k.floor OR (k.latest AND NOT EXISTS ( \
           SELECT FROM event l WHERE l.customer = e.customer AND l.type = e.type AND (l.time, l.n) > (e.time, e.n))))) \
         AND NOT EXISTS (SELECT FROM own k WHERE k.customer = e.customer AND k.type = e.type AND e.time >= k.floor) \
       LIMIT $11), \
     gone AS (DELETE FROM event e USING old WHERE e.customer = old.customer AND e.time = old.time AND e.n = old.n RETURNING 1), \
     said AS (INSERT INTO forgotten AS f (what, count) SELECT 'event', count(*) FROM gone \
       ON CONFLICT (what) DO UPDATE SET count = f.count + excluded.count) \
   SELECT count(*) FROM gone";

/// Forgets events of the customers after one.
pub(super) async fn forget_history(
    pool: &PgPool,
    before: Instant,
    kept: &[Kept],
    after: Option<&str>,
    most: usize,
) -> Result<Walked, Error> {
    let rows = sqlx::query(NEXT)
        .bind(after.unwrap_or_default())
        .bind(before.millis())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    let mut old: Vec<CustomerId> = Vec::new();
    let mut last: Option<CustomerId> = None;
    for row in &rows {
        let mut columns = columns(row, "customer");
        let id = columns.shared()?;
        if columns.truth()? {
            old.push(id.clone());
        }
        last = Some(id);
    }
    let gone = match old.is_empty() {
        true => 0,
        false => gone(pool, before, kept, &old, most).await?,
    };
    let next = match gone >= most as u64 {
        true => Some(after.unwrap_or_default().into()),
        false => last.filter(|_| rows.len() == most),
    };
    Ok(Walked { gone, next })
}

async fn gone(
    pool: &PgPool,
    before: Instant,
    kept: &[Kept],
    ids: &[CustomerId],
    most: usize,
) -> Result<u64, Error> {
    let people = match kept.iter().any(|own| own.enrolled) {
        true => people::load(pool, ids, &[]).await?,
        false => Vec::new(),
    };
    let Needed { of_all, of_some } = Needed::of(kept, &people);
    let floors = of_all.values().map(|(since, _)| since.map(Instant::millis));
    let latest = of_all.values().map(|(_, latest)| *latest);
    let statement = Statement::new(GONE)
        .with(ids.iter().map(|id| &**id).collect::<Vec<_>>())
        .with(before.millis())
        .with(of_all.keys().map(String::as_str).collect::<Vec<_>>())
        .with(floors.collect::<Vec<_>>())
        .with(latest.collect::<Vec<_>>())
        .with(of_some.iter().map(|own| &*own.0).collect::<Vec<_>>())
        .with(of_some.iter().map(|own| &*own.1).collect::<Vec<_>>())
        .with(of_some.iter().map(|own| own.2.millis()).collect::<Vec<_>>())
        .with(OF_CONSENTS.to_vec())
        .with(CONSENTS)
        .with(limit(most));
    let mut tx = Transaction::begin(pool).await?;
    let rows = tx.fetch(&statement).await?;
    tx.commit().await?;
    match rows.first() {
        Some(row) => columns(row, "event").number().map(count),
        None => Ok(0),
    }
}
