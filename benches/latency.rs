//! How long an event is on its way, from when it is published to when its command arrives, while events come evenly; and
//! whether that stays so, if it goes on for long.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions};
use lapin::protocol::basic::AMQPProperties;

use crate::Options;
use crate::broker::{Broker, order};
use crate::cores::Cores;
use crate::figures::Figures;
use crate::pipeline::{Load, journeys, now};
use crate::site::{LOOK_EVERY, PATIENCE, Site, text};

/// Customers who buy in turn: each event is done long before the next of the same customer comes.
const CUSTOMERS: u64 = 100_000;
/// Events are published in such turns.
const TURN: Duration = Duration::from_millis(10);
/// The time is cut into so many parts; the first counts for nothing.
const PARTS: u64 = 5;

/// Latencies at an even load, in its whole and, against its beginning, in its last part.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    let (mut all, cores) = runtime.block_on(watched(options))?;
    let part = options.seconds * 1_000 / PARTS;
    let of = |number: u64| -> Vec<f64> {
        let within = all.iter().filter(|seen| seen.sent_at / part == number);
        within.map(|seen| seen.latency).collect()
    };
    let (mut early, mut late) = (of(1), of(PARTS - 1));
    all.retain(|seen| seen.sent_at >= part);
    let mut counted: Vec<f64> = all.iter().map(|seen| seen.latency).collect();
    let what = format!(
        "latency at {} events/s for {} s, {} workers",
        options.rate, options.seconds, options.workers
    );
    for (share, name) in [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")] {
        figures.add(
            format!("{what}, {name}"),
            "ms",
            vec![at(&mut counted, share)?],
            None,
        );
    }
    let (first, last) = (at(&mut early, 0.99)?, at(&mut late, 0.99)?);
    figures.add(
        "p99 of its last fifth, beside the second",
        "ms",
        vec![last],
        Some(first),
    );
    let arrived = all
        .iter()
        .filter(|seen| seen.sent_at / part == PARTS - 1)
        .count();
    let wanted = (options.rate * part / 1_000) as f64;
    figures.add(
        "events done of the last fifth, of those published",
        "events",
        vec![arrived as f64],
        Some(wanted),
    );
    figures.cores(cores);
    Ok(())
}

/// The latency that so many stay below.
fn at(latencies: &mut [f64], share: f64) -> Result<f64, String> {
    latencies.sort_by(f64::total_cmp);
    let place = (latencies.len() as f64 * share) as usize;
    let found = latencies.get(place.min(latencies.len().saturating_sub(1)));
    found.copied().ok_or("nothing arrived".to_owned())
}

/// An event that has become a command.
struct Arrived {
    /// When it was published, in milliseconds of the run.
    sent_at: u64,
    /// How long it took, in milliseconds.
    latency: f64,
}

/// When each customer's latest event was published, in microseconds of the run.
struct Sent(Vec<AtomicU64>);

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn watched(options: &Options) -> Result<(Vec<Arrived>, Vec<(&'static str, f64)>), String> {
    let mut site = Site::new(options, &journeys(Load::One)).await?;
    if options.seen > 0 {
        let seen = "INSERT INTO BENCH.seen SELECT md5('old' || g)::uuid, 0, (extract(epoch FROM now()) * 1000)::bigint FROM generate_series(1, COUNT) g";
        site.execute(&seen.replace("COUNT", &options.seen.to_string()))
            .await?;
        site.execute("VACUUM ANALYZE").await?;
    }
    site.settle().await?;
    if options.snapshot {
        // Whatever dies from now on must be kept for whoever looks.
        let look = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM BENCH.customer";
        site.execute(look).await?;
    }
    let total = options.rate * options.seconds;
    let sent = Sent((0..CUSTOMERS).map(|_| AtomicU64::new(0)).collect());
    let arrived = Mutex::new(Vec::new());
    let workers = site.start(options.workers)?;
    let reader = Broker::connect(site.rabbitmq()).await?;
    let begun = Instant::now();
    let cores = Cores::now();
    let published = publish(&site, options, &sent, begun);
    let read = read(&reader, site.queue(), total, &sent, &arrived, begun);
    let patience = Duration::from_secs(options.seconds) + PATIENCE;
    let both = async { tokio::try_join!(published, read) };
    let ended = tokio::time::timeout(patience, both).await;
    let cores = cores.since(begun.elapsed().as_secs_f64());
    if options.snapshot {
        site.execute("COMMIT").await?;
    }
    workers.end()?;
    let arrived = arrived.into_inner().map_err(text)?;
    ended.map_err(|_| format!("{} of {total} arrived", arrived.len()))??;
    tokio::time::sleep(LOOK_EVERY).await;
    site.remove().await?;
    Ok((arrived, cores))
}

/// Publishes evenly.
async fn publish(
    site: &Site,
    options: &Options,
    sent: &Sent,
    begun: Instant,
) -> Result<(), String> {
    let broker = Broker::unconfirmed(site.rabbitmq()).await?;
    let exchange = site.events();
    let mut ticks = tokio::time::interval(TURN);
    let mut number = 0;
    let total = options.rate * options.seconds;
    while number < total {
        ticks.tick().await;
        let wanted = begun.elapsed().as_micros() as u64 * options.rate / 1_000_000;
        let time = now();
        while number < wanted.min(total) {
            let customer = number % CUSTOMERS;
            let (routing, body) = order(number, customer, &time);
            let properties = AMQPProperties::default()
                .with_delivery_mode(2)
                .with_content_type("application/cloudevents+json".into());
            sent.0[customer as usize].store(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
            let published = broker.channel.basic_publish(
                exchange.as_str().into(),
                routing.as_str().into(),
                BasicPublishOptions::default(),
                body.as_bytes(),
                properties,
            );
            published.await.map_err(text)?;
            number += 1;
        }
    }
    Ok(())
}

/// Reads commands until each event has become one.
async fn read(
    broker: &Broker,
    queue: &str,
    total: u64,
    sent: &Sent,
    arrived: &Mutex<Vec<Arrived>>,
    begun: Instant,
) -> Result<(), String> {
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let consumer = broker.channel.basic_consume(
        queue.into(),
        "bench".into(),
        options,
        lapin::types::FieldTable::default(),
    );
    let mut consumer = consumer.await.map_err(text)?;
    for _ in 0..total {
        let delivery = consumer.next().await.ok_or("the broker went")?;
        let delivery = delivery.map_err(text)?;
        let now = begun.elapsed().as_micros() as u64;
        let customer = customer(&delivery.data).ok_or("a command names no customer")?;
        let at = sent.0[customer].load(Ordering::Relaxed);
        let latency = now.saturating_sub(at) as f64 / 1_000.0;
        let seen = Arrived {
            sent_at: at / 1_000,
            latency,
        };
        arrived.lock().map_err(text)?.push(seen);
    }
    Ok(())
}

/// The number of the customer that a command is about: they are called `cust-NUMBER`.
fn customer(command: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(command).ok()?;
    let (_, rest) = text.split_once("cust-")?;
    rest.get(..8)?.parse().ok()
}
