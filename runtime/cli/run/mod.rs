//! `kurant run`: the runtime. Intake, timers, dispatch; live, on a faster clock, or through a history in lockstep.

mod doors;
mod halt;
mod live;
mod outage;
mod renew;
mod show;
mod sources;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kurant_engine::calendar::{Duration, HOUR, Instant, Zone, first_instant_of, parse_date};
use kurant_engine::definition::{Definitions, Schema};
use kurant_runner::source::{Feed, Order, Undeclared};
use kurant_runner::{Clock, Purpose, Runner};
use kurant_store::{Batch, Store};
use tokio::sync::watch as signal;

use self::show::Show;
use crate::embedded::{self, failure};
use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::kinds;
use crate::moment::on_clock;
use crate::refused::Refused;
use crate::talk::Talk;

/// How many deliveries wait before a source has to.
const WAITING: usize = 8;
/// How far ahead of the machine's clock a store may be: clocks are set now and then.
const AHEAD: i64 = HOUR;
/// The mark under which the runner keeps how far it has come.
const PLACE: &str = "fired";
/// The mark of a store that a history was played on.
const PLAYED: &str = "played";

/// Arguments of `kurant run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant run                                          live, until Ctrl-C\n  \
    kurant run --time-lapse 1d/s                        a day a second\n  \
    kurant run --feed events.jsonl                      a history, as fast as it goes\n  \
    kurant run --feed events.jsonl --time-lapse 7d/s    a history, a week a second\n\n\
    Events come from files that are dropped into .kurant/inbox, or from RabbitMQ, and from POST /events.\n\
    Messages and CRM commands go to the files in .kurant/outbox. State is in .kurant/state.db: stop it\n\
    any time and start it again, it goes on where it was.")]
pub(crate) struct Args {
    /// A faster clock: so much time a second, like 1d/s or 6h/s
    #[arg(long, value_name = "SPEED")]
    time_lapse: Option<String>,
    /// Play this history in lockstep, then end: CloudEvents, one a line
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Where a virtual clock starts: an instant, or a day on the workspace's clock. Events before it only change profiles
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Where a history that is played stops; this instant does not belong to it
    #[arg(long, value_name = "TIME", requires = "feed")]
    until: Option<String>,
    /// Also write what is done to this file, one JSON object a line
    #[arg(long, value_name = "OUT.jsonl")]
    actions: Option<PathBuf>,
    /// Listen for POST /events here, instead of where the workspace says
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Take in the files that wait in the inbox, work off what is due by now, then end
    #[arg(long, conflicts_with_all = ["feed", "listen"])]
    until_idle: bool,
    /// Take over a store that another environment has worked on
    #[arg(long)]
    adopt: bool,
    /// The store was restored from a copy: hold what was open in it, and what was due by now; `kurant held` decides about it
    #[arg(long, conflicts_with_all = ["feed", "time_lapse"])]
    after_restore: bool,
    /// Show no actions, only what goes wrong
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    talk: Talk,
}

/// Runs until the history is over, or until told to stop.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let definitions = in_force::to_begin_with(folder)?;
    args.talk.begin();
    begin(folder, args, definitions).or_else(|error| args.talk.last_word(error))
}

fn begin(folder: &Folder, args: &Args, definitions: Definitions) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        let stop = stopped()?;
        match &args.feed {
            Some(path) => {
                let store = embedded::store(folder, &definitions, embedded::Company::Alone).await?;
                environment::claim(&*store, folder, args.adopt).await?;
                let (definitions, _) = in_force::on(&*store, definitions).await?;
                play(folder, args, path, definitions, store, stop).await
            }
            None => outage::live_through(folder, args, definitions, stop)
                .await
                .map(|()| ExitCode::SUCCESS),
        }
    })
}

/// Plays a history.
async fn play(
    folder: &Path,
    args: &Args,
    path: &Path,
    definitions: Definitions,
    store: Arc<dyn Store>,
    stop: signal::Receiver<bool>,
) -> Result<ExitCode, Error> {
    let zone = definitions.workspace.timezone;
    let schema: Arc<Schema> = Arc::new(definitions.schema.clone());
    let mut feed = Feed::open(path, schema.clone(), Order::Time).map_err(failure)?;
    let place = place(&*store).await?;
    let asked = |option, text: &Option<String>| {
        let text = text.as_ref();
        text.map(|text| moment(option, text, zone)).transpose()
    };
    let from = asked("--from", &args.from)?.or_else(|| feed.first());
    let last = feed.last().map(|last| last.plus_millis(1));
    // Without an event time may pass all the same, if it is said from when until when.
    let (Some(from), Some(until)) = (from, asked("--until", &args.until)?.or(last)) else {
        let message = "holds no event: say with --from and --until which time is to pass";
        return Err(Error::failure(format!("{} {message}", path.display())));
    };
    let begin = place.unwrap_or_else(|| from.plus_millis(-1));
    let passed_over = place.map_or(0, |place| feed.skip(place));
    let clock = Arc::new(match rate(args)? {
        Some(rate) => Clock::lapse(begin, rate),
        None => Clock::lockstep(begin),
    });
    let show = Show::new(args, zone)?;
    let show = Box::new(show.refusing(Refused::of(folder, path)));
    let (own, purpose) = (clock.clone(), Purpose::Run);
    let ways = embedded::ways(folder, &definitions)?.staying_here();
    note_played(&*store).await?;
    let begun = embedded::runner(definitions, store, own, ways, show, purpose);
    let mut runner = begun.await?.counting(feed.undeclared());
    let (first, last) = (on_clock(from, zone), on_clock(until, zone));
    runner.tell(&format!("playing {} events, {first} to {last}", feed.len()));
    tell_passed_over(&mut runner, passed_over, &on_clock(begin, zone));
    runner
        .play(&mut feed, from, until, &clock, &stop)
        .await
        .map_err(failure)?;
    end(&mut runner, &feed.undeclared(), &schema);
    Ok(ExitCode::from(u8::from(runner.counts().unreadable > 0)))
}

