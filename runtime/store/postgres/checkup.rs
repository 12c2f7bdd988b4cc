//! Looks whether the server is safe, and whether what is stored adds up.

use kurant_engine::calendar::Instant;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::connect;
use super::decode::columns;
use crate::checkup::index;
use crate::rows::{self, Columns, limit};
use crate::{
    Audited, Checkup, Error, LogSums, Pulse, SLOTS, Safety, Setting, Sums, Tables, Waiting,
};

/// What the tests run on.
const RUN_ON: &str = "PostgreSQL 15";

const HEALTH: &str = "SELECT current_setting('server_version'), \
     (SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success), \
     (SELECT (extract(epoch FROM max(clock_timestamp() - xact_start)) * 1000)::bigint FROM pg_stat_activity \
       WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()), \
     (SELECT count(*) FROM outbox WHERE state = 'claimed' AND lease IS NULL), \
     (SELECT count(*) FROM outbox WHERE state = 'claimed' AND lease < $1), \
     (SELECT count(*) FROM enrollment e WHERE NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = e.customer))";
const SETTINGS: &str = "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
     current_setting('synchronous_commit'), current_setting('autovacuum')";
// Slot by slot, as the index of timers goes.
const PULSE: &str = "SELECT (SELECT count(*) FROM (SELECT 1 FROM generate_series(0, $3) AS own (slot) CROSS JOIN LATERAL ( \
       SELECT 1 FROM customer c WHERE c.slot = own.slot::smallint AND c.wake_at <= $1 LIMIT $2) of_slot LIMIT $2) due), \
     (SELECT min(d.wake_at) FROM generate_series(0, $3) AS own (slot) CROSS JOIN LATERAL ( \
       SELECT c.wake_at FROM customer c WHERE c.slot = own.slot::smallint AND c.wake_at <= $1 ORDER BY c.wake_at LIMIT 1) d), \
     (SELECT count(*) FROM rejected)";
const OPEN: &str = "SELECT route, state, count(*) FROM outbox GROUP BY route, state";
const SUMS: &str = "SELECT (SELECT count(*) FROM seen) + coalesce((SELECT count FROM forgotten WHERE what = 'seen'), 0), \
     (SELECT count(*) FROM event) + coalesce((SELECT count FROM forgotten WHERE what = 'event'), 0)";
const LOG: &str = "SELECT (SELECT count(*) FROM outbox) + (SELECT coalesce(sum(count), 0) FROM outbox_left)::bigint, \
     (SELECT count(*) FROM enrollment WHERE ended IS NULL), \
     count(*) FILTER (WHERE status = 'sent' AND verb <> ALL($1::text[])) \
       + coalesce((SELECT count FROM forgotten WHERE what = 'sent'), 0), \
     count(*) FILTER (WHERE status = 'sent' AND verb = 'enter') + coalesce((SELECT count FROM forgotten WHERE what = 'entered'), 0), \
     count(*) FILTER (WHERE status = 'sent' AND verb = 'exit') + coalesce((SELECT count FROM forgotten WHERE what = 'left'), 0) \
   FROM (SELECT own->>'status' AS status, own->>'action' AS verb FROM log CROSS JOIN json_array_elements(actions::json) own OFFSET 0) line";
const AUDIT: &str = "SELECT c.id, c.wake_at, c.slot::bigint, c.state, coalesce((SELECT json_agg( \
       json_build_array(e.id, e.journey, e.version, e.key, e.node, e.entered, e.ended, e.reason) ORDER BY e.id)::text \
     FROM enrollment e WHERE e.customer = c.id), '[]') \
   FROM customer c WHERE c.id > $1 ORDER BY c.id LIMIT $2";

// The cluster; its timeline, which a recovery to a point in time and a standby that takes over change; the database and
// its tables, which a dump that is loaded makes anew.
const IDENTITY: &str = "SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()), \
     substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), \
     (SELECT oid FROM pg_database WHERE datname = current_database()), 'customer'::regclass::oid)";

/// What tells this database from a copy of it.
pub(super) async fn identity(pool: &PgPool) -> Result<String, Error> {
    Ok(sqlx::query_scalar(IDENTITY).fetch_one(pool).await?)
}

/// How the server is.
pub(super) async fn checkup(pool: &PgPool, now: Instant) -> Result<Checkup, Error> {
    let row = sqlx::query(HEALTH)
        .bind(now.plus_millis(-Checkup::LONG_AGO).millis())
        .fetch_one(pool)
        .await?;
    let mut columns = columns(&row, "checkup");
    Ok(Checkup {
        server: Some(format!("PostgreSQL {}", columns.text()?)),
        run_on: RUN_ON,
        tables: columns.number()?,
        known_tables: Tables::postgres().known(),
        settings: settings(pool).await?,
        longest_transaction: columns.maybe_number()?,
        without_lease: columns.count()?,
        left_behind: columns.count()?,
        strays: columns.count()?,
    })
}

async fn settings(pool: &PgPool) -> Result<Vec<Setting>, Error> {
    let row = sqlx::query(SETTINGS).fetch_one(pool).await?;
    let durable = "set it to `on` for the server, this database and this user";
    let mut settings = Vec::new();
    for (column, name) in ["fsync", "full_page_writes", "synchronous_commit"]
        .into_iter()
        .enumerate()
    {
        let value: String = row.try_get(column)?;
        let is = match connect::is_durable(name, &value) {
            true => Safety::Safe,
            false => Safety::Unsafe,
        };
        settings.push(Setting {
            name,
            value,
            is,
            remedy: durable,
        });
    }
    let value: String = row.try_get(3)?;
    let is = match value.as_str() {
        "off" => Safety::Doubtful,
        _ => Safety::Safe,
    };
    settings.push(Setting {
        name: "autovacuum",
        value,
        is,
        remedy: "set it to `on`: rows that are written often slow everything down once nothing tidies up after them",
    });
    Ok(settings)
}

/// What waits.
pub(super) async fn pulse(pool: &PgPool, now: Instant) -> Result<Pulse, Error> {
    let row = sqlx::query(PULSE)
        .bind(now.millis())
        .bind(i64::from(Pulse::MOST))
        .bind(i32::from(SLOTS) - 1)
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
pub(super) async fn sums(pool: &PgPool, with_log: bool) -> Result<Sums, Error> {
    let row = sqlx::query(SUMS).fetch_one(pool).await?;
    let mut taken = columns(&row, "sums");
    let (seen, history) = (taken.count()?, taken.count()?);
    let mut log = None;
    if with_log {
        let row = sqlx::query(LOG)
            .bind(LogSums::STAY.map(str::to_owned).to_vec())
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
    pool: &PgPool,
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
            slot: columns.maybe_number()?,
            person: columns.json().map_err(|error| error.to_string()),
            enrollments: index(&id, columns.text()?)?,
            id,
        });
    }
    Ok(page)
}
