//! Reads customers, their histories, and which events were taken in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::person::Person;
use sqlx::postgres::PgPool;

use super::decode::columns;
use super::erase::tombstones;
use super::transaction::Id;
use crate::rows::{self, Columns, limit, missing};
use crate::{Error, Kept, Seen, Stored};

/// Events of one customer by time and number.
type Numbered = BTreeMap<(i64, i64), Arc<Event>>;

// The reason is written out, so that its index is known to hold all of them.
const TURNED_AWAY: &str = "SELECT DISTINCT customer FROM enrollment WHERE reason = 'no_coupon' AND customer > $1 \
   ORDER BY customer LIMIT $2";

/// The customers with these ids.
pub(super) async fn load(
    pool: &PgPool,
    ids: &[CustomerId],
    kept: &[Kept],
) -> Result<Vec<Stored>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = ids;
    let mut ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    ids.sort_unstable();
    let rows = sqlx::query("SELECT state, fired, revision FROM customer WHERE id = ANY($1)")
        .bind(&ids)
        .fetch_all(pool)
        .await?;
    let read = rows
        .iter()
        .map(|row| rows::stored(columns(row, "customer")));
    let mut people: Vec<Stored> = read.collect::<Result<_, _>>()?;
    let missing = missing(wanted, &people);
    if !missing.is_empty() {
        people.extend(tombstones(pool, &missing).await?);
    }
    if kept.is_empty() || people.is_empty() {
        return Ok(people);
    }
    let mut histories = HashMap::new();
    of_late(pool, &people, kept, &mut histories).await?;
    latest(pool, &people, kept, &mut histories).await?;
    for stored in &mut people {
        let history = histories
            .remove(&stored.person.customer.id)
            .unwrap_or_default();
        stored.person.history = history.into_values().collect();
    }
    Ok(people)
}

/// Events that are kept for their age.
async fn of_late(
    pool: &PgPool,
    people: &[Stored],
    kept: &[Kept],
    histories: &mut HashMap<CustomerId, Numbered>,
) -> Result<(), Error> {
    let persons: HashMap<&str, &Person> = people
        .iter()
        .map(|stored| (&*stored.person.customer.id, &stored.person))
        .collect();
    let floor = |person: &Person| kept.iter().filter_map(|kept| kept.floor(person)).min();
    let floors = persons
        .iter()
        .filter_map(|(id, person)| Some((*id, floor(person)?.millis())));
    let (ids, floors): (Vec<&str>, Vec<i64>) = floors.unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = kept.iter().map(|kept| kept.kind.as_str()).collect();
    let rows = sqlx::query(
        "SELECT e.customer, e.time, e.n, e.type, e.source, e.id, e.data \
         FROM UNNEST($1::text[], $2::bigint[]) AS c (id, floor) \
         JOIN event e ON e.customer = c.id AND e.time >= c.floor WHERE e.type = ANY($3)",
    )
    .bind(&ids)
    .bind(&floors)
    .bind(&kinds)
    .fetch_all(pool)
    .await?;
    for row in &rows {
        let (place, event) = rows::event(columns(row, "event"))?;
        let holds = |person: &&Person| {
            kept.iter()
                .any(|kept| kept.holds(person, &event.kind, event.time))
        };
        if persons.get(&*event.customer).is_some_and(holds) {
            histories
                .entry(event.customer.clone())
                .or_default()
                .insert(place, Arc::new(event));
        }
    }
    Ok(())
}

/// The latest event of each type, however old.
async fn latest(
    pool: &PgPool,
    people: &[Stored],
    kept: &[Kept],
    histories: &mut HashMap<CustomerId, Numbered>,
) -> Result<(), Error> {
    let kinds = kept.iter().filter(|kept| kept.latest);
    let kinds: Vec<&str> = kinds.map(|kept| kept.kind.as_str()).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let ids = people.iter().map(|stored| &*stored.person.customer.id);
    let ids: Vec<&str> = ids.collect();
    let rows = sqlx::query(
        "SELECT l.customer, l.time, l.n, l.type, l.source, l.id, l.data \
         FROM UNNEST($1::text[]) AS c (id) CROSS JOIN UNNEST($2::text[]) AS k (type) \
         CROSS JOIN LATERAL (SELECT * FROM event e WHERE e.customer = c.id AND e.type = k.type \
           ORDER BY e.time DESC, e.n DESC LIMIT 1) l",
    )
    .bind(&ids)
    .bind(&kinds)
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
    Ok(())
}

/// Those of these events that have been taken in.
pub(super) async fn seen(pool: &PgPool, identities: &[Key]) -> Result<Vec<Seen>, Error> {
    if identities.is_empty() {
        return Ok(Vec::new());
    }
    let mut identities = identities.to_vec();
    identities.sort_unstable();
    let identities: Vec<Id> = identities.into_iter().map(Id).collect();
    let rows = sqlx::query("SELECT identity, body FROM seen WHERE identity = ANY($1)")
        .bind(&identities)
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::seen(columns(row, "seen")))
        .collect()
}

/// Those of these events that stand in their customers' histories.
pub(super) async fn in_history(pool: &PgPool, events: &[Arc<Event>]) -> Result<Vec<Key>, Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let column = |of: fn(&Event) -> &str| -> Vec<String> {
        events.iter().map(|own| of(own).to_owned()).collect()
    };
    let times: Vec<i64> = events.iter().map(|own| own.time.millis()).collect();
    let rows = sqlx::query(
        "SELECT e.source, e.id FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::text[]) AS a (customer, time, source, id) \
         JOIN event e ON e.customer = a.customer AND e.time = a.time AND e.source = a.source AND e.id = a.id \
         WHERE EXISTS (SELECT FROM forgotten WHERE what = 'seen' AND count > 0)",
    )
    .bind(column(|own| &own.customer))
    .bind(times)
    .bind(column(|own| &own.source))
    .bind(column(|own| &own.id))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::identity(columns(row, "event")))
        .collect()
}

/// Customers with an enrollment that ended because there was no code of a coupon pool for it, after one.
pub(super) async fn turned_away(
    pool: &PgPool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query(TURNED_AWAY)
        .bind(after.unwrap_or_default())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| columns(row, "enrollment").shared())
        .collect()
}

/// Customers inside a journey, or inside any, after one.
pub(super) async fn members(
    pool: &PgPool,
    journey: Option<&str>,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query(
        "SELECT DISTINCT customer FROM enrollment WHERE customer > $1 AND ended IS NULL \
           AND ($2::text IS NULL OR journey = $2) ORDER BY customer LIMIT $3",
    )
    .bind(after.unwrap_or_default())
    .bind(journey)
    .bind(limit(most))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| columns(row, "enrollment").shared())
        .collect()
}

/// All customers after one.
pub(super) async fn customers(
    pool: &PgPool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<CustomerId>, Error> {
    let rows = sqlx::query("SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after.unwrap_or_default())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| columns(row, "customer").shared())
        .collect()
}
