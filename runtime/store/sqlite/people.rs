//! Reads customers, their histories, and which events were taken in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::person::Person;
use sqlx::SqlitePool;

use super::decode::{array, columns};
use super::erase::{TOMBSTONES, asked, found};
use crate::rows::{self, Columns, count, limit, missing};
use crate::{Error, Kept, Seen, Stored};

/// Events of one customer by time and number.
type Numbered = BTreeMap<(i64, i64), Arc<Event>>;

// The reason is written out, so that its index is known to hold all of them.
pub(super) const TURNED_AWAY: &str = "SELECT DISTINCT customer FROM enrollment WHERE reason = 'no_coupon' AND customer > $1 \
   ORDER BY customer LIMIT $2";

/// The customers with these ids.
pub(super) async fn load(
    pool: &SqlitePool,
    ids: &[CustomerId],
    kept: &[Kept],
) -> Result<Vec<Stored>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = ids;
    let ids = array(ids.iter().map(AsRef::as_ref));
    let rows = sqlx::query(
        "SELECT state, fired, revision FROM customer WHERE id IN (SELECT value FROM json_each($1))",
    )
    .bind(&ids)
    .fetch_all(pool)
    .await?;
    let read = rows
        .iter()
        .map(|row| rows::stored(columns(row, "customer")));
    let mut people: Vec<Stored> = read.collect::<Result<_, _>>()?;
    let missing = missing(wanted, &people);
    if !missing.is_empty() {
        let rows = sqlx::query(TOMBSTONES).bind(asked(&missing));
        let rows = rows.fetch_all(pool).await?;
        people.extend(found(&rows, &missing)?);
    }
    if kept.is_empty() || people.is_empty() {
        return Ok(people);
    }
    let mut histories = histories(pool, &ids, &people, kept).await?;
    for stored in &mut people {
        let history = histories
            .remove(&stored.person.customer.id)
            .unwrap_or_default();
        stored.person.history = history.into_values().collect();
    }
    Ok(people)
}

async fn histories(
    pool: &SqlitePool,
    ids: &str,
    people: &[Stored],
    kept: &[Kept],
) -> Result<HashMap<CustomerId, Numbered>, Error> {
    let mut histories: HashMap<CustomerId, Numbered> = HashMap::new();
    let persons: HashMap<&str, &Person> = people
        .iter()
        .map(|stored| (&*stored.person.customer.id, &stored.person))
        .collect();
    let floors = people
        .iter()
        .flat_map(|stored| kept.iter().filter_map(|kept| kept.floor(&stored.person)));
    if let Some(floor) = floors.min() {
        let rows = sqlx::query(
            "SELECT e.customer, e.time, e.n, e.type, e.source, e.id, e.data FROM json_each($1) c \
             CROSS JOIN event e WHERE e.customer = c.value AND e.time >= $2 AND e.type IN (SELECT value FROM json_each($3))",
        )
        .bind(ids)
        .bind(floor.millis())
        .bind(array(kept.iter().map(|kept| kept.kind.as_str())))
        .fetch_all(pool)
        .await?;
        for row in &rows {
            let (place, event) = rows::event(columns(row, "event"))?;
            let person = persons.get(&*event.customer);
            if person.is_some_and(|person| {
                kept.iter()
                    .any(|kept| kept.holds(person, &event.kind, event.time))
            }) {
                histories
                    .entry(event.customer.clone())
                    .or_default()
                    .insert(place, Arc::new(event));
            }
        }
    }
    let latest = array(
        kept.iter()
            .filter(|kept| kept.latest)
            .map(|kept| kept.kind.as_str()),
    );
    if latest != "[]" {
        let rows = sqlx::query(
            "SELECT e.customer, e.time, e.n, e.type, e.source, e.id, e.data FROM json_each($1) c \
             CROSS JOIN json_each($2) k CROSS JOIN event e WHERE e.customer = c.value AND (e.time, e.n) = \
             (SELECT l.time, l.n FROM event l WHERE l.customer = c.value AND l.type = k.value \
              ORDER BY l.time DESC, l.n DESC LIMIT 1)",
        )
        .bind(ids)
        .bind(latest)
        .fetch_all(pool)
        .await?;
        for row in &rows {
            let (place, event) = rows::event(columns(row, "event"))?;
            histories
                .entry(event.customer.clone())
                .or_default()
                .entry(place)
                .or_insert_with(|| Arc::new(event));
        }
    }
    Ok(histories)
}

/// Those of these events that have been taken in.
pub(super) async fn seen(pool: &SqlitePool, identities: &[Key]) -> Result<Vec<Seen>, Error> {
    if identities.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = identities.iter().map(Key::to_string).collect();
    let rows = sqlx::query("SELECT identity, body FROM seen WHERE identity IN (SELECT unhex(value) FROM json_each($1))")
        .bind(array(names.iter().map(String::as_str)))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::seen(columns(row, "seen")))
        .collect()
}

/// Those of these events that stand in their customers' histories.
pub(super) async fn in_history(
    pool: &SqlitePool,
    events: &[Arc<Event>],
) -> Result<Vec<Key>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let asked = events
        .iter()
        .map(|own| serde_json::json!([own.customer, own.time.millis(), own.source, own.id]));
    let asked = serde_json::Value::Array(asked.collect()).to_string();
    let rows = sqlx::query(
        "SELECT e.source, e.id FROM json_each($1) a CROSS JOIN event e WHERE e.customer = a.value->>0 AND e.time = a.value->>1 \
           AND e.source = a.value->>2 AND e.id = a.value->>3 \
           AND EXISTS (SELECT 1 FROM forgotten WHERE what = 'seen' AND count > 0)",
    )
    .bind(asked)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::identity(columns(row, "event")))
        .collect()
}

/// All customers after one.
pub(super) async fn customers(
    pool: &SqlitePool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query("SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after.unwrap_or_default().to_owned())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| columns(row, "customer").shared())
        .collect()
}

/// Customers with an enrollment that ended because there was no code of a coupon pool for it, after one.
pub(super) async fn turned_away(
    pool: &SqlitePool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query(TURNED_AWAY)
        .bind(after.unwrap_or_default().to_owned())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| columns(row, "enrollment").shared())
        .collect()
}

/// Customers inside a journey, or inside any, after one.
pub(super) async fn members(
    pool: &SqlitePool,
    journey: Option<&str>,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT customer FROM enrollment WHERE customer > $1 AND ended IS NULL AND ($2 IS NULL OR journey = $2) \
         ORDER BY customer LIMIT $3",
    )
    .bind(after.unwrap_or_default().to_owned())
    .bind(journey.map(str::to_owned))
    .bind(limit(most))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| columns(row, "enrollment").shared())
        .collect()
}

/// How many rows a table has.
pub(super) async fn rows_of(pool: &SqlitePool, sql: &'static str) -> Result<u64, Error> {
    Ok(count(
        sqlx::query_scalar::<_, i64>(sql).fetch_one(pool).await?,
    ))
}
