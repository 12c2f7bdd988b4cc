//! Writes a batch: one statement a table, each with whole columns, rows in the order of their keys so that workers meet in
//! the same order everywhere.

use std::collections::{BTreeMap, HashSet};

use fail::fail_point;
use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_engine::erased::{pseudonym, tombstone, word};
use serde::Serialize;
use sqlx::postgres::PgPool;

use super::coupon;
use super::erase::DROPPED;
use super::taken;
use super::transaction::{Id, Statement, write, write_after};
use crate::erasure;
use crate::log::{Part, parts};
use crate::{AnchorRow, Batch, EnrollmentRow, Error, Settled, Share, Turn};

const SEEN: &str = "INSERT INTO seen (identity, body, at) SELECT *, $3 FROM UNNEST($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING";
// Whoever is there already has to have the revision before; whoever is not has to be new.
const PERSONS: &str = "WITH written AS ( \
     INSERT INTO customer AS c (id, slot, revision, fired, wake_at, state) \
     SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[]) \
     ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, fired = excluded.fired, wake_at = excluded.wake_at, \
       state = excluded.state WHERE c.revision = excluded.revision - 1 \
     RETURNING revision, xmax = 0 AS is_new) \
   SELECT count(*) FILTER (WHERE revision = 1 OR NOT is_new) FROM written";
// After the rows: whoever was erasing one of them was waited for.
const ERASED_SINCE: &str = "SELECT count(*) FROM UNNEST($1::uuid[], $2::bigint[]) AS n (tombstone, erased) \
   JOIN erased e ON e.customer = n.tombstone WHERE n.erased IS NULL OR e.at > n.erased";
const EVENTS: &str = "INSERT INTO event (customer, time, type, source, id, data) \
   SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])";
const ENROLLMENTS: &str = "INSERT INTO enrollment (customer, id, journey, version, key, node, entered, ended, reason) \
   SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::integer[], $7::bigint[], $8::bigint[], \
     $9::text[]) \
   ON CONFLICT (customer, id) DO UPDATE SET version = excluded.version, node = excluded.node, ended = excluded.ended, \
     reason = excluded.reason";
const ENROLLMENTS_GONE: &str = "DELETE FROM enrollment e USING UNNEST($1::text[], $2::uuid[]) AS g (customer, id) \
   WHERE e.customer = g.customer AND e.id = g.id";
const ANCHORS_GONE: &str = "DELETE FROM anchor a USING UNNEST($1::text[], $2::smallint[], $3::text[], $4::bigint[], $5::text[]) \
     AS g (attribute, part, zone, at, customer) \
   WHERE a.attribute = g.attribute AND a.part = g.part AND a.zone = g.zone AND a.at = g.at AND a.customer = g.customer";
const ANCHORS: &str = "INSERT INTO anchor (attribute, part, zone, at, customer, since) \
   SELECT * FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[]) \
   ON CONFLICT (attribute, part, zone, at, customer) DO UPDATE SET since = excluded.since";
// Anchors of customers who are not written beside them: whoever erases one of these waits, or was waited for.
const STILL_THERE: &str = "SELECT FROM customer WHERE id = ANY($1) ORDER BY id FOR KEY SHARE";
const ANCHORS_OF_OTHERS: &str = "INSERT INTO anchor (attribute, part, zone, at, customer, since) \
   SELECT o.attribute, o.part, o.zone, o.at, o.customer, o.since \
   FROM UNNEST($1::text[], $2::smallint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::uuid[]) \
     AS o (attribute, part, zone, at, customer, since, tombstone) \
   WHERE NOT EXISTS (SELECT FROM erased e WHERE e.customer = o.tombstone) OR EXISTS (SELECT FROM customer c WHERE c.id = o.customer) \
   ON CONFLICT (attribute, part, zone, at, customer) DO UPDATE SET since = excluded.since";
const LOG: &str = "INSERT INTO log (clock, customer, done, actions, traces) \
   SELECT $1, * FROM UNNEST($2::text[], $3::integer[], $4::text[], $5::text[])";
