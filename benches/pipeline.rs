//! Events per second from RabbitMQ through PostgreSQL to confirmed commands in RabbitMQ, by several workers.

use std::fmt::Write as _;
use std::time::Instant;

use crate::broker::orders;
use crate::figures::Figures;
use crate::site::{LOOK_EVERY, PATIENCE, Site, text};
use crate::{Options, floor};

/// As many events and customers as the floor program is asked for.
const EVENTS: u64 = 160_000;
/// What is done before this part of them counts for nothing: workers share out the queues then.
const COUNTED: u64 = EVENTS / 4;
const CUSTOMERS: u64 = 100_000;
/// Of twenty journeys so many listen to something else.
const DEAF: usize = 5;

/// Which journeys listen.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// One, which every event starts.
    One,
    /// Twenty, five of which nothing starts; about a third of the events start one of the others.
    Twenty,
}

/// Events per second with one journey and with twenty.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    for (load, name) in [(Load::One, "1 journey"), (Load::Twenty, "20 journeys")] {
        let (mut rates, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..options.runs {
            rates.push(runtime.block_on(rate(options, load))?);
            let events = EVENTS.to_string();
            let asked = ["pipeline", "--events", &events];
            floors.extend(floor::on_servers(
                options,
                &asked,
                "pipeline quorum",
                "events/s",
            )?);
        }
        let name = format!("RabbitMQ to RabbitMQ, {name}, {} workers", options.workers);
        figures.add(name, "events/s", rates, floor::median(floors));
    }
    Ok(())
}

/// One measurement.
async fn rate(options: &Options, load: Load) -> Result<f64, String> {
    let mut site = Site::new(options, &journeys(load)).await?;
    let events = orders(EVENTS, CUSTOMERS, &now());
    site.broker.fill(&site.events(), &events).await?;
    site.settle().await?;
    let rate = work(&mut site, options.workers).await?;
    let left = site.arrived().await?;
    let made = site
        .number(
            "SELECT count(*) FROM BENCH.log CROSS JOIN json_array_elements(actions::json) own WHERE own->>'action' = 'task'",
        )
        .await?;
    let expected = match load {
        Load::One => EVENTS,
        Load::Twenty => made,
    };
    if left != expected || made != expected || expected == 0 {
        return Err(format!(
            "{left} commands left, {made} were made, {expected} should have been"
        ));
    }
    site.remove().await?;
    Ok(rate)
}

/// Until every event is taken in and every command is confirmed, from when the first quarter is.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn work(site: &mut Site, workers: usize) -> Result<f64, String> {
    let begun = Instant::now();
    let workers = site.start(workers)?;
    let (mut start, mut before) = (begun, 0);
    // To count rows would take from what is measured, so it is done at the end only.
    let numbered = "SELECT last_value FROM BENCH.event_n_seq";
    let done = "SELECT (SELECT count(*) FROM BENCH.seen) - (SELECT count(*) FROM BENCH.outbox)";
    loop {
        let count = site.number(numbered).await?;
        if before < COUNTED {
            (start, before) = (Instant::now(), count);
        }
        if count >= EVENTS && site.number(done).await? >= EVENTS {
            break;
        }
        if begun.elapsed() > PATIENCE {
            return Err("it never ends".into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    workers.end()?;
    Ok((EVENTS - before) as f64 / seconds)
}

/// What is declared.
pub(crate) fn journeys(load: Load) -> Vec<String> {
    let condition = "customer.total_spent > 10 && days_since(customer.last_purchase_at) < 270 && !has_tag(\"staff\")";
    let journey = |number: usize, trigger: &str, audience: &str| {
        let mut text = format!("journey: j{number}\nstatus: live\ncategory: transactional\n");
        let _ = writeln!(text, "trigger: {{ {trigger} }}\naudience: {audience}");
        let _ = writeln!(text, "entry: {{ while_active: parallel }}");
        let _ = writeln!(
            text,
            "steps:\n  - {{ id: call, task: {{ title: Call, for: owner }} }}"
        );
        text
    };
    let count = match load {
        Load::One => {
            return vec![journey(
                0,
                "event: order.paid",
                "event.total >= 0 && !has_tag(\"staff\") && customer.orders_count > 0",
            )];
        }
        Load::Twenty => 20,
    };
    let hearing = count - DEAF;
    let trigger = |number: usize| {
        if number >= hearing {
            return "event: refund.made".to_owned();
        }
        // All of them together let a third of the events in.
        let (from, until) = (
            number * 1_000 / hearing,
            number * 1_000 / hearing + 333 / hearing,
        );
        format!("event: order.paid, where: event.total >= {from} && event.total < {until}")
    };
    (0..count)
        .map(|number| journey(number, &trigger(number), condition))
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "events that are to start journeys happen now"
)]
/// The time of events that are published now.
pub(crate) fn now() -> String {
    let now = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
