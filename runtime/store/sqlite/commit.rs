//! Writes a batch.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fail::fail_point;
use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_engine::erased::{pseudonym, word};
use kurant_engine::id::CustomerId;
use sqlx::SqlitePool;

use super::coupon;
use super::documents::{Documents, Worded, json};
use super::erase;
use super::transaction::{Rows, Transaction};
use super::{EVENT_NUMBER, Numbers, taken};
use crate::erasure;
use crate::log::{Part, parts};
use crate::{AnchorRow, Batch, Error, Rejected, Settled, Stored, Swap, Turn};

const NEW_PERSONS: Rows = Rows {
    head: "INSERT OR FAIL INTO customer (id, state, fired, wake_at, revision, logged) VALUES ",
    columns: 6,
    tail: " ON CONFLICT (id) DO NOTHING",
};
const PERSONS: Rows = Rows {
    head: "WITH new (id, state, fired, wake_at, revision, logged) AS (VALUES ",
    columns: 6,
    tail: ") UPDATE OR FAIL customer SET state = new.state, fired = new.fired, wake_at = new.wake_at, revision = new.revision, \
           logged = coalesce(new.logged, customer.logged) \
           FROM new WHERE customer.id = new.id AND customer.revision = new.revision - 1",
};
const SEEN: Rows = Rows {
    head: "INSERT OR FAIL INTO seen (identity, body, at) VALUES ",
    columns: 3,
    tail: "",
};
const EVENTS: Rows = Rows {
    head: "INSERT OR FAIL INTO event (customer, time, n, type, source, id, data) VALUES ",
    columns: 7,
    tail: "",
};
const ANCHORS_GONE: Rows = Rows {
    head: "DELETE FROM anchor WHERE (attribute, part, zone, at, customer) IN (VALUES ",
    columns: 5,
    tail: ")",
};
const ANCHORS: Rows = Rows {
    head: "INSERT OR FAIL INTO anchor (attribute, part, zone, at, customer, since) VALUES ",
    columns: 6,
    tail: " ON CONFLICT DO UPDATE SET since = excluded.since",
};
const ENROLLMENTS: Rows = Rows {
    head: "INSERT OR FAIL INTO enrollment (customer, id, journey, version, key, node, entered, ended, reason) VALUES ",
    columns: 9,
    tail: " ON CONFLICT (customer, id) DO UPDATE SET version = excluded.version, node = excluded.node, \
           ended = excluded.ended, reason = excluded.reason",
};
const ENROLLMENTS_GONE: Rows = Rows {
    head: "DELETE FROM enrollment WHERE (customer, id) IN (VALUES ",
    columns: 2,
    tail: ")",
};
const LOG: Rows = Rows {
    head: "WITH new (n, clock, customer, done, actions, traces) AS (VALUES ",
    columns: 6,
    tail: ") INSERT OR FAIL INTO log (n, clock, customer, previous, done, actions, traces) \
           SELECT n, clock, customer, (SELECT logged FROM customer WHERE id = new.customer), done, actions, traces FROM new",
};
const CHAIN: Rows = Rows {
    head: "WITH new (id, logged) AS (VALUES ",
    columns: 2,
    tail: ") UPDATE OR FAIL customer SET logged = new.logged FROM new WHERE customer.id = new.id",
};
const OUTBOX: Rows = Rows {
    head: "INSERT OR FAIL INTO outbox (key, customer, route, due, state, attempt, lease, command) VALUES ",
    columns: 8,
    tail: "",
};
const WITHDRAWN: Rows = Rows {
    head: "UPDATE OR FAIL outbox SET withdrawn = 1 WHERE key IN (VALUES ",
    columns: 1,
    tail: ")",
};
const SETTLED: Rows = Rows {
    head: "WITH done (key, attempt, tries, state, due, reason, code) AS (VALUES ",
    columns: 7,
    // Of a reason about somebody who was erased only the code stays.
    tail: ") UPDATE OR FAIL outbox SET state = done.state, tries = done.tries, due = coalesce(done.due, outbox.due), lease = NULL, \
           reason = CASE WHEN outbox.customer GLOB 'erased-*' AND length(outbox.customer) = 39 THEN done.code ELSE done.reason END \
           FROM done WHERE outbox.key = done.key AND outbox.attempt = done.attempt",
};
const LEFT: Rows = Rows {
    head: "WITH done (key, attempt, state) AS (VALUES ",
    columns: 3,
    tail: ") INSERT OR FAIL INTO outbox_left (route, state, count) SELECT o.route, done.state, count(*) FROM done \
           CROSS JOIN outbox o ON o.key = done.key AND o.attempt = done.attempt GROUP BY o.route, done.state \
           ON CONFLICT (route, state) DO UPDATE SET count = outbox_left.count + excluded.count",
};
const OUTBOX_GONE: Rows = Rows {
    head: "DELETE FROM outbox WHERE (key, attempt) IN (VALUES ",
    columns: 2,
    tail: ")",
};
const REJECTED: Rows = Rows {
    head: "INSERT OR FAIL INTO rejected (at, origin, line, reason, body) VALUES ",
    columns: 5,
    tail: " ON CONFLICT (origin, line) DO NOTHING",
};
const LETTERS_GONE: Rows = Rows {
    head: "DELETE FROM rejected WHERE n IN (VALUES ",
    columns: 1,
    tail: ")",
};
const MARKS: Rows = Rows {
    head: "INSERT OR FAIL INTO mark (name, value) VALUES ",
    columns: 2,
    tail: " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
};
const SWAPPED_IN: Rows = Rows {
    head: "INSERT INTO mark (name, value) VALUES ",
    columns: 2,
    tail: " ON CONFLICT DO NOTHING",
};
const SWAPPED: Rows = Rows {
    head: "UPDATE mark SET value = s.now FROM (SELECT column1 AS name, column2 AS now, column3 AS was FROM (VALUES ",
    columns: 3,
    tail: ")) AS s WHERE mark.name = s.name AND mark.value = s.was",
};
const MARKS_GONE: Rows = Rows {
    head: "DELETE FROM mark WHERE name IN (VALUES ",
    columns: 1,
    tail: ")",
};
const DEFINITIONS: Rows = Rows {
    head: "INSERT OR FAIL INTO definition (id, at, body) VALUES ",
    columns: 3,
    tail: " ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body",
};
const VERSIONS: Rows = Rows {
    head: "INSERT OR FAIL INTO version (hash, journey, at, body) VALUES ",
    columns: 4,
    tail: " ON CONFLICT (hash) DO NOTHING",
};

