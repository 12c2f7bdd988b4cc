//! `kurant status`: what runs, what is late, what waits. It only reads, also beside a running `run`.

mod show;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use kurant_engine::calendar::{Instant, MINUTE};
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::{Definitions, Status as Standing, Undeclared};
use kurant_engine::id::Key;
use kurant_engine::paused::Paused;
use kurant_runner::source::{files, waiting};
use kurant_runner::{KeptSince, Steering, Strange};
use kurant_store::{OutboxState, Share, Store, Waiting, Worker};

use crate::embedded::{self, Source, failure, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::kinds;

/// How many customers who are late are counted.
const MOST_LATE: usize = 10_000;
/// The stretches that rates are taken over, in minutes.
const STRETCHES: [i64; 3] = [1, 5, 15];

/// Arguments of `kurant status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant status            what runs, who is inside, what is late, what waits\n  \
    kurant status --json     the same for a program")]
pub(crate) struct Args {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// How things stand.
struct Status {
    now: Instant,
    workers: Vec<Worker>,
    journeys: Vec<Journey>,
    /// What is held back, by whom and since when.
    paused: Paused,
    /// Timers that are due and not worked off.
    late: Option<Late>,
    /// Date, inactivity and schedule triggers are worked off up to here.
    triggers: Option<Instant>,
    intake: Intake,
    /// What must leave, by its way out and how it stands.
    outbox: Vec<Waiting>,
    /// When the earliest command that waits was due.
    oldest: Option<Instant>,
    dead_letters: u64,
    /// Names that no schema declares, as they came in with events, each with what it means and what was probably meant.
    undeclared: Vec<String>,
    /// The same for programs.
    undeclared_names: Vec<(Undeclared, u64)>,
    /// Customers made by events about somebody unknown.
    strangers: u64,
    /// What is forgotten after a while, and since when it is kept.
    kept: Vec<KeptSince>,
    /// How much was done in the last minutes: minutes, lines.
    rates: Vec<(i64, u64)>,
}

/// A journey and those inside it.
struct Journey {
    id: String,
    standing: &'static str,
    inside: u64,
    /// How many stand at each step.
    steps: BTreeMap<String, u64>,
}

/// What should have been done by now.
struct Late {
    since: Instant,
    customers: usize,
}

/// What sources hold.
enum Intake {
    Files(usize),
    Messages(u64),
    Unknown(String),
}

/// Says how things stand.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (status, zone) = embedded::runtime()?.block_on(async {
        let (store, definitions) = in_force::to_look(folder).await?;
        let zone = definitions.workspace.timezone;
        Ok::<_, Error>((status(folder, &*store, &definitions).await?, zone))
    })?;
    if args.json {
        writeln!(io::stdout(), "{:#}", show::object(&status))?;
    } else {
        write!(io::stdout(), "{}", show::text(&status, zone))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(
    folder: &Path,
    store: &dyn Store,
    definitions: &Definitions,
) -> Result<Status, Error> {
    let now = embedded::present(store).await?;
    let due = store.due(now, MOST_LATE, Share::ALL).await;
    let due = due.map_err(unreadable)?;
    let late = due.first().map(|(since, _)| Late {
        since: *since,
        customers: due.len(),
    });
    let strange = Strange::of(store).await.map_err(unreadable)?;
    let schema = &definitions.schema;
    let undeclared_names: Vec<_> = strange.names(schema).cloned().collect();
    let pending = store.outbox(OutboxState::Pending, Instant::MAX, 1).await;
    let oldest = pending.map_err(unreadable)?.first().map(|row| row.due);
    let workspace = &definitions.workspace;
    let (retention, zone) = (workspace.settings.retention, workspace.timezone);
    let kept = KeptSince::all(store, retention, zone, now).await;
    Ok(Status {
        now,
        kept: kept.map_err(unreadable)?,
        workers: store.workers().await.map_err(unreadable)?,
        journeys: journeys(store, definitions).await?,
        paused: Steering::on(store).paused().await.map_err(failure)?,
        late,
        triggers: embedded::triggers_place(store).await?,
        intake: intake(folder, definitions).await,
        outbox: store.waiting().await.map_err(unreadable)?,
        oldest,
        undeclared: kinds::all(&undeclared_names, schema),
        undeclared_names,
        strangers: strange.customers,
        dead_letters: store.letters().await.map_err(unreadable)?,
        rates: rates(store, now).await?,
    })
}

/// Every journey of the workspace, and those that people are still inside of.
async fn journeys(store: &dyn Store, definitions: &Definitions) -> Result<Vec<Journey>, Error> {
    let pinned = store.pinned().await.map_err(unreadable)?;
    let catalog = Catalog::load(definitions, &pinned, Acting::Live).ok();
    let name = |version: Key, node: Option<u32>| {
        let node = catalog.as_ref()?.version(version)?.program.node(node?)?;
        Some(node.name.to_string())
    };
    let mut journeys: BTreeMap<String, Journey> = BTreeMap::new();
    for version in &definitions.journeys {
        let own = journey(&version.journey.id, standing(version.journey.status));
        journeys.insert(own.id.clone(), own);
    }
    for row in store.inside().await.map_err(unreadable)? {
        let own = journeys
            .entry(row.journey.clone())
            .or_insert_with(|| journey(&row.journey, "gone"));
        own.inside += row.count;
        let step = name(row.version, row.node).unwrap_or_else(|| "-".to_owned());
        *own.steps.entry(step).or_default() += row.count;
    }
    Ok(journeys.into_values().collect())
}

fn journey(id: &str, standing: &'static str) -> Journey {
    Journey {
        id: id.to_owned(),
        standing,
        inside: 0,
        steps: BTreeMap::new(),
    }
}

fn standing(status: Standing) -> &'static str {
    match status {
        Standing::Draft => "draft",
        Standing::Live => "live",
        Standing::Retired => "retired",
    }
}

/// What waits to be taken in.
async fn intake(folder: &Path, definitions: &Definitions) -> Intake {
    match embedded::source(folder, definitions) {
        Ok(Source::Inbox(inbox)) => {
            // A folder that is not there yet holds nothing.
            Intake::Files(files(&inbox).map_or(0, |files| files.len()))
        }
        Ok(Source::Rabbit { url, exchange }) => match waiting(&url, exchange).await {
            Ok(count) => Intake::Messages(count),
            Err(error) => Intake::Unknown(error.to_string()),
        },
        Err(error) => Intake::Unknown(error.to_string()),
    }
}

/// How many actions were logged in the last minutes.
async fn rates(store: &dyn Store, now: Instant) -> Result<Vec<(i64, u64)>, Error> {
    let mut rates = Vec::new();
    for minutes in STRETCHES {
        let from = store.log_place(now.plus_millis(-minutes * MINUTE));
        let done = store.done(from.await.map_err(unreadable)?);
        rates.push((minutes, done.await.map_err(unreadable)?));
    }
    Ok(rates)
}
