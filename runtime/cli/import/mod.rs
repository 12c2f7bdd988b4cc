//! `kurant import`: loads what was before. It starts nothing, can be stopped and run again, and the same file twice changes
//! nothing.

mod cells;
pub(crate) mod customers;
pub(crate) mod events;
mod lines;
pub(crate) mod rows;
mod sends;
pub(crate) mod sheet;
mod undeclared;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use kurant_engine::action::Action;
use kurant_engine::calendar::{Instant, first_instant_of, parse_date};
use kurant_engine::definition::Definitions;
use kurant_engine::map::Map;
use kurant_runner::source::RefusedLine;
use kurant_runner::{Audience, Clock, Purpose, Runner};

use self::sheet::Mapping;
use self::undeclared::Undeclared;
use crate::embedded::{self, failure};
use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::refused::Refused;
use crate::restore::Beside;
use crate::workspace;

/// How many lines from the beginning may be refused without a single good one among them.
const HOPELESS: u64 = 1_000;

/// Arguments of `kurant import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant import customers customers.jsonl    who there is: one object a line, or .csv with a header\n  \
    kurant import customers base.csv --as-of 2026-11-01 --columns columns.yaml\n  \
    kurant import events events.jsonl          what happened: CloudEvents, one a line, or .csv\n  \
    kurant import sends sends.jsonl            what was sent elsewhere: {\"customer\",\"at\",\"channel\",\"category\"}\n\n\
    Nothing starts: no trigger fires. An attribute that is absent or empty stays, null removes it. The good lines are\n\
    taken; the others are named, stand in .kurant/rejected/ with the reason, and make the exit code 1.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// The store was restored from a copy: hold what was open in it, and what was due by now; `kurant held` decides about it
    #[arg(long, global = true)]
    after_restore: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Who there is
    Customers {
        #[command(flatten)]
        source: Source,
        /// The attributes hold every event up to then already: `profile.yaml` passes over those
        #[arg(long, value_name = "T")]
        as_of: Option<String>,
    },
    /// What happened
    Events {
        #[command(flatten)]
        source: Source,
    },
    /// What was sent from elsewhere, so that it counts for frequency caps and occasions
    Sends {
        #[command(flatten)]
        source: Source,
    },
}

/// Where it stands.
#[derive(Debug, clap::Args)]
struct Source {
    /// JSON Lines, or .csv with a header
    file: PathBuf,
    /// What the columns of a .csv are called here: `columns: { COLUMN: name }`, `values: { name: VALUE }` for every row, and how
    /// it writes days, numbers and yes and no: `dates: DD.MM.YYYY`, `decimal: ","`, `yes: [yes, 1]`, `no: [no, 0]`
    #[arg(long, value_name = "FILE")]
    columns: Option<PathBuf>,
}

/// What was met on the way.
struct Met {
    refused: Refused,
    undeclared: Undeclared,
    taken: u64,
    /// Whether days, or words for yes and no, are written otherwise than they are read.
    days: bool,
    words: bool,
    /// How the file writes days, if that was said.
    dates: Option<String>,
    /// Whether a number could be read in two ways, or in none.
    numbers: bool,
}

impl Met {
    /// Notes a customer who is taken.
    fn customer(&mut self, attributes: &Map, line: u64) {
        self.undeclared.customer(attributes, line);
        self.taken += 1;
    }

    /// Notes a line that is not taken, and what would help.
    fn note(&mut self, line: &RefusedLine) {
        let says = |part| line.message.contains(part);
        if let (Some(dates), Some(field), true) = (&self.dates, &line.field, says("written like")) {
            let message = format!(
                "`{field}` is no day written {dates}: the calendar has no such day, or it is written otherwise"
            );
            self.refused.note(&RefusedLine {
                message,
                ..line.clone()
            });
            return;
        }
        self.days |= says("written like") || says("without a time") || says("without its offset");
        self.words |= says("should be true or false");
        self.numbers |= says("should be a number") || says("should be an integer");
        self.refused.note(line);
    }

    /// Notes a line that is not taken.
    ///
    /// # Errors
    /// When there is no good line among so many: then it is another kind of file.
    fn refuse(&mut self, line: &RefusedLine) -> Result<(), Error> {
        self.note(line);
        if self.taken == 0 && self.refused.count() >= HOPELESS {
            let _ = self.refused.tell();
            return Err(Error::findings(format!(
                "none of the first {HOPELESS} lines could be taken: {}",
                line.message
            )));
        }
        Ok(())
    }
}

/// Whoever hears of lines that the feed can't read.
struct Listener(Arc<Mutex<Met>>);

impl Audience for Listener {
    fn acted(&mut self, _: &[Action]) {}

    fn told(&mut self, line: &str) {
        eprintln!("{line}");
    }

    fn refused(&mut self, line: &RefusedLine) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.note(line);
    }
}

