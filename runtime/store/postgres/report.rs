//! Reads what people ask for: definitions, the execution log, counts.

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::id::Key;

// With those that are forgotten by now.
const EVENTS: &str = "SELECT (SELECT count(*) FROM seen) + coalesce((SELECT count FROM forgotten WHERE what = 'seen'), 0)";
const ACTIONS: &str = "SELECT (SELECT coalesce(sum(done), 0)::bigint FROM log) + coalesce((SELECT count FROM forgotten WHERE what = 'done'), 0)";
use sqlx::postgres::PgPool;

use super::decode::{Taken, columns};
use super::transaction::Id;
use crate::compiled;
use crate::rows::{self, Columns, count, limit};
use crate::{
    EnrollmentRow, Error, GivenUp, InOutbox, Inside, Letter, Rejected, Totals, Waiting, Word,
    Worker,
};

/// What is in force.
pub(super) async fn definitions(pool: &PgPool) -> Result<Option<Definitions>, Error> {
    let row = sqlx::query("SELECT body FROM definition WHERE id = 1")
        .fetch_optional(pool)
        .await?;
    row.as_ref()
        .map(|row| compiled::definitions(columns(row, "definitions").text()?))
        .transpose()
}

/// The versions that anybody's state holds.
pub(super) async fn pinned(pool: &PgPool) -> Result<Vec<Version>, Error> {
    let rows = sqlx::query(
        "SELECT body FROM version v WHERE EXISTS \
         (SELECT 1 FROM enrollment e WHERE e.journey = v.journey AND e.version = v.hash) ORDER BY hash",
    )
    .fetch_all(pool)
    .await?;
    let texts = rows.iter().map(|row| columns(row, "version").text());
    compiled::versions(texts.collect::<Result<Vec<&str>, _>>()?.into_iter())
}

/// A customer's enrollments.
pub(super) async fn enrollments(
    pool: &PgPool,
    customer: &str,
) -> Result<Vec<EnrollmentRow>, Error> {
    let rows = sqlx::query(
        "SELECT customer, id, journey, version, key, node, entered, ended, reason FROM enrollment \
         WHERE customer = $1 ORDER BY entered, id",
    )
    .bind(customer.to_owned())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::enrollment(columns(row, "enrollment")))
        .collect()
}

/// How many are inside each journey.
pub(super) async fn inside(pool: &PgPool) -> Result<Vec<Inside>, Error> {
    let rows = sqlx::query(
        "SELECT journey, version, node, count(*) FROM enrollment WHERE ended IS NULL \
         GROUP BY journey, version, node ORDER BY journey, version, node",
    )
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::inside(columns(row, "enrollment")))
        .collect()
}

/// How many rows of the outbox stand where.
pub(super) async fn waiting(pool: &PgPool) -> Result<Vec<Waiting>, Error> {
    let rows = sqlx::query(
        "SELECT route, state, sum(count)::bigint FROM ( \
           SELECT route, state, count(*) AS count FROM outbox GROUP BY route, state \
           UNION ALL SELECT route, state, count FROM outbox_left) every GROUP BY route, state",
    )
    .fetch_all(pool)
    .await?;
    let read = rows.iter().map(|row| rows::waiting(columns(row, "outbox")));
    let mut waiting: Vec<Waiting> = read.collect::<Result<_, _>>()?;
    waiting.sort();
    Ok(waiting)
}

/// Dead letters.
pub(super) async fn rejected(
    pool: &PgPool,
    origin: Option<&str>,
    most: usize,
) -> Result<Vec<Rejected>, Error> {
    let query = match origin {
        Some(origin) => {
            sqlx::query("SELECT at, origin, line, reason, body FROM rejected WHERE origin = $2 ORDER BY line LIMIT $1")
                .bind(limit(most))
                .bind(origin.to_owned())
        }
        None => sqlx::query("SELECT at, origin, line, reason, body FROM rejected ORDER BY n LIMIT $1").bind(limit(most)),
    };
    let rows = query.fetch_all(pool).await?;
    rows.iter()
        .map(|row| letter(&mut columns(row, "rejected")))
        .collect()
}