/// Writes all of a batch in one transaction, once it is its turn; its documents are put into words before, and beside it.
pub(super) async fn commit(
    pool: &SqlitePool,
    numbers: &Numbers,
    mut batch: Batch,
    turn: Turn,
) -> Result<(), Error> {
    // In the order of the tables' own keys neighbours are written together; those who are new stand first.
    batch.persons.sort_by(|one, other| {
        let place = |stored: &Stored| stored.revision > 1;
        let ids = one.person.customer.id.cmp(&other.person.customer.id);
        place(one).cmp(&place(other)).then(ids)
    });
    batch.seen.sort_by_key(|seen| seen.identity);
    batch
        .enrollments
        .sort_by(|one, other| (&one.customer, one.id).cmp(&(&other.customer, other.id)));
    let batch = Arc::new(batch);
    let documents = Documents::of(&batch);
    turn.comes().await?;
    fail_point!("store.batch");
    let mut tx = Transaction::begin(pool).await?;
    erase::erase(&mut tx, &batch.erased).await?;
    erase::drop_events(&mut tx, batch.dropped).await?;
    let seen = tx.write(&SEEN, &batch.seen, |seen, values| {
        values.key(seen.identity);
        values.number(seen.body.cast_signed());
        values.number(batch.clock.millis());
    });
    seen.await.map_err(conflict)?;
    enrollments(&mut tx, &batch).await?;
    anchors(&mut tx, &batch).await?;
    rest(&mut tx, &batch).await?;
    let states = documents.persons.ready().await?;
    let latest = log(
        &mut tx,
        &numbers.entry,
        &documents.log.ready().await?,
        &batch,
    )
    .await?;
    persons(&mut tx, &batch, &states, &latest).await?;
    chain(&mut tx, &batch, &latest).await?;
    events(
        &mut tx,
        &numbers.event,
        &batch,
        &documents.events.ready().await?,
    )
    .await?;
    outbox(&mut tx, &batch, &documents.commands.ready().await?).await?;
    coupon::write(&mut tx, &batch).await?;
    tx.commit().await
}

