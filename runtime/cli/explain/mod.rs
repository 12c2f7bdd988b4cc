//! `kurant explain`: why a customer gets, or doesn't get, what a journey sends. It only reads, also beside a running `run`.

mod short;
mod show;

use std::io::{self, Write as _};
use std::process::ExitCode;

use kurant_engine::action::Action;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::input::Trace;
use kurant_engine::process::{Explanation, explain};
use kurant_runner::{Clock, LIVE, Steering};
use kurant_store::{Entry, Kept, Stored};

use crate::came_back::CameBack;
use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;
use crate::hand_over::HandOvers;
use crate::in_force;
use crate::moment::moment;
use crate::workspace;

/// How many lines of the execution log are looked through.
const LOG_LIMIT: usize = 10_000;

/// Arguments of `kurant explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant explain --customer c42                       every journey in a line or two\n  \
    kurant explain --customer c42 --journey welcome     one journey, gate by gate\n  \
    kurant explain --customer c42 --journey welcome --at 2026-11-22T09:00:00+02:00\n  \
    kurant explain --customer c42 --journey welcome --at 2026-11-22\n  \
    kurant explain --customer c42 --journey welcome --format json\n\n\
    Gates are judged with what is known of the customer now, as if a trigger fired at that moment.\n\
    Below them stands what really happened, from the execution log.")]
pub(crate) struct Args {
    /// Whom
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Which journey; all of them, in short, unless told
    #[arg(long, value_name = "ID")]
    journey: Option<String>,
    /// When: an instant, or a day on the workspace's clock; now unless told
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Who reads it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Who reads the explanation.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    /// People
    Text,
    /// Programs
    Json,
}

/// What the log knows of the customer and a journey, latest first.
struct Past<'p> {
    /// When the first of the journey's date and inactivity triggers went live, if one has.
    live_since: Option<Instant>,
    actions: Vec<&'p Action>,
    traces: Vec<&'p Trace>,
    hand_overs: &'p HandOvers,
    came_back: &'p CameBack,
}

/// All that is asked, and what the answers are made of.
struct Asked<'a> {
    catalog: &'a Catalog,
    stored: &'a Stored,
    entries: &'a [Entry],
    hand_overs: &'a HandOvers,
    came_back: &'a CameBack,
    at: Instant,
    zone: Zone,
    /// When date and inactivity triggers went live, by `JOURNEY/NUMBER`.
    live: &'a [(String, Instant)],
}

/// Explains on standard output.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(answer(folder, args))
}

async fn answer(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let at = match &args.at {
        Some(text) => moment("--at", text, definitions.workspace.timezone)?,
        None => Clock::real().now(),
    };
    let pinned = store.pinned().await.map_err(embedded::unreadable)?;
    let mut catalog = Catalog::load(&definitions, &pinned, Acting::Live)
        .map_err(|error| Error::failure(error.to_string()))?;
    let paused = Steering::on(&*store).paused().await;
    catalog.set_paused(paused.map_err(embedded::failure)?);
    // With the events that conditions look back on.
    let kept = Kept::of(catalog.needs(), at);
    let stored = embedded::customer(&*store, &args.customer, &kept).await?;
    let entries = store.latest(&args.customer, LOG_LIMIT).await;
    let entries = entries.map_err(embedded::unreadable)?;
    let hand_overs = HandOvers::of(
        &*store,
        entries.iter().flat_map(|entry| &entry.actions),
        entries.iter().rev().flat_map(|entry| &entry.traces),
    );
    let live = store.marks(LIVE).await.map_err(embedded::unreadable)?;
    let live = live
        .iter()
        .filter_map(|(name, at)| Some((name.strip_prefix(LIVE)?.to_owned(), at.parse().ok()?)));
    let live: Vec<(String, Instant)> = live.collect();
    let asked = Asked {
        catalog: &catalog,
        stored: &stored,
        entries: &entries,
        hand_overs: &hand_overs.await.map_err(embedded::unreadable)?,
        came_back: &CameBack::of(entries.iter().flat_map(|entry| &entry.traces)),
        at,
        zone: catalog.zone(&stored.person),
        live: &live,
    };
    let text = match &args.journey {
        Some(journey) => asked.one(journey, args.format)?,
        None => asked.all(args.format),
    };
    write!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

impl Asked<'_> {
    /// Why, or why not, for one journey.
    fn one(&self, journey: &str, format: Format) -> Result<String, Error> {
        let past = self.past(journey);
        let (catalog, customer) = (self.catalog, &self.stored.person.customer.id);
        let explanation = explain(catalog, &self.stored.person, journey, self.at).or_else(|| {
            let was_inside = !past.actions.is_empty();
            was_inside.then(|| Explanation::of_old(customer, journey, self.at))
        });
        let Some(explanation) = explanation else {
            let known: Vec<&str> = catalog.journeys().iter().map(|own| &*own.id).collect();
            return Err(Error::usage(format!("there is no journey `{journey}`"))
                .hint(workspace::likely(journey, &known)));
        };
        Ok(match format {
            Format::Text => show::told(&explanation, &past, catalog.journey(journey), self.zone),
            Format::Json => format!("{:#}\n", show::machine(&explanation, &past)),
        })
    }

    /// Every journey's answer in short.
    fn all(&self, format: Format) -> String {
        let person = &self.stored.person;
        let current = self.catalog.journeys().iter().map(|own| &*own.id);
        let mut journeys: Vec<&str> = current.collect();
        for own in &person.enrollments {
            if !own.is_through() && !journeys.contains(&&*own.journey) {
                journeys.push(&own.journey);
            }
        }
        journeys.sort_unstable();
        let answers = journeys.iter().filter_map(|journey| {
            let explanation = explain(self.catalog, person, journey, self.at)?;
            Some((explanation, self.past(journey)))
        });
        match format {
            Format::Text => {
                let head = show::head(&person.customer.id, None, self.at, self.zone);
                let lines =
                    answers.map(|(explanation, past)| short::line(&explanation, &past, self.zone));
                head + &lines.collect::<String>()
            }
            Format::Json => {
                let answers = answers.map(|(own, past)| show::machine(&own, &past));
                format!("{:#}\n", serde_json::Value::Array(answers.collect()))
            }
        }
    }

    /// What was done and what happened in a journey.
    fn past(&self, journey: &str) -> Past<'_> {
        let actions = self.entries.iter().flat_map(|own| own.actions.iter().rev());
        let traces = self.entries.iter().flat_map(|own| own.traces.iter().rev());
        let concerns = |own: &&Trace| own.journey.as_deref().is_none_or(|own| own == journey);
        let live = self.live.iter().filter(|(name, _)| {
            let own = name.rsplit_once('/');
            own.is_some_and(|(own, _)| own == journey)
        });
        Past {
            live_since: live.map(|(_, at)| *at).min(),
            actions: actions.filter(|own| *own.journey == *journey).collect(),
            traces: traces.filter(concerns).collect(),
            hand_overs: self.hand_overs,
            came_back: self.came_back,
        }
    }
}
