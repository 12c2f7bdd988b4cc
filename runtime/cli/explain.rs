//! `kurant explain`: why a customer gets, or doesn't get, what a journey sends. It only reads, also beside a running `run`.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use kurant_engine::action::Action;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Acting, Catalog, Loaded};
use kurant_engine::definition::Definitions;
use kurant_engine::id::CustomerId;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_engine::process::{Explanation, Gate, explain};
use kurant_engine::value::Value;
use kurant_runner::{Clock, Steering};
use kurant_store::{Kept, Store, Stored};
use serde_json::json;

use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;
use crate::moment::moment;
use crate::reason;
use crate::workspace;

/// How many lines of the execution log are looked through.
const LOG_LIMIT: usize = 10_000;
/// How many of them are shown.
const SHOWN: usize = 20;

/// Arguments of `kurant explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant explain --customer c42 --journey welcome\n  \
    kurant explain --customer c42 --journey welcome --at 2026-11-22T09:00:00+02:00\n  \
    kurant explain --customer c42 --journey welcome --at 2026-11-22\n  \
    kurant explain --customer c42 --journey welcome --format json\n\n\
    Gates are judged with what is known of the customer now, as if a trigger fired at that moment.\n\
    Below them stands what really happened, from the execution log.")]
pub(crate) struct Args {
    /// Whom
    #[arg(long, value_name = "ID")]
    customer: String,
    /// Which journey
    #[arg(long, value_name = "ID")]
    journey: String,
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

/// What the log knows of the customer and the journey.
struct Past {
    actions: Vec<Action>,
    traces: Vec<Trace>,
}

/// Explains on standard output.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let (definitions, _) = workspace::whole(folder)?;
    let at = match &args.at {
        Some(text) => moment("--at", text, definitions.workspace.timezone)?,
        None => Clock::real().now(),
    };
    embedded::runtime()?.block_on(answer(folder, args, definitions, at))
}

