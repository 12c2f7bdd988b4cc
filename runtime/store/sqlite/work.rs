//! Finds work: timers, firings, rows of the outbox, places come to.

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::id::CustomerId;
use sqlx::SqlitePool;

use super::decode::columns;
use crate::rows::{self, Columns, limit};
use crate::{AnchorRange, By, Error, OutboxState, Outgoing, Share};

/// Customers with something due. Like the other statements here it reads what is due and nothing else, so that its cost doesn't
/// grow with those who sleep.
pub(super) const DUE: &str =
    "SELECT wake_at, id FROM customer WHERE wake_at <= $1 ORDER BY wake_at, id LIMIT $2";
/// The first moment at which anything is.
pub(super) const NEXT_WAKE: &str = "SELECT min(wake_at) FROM customer WHERE wake_at IS NOT NULL";
/// Customers with an anchor in any of several ranges; one whose anchor lies in two of them comes once.
pub(super) const ANCHORED: &str = "WITH range AS MATERIALIZED (SELECT value ->> 0 AS zone, value ->> 1 AS first, value ->> 2 AS last, \
           value ->> 3 AS time_from, value ->> 4 AS time_until FROM json_each($1)) \
         SELECT DISTINCT a.customer, a.since FROM range r CROSS JOIN anchor a \
         WHERE a.attribute = $2 AND a.part = $3 AND a.zone = r.zone AND a.at >= r.first AND a.at < r.last \
           AND ((a.at % $4) + $4) % $4 >= r.time_from AND ((a.at % $4) + $4) % $4 < r.time_until AND a.customer > $5 \
         ORDER BY a.customer LIMIT $6";
/// Rows of the outbox that are due.
pub(super) const OUTBOX: &str = "SELECT command, route, due, attempt, tries, lease, withdrawn FROM outbox WHERE state = $1 \
         AND state IN ('pending', 'claimed', 'in_doubt') AND due <= $2 ORDER BY due, n LIMIT $3";

/// Customers with something due.
pub(super) async fn due(
    pool: &SqlitePool,
    upto: Instant,
    most: usize,
    share: Share,
) -> Result<Vec<(Instant, CustomerId)>, Error> {
    // One process has everybody; whoever asks for less reads everybody too.
    let rows = sqlx::query(DUE)
        .bind(upto.millis())
        .bind(if share.of <= 1 { limit(most) } else { -1 })
        .fetch_all(pool)
        .await?;
    let mut due = Vec::with_capacity(rows.len().min(most));
    for row in &rows {
        let mut columns = columns(row, "customer");
        let (wake, id): (_, CustomerId) = (columns.instant()?, columns.shared()?);
        if due.len() < most && share.holds(&id) {
            due.push((wake, id));
        }
    }
    Ok(due)
}

/// The first moment at which any customer needs anything.
pub(super) async fn next_wake(pool: &SqlitePool) -> Result<Option<Instant>, Error> {
    let wake: Option<i64> = sqlx::query_scalar(NEXT_WAKE).fetch_one(pool).await?;
    Ok(wake.map(Instant::from_millis))
}

/// The zones of an attribute's anchors, each found by one step in the index.
pub(super) async fn zones(
    pool: &SqlitePool,
    attribute: &str,
    by: By,
) -> Result<Vec<String>, Error> {
    let zones = sqlx::query_scalar(
        "WITH RECURSIVE found (zone) AS ( \
           SELECT (SELECT min(zone) FROM anchor WHERE attribute = $1 AND part = $2) \
           UNION ALL \
           SELECT (SELECT min(zone) FROM anchor WHERE attribute = $1 AND part = $2 AND zone > found.zone) \
           FROM found WHERE found.zone IS NOT NULL) \
         SELECT zone FROM found WHERE zone IS NOT NULL",
    )
    .bind(attribute.to_owned())
    .bind(by.word())
    .fetch_all(pool)
    .await?;
    Ok(zones)
}

/// Customers with an anchor in any of these ranges.
pub(super) async fn anchored(
    pool: &SqlitePool,
    attribute: &str,
    by: By,
    ranges: &[AnchorRange],
    after: Option<&str>,
    most: usize,
) -> Result<Vec<(CustomerId, Instant)>, Error> {
    if ranges.is_empty() {
        return Ok(Vec::new());
    }
    let ranges: Vec<serde_json::Value> = ranges
        .iter()
        .map(|range| {
            serde_json::json!([
                range.zone,
                range.from,
                range.until,
                range.time_from,
                range.time_until
            ])
        })
        .collect();
    let rows = sqlx::query(ANCHORED)
        .bind(serde_json::Value::from(ranges).to_string())
        .bind(attribute.to_owned())
        .bind(by.word())
        .bind(DAY)
        .bind(after.unwrap_or_default().to_owned())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::anchored(columns(row, "anchor")))
        .collect()
}

/// Rows of the outbox in a state.
pub(super) async fn outbox(
    pool: &SqlitePool,
    state: OutboxState,
    upto: Instant,
    most: usize,
) -> Result<Vec<Outgoing>, Error> {
    if state.is_final() {
        // What is settled keeps no command.
        return Ok(Vec::new());
    }
    let rows = sqlx::query(OUTBOX)
        .bind(state.word())
        .bind(upto.millis())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    rows.iter()
        .map(|row| rows::outgoing(&mut columns(row, "command"), state))
        .collect()
}

/// Marks by the beginning of their names.
pub(super) async fn marks(pool: &SqlitePool, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query("SELECT name, value FROM mark WHERE name >= $1 ORDER BY name")
        .bind(prefix.to_owned())
        .fetch_all(pool)
        .await?;
    let mut marks = Vec::new();
    for row in &rows {
        let mut columns = columns(row, "mark");
        let (name, value) = (columns.text()?, columns.text()?);
        if !name.starts_with(prefix) {
            break;
        }
        marks.push((name.to_owned(), value.to_owned()));
    }
    Ok(marks)
}
