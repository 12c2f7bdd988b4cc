//! Looks whether the file is safe, and whether what is stored adds up.

use kurant_engine::calendar::Instant;
use sqlx::SqlitePool;

use super::decode::{array, columns};
use crate::checkup::index;
use crate::rows::{self, Columns, limit};
use crate::{Audited, Checkup, Error, LogSums, Pulse, Safety, Setting, Sums, Tables, Waiting};

/// What the tests run on; it is a part of the program.
const RUN_ON: &str = "SQLite 3";

const HEALTH: &str = "SELECT sqlite_version(), (SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success), \
     (SELECT count(*) FROM enrollment e WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = e.customer))";
const PULSE: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM customer WHERE wake_at <= $1 LIMIT $2)), \
     (SELECT min(wake_at) FROM customer WHERE wake_at <= $1), (SELECT count(*) FROM rejected)";
const OPEN: &str = "SELECT route, state, count(*) FROM outbox GROUP BY route, state";
const SUMS: &str = "SELECT (SELECT count(*) FROM seen) + coalesce((SELECT count FROM forgotten WHERE what = 'seen'), 0), \
     (SELECT count(*) FROM event) + coalesce((SELECT count FROM forgotten WHERE what = 'event'), 0)";
const LOG: &str = "SELECT (SELECT count(*) FROM outbox) + (SELECT coalesce(sum(count), 0) FROM outbox_left), \
     (SELECT count(*) FROM enrollment WHERE ended IS NULL), \
     count(*) FILTER (WHERE status = 'sent' AND verb NOT IN (SELECT value FROM json_each($1))) \
       + coalesce((SELECT count FROM forgotten WHERE what = 'sent'), 0), \
     count(*) FILTER (WHERE status = 'sent' AND verb = 'enter') + coalesce((SELECT count FROM forgotten WHERE what = 'entered'), 0), \
     count(*) FILTER (WHERE status = 'sent' AND verb = 'exit') + coalesce((SELECT count FROM forgotten WHERE what = 'left'), 0) \
   FROM (SELECT own.value->>'status' AS status, own.value->>'action' AS verb FROM log CROSS JOIN json_each(log.actions) own)";
const AUDIT: &str = "SELECT c.id, c.wake_at, c.state, (SELECT json_group_array( \
       json_array(hex(e.id), e.journey, hex(e.version), e.key, e.node, e.entered, e.ended, e.reason)) \
     FROM enrollment e WHERE e.customer = c.id) \
   FROM customer c WHERE c.id > $1 ORDER BY c.id LIMIT $2";

/// How the file is; if `whole`, every page of it is looked at.
pub(super) async fn checkup(pool: &SqlitePool, whole: bool) -> Result<Checkup, Error> {
    let row = sqlx::query(HEALTH).fetch_one(pool).await?;
    let mut columns = columns(&row, "checkup");
    Ok(Checkup {
        server: Some(format!("SQLite {}", columns.text()?)),
        run_on: RUN_ON,
        tables: columns.number()?,
        known_tables: Tables::sqlite().known(),
        settings: settings(pool, whole).await?,
        strays: columns.count()?,
        ..Checkup::default()
    })
}

async fn settings(pool: &SqlitePool, whole: bool) -> Result<Vec<Setting>, Error> {
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(pool)
        .await?;
    let mut settings = vec![Setting {
        name: "journal_mode",
        is: safe_if(mode == "wal"),
        value: mode,
        remedy: "stop whatever else writes to the file, then start `kurant run`, which sets it to `wal`",
    }];
    if whole {
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(pool)
            .await?;
        settings.push(Setting {
            name: "quick_check",
            is: safe_if(found == "ok"),
            value: found,
            remedy: "the file is damaged: restore a back-up, or save what can be read with SQLite's own `.recover`",
        });
    }
    Ok(settings)
}

fn safe_if(is_safe: bool) -> Safety {
    match is_safe {
        true => Safety::Safe,
        false => Safety::Unsafe,
    }
}

/// What waits.
pub(super) async fn pulse(pool: &SqlitePool, now: Instant) -> Result<Pulse, Error> {
    let row = sqlx::query(PULSE)
        .bind(now.millis())
        .bind(Pulse::MOST)
        .fetch_one(pool)
        .await?;
    let mut first = columns(&row, "pulse");
    let (due, first_due) = (first.count()?, first.maybe_instant()?);
    let letters = first.count()?;
    let rows = sqlx::query(OPEN).fetch_all(pool).await?;
    let read = rows.iter().map(|row| rows::waiting(columns(row, "outbox")));
    let mut outbox: Vec<Waiting> = read.collect::<Result<_, _>>()?;
    outbox.sort();
    Ok(Pulse {
        due,
        first_due,
        outbox,
        letters,
    })
}

/// Numbers that have to be equal.
pub(super) async fn sums(pool: &SqlitePool, with_log: bool) -> Result<Sums, Error> {
    let row = sqlx::query(SUMS).fetch_one(pool).await?;
    let mut taken = columns(&row, "sums");
    let (seen, history) = (taken.count()?, taken.count()?);
    let mut log = None;
    if with_log {
        let row = sqlx::query(LOG)
            .bind(array(LogSums::STAY.into_iter()))
            .fetch_one(pool)
            .await?;
        let mut taken = columns(&row, "sums");
        log = Some(LogSums {
            commands: taken.count()?,
            inside: taken.count()?,
            sent: taken.count()?,
            entered: taken.count()?,
            left: taken.count()?,
        });
    }
    Ok(Sums { seen, history, log })
}

/// A page of customers.
pub(super) async fn audit(
    pool: &SqlitePool,
    after: Option<&str>,
    most: usize,
) -> Result<Vec<Audited>, Error> {
    let rows = sqlx::query(AUDIT)
        .bind(after.unwrap_or_default().to_owned())
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut columns = columns(row, "customer");
        let id = columns.shared()?;
        page.push(Audited {
            wake_at: columns.maybe_instant()?,
            slot: None,
            person: columns.json().map_err(|error| error.to_string()),
            enrollments: index(&id, columns.text()?)?,
            id,
        });
    }
    Ok(page)
}
