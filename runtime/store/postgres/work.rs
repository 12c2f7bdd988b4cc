//! Finds work: timers, firings, rows of the outbox, places come to. Statements whose plan depends on how much is asked for are
//! planned each time.

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::id::CustomerId;
use sqlx::postgres::PgPool;

use super::decode::columns;
use crate::rows::{self, Columns, limit};
use crate::{AnchorRange, By, Error, OutboxState, Outgoing, Share};

/// From each slot those that are due first: of the customers of others not even a place in the index is read, however many of
/// theirs are due.
const DUE: &str = "SELECT d.wake_at, d.id FROM generate_series($3::integer, $4::integer) AS own (slot) CROSS JOIN LATERAL ( \
     SELECT c.wake_at, c.id FROM customer c WHERE c.slot = own.slot::smallint AND c.wake_at <= $1 \
     ORDER BY c.wake_at LIMIT $2) d";
const NEXT: &str = "SELECT min(d.wake_at) FROM generate_series($1::integer, $2::integer) AS own (slot) CROSS JOIN LATERAL ( \
     SELECT c.wake_at FROM customer c WHERE c.slot = own.slot::smallint AND c.wake_at IS NOT NULL \
     ORDER BY c.wake_at LIMIT 1) d";
/// Slots are not alike: so many more than its part are asked for of each.
const SPARE: usize = 8;

/// Customers of a share with something due.
pub(super) async fn due(
    pool: &PgPool,
    upto: Instant,
    most: usize,
    share: Share,
) -> Result<Vec<(Instant, CustomerId)>, Error> {
    let slots = share.slots();
    let of_each = most.div_ceil(slots.len().max(1)) + SPARE;
    let rows = sqlx::query(DUE)
        .bind(upto.millis())
        .bind(limit(of_each))
        .bind(i32::from(slots.start))
        .bind(i32::from(slots.end) - 1)
        .persistent(false)
        .fetch_all(pool)
        .await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "customer");
        due.push((columns.instant()?, columns.shared()?));
    }
    due.sort();
    due.truncate(most);
    Ok(due)
}

/// When the first customer of a share has something due.
pub(super) async fn next_wake(pool: &PgPool, share: Share) -> Result<Option<Instant>, Error> {
    let slots = share.slots();
    let row = sqlx::query(NEXT)
        .bind(i32::from(slots.start))
        .bind(i32::from(slots.end) - 1)
        .persistent(false)
        .fetch_one(pool)
        .await?;
    columns(&row, "customer").maybe_instant()
}

/// The zones of an attribute's anchors, each found by one step in the index.
pub(super) async fn zones(pool: &PgPool, attribute: &str, by: By) -> Result<Vec<String>, Error> {
    let zones = sqlx::query_scalar(
        "WITH RECURSIVE found (zone) AS ( \
           SELECT (SELECT min(zone) FROM anchor WHERE attribute = $1 AND part = $2) \
           UNION ALL \
           SELECT (SELECT min(zone) FROM anchor WHERE attribute = $1 AND part = $2 AND zone > found.zone) \
           FROM found WHERE found.zone IS NOT NULL) \
         SELECT zone FROM found WHERE zone IS NOT NULL",
    )
    .bind(attribute)
    .bind(by.number_in_store())
    .fetch_all(pool)
    .await?;
    Ok(zones)
}

/// Customers with an anchor in any of these ranges.
pub(super) async fn anchored(
    pool: &PgPool,
    attribute: &str,
    by: By,
    ranges: &[AnchorRange],
    after: Option<&str>,
    most: usize,
) -> Result<Vec<(CustomerId, Instant)>, Error> {
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let zones: Vec<&str> = ranges.iter().map(|range| range.zone.as_str()).collect();
    let of = |number: fn(&AnchorRange) -> i64| ranges.iter().map(number).collect::<Vec<i64>>();
    // A customer whose anchor lies in two ranges comes once.
    let rows = sqlx::query(
        "SELECT DISTINCT a.customer, a.since \
         FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) \
           AS r (zone, first, last, time_from, time_until) \
         JOIN anchor a ON a.attribute = $6 AND a.part = $7 AND a.zone = r.zone AND a.at >= r.first AND a.at < r.last \
         WHERE ((a.at % $8) + $8) % $8 >= r.time_from AND ((a.at % $8) + $8) % $8 < r.time_until AND a.customer > $9 \
         ORDER BY a.customer LIMIT $10",
    )
    .bind(zones)
    .bind(of(|range| range.from))
    .bind(of(|range| range.until))
    .bind(of(|range| range.time_from))
    .bind(of(|range| range.time_until))
    .bind(attribute)
    .bind(by.number_in_store())
    .bind(DAY)
    .bind(after.unwrap_or_default())
    .bind(limit(most))
    .persistent(false)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::anchored(columns(row, "anchor")))
        .collect()
}

/// Rows of the outbox in a state.
pub(super) async fn outbox(
    pool: &PgPool,
    state: OutboxState,
    upto: Instant,
    most: usize,
) -> Result<Vec<Outgoing>, Error> {
    if state.is_final() {
        // What is settled keeps no command.
        return Ok(Vec::new());
    }
    let rows = sqlx::query(
        "SELECT command, route, due, attempt, tries, lease, withdrawn FROM outbox WHERE state = $1 \
         AND state IN ('pending', 'claimed', 'in_doubt') AND due <= $2 ORDER BY due, n LIMIT $3",
    )
    .bind(state.word())
    .bind(upto.millis())
    .bind(limit(most))
    .persistent(false)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::outgoing(&mut columns(row, "command"), state))
        .collect()
}

/// Marks by the beginning of their names.
pub(super) async fn marks(pool: &PgPool, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query(
        "SELECT name, value FROM mark WHERE name >= $1 AND starts_with(name, $1) ORDER BY name",
    )
    .bind(prefix)
    .fetch_all(pool)
    .await?;
    let mut marks = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "mark");
        marks.push((columns.text()?.to_owned(), columns.text()?.to_owned()));
    }
    Ok(marks)
}