/// Loads the file.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::definitions(folder)?;
    let source = match &args.what {
        What::Customers { source, .. } | What::Events { source } | What::Sends { source } => source,
    };
    sheet::is_text(&source.file)?;
    sheet::no_list(&source.file)?;
    if source.columns.is_some() && !sheet::is_csv(&source.file) {
        return Err(Error::usage("--columns is for .csv files"));
    }
    let met = Arc::new(Mutex::new(Met {
        refused: Refused::of(folder, &source.file),
        undeclared: Undeclared::new(&definitions),
        taken: 0,
        days: false,
        words: false,
        dates: mapping(source)?.dates(),
        numbers: false,
    }));
    let loaded = embedded::runtime()?.block_on(load(folder, args, definitions, &met));
    let mut met = met.lock().unwrap_or_else(PoisonError::into_inner);
    println!("{}", loaded.map_err(broken_off)?);
    met.undeclared.tell();
    met.refused.tell()?;
    advise(args, &met, source);
    Ok(ExitCode::from(u8::from(met.refused.count() > 0)))
}

async fn load(
    folder: &Folder,
    args: &Args,
    definitions: Definitions,
    met: &Arc<Mutex<Met>>,
) -> Result<String, Error> {
    let zone = definitions.workspace.timezone;
    let schema = Arc::new(definitions.schema.clone());
    let clock = Arc::new(Clock::real());
    let as_of = match &args.what {
        What::Customers { as_of, .. } => as_of.as_deref(),
        _ => None,
    };
    let as_of = as_of
        .map(|text| as_of_instant(text, zone, clock.now()))
        .transpose()?;
    let store = embedded::store(folder, &definitions, embedded::Company::Alone).await?;
    environment::claim(&*store, folder, false).await?;
    let beside = Beside::of(folder, &definitions)?;
    beside.look(&*store, args.after_restore).await?;
    let (definitions, _) = in_force::on(&*store, definitions).await?;
    let audience = Box::new(Listener(met.clone()));
    let ways = embedded::ways(folder, &definitions)?;
    let mut runner =
        embedded::runner(definitions, store, clock, ways, audience, Purpose::Import).await?;
    let told = match &args.what {
        What::Customers { source, .. } => {
            customers::load(&mut runner, source, &schema, met, as_of, zone).await?
        }
        What::Events { source } => events::load(&mut runner, source, &schema, met, zone).await?,
        What::Sends { source } => sends::load(&mut runner, source, met, zone).await?,
    };
    runner.end_import().await.map_err(failure)?;
    Ok(told + &passed_over(runner.counts().too_old))
}

/// The store is away, or has no room: what was loaded so far is there.
fn broken_off(error: Error) -> Error {
    match error.is_outage() && error.advice().is_none() {
        true => error.hint(
            "what was loaded so far is kept, whole pages of it; once the store is there and has room, run the same import again: it goes on with the rest",
        ),
        false => error,
    }
}

/// Tells of events that are older than all that is kept.
fn passed_over(too_old: u64) -> String {
    match too_old {
        0 => String::new(),
        count => format!(
            "\n{count} events were passed over: they happened before the time that histories are kept of (`retention.history`), so nobody \
             can tell whether they were taken in before"
        ),
    }
}

/// The moment up to which the attributes hold everything; a day is its first instant on the workspace's clock.
fn as_of_instant(
    text: &str,
    zone: kurant_engine::calendar::Zone,
    now: Instant,
) -> Result<Instant, Error> {
    let at = match parse_date(text) {
        Ok(date) => first_instant_of(date, zone),
        Err(_) => {
            Instant::parse(text).map_err(|error| Error::usage(format!("--as-of: {error}")))?
        }
    };
    if at > now {
        return Err(Error::usage(format!("--as-of {text} lies ahead"))
            .hint("give the moment when the file was made"));
    }
    Ok(at)
}

/// Says what would help: how a mapping tells of days and words, or which other command a file may be for.
fn advise(args: &Args, met: &Met, source: &Source) {
    if sheet::is_csv(&source.file) && met.days {
        eprintln!(
            "hint: say in the file of --columns how days are written, like `dates: DD.MM.YYYY`; a time without an offset, or a \
             day where a time is wanted, is then on the workspace's clock"
        );
    }
    if sheet::is_csv(&source.file) && met.words {
        eprintln!(
            "hint: say in the file of --columns what stands for true and for false: `yes: [yes, 1]`, `no: [no, 0]`"
        );
    }
    if sheet::is_csv(&source.file) && met.numbers {
        eprintln!(
            "hint: say in the file of --columns what stands before the decimals, `decimal: \",\"` or `decimal: \".\"`, where a number \
             like `1,234` could be read in two ways"
        );
    }
    if met.taken > 0 || met.refused.count() == 0 || met.days || met.words {
        return;
    }
    let (file, other) = match &args.what {
        What::Customers { source, .. } => (&source.file, "events"),
        What::Events { source } => (&source.file, "customers"),
        What::Sends { .. } => return,
    };
    eprintln!(
        "hint: is it a file of {other}? `kurant import {other} {}`",
        file.display()
    );
}

/// The mapping that a source names.
fn mapping(source: &Source) -> Result<Mapping, Error> {
    Mapping::read(source.columns.as_deref())
}

/// What was met, for a moment.
fn at<T>(met: &Mutex<Met>, work: impl FnOnce(&mut Met) -> T) -> T {
    work(&mut met.lock().unwrap_or_else(PoisonError::into_inner))
}

/// How a runner takes one page.
async fn finished(runner: &mut Runner) -> Result<(), Error> {
    runner.flush().await.map_err(failure)
}