/// Dead letters after a number.
pub(super) async fn letters_after(
    pool: &PgPool,
    after: i64,
    most: usize,
) -> Result<Vec<Letter>, Error> {
    let rows = sqlx::query(
        "SELECT n, at, origin, line, reason, body FROM rejected WHERE n > $1 ORDER BY n LIMIT $2",
    )
    .bind(after)
    .bind(limit(most))
    .fetch_all(pool)
    .await?;
    let mut letters = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "rejected");
        letters.push(Letter {
            n: columns.number()?,
            rejected: letter(&mut columns)?,
        });
    }
    Ok(letters)
}

/// From at, origin, line, reason, body.
fn letter(columns: &mut Taken<'_>) -> Result<Rejected, Error> {
    Ok(Rejected {
        at: columns.instant()?,
        origin: columns.text()?.to_owned(),
        line: columns.number()?.cast_unsigned(),
        reason: columns.text()?.to_owned(),
        body: String::from_utf8_lossy(columns.bytes()?).into_owned(),
    })
}

/// Commands that somebody has to look at.
pub(super) async fn given_up(
    pool: &PgPool,
    after: i64,
    most: usize,
) -> Result<Vec<GivenUp>, Error> {
    let rows = sqlx::query(
        "SELECT n, state, reason, command, route, due, attempt, tries, lease, withdrawn FROM outbox \
         WHERE state IN ('dead', 'in_doubt') AND n > $1 ORDER BY n LIMIT $2",
    )
    .bind(after)
    .bind(limit(most))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::given_up(columns(row, "command")))
        .collect()
}

/// Where commands stand that are in the outbox still.
pub(super) async fn in_outbox(pool: &PgPool, keys: &[Key]) -> Result<Vec<InOutbox>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Id> = keys.iter().copied().map(Id).collect();
    let rows = sqlx::query(
        "SELECT key, route, state, due, tries, reason, withdrawn FROM outbox WHERE key = ANY($1)",
    )
    .bind(&keys)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::in_outbox(columns(row, "outbox")))
        .collect()
}

/// Who works on the store.
pub(super) async fn workers(pool: &PgPool) -> Result<Vec<Worker>, Error> {
    let rows = sqlx::query("SELECT name, beat, behind, heeded FROM worker ORDER BY name")
        .fetch_all(pool)
        .await?;
    let mut workers = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "worker");
        workers.push(Worker {
            name: columns.text()?.to_owned(),
            word: Some(Word {
                at: columns.instant()?,
                behind: columns.maybe_number()?.map(Instant::from_millis),
                heeded: columns.instant()?,
            }),
        });
    }
    Ok(workers)
}

/// Where a customer's commands stand. The outbox holds what is open or was given up, and this is asked seldom: it is read through.
pub(super) async fn outbox_of(pool: &PgPool, customer: &str) -> Result<Vec<InOutbox>, Error> {
    let rows = sqlx::query(
        "SELECT key, route, state, due, tries, reason, withdrawn FROM outbox WHERE customer = $1 ORDER BY n",
    )
    .bind(customer)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| rows::in_outbox(columns(row, "outbox")))
        .collect()
}

/// How many dead letters there are.
pub(super) async fn letters(pool: &PgPool) -> Result<u64, Error> {
    rows_of(pool, "SELECT count(*) FROM rejected").await
}

/// The size of the store.
pub(super) async fn totals(pool: &PgPool) -> Result<Totals, Error> {
    Ok(Totals {
        customers: rows_of(pool, "SELECT count(*) FROM customer").await?,
        events: rows_of(pool, EVENTS).await?,
        actions: rows_of(pool, ACTIONS).await?,
        rejected: letters(pool).await?,
    })
}

/// How many rows a table has.
async fn rows_of(pool: &PgPool, sql: &'static str) -> Result<u64, Error> {
    Ok(count(
        sqlx::query_scalar::<_, i64>(sql).fetch_one(pool).await?,
    ))
}