// Lines of hand-overs, about customers who are not written beside them. Who was erased meanwhile, and is not back, stands there under
// another name, without what the lines say of the person.
const LOG_OF_OTHERS: &str = "INSERT INTO log (clock, customer, done, actions, traces) \
   SELECT $1, CASE WHEN e.customer IS NULL THEN o.customer ELSE o.name END, o.done, o.actions, \
     CASE WHEN e.customer IS NULL THEN o.traces ELSE o.kept END \
   FROM UNNEST($2::text[], $3::integer[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[]) \
     AS o (customer, done, actions, traces, tombstone, name, kept) \
     LEFT JOIN erased e ON e.customer = o.tombstone AND NOT EXISTS (SELECT FROM customer c WHERE c.id = o.customer)";
const OUTBOX: &str = "INSERT INTO outbox (key, customer, route, due, state, attempt, lease, command) \
   SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::integer[], $7::bigint[], $8::text[])";
const WITHDRAWN: &str = "UPDATE outbox SET withdrawn = 1 WHERE key = ANY($1::uuid[])";
// Of a reason about somebody who was erased only the code stays.
const SETTLED: &str = "UPDATE outbox o SET state = s.state, tries = s.tries, due = coalesce(s.due, o.due), lease = NULL, \
     reason = CASE WHEN o.customer ~ '^erased-[0-9a-f]{32}$' THEN s.code ELSE s.reason END \
   FROM UNNEST($1::uuid[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::integer[], $7::text[]) \
     AS s (key, attempt, state, due, reason, tries, code) \
   WHERE o.key = ANY($1) AND o.key = s.key AND o.attempt = s.attempt";
// By a list of keys, so that the plan goes to the rows by their index: the table is full of what has just left.
const LEFT: &str = "WITH gone AS (DELETE FROM outbox o USING UNNEST($1::uuid[], $2::integer[], $3::text[]) AS s (key, attempt, state) \
     WHERE o.key = ANY($1) AND o.key = s.key AND o.attempt = s.attempt RETURNING o.route, s.state) \
   INSERT INTO outbox_left (count, route, state) SELECT count(*), route, state FROM gone GROUP BY route, state";
// Of what comes late about somebody who was erased, and is not back, only that it came is kept.
const REJECTED: &str = "INSERT INTO rejected (at, origin, line, reason, body) \
   SELECT o.at, o.origin, o.line, CASE WHEN e.customer IS NULL THEN o.reason ELSE $8 END, \
     CASE WHEN e.customer IS NULL THEN o.body ELSE '' END \
   FROM UNNEST($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::uuid[]) \
     AS o (at, origin, line, reason, body, customer, tombstone) \
     LEFT JOIN erased e ON e.customer = o.tombstone AND NOT EXISTS (SELECT FROM customer c WHERE c.id = o.customer) \
   ON CONFLICT DO NOTHING";