/// Notes that a history was played: whoever runs live here later is told.
async fn note_played(store: &dyn Store) -> Result<(), Error> {
    let batch = Batch {
        marks: vec![(PLAYED.to_owned(), Some(String::new()))],
        ..Batch::default()
    };
    store.commit(batch).await.map_err(embedded::unreadable)
}

/// What whoever runs live on a store should know of the history that was played on it.
async fn tell_of_play(args: &Args, runner: &mut Runner, store: &dyn Store) -> Result<(), Error> {
    let marks = store.marks(PLAYED).await.map_err(embedded::unreadable)?;
    if !marks.is_empty() && args.time_lapse.is_none() {
        runner.tell(
            "warning: a history was played here with --feed: its customers are in this store, and are written to from now on. To begin anew, end this and take `.kurant` away",
        );
    }
    Ok(())
}

/// Why a history that was played before does nothing more.
fn tell_passed_over(runner: &mut Runner, count: usize, place: &str) {
    if count > 0 {
        runner.tell(&format!(
            "{count} of them are passed over: time has gone on to {place} here; to play them again, begin without `.kurant`"
        ));
    }
}

/// What was done, and hints at the types of events, and the fields, that nothing in the workspace knows.
fn end(runner: &mut Runner, undeclared: &Undeclared, schema: &Schema) {
    let counts = runner.counts();
    let strangers = match counts.created {
        0 => String::new(),
        1 => "; 1 customer was made whom nobody had told of before".to_owned(),
        many => format!("; {many} customers were made whom nobody had told of before"),
    };
    runner.tell(&format!(
        "ended: {} events taken in ({} repeated, {} refused), {} actions, {} messages and commands handed over{strangers}",
        counts.taken, counts.repeated, counts.refused, counts.actions, counts.handed_over
    ));
    for line in kinds::all(&undeclared.counts(schema), schema) {
        runner.tell(&format!("hint: {line}"));
    }
}

/// The machine's clock, or a faster one that goes on where it was.
async fn clock(args: &Args, store: &dyn Store, zone: Zone) -> Result<Clock, Error> {
    let Some(rate) = rate(args)? else {
        let clock = Clock::real();
        // Before anything asks it what time it is: it never goes back.
        if let Some(now) = store.now().await.map_err(embedded::unreadable)? {
            clock.correct(now);
        }
        return match place(store).await? {
            Some(place) if place.millis_since(clock.now()) > AHEAD => {
                Err(played_ahead(&on_clock(place, zone)))
            }
            _ => Ok(clock),
        };
    };
    let from = args
        .from
        .as_ref()
        .map(|text| moment("--from", text, zone))
        .transpose()?;
    let from = place(store)
        .await?
        .or(from)
        .unwrap_or_else(|| Clock::real().now());
    Ok(Clock::lapse(from, rate))
}

/// A clock that went faster has been here: until the machine's own gets there, no timer would be due.
fn played_ahead(place: &str) -> Error {
    Error::failure(format!(
        "time has been played ahead here, to {place}; on the machine's own clock nothing would be due until then"
    ))
    .hint("run live in another copy of the folder, or begin anew without `.kurant`; with --time-lapse it goes on from there")
}

/// How far the runner has come.
async fn place(store: &dyn Store) -> Result<Option<Instant>, Error> {
    let marks = store
        .marks(PLACE)
        .await
        .map_err(|error| Error::failure(error.to_string()))?;
    Ok(marks
        .into_iter()
        .find(|(name, _)| name == PLACE)
        .and_then(|(_, text)| text.parse().ok()))
}

/// How many times faster the clock is.
fn rate(args: &Args) -> Result<Option<i64>, Error> {
    let Some(text) = &args.time_lapse else {
        return Ok(None);
    };
    let wrong = || {
        Error::usage(format!(
            "--time-lapse {text}: write how much time passes in a second, like 1d/s or 6h/s"
        ))
    };
    let (span, unit) = text.split_once('/').unwrap_or((text, "s"));
    let millis = Duration::parse(span.trim())
        .map_err(|_| wrong())?
        .at_most_millis();
    let rate = millis / 1_000;
    if unit.trim() == "s" && rate >= 1 {
        Ok(Some(rate))
    } else {
        Err(wrong())
    }
}

/// The instant that was asked for; a day is its first instant on the workspace's clock.
fn moment(option: &str, text: &str, zone: Zone) -> Result<Instant, Error> {
    match parse_date(text) {
        Ok(date) => Ok(first_instant_of(date, zone)),
        Err(_) => Instant::parse(text).map_err(|error| Error::usage(format!("{option}: {error}"))),
    }
}

/// Becomes true when the process is asked to end, by Ctrl-C or SIGTERM.
fn stopped() -> Result<signal::Receiver<bool>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = self::signal::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        sender.send_replace(true);
        // Asked twice, it ends at once: whatever is committed is safe, the rest is done again.
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        std::process::exit(130);
    });
    Ok(receiver)
}
