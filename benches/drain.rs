//! Timers a second that come due among many that don't: from PostgreSQL to confirmed commands in RabbitMQ, by several workers.

use std::sync::Arc;
use std::time::Instant as Watch;

use kurant_engine::calendar::Instant;
use kurant_engine::enrollment::Place;
use kurant_engine::id::{CustomerId, Key};
use kurant_store::{Batch, Durability, EnrollmentRow, Postgres, Store, Stored};

use crate::broker::orders;
use crate::cores::Cores;
use crate::figures::Figures;
use crate::pipeline::now;
use crate::site::{LOOK_EVERY, PATIENCE, Site, text};
use crate::{Options, floor};

/// So many come due, as the floor program is asked for.
const DUE: u64 = 80_000;
/// What is done before this part of them counts for nothing: workers come to terms then.
const COUNTED: u64 = DUE / 4;
/// Customers written in one transaction.
const BATCH: u64 = 5_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

const JOURNEY: &str = "\
journey: reminder
status: live
category: transactional
trigger: { event: order.paid }
steps:
  - { id: later, wait: 1h }
  - { id: call, task: { title: Call, for: owner } }
";

/// Timers a second, and what a customer who waits takes on disk.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    let (mut rates, mut sizes, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    let (mut firsts, mut memory, mut cores) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.runs {
        let found = runtime.block_on(drained(options))?;
        rates.push(found.rate);
        sizes.push(found.bytes);
        firsts.push(found.first);
        memory.push(found.megabytes);
        cores = found.cores;
        let (waiting, due) = (options.sleepers.to_string(), DUE.to_string());
        let asked = ["drain", "--waiting", &waiting, "--due", &due];
        floors.extend(floor::on_servers(
            options,
            &asked,
            "drain due timers",
            "timers/s",
        )?);
    }
    let (waiting, workers) = (options.sleepers, options.workers);
    let name = format!("due timers among {waiting}, {workers} workers");
    figures.add(name, "timers/s", rates, floor::median(floors));
    figures.add("disk, a customer who waits", "bytes", sizes, None);
    figures.add(
        "from the start to the first timers done",
        "ms",
        firsts,
        None,
    );
    figures.add("most memory of a worker", "MB", memory, None);
    figures.cores(cores);
    Ok(())
}

/// What one measurement found.
struct Found {
    /// Timers a second.
    rate: f64,
    /// What a customer who waits takes on disk.
    bytes: f64,
    /// Milliseconds until the first timers were done.
    first: f64,
    /// The most memory of a worker.
    megabytes: f64,
    cores: Vec<(&'static str, f64)>,
}

async fn drained(options: &Options) -> Result<Found, String> {
    let mut site = Site::new(options, &[JOURNEY.to_owned()]).await?;
    let one = one_who_waits(&mut site).await?;
    fill(&site.store, &one, options.sleepers).await?;
    site.execute("VACUUM ANALYZE").await?;
    site.settle().await?;
    let sizes = "SELECT pg_total_relation_size('BENCH.customer') + pg_total_relation_size('BENCH.enrollment')";
    let bytes = site.number(sizes).await?;
    let found = work(&mut site, options.workers).await?;
    let left = site.arrived().await?;
    if left != DUE {
        return Err(format!("{left} commands left instead of {DUE}"));
    }
    site.remove().await?;
    Ok(Found {
        bytes: bytes as f64 / (options.sleepers + DUE) as f64,
        ..found
    })
}

/// Somebody who waits, as the product itself writes them down.
async fn one_who_waits(site: &mut Site) -> Result<Stored, String> {
    let events = orders(1, 1, &now());
    site.broker.fill(&site.events(), &events).await?;
    let worker = site.start(1)?;
    let waits = "SELECT count(*) FROM BENCH.customer WHERE wake_at IS NOT NULL";
    while site.number(waits).await? == 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    worker.end()?;
    let store = Postgres::open(&site.store, Durability::Required).await;
    let ids = [CustomerId::from(events[0].0.as_str())];
    let loaded = store.map_err(text)?.load(&ids, &[]).await.map_err(text)?;
    loaded.into_iter().next().ok_or("nobody waits".to_owned())
}

/// Many like this one: [`DUE`] of them for a minute too long, spread among the others, who wait for a day and more.
async fn fill(store: &str, one: &Stored, sleepers: u64) -> Result<(), String> {
    let store = Postgres::open(store, Durability::Required).await;
    let store = store.map_err(text)?;
    let (all, every) = (sleepers + DUE, (sleepers + DUE) / DUE);
    let now = one.person.clock.millis();
    for first in (0..all).step_by(BATCH as usize) {
        let mut batch = Batch {
            clock: one.person.clock,
            ..Batch::default()
        };
        for number in first..(first + BATCH).min(all) {
            let is_due = number % every == 0 && number / every < DUE;
            let later = DAY + (number % 86_400) as i64 * 1_000;
            let due = if is_due { now - MINUTE } else { now + later };
            put(&mut batch, one, number, Instant::from_millis(due));
        }
        store.commit(batch).await.map_err(text)?;
    }
    Ok(())
}

/// One more who waits, until `due`.
fn put(batch: &mut Batch, one: &Stored, number: u64, due: Instant) {
    let id = CustomerId::from(format!("wait-{number:08}"));
    let mut stored = one.clone();
    stored.revision = 1;
    stored.person.customer.id = id.clone();
    for enrollment in &mut stored.person.enrollments {
        enrollment.id = Key::of(&["waits", &id]);
        if let Place::Waiting { due: until, .. } = &mut enrollment.place {
            *until = due;
        }
        if let Some(event) = &mut enrollment.trigger.event {
            Arc::make_mut(event).customer = id.clone();
        }
        batch.enrollments.push(EnrollmentRow::of(&id, enrollment));
    }
    batch.persons.push(Arc::new(stored));
}

/// Until every command of a due timer is confirmed, from when the first quarter of the timers is done.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn work(site: &mut Site, workers: usize) -> Result<Found, String> {
    // An entry of the log a customer: to count rows would take from what is measured.
    let logged = "SELECT last_value FROM BENCH.log_n_seq";
    let none = site.number(logged).await?;
    let begun = Watch::now();
    let workers = site.start(workers)?;
    let (mut start, mut before, mut cores) = (begun, 0, Cores::now());
    let mut first = None;
    loop {
        let count = site.number(logged).await? - none;
        if count > 0 {
            first.get_or_insert_with(|| begun.elapsed());
        }
        if before < COUNTED {
            (start, before, cores) = (Watch::now(), count, Cores::now());
        }
        if count >= DUE && site.number("SELECT count(*) FROM BENCH.outbox").await? == 0 {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("it never ends: {count} of {DUE} are done"));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    let found = Found {
        rate: (DUE - before) as f64 / seconds,
        bytes: 0.0,
        first: first.unwrap_or_default().as_secs_f64() * 1_000.0,
        megabytes: workers.megabytes(),
        cores: cores.since(seconds),
    };
    workers.end()?;
    Ok(found)
}