/// Puts definitions in force.
pub(super) async fn publish(
    pool: &SqlitePool,
    definitions: &Definitions,
    at: Instant,
) -> Result<(), Error> {
    let body = json("definitions", definitions)?;
    let mut versions = Vec::new();
    for version in &definitions.journeys {
        versions.push((
            version.hash,
            version.journey.id.clone(),
            json("version", version)?,
        ));
    }
    let mut tx = Transaction::begin(pool).await?;
    tx.write(&DEFINITIONS, &[body], |body, values| {
        values.number(1);
        values.number(at.millis());
        values.text(body);
    })
    .await?;
    tx.write(&VERSIONS, &versions, |(hash, journey, body), values| {
        values.key(*hash);
        values.text(journey);
        values.number(at.millis());
        values.text(body);
    })
    .await?;
    tx.commit().await
}

/// The numbers of customers' latest entries of the log.
type Latest<'b> = BTreeMap<&'b CustomerId, i64>;

async fn persons(
    tx: &mut Transaction,
    batch: &Batch,
    states: &[String],
    latest: &Latest<'_>,
) -> Result<(), Error> {
    let rows: Vec<_> = batch.persons.iter().zip(states).collect();
    let (new, known) = rows.split_at(rows.partition_point(|(stored, _)| stored.revision <= 1));
    erased_since(tx, new).await?;
    for (statement, rows) in [(&NEW_PERSONS, new), (&PERSONS, known)] {
        let written = tx.write(statement, rows, |(stored, state), values| {
            values.shared(&stored.person.customer.id);
            values.text(*state);
            values.number(stored.fired.millis());
            values.maybe_number(stored.person.wake_at().map(Instant::millis));
            values.number(stored.revision.cast_signed());
            values.maybe_number(latest.get(&stored.person.customer.id).copied());
        });
        if written.await? != rows.len() as u64 {
            return Err(Error::Conflict);
        }
    }
    Ok(())
}

/// Nobody comes back by what was decided before an erasure.
async fn erased_since(tx: &mut Transaction, new: &[(&Arc<Stored>, &String)]) -> Result<(), Error> {
    let ids: Vec<&str> = new
        .iter()
        .map(|(stored, _)| &*stored.person.customer.id)
        .collect();
    for tombstone in erase::erased(tx, &ids).await? {
        let gone = &tombstone.person.customer;
        let mut own = new.iter().map(|(stored, _)| &stored.person.customer);
        if own.any(|own| own.id == gone.id && own.erased < gone.erased) {
            return Err(Error::Conflict);
        }
    }
    Ok(())
}

/// Entries about customers who are not written beside them: those of hand-overs.
async fn chain(tx: &mut Transaction, batch: &Batch, latest: &Latest<'_>) -> Result<(), Error> {
    let written = written(batch);
    let others = latest.iter().filter(|(id, _)| !written.contains(**id));
    let others: Vec<_> = others.collect();
    tx.write(&CHAIN, &others, |(id, n), values| {
        values.shared(id);
        values.number(**n);
    })
    .await
    .map(drop)
}

async fn enrollments(tx: &mut Transaction, batch: &Batch) -> Result<(), Error> {
    let (held, gone): (Vec<_>, Vec<_>) = batch.enrollments.iter().partition(|row| row.held);
    tx.write(&ENROLLMENTS_GONE, &gone, |row, values| {
        values.shared(&row.customer);
        values.key(row.id);
    })
    .await?;
    tx.write(&ENROLLMENTS, &held, |row, values| {
        values.shared(&row.customer);
        values.key(row.id);
        values.shared(&row.journey);
        values.key(row.version);
        values.text(&row.key);
        values.maybe_number(row.node.map(i64::from));
        values.number(row.entered.millis());
        values.maybe_number(row.ended.map(Instant::millis));
        values.maybe_text(row.reason.as_deref());
    })
    .await?;
    Ok(())
}

