//! `kurant generate`: a made-up but lifelike shop, to try things out and to size with.
//!
//! Seeded: the same arguments give the same bytes. Memory does not grow with the number of customers or events.

mod buckets;
mod chance;
mod life;
mod line;
mod person;
mod record;
mod season;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use chrono::{Datelike, Days, NaiveDate};
use clap::Args as ClapArgs;
use indicatif::ProgressBar;

use self::buckets::Buckets;
use self::life::{Life, PAST, Period};
use self::line::Lines;
use self::person::Person;
use self::season::{DAY, Season, day_number};

/// Newcomers a year, as a share of those who are known at the beginning.
const GROWTH: f64 = 0.08;
/// How often the progress bar moves, in customers or events.
const TICK: u64 = 4096;
/// Memory before a file is written to, in bytes.
const BUFFER: usize = 1 << 20;

/// Arguments of `kurant generate`.
#[derive(Debug, Clone, ClapArgs)]
#[command(
    after_help = "Example:\n  kurant generate --customers 2000 --years 2 --out history\n  \
    kurant simulate --customers history/customers.jsonl --events history/events.jsonl \\\n    \
    --from 2024-01-01T00:00:00Z --until 2026-01-01T00:00:00Z --actions actions.jsonl"
)]
pub(crate) struct Args {
    /// How many customers are known at the beginning; some more join over the years
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    pub(crate) customers: u32,
    /// How many years of events
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) years: u32,
    /// The same seed gives the same shop
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first day
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2024-01-01")]
    pub(crate) from: NaiveDate,
    /// The folder for customers.jsonl and events.jsonl
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Lines of customers.jsonl.
    pub(crate) customers: u32,
    /// Those who join by an event.
    pub(crate) newcomers: u32,
    /// Lines of events.jsonl.
    pub(crate) events: u64,
    /// The first day.
    pub(crate) from: NaiveDate,
    /// The day after the last.
    pub(crate) until: NaiveDate,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            customers,
            newcomers,
            events,
            from,
            until,
        } = self;
        write!(
            f,
            "{customers} customers, {newcomers} newcomers, {events} events from {from} to {until}"
        )
    }
}

/// Makes the files.
///
/// # Errors
/// If a file can't be written.
pub(crate) fn run(args: &Args) -> Result<Summary> {
    fs::create_dir_all(&args.out)
        .with_context(|| format!("can't make the folder {}", args.out.display()))?;
    let until = args
        .from
        .with_year(args.from.year() + args.years as i32)
        .unwrap_or(args.from + Days::new(366));
    let period = Period {
        from: day_number(args.from),
        until: day_number(until),
        season: Season::new(args.from - Days::new(PAST as u64 + 1), until),
    };
    let newcomers = (f64::from(args.customers) * GROWTH * f64::from(args.years)) as u32;
    let bar = ProgressBar::new(u64::from(args.customers + newcomers));
    let buckets = live(args, &period, newcomers, &bar)?;
    let events = write_events(args, &period, buckets, &bar)?;
    bar.finish_and_clear();
    Ok(Summary {
        customers: args.customers,
        newcomers,
        events,
        from: args.from,
        until,
    })
}

fn create(folder: &Path, name: &str) -> Result<BufWriter<File>> {
    let path = folder.join(name);
    let file = File::create(&path).with_context(|| format!("can't write {}", path.display()))?;
    Ok(BufWriter::with_capacity(BUFFER, file))
}

/// Each customer's whole life, one after the other; their events are sorted afterwards.
fn live(args: &Args, period: &Period, newcomers: u32, bar: &ProgressBar) -> Result<Buckets> {
    let mut customers = create(&args.out, "customers.jsonl")?;
    let seconds =
        u32::try_from((period.until - period.from) * DAY).context("that is too many years")?;
    let mut buckets = Buckets::new(&args.out.join(".sorting"), seconds)?;
    let mut events = Vec::new();
    for number in 1..=args.customers + newcomers {
        let person = Person::of(args.seed, number);
        let newcomer = number > args.customers;
        let past = Life::live(&person, period, newcomer, &mut events);
        if !newcomer {
            line::customer(&mut customers, &person, &past)?;
        }
        for record in events.drain(..) {
            buckets.add(&record)?;
        }
        if u64::from(number) % TICK == 0 {
            bar.set_position(number.into());
        }
    }
    customers
        .into_inner()
        .context("can't write customers.jsonl")?;
    Ok(buckets)
}

fn write_events(args: &Args, period: &Period, buckets: Buckets, bar: &ProgressBar) -> Result<u64> {
    let mut lines = Lines::new(create(&args.out, "events.jsonl")?, args.seed, period.from);
    bar.reset();
    bar.set_length((period.until - period.from) as u64);
    buckets.sorted(|record| {
        if lines.written % TICK == 0 {
            bar.set_position(u64::from(record.at) / DAY as u64);
        }
        lines.event(record)
    })?;
    lines.finish().context("can't write events.jsonl")
}

#[cfg(test)]
mod tests;
