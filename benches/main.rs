//! What the product does on the machine it runs on. One command: `cargo bench`; `cargo bench -- --help` says what else.
//!
//! Figures of two machines, or of two moments, are not comparable. Beside each figure stands, if `--floor PROGRAM` is given,
//! what a program without any of our work reaches in the same run, and the ratio.

mod broker;
mod condition;
mod cores;
mod drain;
mod figures;
mod floor;
mod folder;
mod latency;
mod live;
mod pipeline;
mod play;
mod process;
mod site;
mod sleepers;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use figures::Figures;

/// What to measure, from the command line.
pub(crate) struct Options {
    /// One of [`WHAT`]; none = all.
    what: Option<String>,
    /// How many customers are made up.
    customers: u64,
    /// How many customers there are beside those whose timers come due.
    sleepers: u64,
    /// How many years of events are made up.
    years: u32,
    /// How often each figure is measured; the median counts.
    runs: usize,
    /// A program that measures what the machine can do.
    floor: Option<PathBuf>,
    /// A PostgreSQL database to measure on.
    postgres: Option<String>,
    /// A RabbitMQ broker to measure on.
    rabbitmq: Option<String>,
    /// How many workers share the work.
    workers: usize,
    /// How many events are published a second.
    rate: u64,
    /// For how many seconds.
    seconds: u64,
    /// How many events were taken in before.
    seen: u64,
    /// Whether a transaction stays open all the time.
    snapshot: bool,
    /// A folder with `customers.jsonl` and `events.jsonl` to play instead of a made-up history.
    data: Option<PathBuf>,
}

/// Measures something.
type Measure = fn(&Options, &mut Figures) -> Result<(), String>;

/// All that can be measured.
const WHAT: [(&str, Measure); 8] = [
    ("condition", condition::measure),
    ("simulate", play::simulate),
    ("run", live::measure),
    ("sleepers", sleepers::measure),
    ("store", store::measure),
    ("pipeline", pipeline::measure),
    ("drain", drain::measure),
    ("latency", latency::measure),
];
/// What needs servers, and is left out where all is asked for and they are not named.
const ON_SERVERS: [&str; 3] = ["pipeline", "drain", "latency"];

const HELP: &str = "\
Usage: cargo bench -- [condition|simulate|run|sleepers|store|pipeline|drain|latency] [OPTIONS]

  --customers N    customers that are made up (default 20000)
  --sleepers N     customers whom nothing happens to, for `sleepers` and `drain` (default 1000000)
  --years Y        years of events that are made up (default 3)
  --runs N         runs of each figure, of which the median counts (default 3)
  --data DIR       play DIR/customers.jsonl and DIR/events.jsonl instead
  --postgres URL   also measure on this database, in schemas of their own
  --rabbitmq URL   and on this broker, for `pipeline`, `drain` and `latency`
  --workers N      workers of these three (default 4)
  --rate N         events published a second, for `latency` (default 4000)
  --seconds N      for so long (default 30)
  --seen N         after so many other events were taken in (default 0)
  --snapshot       while somebody looks at the database as it was all the time
  --floor PROGRAM  a program that measures what the machine can do, run in the same minute";

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let mut figures = Figures::default();
    let wanted = |name: &str| options.what.as_deref().is_none_or(|what| what == name);
    for (name, measure) in WHAT {
        let is_servers = ON_SERVERS.contains(&name) && options.what.is_none();
        if is_servers && (options.postgres.is_none() || options.rabbitmq.is_none()) {
            continue;
        }
        if wanted(name)
            && let Err(error) = measure(&options, &mut figures)
        {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    figures.print();
    ExitCode::SUCCESS
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        what: None,
        customers: 20_000,
        sleepers: 1_000_000,
        years: 3,
        runs: 3,
        floor: None,
        data: None,
        postgres: None,
        rabbitmq: None,
        workers: 4,
        rate: 4_000,
        seconds: 30,
        seen: 0,
        snapshot: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            // What `cargo bench` adds of itself.
            "--bench" => {}
            "--help" | "-h" => return Ok(None),
            "--customers" => options.customers = number(&value()?)?,
            "--sleepers" => options.sleepers = number(&value()?)?,
            "--years" => options.years = number(&value()?)?,
            "--runs" => options.runs = number(&value()?)?,
            "--floor" => options.floor = Some(value()?.into()),
            "--rabbitmq" => options.rabbitmq = Some(value()?),
            "--workers" => options.workers = number(&value()?)?,
            "--rate" => options.rate = number(&value()?)?,
            "--seconds" => options.seconds = number(&value()?)?,
            "--seen" => options.seen = number(&value()?)?,
            "--snapshot" => options.snapshot = true,
            "--postgres" => options.postgres = Some(value()?),
            "--data" => options.data = Some(value()?.into()),
            what if WHAT.iter().any(|(name, _)| *name == what) => options.what = Some(argument),
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(Some(options))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}
