//! Reads the log: each row of traces names what was done beside them.

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::input::Trace;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use super::decode::columns;
use crate::rows::{Columns, limit};
use crate::{Error, Happened, LogLine, LogPage, LogPlace, log};

const OF_ALL: &str = "SELECT t.n, t.clock, t.customer, t.body, \
      (SELECT json_group_array(json(a.body)) FROM json_each(t.actions) own CROSS JOIN action a ON a.n = own.value), \
      (SELECT max(value) FROM json_each(t.actions)) \
   FROM trace t WHERE t.n > $1 ORDER BY t.n LIMIT $2";
// From the latest on, each names the one before it.
const OF_ONE: &str = "WITH RECURSIVE own (n, previous) AS \
     (SELECT t.n, t.previous FROM customer c JOIN trace t ON t.n = c.trace WHERE c.id = $3 AND t.n > $1 \
      UNION ALL SELECT t.n, t.previous FROM own JOIN trace t ON t.n = own.previous WHERE t.n > $1) \
   SELECT t.n, t.clock, t.customer, t.body, \
      (SELECT json_group_array(json(a.body)) FROM json_each(t.actions) done CROSS JOIN action a ON a.n = done.value), \
      (SELECT max(value) FROM json_each(t.actions)) \
   FROM own CROSS JOIN trace t ON t.n = own.n ORDER BY t.n LIMIT $2";

/// Lines of the log after a place. One process writes, in the order of the numbers.
pub(super) async fn log(
    pool: &SqlitePool,
    customer: Option<&str>,
    after: LogPlace,
    _settled: Instant,
    most: usize,
) -> Result<LogPage, Error> {
    let query = match customer {
        Some(customer) => sqlx::query(OF_ONE)
            .bind(after.traces)
            .bind(limit(most))
            .bind(customer.to_owned()),
        None => sqlx::query(OF_ALL).bind(after.traces).bind(limit(most)),
    };
    let mut page = LogPage {
        lines: Vec::new(),
        next: after,
    };
    for row in &query.fetch_all(pool).await? {
        read(row, &mut page)?;
    }
    Ok(page)
}

fn read(row: &SqliteRow, page: &mut LogPage) -> Result<(), Error> {
    let mut columns = columns(row, "trace");
    page.next.traces = columns.number()?;
    let (clock, customer) = (columns.instant()?, columns.shared()?);
    let traces: Vec<Trace> = columns.json()?;
    let actions: Vec<Action> = columns.json()?;
    if let Some(n) = columns.maybe_number()? {
        page.next.actions = n.max(page.next.actions);
    }
    let line = |what| LogLine {
        clock,
        customer: customer.clone(),
        what,
    };
    page.lines
        .extend(actions.into_iter().map(Happened::Did).map(&line));
    page.lines
        .extend(traces.into_iter().map(Happened::Passed).map(&line));
    Ok(())
}

/// The place before what was written at an instant or later.
pub(super) async fn place(pool: &SqlitePool, at: Instant) -> Result<LogPlace, Error> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(n) FROM trace")
        .fetch_one(pool)
        .await?;
    let next = |after: i64| async move {
        let row = sqlx::query("SELECT n, clock FROM trace WHERE n > $1 ORDER BY n LIMIT 1")
            .bind(after)
            .fetch_optional(pool)
            .await?;
        let place = |row: &SqliteRow| {
            let mut columns = columns(row, "trace");
            Ok((columns.number()?, columns.instant()?))
        };
        row.as_ref().map(place).transpose()
    };
    let traces = log::place(last.unwrap_or_default(), at, next).await?;
    let actions: Option<i64> = sqlx::query_scalar(
        "SELECT (SELECT max(value) FROM json_each(t.actions)) FROM trace t \
         WHERE t.n <= $1 AND t.actions <> '[]' ORDER BY t.n DESC LIMIT 1",
    )
    .bind(traces)
    .fetch_optional(pool)
    .await?
    .flatten();
    Ok(LogPlace {
        traces,
        actions: actions.unwrap_or_default(),
    })
}