async fn events(
    tx: &mut Transaction,
    number: &AtomicI64,
    batch: &Batch,
    data: &[String],
) -> Result<(), Error> {
    if batch.events.is_empty() {
        return Ok(());
    }
    let first = next(number, batch.events.len());
    let last = (first + data.len() as i64 - 1).to_string();
    tx.write(&MARKS, &[(EVENT_NUMBER, last)], |(name, value), values| {
        values.text(*name);
        values.text(value);
    })
    .await?;
    let events = (first..).zip(&batch.events).zip(data);
    let mut rows: Vec<_> = events.map(|((n, event), data)| (n, event, data)).collect();
    rows.sort_by(|(n, one, _), (m, other, _)| {
        (&one.customer, one.time, n).cmp(&(&other.customer, other.time, m))
    });
    tx.write(&EVENTS, &rows, |(n, event, data), values| {
        values.shared(&event.customer);
        values.number(event.time.millis());
        values.number(*n);
        values.text(event.kind.as_str());
        values.text(event.source.as_str());
        values.text(event.id.as_str());
        values.text(*data);
    })
    .await?;
    Ok(())
}

async fn anchors(tx: &mut Transaction, batch: &Batch) -> Result<(), Error> {
    let place = |row: &AnchorRow, values: &mut super::transaction::Values| {
        values.text(&row.attribute);
        values.text(row.by.word());
        values.text(&row.zone);
        values.number(row.at);
        values.shared(&row.customer);
    };
    tx.write(&ANCHORS_GONE, &batch.anchors_gone, place).await?;
    let written = written(batch);
    let others = batch.anchors.iter().map(|row| &row.customer);
    let others: HashSet<&str> = others
        .filter(|id| !written.contains(id))
        .map(|id| &**id)
        .collect();
    let others: Vec<&str> = others.into_iter().collect();
    let gone = erase::gone(tx, &others).await?;
    let there: Vec<&AnchorRow> = batch
        .anchors
        .iter()
        .filter(|row| !gone.contains(&row.customer))
        .collect();
    tx.write(&ANCHORS, &there, |row, values| {
        place(row, values);
        values.number(row.since.millis());
    })
    .await?;
    Ok(())
}

/// Writes down what was done and what happened.
async fn log<'b>(
    tx: &mut Transaction,
    number: &AtomicI64,
    entries: &[Worded],
    batch: &'b Batch,
) -> Result<Latest<'b>, Error> {
    let parts = parts(batch);
    let gone = gone(tx, batch, &parts).await?;
    let first = next(number, parts.len());
    let rows: Vec<_> = (first..).zip(parts.iter().zip(entries)).collect();
    tx.write(&LOG, &rows, |(n, (part, worded)), values| {
        let own = gone.get(part.customer);
        values.number(*n);
        values.number(batch.clock.millis());
        values.shared(own.map_or(part.customer, |(name, _)| name));
        values.number(part.actions.len() as i64);
        values.text(&worded.actions);
        values.text(own.map_or(&worded.traces, |(_, kept)| kept));
    })
    .await?;
    Ok(rows
        .iter()
        .map(|(n, (part, _))| (part.customer, *n))
        .collect())
}

/// Under another name, and without what they say of the person, stand lines about somebody who was erased meanwhile: those of
/// hand-overs that were under way.
async fn gone<'b>(
    tx: &mut Transaction,
    batch: &Batch,
    parts: &[Part<'b>],
) -> Result<BTreeMap<&'b CustomerId, (CustomerId, String)>, Error> {
    let written = written(batch);
    let others = parts.iter().filter(|own| !written.contains(own.customer));
    let others: Vec<&Part<'_>> = others.collect();
    let ids: Vec<&str> = others.iter().map(|own| &**own.customer).collect();
    let gone = erase::gone(tx, &ids).await?;
    let own = others.iter().filter(|own| gone.contains(own.customer));
    own.map(|part| {
        let kept = erasure::kept(part.traces.to_vec())?;
        Ok((part.customer, (pseudonym(part.customer), kept)))
    })
    .collect()
}

async fn outbox(tx: &mut Transaction, batch: &Batch, commands: &[String]) -> Result<(), Error> {
    let rows: Vec<_> = batch.outbox.iter().zip(commands).collect();
    tx.write(&OUTBOX, &rows, |(outgoing, command), values| {
        values.key(outgoing.command.key);
        values.shared(&outgoing.command.customer);
        values.text(&outgoing.route);
        values.number(outgoing.due.millis());
        values.text(outgoing.state.word());
        values.number(outgoing.attempt.into());
        values.maybe_number(outgoing.lease.map(Instant::millis));
        values.text(*command);
    })
    .await?;
    tx.write(&WITHDRAWN, &batch.withdrawn, |key, values| values.key(*key))
        .await?;
    settle(tx, &batch.settled).await
}

