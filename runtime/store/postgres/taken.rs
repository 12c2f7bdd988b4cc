//! Messages that were handed over, by the names that they have on the other side.

use kurant_engine::erased::tombstone;
use kurant_engine::id::Key;
use sqlx::postgres::PgPool;

use super::decode::columns;
use super::transaction::{Id, Statement};
use crate::{Error, Outgoing, Settled, Taken, rows};

// Whoever erases a customer of these waits, or was waited for.
const STILL_THERE: &str = "SELECT FROM customer WHERE id = ANY($1) ORDER BY id FOR KEY SHARE";
const TAKEN: &str = "INSERT INTO taken (route, name, customer, key, journey, step, at, address) \
   SELECT o.route, o.name, o.customer, o.key, o.journey, o.step, o.at, o.address \
   FROM UNNEST($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::uuid[]) \
     AS o (route, name, customer, key, journey, step, at, address, tombstone) \
   WHERE NOT EXISTS (SELECT FROM erased e WHERE e.customer = o.tombstone) OR EXISTS (SELECT FROM customer c WHERE c.id = o.customer) \
   ON CONFLICT DO NOTHING";
const BY_NAME: &str = "SELECT route, name, customer, key, journey, step, at, address FROM taken WHERE route = $1 AND name = ANY($2)";
const BY_KEY: &str = "SELECT state, command, route, due, attempt, tries, lease, withdrawn FROM outbox WHERE key = ANY($1)";
pub(super) const GONE: &str = "DELETE FROM taken WHERE customer = $1";

/// Notes by which names messages are known. That they were taken is true, whoever claims them by now; of somebody who was
/// erased meanwhile, and is not back, nothing is noted.
pub(super) fn note(statements: &mut Vec<Statement>, settled: &[Settled]) {
    let all = settled.iter().filter_map(|own| own.taken.as_deref());
    let mut all: Vec<&Taken> = all.collect();
    if all.is_empty() {
        return;
    }
    // In the order of the table's key, so that workers meet in the same order everywhere.
    all.sort_by(|one, other| (&one.route, &one.name).cmp(&(&other.route, &other.name)));
    all.dedup_by(|one, other| (&one.route, &one.name) == (&other.route, &other.name));
    let text = |own: fn(&Taken) -> &str| all.iter().map(|row| own(row)).collect::<Vec<_>>();
    let keys: Vec<Id> = all.iter().map(|own| Id(own.key)).collect();
    let at: Vec<i64> = all.iter().map(|own| own.at.millis()).collect();
    let tombstones = all.iter().map(|own| Id(tombstone(&own.customer)));
    let tombstones: Vec<Id> = tombstones.collect();
    statements.push(Statement::new(STILL_THERE).with(text(|own| &own.customer)));
    statements.push(
        Statement::new(TAKEN)
            .with(text(|own| &own.route))
            .with(text(|own| &own.name))
            .with(text(|own| &own.customer))
            .with(keys)
            .with(text(|own| &own.journey))
            .with(text(|own| &own.step))
            .with(at)
            .with(text(|own| &own.address))
            .with(tombstones),
    );
}

/// Those of a route that are known by these names.
pub(super) async fn by_name(
    pool: &PgPool,
    route: &str,
    names: &[String],
) -> Result<Vec<Taken>, Error> {
    let query = sqlx::query(BY_NAME).bind(route).bind(names);
    let found = query.fetch_all(pool).await?;
    found
        .iter()
        .map(|row| rows::taken(columns(row, "taken")))
        .collect()
}

/// Those of these commands that are in the outbox still.
pub(super) async fn commands(pool: &PgPool, keys: &[Key]) -> Result<Vec<Outgoing>, Error> {
    let keys: Vec<Id> = keys.iter().copied().map(Id).collect();
    let found = sqlx::query(BY_KEY).bind(&keys).fetch_all(pool).await?;
    found
        .iter()
        .map(|row| rows::command(columns(row, "outbox")))
        .collect()
}
