//! Finds work: timers, firings, rows of the outbox, places come to. Statements whose plan depends on how much is asked for are
//! planned each time.

use std::collections::HashMap;

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::id::CustomerId;
use sqlx::postgres::PgPool;

use super::decode::columns;
use crate::rows::{self, Columns, limit};
use crate::{AnchorRange, By, Error, OutboxState, Outgoing, Share};

/// From each slot those that are due first: of the customers of others not even a place in the index is read, however many of
/// theirs are due.
const DUE: &str = "SELECT own.slot::bigint, d.wake_at, d.id FROM UNNEST($3::smallint[]) AS own (slot) CROSS JOIN LATERAL ( \
     SELECT c.wake_at, c.id FROM customer c WHERE c.slot = own.slot AND c.wake_at <= $1 ORDER BY c.wake_at LIMIT $2) d";
const NEXT: &str = "SELECT min(d.wake_at) FROM UNNEST($1::smallint[]) AS own (slot) CROSS JOIN LATERAL ( \
     SELECT c.wake_at FROM customer c WHERE c.slot = own.slot AND c.wake_at IS NOT NULL ORDER BY c.wake_at LIMIT 1) d";
const OPEN: &str = "SELECT command, route, due, attempt, tries, lease, withdrawn FROM outbox WHERE state = $1 \
     AND state IN ('pending', 'in_doubt') AND due <= $2 ORDER BY due, n LIMIT $3";
/// What is under way is found by when that has to be over.
const CLAIMED: &str = "SELECT command, route, due, attempt, tries, lease, withdrawn FROM outbox WHERE state = $1 \
     AND state = 'claimed' AND due <= $2 ORDER BY lease, n LIMIT $3";
/// A slot that holds more than its part is asked again, for so many times as much.
const MORE: usize = 4;

/// Somebody with something due.
struct Due {
    at: Instant,
    id: CustomerId,
    slot: i16,
}

/// Customers of a share with something due.
pub(super) async fn due(
    pool: &PgPool,
    upto: Instant,
    most: usize,
    share: Share,
) -> Result<Vec<(Instant, CustomerId)>, Error> {
    let mut asked = slots(share);
    let fair = most.div_ceil(asked.len().max(1));
    // Customers are spread over the slots by chance.
    let mut of_each = (fair + 2 * fair.isqrt() + 2).min(most);
    let mut found: Vec<Due> = Vec::new();
    loop {
        found.retain(|own| !asked.contains(&own.slot));
        found.extend(first_of_each(pool, upto, of_each, &asked).await?);
        found.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        // Where a slot may hold more, what comes after the last that is known of it may not be the next.
        let (full, known) = full(&found, of_each);
        let known = known.map_or(found.len(), |last| {
            found.partition_point(|own| own.at <= last)
        });
        if full.is_empty() || known >= most || of_each >= most {
            let due = found.into_iter().take(most);
            return Ok(due.map(|own| (own.at, own.id)).collect());
        }
        asked = full;
        of_each = (of_each * MORE).min(most);
    }
}

async fn first_of_each(
    pool: &PgPool,
    upto: Instant,
    of_each: usize,
    slots: &[i16],
) -> Result<Vec<Due>, Error> {
    let rows = sqlx::query(DUE)
        .bind(upto.millis())
        .bind(limit(of_each))
        .bind(slots)
        .persistent(false)
        .fetch_all(pool)
        .await?;
    let read = |row| {
        let mut columns = columns(row, "customer");
        let slot = i16::try_from(columns.number()?).unwrap_or_default();
        Ok(Due {
            slot,
            at: columns.instant()?,
            id: columns.shared()?,
        })
    };
    rows.iter().map(read).collect()
}

/// The slots that gave as many as they were asked for, and the earliest of the last moments that they gave.
fn full(found: &[Due], of_each: usize) -> (Vec<i16>, Option<Instant>) {
    let mut slots: HashMap<i16, (usize, Instant)> = HashMap::new();
    for own in found {
        let (count, last) = slots.entry(own.slot).or_insert((0, own.at));
        *count += 1;
        *last = own.at.max(*last);
    }
    slots.retain(|_, (count, _)| *count >= of_each);
    let first = slots.values().map(|(_, last)| *last).min();
    (slots.into_keys().collect(), first)
}

/// The slots of a share, as the database keeps them.
fn slots(share: Share) -> Vec<i16> {
    share.slots().map(u16::cast_signed).collect()
}

/// When the first customer of a share has something due.
pub(super) async fn next_wake(pool: &PgPool, share: Share) -> Result<Option<Instant>, Error> {
    let row = sqlx::query(NEXT)
        .bind(slots(share))
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
    let sql = match state {
        OutboxState::Claimed => CLAIMED,
        _ => OPEN,
    };
    let rows = sqlx::query(sql)
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
