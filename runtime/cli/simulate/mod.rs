//! `kurant simulate`: a history played through the journeys on a virtual clock.
//!
//! Customers are dealt to a fixed number of worlds by a hash of their id, each with a catalog of its own; threads work the
//! worlds off side by side, and what they did is merged by instant and customer. So the result does not depend on the number
//! of threads, and memory does not grow with the number of actions.

mod came;
mod coupons;
mod deal;
mod events;
mod goals;
mod input;
mod lines;
mod parallel;
mod people;
mod refused;
mod shard;
mod summary;
mod table;
mod told;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::codes::{self, STRIPES, stripe_of};
use kurant_engine::definition::{Definitions, Step, Verb};
use kurant_engine::world::World;

use self::came::Played;
use self::coupons::Pools;
use self::events::{Out, Play};
use self::input::Input;
use self::refused::Refused;
use self::shard::Shard;
use crate::error::Error;
use crate::folder::Folder;
use crate::import::sheet::{Mapping, is_csv};
use crate::moment::moment;
use crate::workspace;

/// How many worlds customers are dealt to. Fixed, so that choices that depend on who came before (`assign`) are the same on
/// every machine; and by the stripes of coupon codes, so that codes are those that `run` gives.
const SHARDS: usize = STRIPES;
/// Where a pattern has no more codes than this, all customers live in one world: they may be all given, and who goes without
/// depends on everybody.
const FEW_CODES: u64 = 100_000;
/// Memory before the actions file is written to, in bytes.
const BUFFER: usize = 1 << 20;

/// Arguments of `kurant simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant simulate --customers customers.jsonl --events events.jsonl \\\n    \
    --from 2025-01-01 --until 2026-01-01 --actions actions.jsonl\n  \
    zcat events.jsonl.gz | kurant simulate --customers customers.csv --events - \\\n    \
    --from 2025-01-01T00:00:00Z --until 2026-01-01T00:00:00Z --actions - | grep '\"action\":\"send\"'\n\n\
    Customers: one JSON object a line with `id` and attributes, or CSV with a header.\n\
    Events: CloudEvents 1.0 JSON, one a line, or CSV with the columns id, source, type, subject, time and those of data.\n\
    They may stand in any order. Those before --from only change profiles. Drafts act as if they were live.")]
pub(crate) struct Args {
    /// Who is known before --from: JSON Lines or .csv, `-` is standard input
    #[arg(long, value_name = "FILE")]
    customers: Option<PathBuf>,
    /// What happened: JSON Lines or .csv, `-` is standard input
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// What the columns of a .csv are called here, as for `kurant import`; for the file of the two that is one, and given twice,
    /// customers first, where both are
    #[arg(long, value_name = "FILE")]
    columns: Vec<PathBuf>,
    /// Where the clock starts: an instant, or a day on the workspace's clock
    #[arg(long, value_name = "TIME")]
    from: String,
    /// Where it stops; this instant does not belong to the run
    #[arg(long, value_name = "TIME")]
    until: String,
    /// Where the actions go, one JSON object a line; `-` is standard output. Without it only the summary is shown
    #[arg(long, value_name = "OUT.jsonl")]
    actions: Option<PathBuf>,
    /// Only these journeys run
    #[arg(long = "journey", value_name = "ID")]
    journeys: Vec<String>,
    /// How many codes a coupon pool has, to be told when it would run dry; without it only how many are asked for. It may be given
    /// for several pools, and changes no action
    #[arg(long, value_name = "POOL=NUMBER")]
    coupons: Vec<String>,
    /// Taken for the sake of scripts: nothing is drawn at random, every seed gives the same actions
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// The part of the time line that is played.
#[derive(Debug, Clone, Copy)]
struct Period {
    from: Instant,
    until: Instant,
}

/// Plays the history; actions go where they are asked for, the summary to standard error.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let both = [&args.customers, &args.events].map(|path| path.as_deref() == Some(Path::new("-")));
    if both == [true, true] {
        return Err(Error::usage(
            "only one of --customers and --events can be standard input",
        ));
    }
    let (mut definitions, _) = workspace::definitions(folder)?;
    // Nothing leaves: what is asked is who would get what.
    definitions.workspace.deliver_only = None;
    let zone = definitions.workspace.timezone;
    let period = Period {
        from: moment("--from", &args.from, zone)?,
        until: moment("--until", &args.until, zone)?,
    };
    if period.until <= period.from {
        return Err(Error::usage("--until must be later than --from"));
    }
    select(&mut definitions, &args.journeys)?;
    let pools = Pools::of(&definitions, &args.coupons)?;
    let mut shards = shards(&definitions, period)?;
    let mut refused = Refused::default();
    let guard = definitions.workspace.guard;
    let schema = Arc::new(definitions.schema.clone());
    let [of_people, of_events] = mappings(args)?;
    if let Some(path) = &args.customers {
        people::load(path, &schema, &mut shards, &mut refused, &of_people, zone)?;
    }
    let events = args.events.as_ref();
    let events = events.map(|path| Input::events(path, &schema, &of_events, zone, &mut refused));
    let events = events.transpose()?;
    let out = output(args.actions.as_deref())?;
    let journeys = definitions.journeys.iter();
    let journeys = journeys
        .map(|version| Played::new(&version.journey))
        .collect();
    let play = Play::new(schema, guard, period, shards, refused, journeys, out);
    let mut play = play.looking_at(pools);
    play.run(events)?;
    play.tell(zone);
    let code = ExitCode::from(u8::from(play.is_in_vain()));
    // The process ends here: taking millions of customers apart first would be a waste.
    std::mem::forget(play);
    Ok(code)
}