const LETTERS_GONE: &str = "DELETE FROM rejected WHERE n = ANY($1::bigint[])";
const MARKS: &str = "INSERT INTO mark (name, value) SELECT * FROM UNNEST($1::text[], $2::text[]) \
   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const SWAPPED_IN: &str = "INSERT INTO mark (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const SWAPPED: &str = "UPDATE mark SET value = $2 WHERE name = $1 AND value = $3";
const MARKS_GONE: &str = "DELETE FROM mark WHERE name = ANY($1::text[])";
const DEFINITIONS: &str = "INSERT INTO definition (id, at, body) VALUES (1, $1, $2) \
   ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body";
const VERSIONS: &str = "INSERT INTO version (hash, journey, at, body) SELECT hash, journey, $1, body \
   FROM UNNEST($2::uuid[], $3::text[], $4::text[]) AS v (hash, journey, body) ON CONFLICT (hash) DO NOTHING";

/// Writes all of a batch in one transaction, once it is its turn.
pub(super) async fn commit(pool: &PgPool, mut batch: Batch, turn: Turn) -> Result<(), Error> {
    let mut statements = Vec::new();
    seen(&mut statements, &mut batch);
    persons(&mut statements, &mut batch)?;
    events(&mut statements, &batch)?;
    anchors(&mut statements, &mut batch);
    log(&mut statements, &batch, false)?;
    outbox(&mut statements, &mut batch)?;
    coupon::statements(&mut statements, &mut batch);
    // After the rows that were handed over: whoever erases a customer comes to both in that order too.
    log(&mut statements, &batch, true)?;
    rejected(&mut statements, &batch);
    // Several workers write the same marks, so these are held for the shortest time.
    marks(&mut statements, &batch);
    swaps(&mut statements, &mut batch);
    turn.comes().await?;
    fail_point!("store.batch");
    if statements.is_empty() && batch.erased.is_empty() {
        return Ok(());
    }
    write_after(pool, &batch.erased, &statements).await
}

/// Puts definitions in force.
pub(super) async fn publish(
    pool: &PgPool,
    definitions: &Definitions,
    at: Instant,
) -> Result<(), Error> {
    let mut versions: Vec<_> = definitions.journeys.iter().collect();
    versions.sort_by_key(|version| version.hash);
    let bodies = all(&versions, |version| json("version", version))?;
    let statements = [
        Statement::new(DEFINITIONS)
            .with(at.millis())
            .with(json("definitions", definitions)?),
        Statement::new(VERSIONS)
            .with(at.millis())
            .with(column(&versions, |version| Id(version.hash)))
            .with(column(&versions, |version| &*version.journey.id))
            .with(bodies),
    ];
    write(pool, &statements).await
}

fn seen(statements: &mut Vec<Statement>, batch: &mut Batch) {
    let rows = &mut batch.seen;
    rows.sort_by_key(|seen| seen.identity);
    if !rows.is_empty() {
        let statement = Statement::new(SEEN)
            .with(column(rows, |seen| Id(seen.identity)))
            .with(column(rows, |seen| seen.body.cast_signed()))
            .with(batch.clock.millis());
        statements.push(statement.touches(rows.len()));
    }
}

fn persons(statements: &mut Vec<Statement>, batch: &mut Batch) -> Result<(), Error> {
    let rows = &mut batch.persons;
    rows.sort_by(|one, other| one.person.customer.id.cmp(&other.person.customer.id));
    if !rows.is_empty() {
        let slot = |id: &str| Share::slot(id).cast_signed();
        let wake = |at: Instant| at.millis();
        let statement = Statement::new(PERSONS)
            .with(column(rows, |stored| &*stored.person.customer.id))
            .with(column(rows, |stored| slot(&stored.person.customer.id)))
            .with(column(rows, |stored| stored.revision.cast_signed()))
            .with(column(rows, |stored| stored.fired.millis()))
            .with(column(rows, |stored| stored.person.wake_at().map(wake)))
            .with(all(rows, |stored| json("customer", &stored.person))?);
        statements.push(statement.counts(rows.len()));
        let new = rows.iter().filter(|stored| stored.revision == 1);
        let new: Vec<_> = new.map(|stored| &stored.person.customer).collect();
        if !new.is_empty() {
            let statement = Statement::new(ERASED_SINCE)
                .with(column(&new, |own| Id(tombstone(&own.id))))
                .with(column(&new, |own| own.erased.map(Instant::millis)));
            statements.push(statement.counts(0));
        }
    }
    enrollments(statements, &mut batch.enrollments);
    Ok(())
}

fn enrollments(statements: &mut Vec<Statement>, rows: &mut [EnrollmentRow]) {
    // Those that are held no more stand last.
    rows.sort_by(|one, other| {
        let place = |row: &EnrollmentRow| !row.held;
        let ids = (&one.customer, one.id).cmp(&(&other.customer, other.id));
        place(one).cmp(&place(other)).then(ids)
    });
    let (rows, gone) = rows.split_at(rows.partition_point(|row| row.held));
    if !gone.is_empty() {
        let statement = Statement::new(ENROLLMENTS_GONE)
            .with(column(gone, |row| &*row.customer))
            .with(column(gone, |row| Id(row.id)));
        statements.push(statement);
    }
    if !rows.is_empty() {
        let node = |node: Option<u32>| node.and_then(|node| i32::try_from(node).ok());
        let statement = Statement::new(ENROLLMENTS)
            .with(column(rows, |row| &*row.customer))
            .with(column(rows, |row| Id(row.id)))
            .with(column(rows, |row| &*row.journey))
            .with(column(rows, |row| Id(row.version)))
            .with(column(rows, |row| row.key.as_str()))
            .with(column(rows, |row| node(row.node)))
            .with(column(rows, |row| row.entered.millis()))
            .with(column(rows, |row| row.ended.map(Instant::millis)))
            .with(column(rows, |row| row.reason.as_deref()));
        statements.push(statement);
    }
}

fn events(statements: &mut Vec<Statement>, batch: &Batch) -> Result<(), Error> {
    // In the order of their arrival: the table numbers them.
    let rows = &batch.events;
    if batch.dropped > 0 {
        statements.push(Statement::new(DROPPED).with(batch.dropped.cast_signed()));
    }
    if !rows.is_empty() {
        let statement = Statement::new(EVENTS)
            .with(column(rows, |event| &*event.customer))
            .with(column(rows, |event| event.time.millis()))
            .with(column(rows, |event| &*event.kind))
            .with(column(rows, |event| &*event.source))
            .with(column(rows, |event| &*event.id))
            .with(all(rows, |event| json("event", &event.data))?);
        statements.push(statement);
    }
    Ok(())
}

fn anchors(statements: &mut Vec<Statement>, batch: &mut Batch) {
    let place = |sql, rows: &[AnchorRow]| {
        Statement::new(sql)
            .with(column(rows, |row| row.attribute.as_str()))
            .with(column(rows, |row| row.by.number_in_store()))
            .with(column(rows, |row| row.zone.as_str()))
            .with(column(rows, |row| row.at))
            .with(column(rows, |row| &*row.customer))
    };
    let order = |one: &AnchorRow, other: &AnchorRow| {
        let key = |row: &AnchorRow| (row.by, row.at);
        let names = (&one.attribute, &one.zone).cmp(&(&other.attribute, &other.zone));
        names
            .then(key(one).cmp(&key(other)))
            .then_with(|| one.customer.cmp(&other.customer))
    };
    batch.anchors_gone.sort_by(order);
    if !batch.anchors_gone.is_empty() {
        statements.push(place(ANCHORS_GONE, &batch.anchors_gone));
    }
    // The same place twice in one statement is refused; the later one counts.
    batch.anchors.reverse();
    batch.anchors.sort_by(order);
    batch
        .anchors
        .dedup_by(|later, kept| order(later, kept).is_eq());
    let persons = batch.persons.iter();
    let written: HashSet<&str> = persons.map(|own| &*own.person.customer.id).collect();
    let rows = batch.anchors.drain(..);
    let (own, others): (Vec<_>, Vec<_>) = rows.partition(|row| written.contains(&*row.customer));
    let since = |rows: &[AnchorRow]| column(rows, |row| row.since.millis());
    if !own.is_empty() {
        statements.push(place(ANCHORS, &own).with(since(&own)));
    }
    if !others.is_empty() {
        let ids = column(&others, |row| &*row.customer);
        statements.push(Statement::new(STILL_THERE).with(ids));
        let statement = place(ANCHORS_OF_OTHERS, &others)
            .with(since(&others))
            .with(column(&others, |row| Id(tombstone(&row.customer))));
        statements.push(statement);
    }
}

/// Lines about customers who are written beside them, and about others.
fn log(statements: &mut Vec<Statement>, batch: &Batch, of_others: bool) -> Result<(), Error> {
    let persons = batch.persons.iter();
    let written: HashSet<&str> = persons.map(|own| &*own.person.customer.id).collect();
    let mut rows = parts(batch);
    rows.retain(|part| written.contains(&**part.customer) != of_others);
    let rows = &rows;
    if rows.is_empty() {
        return Ok(());
    }
    let done = |part: &Part<'_>| i32::try_from(part.actions.len()).unwrap_or(i32::MAX);
    let sql = if of_others { LOG_OF_OTHERS } else { LOG };
    let mut statement = Statement::new(sql)
        .with(batch.clock.millis())
        .with(column(rows, |part| &**part.customer))
        .with(column(rows, done))
        .with(all(rows, |part| json("action", &part.actions))?)
        .with(all(rows, |part| json("trace", &part.traces))?);
    if of_others {
        statement = statement
            .with(column(rows, |part| Id(tombstone(part.customer))))
            .with(column(rows, |part| pseudonym(part.customer).to_string()))
            .with(all(rows, |part| erasure::kept(part.traces.to_vec()))?);
    }
    statements.push(statement);
    Ok(())
}

fn outbox(statements: &mut Vec<Statement>, batch: &mut Batch) -> Result<(), Error> {
    // In the order of their making: rows that are due at once leave in that order.
    let rows = &batch.outbox;
    if !rows.is_empty() {
        let statement = Statement::new(OUTBOX)
            .with(column(rows, |row| Id(row.command.key)))
            .with(column(rows, |row| &*row.command.customer))
            .with(column(rows, |row| row.route.as_str()))
            .with(column(rows, |row| row.due.millis()))
            .with(column(rows, |row| row.state.word()))
            .with(column(rows, |row| attempt(row.attempt)))
            .with(column(rows, |row| row.lease.map(Instant::millis)))
            .with(all(rows, |row| json("command", &row.command))?);
        statements.push(statement);
    }
    if !batch.withdrawn.is_empty() {
        batch.withdrawn.sort();
        statements.push(Statement::new(WITHDRAWN).with(column(&batch.withdrawn, |key| Id(*key))));
    }
    // Customers before their commands, as whoever erases one goes.
    taken::note(statements, &batch.settled);
    settle(statements, &mut batch.settled);
    Ok(())
}

/// Notes how hand-overs went: what is handed over or not needed any more leaves the outbox, and is counted.
fn settle(statements: &mut Vec<Statement>, rows: &mut [Settled]) {
    rows.sort_by_key(|settled| (!settled.state.leaves(), settled.key));
    let (left, rows) = rows.split_at(rows.partition_point(|settled| settled.state.leaves()));
    let claims = |sql, rows: &[Settled]| {
        Statement::new(sql)
            .with(column(rows, |row| Id(row.key)))
            .with(column(rows, |row| attempt(row.attempt)))
            .with(column(rows, |row| row.state.word()))
    };
    if !left.is_empty() {
        statements.push(claims(LEFT, left));
    }
    if !rows.is_empty() {
        let statement = claims(SETTLED, rows)
            .with(column(rows, |row| row.due.map(Instant::millis)))
            .with(column(rows, |row| row.reason.as_deref().map(readable)))
            .with(column(rows, |row| attempt(row.tries)))
            .with(column(rows, |row| row.reason.as_deref().and_then(word)));
        statements.push(statement);
    }
}

/// The number of a claim, as the database keeps it.
fn attempt(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn rejected(statements: &mut Vec<Statement>, batch: &Batch) {
    let rows = &batch.rejected;
    if !rows.is_empty() {
        let subjects = column(rows, |row| erasure::subject(&row.body));
        let statement = Statement::new(REJECTED)
            .with(column(rows, |row| row.at.millis()))
            .with(column(rows, |row| readable(&row.origin)))
            .with(column(rows, |row| row.line.cast_signed()))
            .with(column(rows, |row| readable(&row.reason)))
            .with(column(rows, |row| row.body.as_bytes()))
            .with(column(&subjects, |own| own.as_deref().map(readable)))
            .with(column(&subjects, |own| {
                own.as_deref().map(|id| Id(tombstone(id)))
            }))
            .with(erasure::REASON);
        statements.push(statement);
    }
    if !batch.letters_gone.is_empty() {
        statements.push(Statement::new(LETTERS_GONE).with(batch.letters_gone.clone()));
    }
}

fn marks(statements: &mut Vec<Statement>, batch: &Batch) {
    // What was said last about a mark counts.
    let last: BTreeMap<&str, Option<&str>> = batch
        .marks
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_deref()))
        .collect();
    let gone: Vec<&str> = last
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    if !gone.is_empty() {
        statements.push(Statement::new(MARKS_GONE).with(gone));
    }
    let kept = last
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let (names, values): (Vec<&str>, Vec<&str>) = kept.unzip();
    if !names.is_empty() {
        statements.push(Statement::new(MARKS).with(names).with(values));
    }
}

fn swaps(statements: &mut Vec<Statement>, batch: &mut Batch) {
    batch.swaps.sort_by(|one, other| one.name.cmp(&other.name));
    statements.extend(batch.swaps.iter().map(|swap| {
        let statement = |sql| {
            Statement::new(sql)
                .with(swap.name.as_str())
                .with(swap.now.as_str())
        };
        let statement = match &swap.was {
            Some(was) => statement(SWAPPED).with(was.as_str()),
            None => statement(SWAPPED_IN),
        };
        statement.touches(1)
    }));
}

/// One value of each row.
fn column<'r, R, V>(rows: &'r [R], value: impl Fn(&'r R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// One document of each row.
fn all<R>(rows: &[R], value: impl Fn(&R) -> Result<String, Error>) -> Result<Vec<String>, Error> {
    rows.iter().map(value).collect()
}

/// A text for people, without what the database can't keep.
fn readable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn json(what: &'static str, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::corrupt(what, error))
}