async fn answer(
    folder: &Path,
    args: &Args,
    definitions: Definitions,
    at: Instant,
) -> Result<ExitCode, Error> {
    let store = embedded::store_to_read(folder, &definitions).await?;
    let pinned = store.pinned().await.map_err(embedded::unreadable)?;
    let mut catalog = Catalog::load(&definitions, &pinned, Acting::Live)
        .map_err(|error| Error::failure(error.to_string()))?;
    let paused = Steering::on(&*store).paused().await;
    catalog.set_paused(paused.map_err(embedded::failure)?);
    let stored = customer(&*store, &catalog, &args.customer, at).await?;
    let past = past(&*store, args).await?;
    let explanation = explain(&catalog, &stored.person, &args.journey, at).or_else(|| {
        let was_inside = !past.actions.is_empty();
        was_inside.then(|| Explanation::of_old(&args.customer, &args.journey, at))
    });
    let Some(explanation) = explanation else {
        let known: Vec<&str> = catalog.journeys().iter().map(|own| &*own.id).collect();
        return Err(
            Error::usage(format!("there is no journey `{}`", args.journey))
                .hint(workspace::likely(&args.journey, &known)),
        );
    };
    let zone = catalog.zone(&stored.person);
    match args.format {
        Format::Text => {
            let journey = catalog.journey(&args.journey);
            write!(io::stdout(), "{}", told(&explanation, &past, journey, zone))?;
        }
        Format::Json => writeln!(io::stdout(), "{:#}", machine(&explanation, &past))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The customer with the events that conditions look back on.
async fn customer(
    store: &dyn Store,
    catalog: &Catalog,
    id: &str,
    at: Instant,
) -> Result<Stored, Error> {
    let kept = Kept::of(catalog.needs(), at);
    let found = store
        .load(&[CustomerId::from(id)], &kept)
        .await
        .map_err(embedded::unreadable)?;
    found.into_iter().next().ok_or_else(|| {
        Error::usage(format!("nobody is known as customer `{id}`"))
            .hint("ids are as the CRM writes them: the `subject` of events, the `id` of an import")
    })
}

/// What was done and what happened in this journey, latest first.
async fn past(store: &dyn Store, args: &Args) -> Result<Past, Error> {
    let entries = store.latest(&args.customer, LOG_LIMIT);
    let (mut actions, mut traces) = (Vec::new(), Vec::new());
    for entry in entries.await.map_err(embedded::unreadable)? {
        let own = |action: &Action| *action.journey == *args.journey;
        actions.extend(entry.actions.into_iter().rev().filter(own));
        let concerns = |trace: &Trace| {
            let journey = trace.journey.as_deref();
            journey.is_none_or(|journey| journey == args.journey)
        };
        traces.extend(entry.traces.into_iter().rev().filter(concerns));
    }
    Ok(Past { actions, traces })
}

/// For people: gates in order, where the customer stands, what happened; instants on the customer's clock.
fn told(explanation: &Explanation, past: &Past, journey: Option<&Loaded>, zone: Zone) -> String {
    let mut text = String::new();
    let Explanation {
        customer,
        journey: id,
        at,
        ..
    } = explanation;
    let at = clock(*at, zone);
    let _ = writeln!(
        text,
        "Customer {customer} and the journey {id}, on {at} in {zone}"
    );
    for standing in &explanation.inside {
        let since = clock(standing.entered, zone);
        let _ = writeln!(
            text,
            "  inside since {since}, at `{}`: {}",
            standing.step, standing.says
        );
    }
    let _ = writeln!(text, "\nIf a trigger fired now:");
    for gate in &explanation.gates {
        gate_line(&mut text, gate, zone);
    }
    done(&mut text, past, zone);
    happened(&mut text, past, journey, zone);
    text
}

fn done(text: &mut String, past: &Past, zone: Zone) {
    let _ = writeln!(text, "\nWhat was done, latest first:");
    for action in past.actions.iter().take(SHOWN) {
        let at = clock(action.at, zone);
        match (&*action.action, action.reason.as_deref()) {
            ("enter", _) => {
                let _ = writeln!(text, "  {at}  entered");
                continue;
            }
            ("exit", Some("completed")) => {
                let _ = writeln!(text, "  {at}  went through: completed");
                continue;
            }
            ("exit", reason) => {
                let _ = writeln!(text, "  {at}  left: {}", reason.unwrap_or_default());
                continue;
            }
            _ => {}
        }
        let step = action.step.as_deref().unwrap_or_default();
        let reason = action
            .reason
            .as_deref()
            .map(|reason| format!(" ({})", reason::told(reason)))
            .unwrap_or_default();
        let channel = action.channel.as_deref().unwrap_or_default();
        let status = serde_json::to_value(action.status).unwrap_or_default();
        let status = status.as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "  {at}  {:<6} {step} {channel} {status}{reason}",
            action.action
        );
    }
    if past.actions.is_empty() {
        let _ = writeln!(text, "  nothing");
    }
}

fn happened(text: &mut String, past: &Past, journey: Option<&Loaded>, zone: Zone) {
    let _ = writeln!(text, "\nWhat happened, latest first:");
    for trace in past.traces.iter().take(SHOWN) {
        let reason = trace
            .reason
            .as_deref()
            .map(|reason| format!(": {}", reason::told(reason)))
            .unwrap_or_default();
        let name = |place| {
            journey
                .and_then(|loaded| loaded.step_at(place))
                .unwrap_or(place)
        };
        let place = trace
            .place
            .as_deref()
            .map(|place| format!(" at {}", name(place)))
            .unwrap_or_default();
        let at = clock(trace.at, zone);
        let _ = writeln!(
            text,
            "  {at}  {}{reason}{place}{}",
            trace.what,
            values(&trace.values, zone)
        );
    }
    if past.traces.is_empty() {
        let _ = writeln!(text, "  nothing");
    }
}

fn gate_line(text: &mut String, gate: &Gate, zone: Zone) {
    let sign = match gate.open {
        Some(true) => "yes",
        Some(false) => "NO ",
        None => " - ",
    };
    let _ = writeln!(text, "  {sign}  {}: {}", gate.gate, gate.says);
    if let Some(condition) = &gate.condition {
        let _ = writeln!(text, "         {condition}");
    }
    if !gate.values.is_empty() {
        let _ = writeln!(text, "        {}", values(&gate.values, zone));
    }
}

fn values(map: &Map, zone: Zone) -> String {
    map.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = match value {
            Value::Instant(at) => write!(text, "  {name} = {}", clock(*at, zone)),
            _ => write!(text, "  {name} = {}", value.to_json()),
        };
        text
    })
}

fn clock(at: Instant, zone: Zone) -> String {
    at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn machine(explanation: &Explanation, past: &Past) -> serde_json::Value {
    let actions: Vec<_> = past.actions.iter().take(SHOWN).collect();
    let traces: Vec<_> = past.traces.iter().take(SHOWN).collect();
    json!({ "explanation": explanation, "actions": actions, "traces": traces })
}
