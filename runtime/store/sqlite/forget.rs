//! Forgets what is old, a little at a time.

use kurant_engine::calendar::Instant;
use sqlx::{AssertSqlSafe, SqlitePool};

use super::decode::{array, columns};
use super::transaction::{Rows, Transaction};
use crate::forget::{BARE, bare};
use crate::rows::{Columns, limit};
use crate::{Error, LogSums, Old};

// In each: $1 the instant, $2 how many at the most, $3 the verbs that have no command. First it is counted, then deleted.
const REPEATS: [&str; 2] = [
    "INSERT INTO forgotten (what, count) SELECT 'seen', count(*) FROM (SELECT 1 FROM seen WHERE at < $1 ORDER BY at LIMIT $2) \
     WHERE true ON CONFLICT (what) DO UPDATE SET count = forgotten.count + excluded.count",
    "DELETE FROM seen WHERE identity IN (SELECT identity FROM seen WHERE at < $1 ORDER BY at LIMIT $2) RETURNING 1",
];
// The latest entry stays, since the number of the next one follows from it.
const LOG: [&str; 2] = [
    "WITH first AS (SELECT done, actions, clock FROM log WHERE n < (SELECT max(n) FROM log) ORDER BY n LIMIT $2), \
       old AS (SELECT done, actions FROM first WHERE clock < $1), \
       own AS (SELECT own.value->>'action' AS verb FROM old CROSS JOIN json_each(old.actions) own \
         WHERE own.value->>'status' = 'sent') \
     INSERT INTO forgotten (what, count) SELECT * FROM (SELECT 'done', coalesce(sum(done), 0) FROM old \
       UNION ALL SELECT 'sent', count(*) FROM own WHERE verb NOT IN (SELECT value FROM json_each($3)) \
       UNION ALL SELECT 'entered', count(*) FROM own WHERE verb = 'enter' \
       UNION ALL SELECT 'left', count(*) FROM own WHERE verb = 'exit') \
     WHERE true ON CONFLICT (what) DO UPDATE SET count = forgotten.count + excluded.count",
    "DELETE FROM log WHERE n IN (SELECT n FROM ( \
       SELECT n, clock FROM log WHERE n < (SELECT max(n) FROM log) ORDER BY n LIMIT $2) WHERE clock < $1) RETURNING 1",
];
const LETTERS: [&str; 1] = [
    "DELETE FROM rejected WHERE n IN (SELECT n FROM rejected WHERE at < $1 ORDER BY n LIMIT $2) RETURNING 1",
];
const GIVEN_UP: [&str; 2] = [
    "INSERT INTO outbox_left (route, state, count) SELECT route, state, count(*) FROM ( \
       SELECT route, state FROM outbox WHERE state IN ('dead', 'in_doubt') AND due < $1 ORDER BY n LIMIT $2) \
     GROUP BY route, state ON CONFLICT (route, state) DO UPDATE SET count = outbox_left.count + excluded.count",
    "DELETE FROM outbox WHERE n IN ( \
       SELECT n FROM outbox WHERE state IN ('dead', 'in_doubt') AND due < $1 ORDER BY n LIMIT $2) RETURNING 1",
];
const TAKEN: [&str; 1] = [
    "DELETE FROM taken WHERE (route, name) IN (SELECT route, name FROM taken WHERE at < $1 ORDER BY at LIMIT $2) RETURNING 1",
];

const NEXT: &str = "SELECT clock, n, actions FROM log \
     WHERE n > coalesce((SELECT CAST(value AS INTEGER) FROM mark WHERE name = $1), 0) ORDER BY n LIMIT $2";
const BARE_NOW: Rows = Rows {
    head: "WITH bare (n, actions) AS (VALUES ",
    columns: 2,
    tail: ") UPDATE OR FAIL log SET actions = bare.actions FROM bare WHERE log.n = bare.n",
};
const BARE_UPTO: &str = "INSERT INTO mark (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Takes out of the next entries of the log what their actions were done with. Returns how many were gone through.
async fn bodies(pool: &SqlitePool, before: Instant, most: usize) -> Result<u64, Error> {
    let mut tx = Transaction::begin(pool).await?;
    let next = sqlx::query(NEXT).bind(BARE).bind(limit(most));
    let rows = tx.fetch(next).await?;
    let (mut passed, mut last, mut bare_ones) = (0, 0, Vec::new());
    for row in &rows {
        let mut columns = columns(row, "log");
        // Clocks and numbers may be out of order: an older one behind it waits, since nobody comes back for what is jumped over.
        if columns.instant()? >= before {
            break;
        }
        passed += 1;
        last = columns.number()?;
        if let Some(actions) = bare(columns.text()?)? {
            bare_ones.push((last, actions));
        }
    }
    if passed > 0 {
        tx.write(&BARE_NOW, &bare_ones, |(n, actions), values| {
            values.number(*n);
            values.text(actions);
        })
        .await?;
        let upto = sqlx::query(BARE_UPTO).bind(BARE).bind(last.to_string());
        tx.fetch(upto).await?;
    }
    tx.commit().await?;
    Ok(passed)
}

/// Forgets the oldest of what came before an instant.
pub(super) async fn forget(
    pool: &SqlitePool,
    old: Old,
    before: Instant,
    most: usize,
) -> Result<u64, Error> {
    let works: &[&[&'static str]] = match old {
        Old::Bodies => return bodies(pool, before, most).await,
        Old::Repeats => &[&REPEATS],
        Old::Log => &[&LOG],
        Old::Letters => &[&LETTERS, &GIVEN_UP],
        Old::Taken => &[&TAKEN],
        // One row each, always.
        Old::Counts => &[],
    };
    let mut gone = 0;
    for statements in works {
        let mut tx = Transaction::begin(pool).await?;
        for sql in *statements {
            let mut query = sqlx::query(AssertSqlSafe(*sql))
                .bind(before.millis())
                .bind(limit(most));
            if sql.contains("$3") {
                query = query.bind(array(LogSums::STAY.into_iter()));
            }
            gone += tx.fetch(query).await?.len() as u64;
        }
        tx.commit().await?;
    }
    Ok(gone)
}
