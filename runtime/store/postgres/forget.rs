//! Forgets what is old, a little at a time, in one statement each.

use kurant_engine::calendar::Instant;
use sqlx::PgPool;

use super::decode::columns;
use super::transaction::{Statement, write};
use crate::forget::{BARE, bare};
use crate::rows::{Columns, limit};
use crate::{Error, LogSums, Old};

// In each: $1 how many at the most, $2 the instant, $3 the verbs that have no command. It gives how many are gone.
const REPEATS: &str = "WITH old AS (SELECT identity FROM seen WHERE at < $2 LIMIT $1), \
     gone AS (DELETE FROM seen s USING old WHERE s.identity = old.identity RETURNING 1), \
     said AS (INSERT INTO forgotten AS f (what, count) SELECT 'seen', count(*) FROM gone \
       ON CONFLICT (what) DO UPDATE SET count = f.count + excluded.count) \
   SELECT count(*) FROM gone";
const LOG: &str = "WITH old AS (SELECT customer, n FROM (SELECT customer, n, clock FROM log ORDER BY n LIMIT $1) first WHERE clock < $2), \
     gone AS (DELETE FROM log l USING old WHERE l.customer = old.customer AND l.n = old.n RETURNING l.done, l.actions), \
     own AS (SELECT own->>'action' AS verb FROM gone CROSS JOIN json_array_elements(gone.actions::json) own \
       WHERE own->>'status' = 'sent'), \
     said AS (INSERT INTO forgotten AS f (what, count) SELECT 'done', coalesce(sum(done), 0) FROM gone \
       UNION ALL SELECT 'sent', count(*) FROM own WHERE verb <> ALL($3::text[]) \
       UNION ALL SELECT 'entered', count(*) FROM own WHERE verb = 'enter' \
       UNION ALL SELECT 'left', count(*) FROM own WHERE verb = 'exit' \
       ON CONFLICT (what) DO UPDATE SET count = f.count + excluded.count) \
   SELECT count(*) FROM gone";
const LETTERS: &str = "WITH gone AS (DELETE FROM rejected WHERE n IN ( \
       SELECT n FROM rejected WHERE at < $2 ORDER BY n LIMIT $1) RETURNING 1) \
   SELECT count(*) FROM gone";
const GIVEN_UP: &str = "WITH gone AS (DELETE FROM outbox WHERE key IN ( \
       SELECT key FROM outbox WHERE state IN ('dead', 'in_doubt') AND due < $2 ORDER BY n LIMIT $1) \
       AND state IN ('dead', 'in_doubt') RETURNING route, state), \
     said AS (INSERT INTO outbox_left (count, route, state) SELECT count(*), route, state FROM gone GROUP BY route, state) \
   SELECT count(*) FROM gone";
const TAKEN: &str = "WITH gone AS (DELETE FROM taken WHERE (route, name) IN ( \
       SELECT route, name FROM taken WHERE at < $2 LIMIT $1) RETURNING 1) \
   SELECT count(*) FROM gone";
// Those that others add meanwhile stay for the next time.
const COUNTS: &str = "WITH gone AS (DELETE FROM outbox_left WHERE ctid = ANY(ARRAY(SELECT ctid FROM outbox_left LIMIT $1)) \
       RETURNING count, route, state), \
     said AS (INSERT INTO outbox_left (count, route, state) SELECT sum(count), route, state FROM gone GROUP BY route, state \
       RETURNING 1) \
   SELECT (SELECT count(*) FROM gone) - (SELECT count(*) FROM said)";

// The next entries, after the last one whose bodies are gone.
const NEXT: &str = "SELECT clock, n, customer, actions FROM log \
     WHERE n > coalesce((SELECT value::bigint FROM mark WHERE name = $1), 0) ORDER BY n LIMIT $2";
// Whoever is erased meanwhile stands under another name, and their entries are bare.
const BARE_NOW: &str = "UPDATE log l SET actions = k.actions FROM UNNEST($1::text[], $2::bigint[], $3::text[]) AS k (customer, n, actions) \
   WHERE l.customer = k.customer AND l.n = k.n";
const BARE_UPTO: &str = "INSERT INTO mark (name, value) VALUES ($1, $2) \
   ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE mark.value::bigint < excluded.value::bigint";

/// Takes out of the next entries of the log what their actions were done with. Returns how many were gone through.
async fn bodies(pool: &PgPool, before: Instant, most: usize) -> Result<u64, Error> {
    let rows = sqlx::query(NEXT)
        .bind(BARE)
        .bind(limit(most))
        .fetch_all(pool)
        .await?;
    let mut passed = 0;
    let (mut last, mut customers, mut numbers, mut bare_ones) = (0, vec![], vec![], vec![]);
    for row in &rows {
        let mut columns = columns(row, "log");
        // Clocks and numbers may be out of order: an older one behind it waits, since nobody comes back for what is jumped over.
        if columns.instant()? >= before {
            break;
        }
        passed += 1;
        last = columns.number()?;
        let customer = columns.text()?;
        if let Some(actions) = bare(columns.text()?)? {
            customers.push(customer);
            numbers.push(last);
            bare_ones.push(actions);
        }
    }
    if passed > 0 {
        let statements = [
            Statement::new(BARE_NOW)
                .with(customers)
                .with(numbers)
                .with(bare_ones),
            Statement::new(BARE_UPTO).with(BARE).with(last.to_string()),
        ];
        write(pool, &statements).await?;
    }
    Ok(passed)
}

/// Forgets the oldest of what came before an instant.
pub(super) async fn forget(
    pool: &PgPool,
    old: Old,
    before: Instant,
    most: usize,
) -> Result<u64, Error> {
    let statements: &[&'static str] = match old {
        Old::Bodies => return bodies(pool, before, most).await,
        Old::Repeats => &[REPEATS],
        Old::Log => &[LOG],
        Old::Letters => &[LETTERS, GIVEN_UP],
        Old::Taken => &[TAKEN],
        Old::Counts => &[COUNTS],
    };
    let mut gone = 0;
    for sql in statements {
        let mut query = sqlx::query_scalar::<_, i64>(*sql).bind(limit(most));
        if sql.contains("$2") {
            query = query.bind(before.millis());
        }
        if sql.contains("$3") {
            query = query.bind(LogSums::STAY.map(str::to_owned).to_vec());
        }
        gone += query.fetch_one(pool).await?.unsigned_abs();
    }
    Ok(gone)
}