/// Notes how hand-overs went: what is handed over or not needed any more leaves the outbox, and is counted.
async fn settle(tx: &mut Transaction, settled: &[Settled]) -> Result<(), Error> {
    let (left, stay): (Vec<_>, Vec<_>) = settled.iter().partition(|settled| settled.state.leaves());
    tx.write(&SETTLED, &stay, |settled, values| {
        values.key(settled.key);
        values.number(settled.attempt.into());
        values.number(settled.tries.into());
        values.text(settled.state.word());
        values.maybe_number(settled.due.map(Instant::millis));
        values.maybe_text(settled.reason.as_deref());
        values.maybe_text(settled.reason.as_deref().and_then(word).as_deref());
    })
    .await?;
    tx.write(&LEFT, &left, |settled, values| {
        values.key(settled.key);
        values.number(settled.attempt.into());
        values.text(settled.state.word());
    })
    .await?;
    tx.write(&OUTBOX_GONE, &left, |settled, values| {
        values.key(settled.key);
        values.number(settled.attempt.into());
    })
    .await?;
    taken::note(tx, settled).await
}

async fn rest(tx: &mut Transaction, batch: &Batch) -> Result<(), Error> {
    rejected(tx, &batch.rejected).await?;
    tx.write(&LETTERS_GONE, &batch.letters_gone, |n, values| {
        values.number(*n);
    })
    .await?;
    let gone: Vec<&str> = batch
        .marks
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    tx.write(&MARKS_GONE, &gone, |name, values| values.text(*name))
        .await?;
    let marks: Vec<(&str, &str)> = batch
        .marks
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
        .collect();
    tx.write(&MARKS, &marks, |(name, value), values| {
        values.text(*name);
        values.text(*value);
    })
    .await?;
    swaps(tx, &batch.swaps).await
}

/// Of what comes late about somebody who was erased, and is not back, only that it came is kept.
async fn rejected(tx: &mut Transaction, rows: &[Rejected]) -> Result<(), Error> {
    let subjects = rows.iter().map(|row| erasure::subject(&row.body));
    let subjects: Vec<Option<String>> = subjects.collect();
    let ids: Vec<&str> = subjects.iter().flatten().map(String::as_str).collect();
    let gone = erase::gone(tx, &ids).await?;
    let rows: Vec<_> = rows.iter().zip(&subjects).collect();
    tx.write(&REJECTED, &rows, |(row, subject), values| {
        let is_gone = subject.as_deref().is_some_and(|own| gone.contains(own));
        values.number(row.at.millis());
        values.text(&row.origin);
        values.number(row.line.cast_signed());
        values.text(if is_gone {
            erasure::REASON
        } else {
            &row.reason
        });
        values.text(if is_gone { "" } else { &row.body });
    })
    .await
    .map(drop)
}

async fn swaps(tx: &mut Transaction, swaps: &[Swap]) -> Result<(), Error> {
    let (known, new): (Vec<_>, Vec<_>) = swaps.iter().partition(|swap| swap.was.is_some());
    let written = tx
        .write(&SWAPPED_IN, &new, |swap, values| {
            values.text(&swap.name);
            values.text(&swap.now);
        })
        .await?;
    let moved = tx
        .write(&SWAPPED, &known, |swap, values| {
            values.text(&swap.name);
            values.text(&swap.now);
            values.maybe_text(swap.was.as_deref());
        })
        .await?;
    let all = (written, moved) == (new.len() as u64, known.len() as u64);
    all.then_some(()).ok_or(Error::Conflict)
}

/// Those who are written in a batch.
fn written(batch: &Batch) -> HashSet<&CustomerId> {
    let persons = batch.persons.iter();
    persons.map(|stored| &stored.person.customer.id).collect()
}

/// The first of so many new numbers.
fn next(number: &AtomicI64, count: usize) -> i64 {
    number.fetch_add(count as i64, Ordering::Relaxed) + 1
}

fn conflict(error: Error) -> Error {
    match error {
        Error::Database(sqlx::Error::Database(inner)) if inner.is_unique_violation() => {
            Error::Conflict
        }
        other => other,
    }
}