/// What is said of the columns of customers, and of those of events.
fn mappings(args: &Args) -> Result<[Mapping; 2], Error> {
    let is_csv = [&args.customers, &args.events].map(|path| path.as_deref().is_some_and(is_csv));
    let [first, second] = [0, 1].map(|place| args.columns.get(place).map(PathBuf::as_path));
    let named = match is_csv {
        [true, true] => [first, second],
        [true, false] => [first, None],
        [false, true] => [None, first],
        [false, false] => [None, None],
    };
    let told = named.iter().flatten().count();
    if told < args.columns.len() {
        return Err(Error::usage("--columns is for .csv files, one for each"));
    }
    let [people, events] = named;
    Ok([Mapping::read(people)?, Mapping::read(events)?])
}

/// Leaves only the journeys that were asked for.
fn select(definitions: &mut Definitions, journeys: &[String]) -> Result<(), Error> {
    let known: Vec<&str> = definitions
        .journeys
        .iter()
        .map(|version| version.journey.id.as_str())
        .collect();
    if let Some(unknown) = journeys.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Error::usage(format!("there is no journey `{unknown}`"))
            .hint(workspace::likely(unknown, &known)));
    }
    if !journeys.is_empty() {
        definitions
            .journeys
            .retain(|version| journeys.contains(&version.journey.id));
    }
    Ok(())
}

fn shards(definitions: &Definitions, period: Period) -> Result<Vec<Shard>, Error> {
    let count = if has_few_codes(definitions) {
        1
    } else {
        SHARDS
    };
    let mut shards = Vec::with_capacity(count);
    for _ in 0..count {
        let catalog = Catalog::load(definitions, &[], Acting::Rehearsal)
            .map_err(|error| Error::failure(format!("the workspace can't be run: {error}")))?;
        let catalog = catalog.with_trace(false).without_commands();
        let mut world = World::new(catalog, period.from).without_dedupe();
        if count > 1 {
            world = world.one_of_several();
        }
        shards.push(Shard::new(world, period.from));
    }
    Ok(shards)
}

/// Whether a step gives codes of which there are few.
fn has_few_codes(definitions: &Definitions) -> bool {
    fn any(steps: &[Step]) -> bool {
        steps.iter().any(|step| match &step.verb {
            Verb::Coupon(coupon) => codes::size(&coupon.codes) <= FEW_CODES,
            verb => verb.blocks().into_iter().any(any),
        })
    }
    let mut journeys = definitions.journeys.iter();
    journeys.any(|version| any(&version.journey.steps))
}

/// Where the actions go.
fn output(path: Option<&Path>) -> Result<Out, Error> {
    let Some(path) = path else {
        return Ok(Box::new(io::sink()));
    };
    if path == Path::new("-") {
        return Ok(Box::new(BufWriter::with_capacity(BUFFER, io::stdout())));
    }
    let file = File::create(path)
        .map_err(|error| Error::failure(format!("can't write {}: {error}", path.display())))?;
    Ok(Box::new(BufWriter::with_capacity(BUFFER, file)))
}

/// Which of so many worlds a customer lives in.
fn shard_of(customer: &str, worlds: usize) -> usize {
    if worlds == 1 { 0 } else { stripe_of(customer) }
}
