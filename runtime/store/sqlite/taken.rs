//! Messages that were handed over, by the names that they have on the other side.

use kurant_engine::id::Key;
use sqlx::SqlitePool;

use super::decode::{array, columns};
use super::erase;
use super::transaction::{Rows, Transaction};
use crate::{Error, Outgoing, Settled, Taken, rows};

const TAKEN: Rows = Rows {
    head: "INSERT OR FAIL INTO taken (route, name, customer, key, journey, step, at, address) VALUES ",
    columns: 8,
    tail: " ON CONFLICT DO NOTHING",
};
const BY_NAME: &str = "SELECT route, name, customer, key, journey, step, at, address FROM taken \
   WHERE route = $1 AND name IN (SELECT value FROM json_each($2))";
const BY_KEY: &str = "SELECT state, command, route, due, attempt, tries, lease, withdrawn FROM outbox \
   WHERE key IN (SELECT unhex(value) FROM json_each($1))";
pub(super) const GONE: &str = "DELETE FROM taken WHERE customer = $1";

/// Notes by which names messages are known. That they were taken is true, whoever claims them by now; of somebody who was
/// erased meanwhile, and is not back, nothing is noted.
pub(super) async fn note(tx: &mut Transaction, settled: &[Settled]) -> Result<(), Error> {
    let all = settled.iter().filter_map(|own| own.taken.as_deref());
    let all: Vec<&Taken> = all.collect();
    if all.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = all.iter().map(|own| &*own.customer).collect();
    let gone = erase::gone(tx, &ids).await?;
    let there = all.into_iter().filter(|own| !gone.contains(&own.customer));
    let there: Vec<&Taken> = there.collect();
    tx.write(&TAKEN, &there, |own, values| {
        values.text(&own.route);
        values.text(&own.name);
        values.shared(&own.customer);
        values.key(own.key);
        values.shared(&own.journey);
        values.shared(&own.step);
        values.number(own.at.millis());
        values.text(&own.address);
    })
    .await
    .map(drop)
}

/// Those of a route that are known by these names.
pub(super) async fn by_name(
    pool: &SqlitePool,
    route: &str,
    names: &[String],
) -> Result<Vec<Taken>, Error> {
    let found = sqlx::query(BY_NAME)
        .bind(route.to_owned())
        .bind(array(names.iter().map(String::as_str)))
        .fetch_all(pool)
        .await?;
    found
        .iter()
        .map(|row| rows::taken(columns(row, "taken")))
        .collect()
}

/// Those of these commands that are in the outbox still.
pub(super) async fn commands(pool: &SqlitePool, keys: &[Key]) -> Result<Vec<Outgoing>, Error> {
    let names: Vec<String> = keys.iter().map(Key::to_string).collect();
    let found = sqlx::query(BY_KEY)
        .bind(array(names.iter().map(String::as_str)))
        .fetch_all(pool)
        .await?;
    found
        .iter()
        .map(|row| rows::command(columns(row, "outbox")))
        .collect()
}
