//! What the product does on the machine it runs on. One command: `cargo bench`; `cargo bench -- --help` says what else.
//!
//! Figures of two machines, or of two moments, are not comparable. Beside each figure stands, if `--floor PROGRAM` is given,
//! what a program without any of our work reaches in the same run, and the ratio.

mod broker;
mod condition;
mod figures;
mod floor;
mod folder;
mod live;
mod pipeline;
mod play;
mod process;
mod sleepers;
mod store;

use std::path::PathBuf;
use std::process::ExitCode;

use figures::Figures;

/// What to measure, from the command line.
pub(crate) struct Options {
    /// `condition`, `simulate`, `run`, `sleepers`, `store`, `pipeline`; none = all.
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
    /// A folder with `customers.jsonl` and `events.jsonl` to play instead of a made-up history.
    data: Option<PathBuf>,
}

const HELP: &str = "\
Usage: cargo bench -- [condition|simulate|run|sleepers|store|pipeline] [OPTIONS]

  --customers N    customers that are made up (default 20000)
  --sleepers N     customers whom nothing happens to, for `sleepers` (default 1000000)
  --years Y        years of events that are made up (default 3)
  --runs N         runs of each figure, of which the median counts (default 3)
  --data DIR       play DIR/customers.jsonl and DIR/events.jsonl instead
  --postgres URL   also measure on this database, in schemas of their own
  --rabbitmq URL   and on this broker, for `pipeline`
  --workers N      workers of `pipeline` (default 4)
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
    let measured = [
        (
            "condition",
            condition::measure as fn(&Options, &mut Figures) -> Result<(), String>,
        ),
        ("simulate", play::simulate),
        ("run", live::measure),
        ("sleepers", sleepers::measure),
        ("store", store::measure),
        ("pipeline", pipeline::measure),
    ];
    for (name, measure) in measured {
        let is_servers = name == "pipeline" && options.what.is_none();
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
            "--postgres" => options.postgres = Some(value()?),
            "--data" => options.data = Some(value()?.into()),
            "condition" | "simulate" | "run" | "sleepers" | "store" | "pipeline" => {
                options.what = Some(argument);
            }
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(Some(options))
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}
