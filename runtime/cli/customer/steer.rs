//! `kurant customer ID end|skip|postpone|move JOURNEY`: judged and tried here first, then left for whoever runs.

use std::sync::Arc;

use kurant_engine::calendar::{Duration, Instant};
use kurant_engine::desk::Desk;
use kurant_engine::enrollment::{Enrollment, Place};
use kurant_engine::input::{Changes, Input};
use kurant_engine::operator::{Act, Operator, Refusal, Stand};
use kurant_engine::person::Person;
use kurant_engine::process::{process, refusal, whereabouts};
use kurant_runner::{Clock, Order, Steering, Verb};
use kurant_store::{Happened, LogLine, Store};
use serde_json::json;

use super::show::{clock, short};
use super::{Format, Known};
use crate::embedded::{failure, unreadable};
use crate::error::Error;
use crate::hand_over::HandOvers;
use crate::log::{Line, Steps};
use crate::moment::moment;
use crate::steer::{UNHEARD, waited_for};
use crate::workspace;

/// How many of the latest entries of the log are looked through for what came of an order.
const ENTRIES: usize = 50;
/// How often messages that follow from each other are tried.
const MOST_MESSAGES: usize = 100;

/// Which passage, and why.
#[derive(Debug, clap::Args)]
struct Passage {
    /// The journey's id
    journey: String,
    /// Which enrollment, where there are several: its first digits, as `kurant customer ID` shows them
    #[arg(long, value_name = "ID")]
    enrollment: Option<String>,
    /// Why, for those who ask later
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
    /// Say what would happen, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Which passage, who says so and why.
#[derive(Debug, clap::Args)]
pub(super) struct Word {
    #[command(flatten)]
    passage: Passage,
    #[command(flatten)]
    by: By,
}

/// Who says so. `postpone` has another use for `--by`.
#[derive(Debug, clap::Args)]
pub(super) struct By {
    /// Who; the name you are logged in with unless told
    #[arg(
        long = "by",
        visible_alias = "as",
        value_name = "NAME",
        env = "USER",
        default_value = "somebody"
    )]
    name: String,
}

/// Arguments of `postpone`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("when").required(true))]
pub(super) struct Postpone {
    #[command(flatten)]
    passage: Passage,
    /// Until then: an instant, or a day on the workspace's clock
    #[arg(long, value_name = "T", group = "when")]
    until: Option<String>,
    /// By so much, on the customer's clock: 2d, 36h, 1 month
    #[arg(long, value_name = "DURATION", group = "when")]
    by: Option<String>,
    /// Who; the name you are logged in with unless told
    #[arg(
        long = "as",
        value_name = "NAME",
        env = "USER",
        default_value = "somebody"
    )]
    name: String,
}

/// Arguments of `move`.
#[derive(Debug, clap::Args)]
pub(super) struct Move {
    #[command(flatten)]
    word: Word,
    /// The step: its id, or its place in the file
    #[arg(long, value_name = "STEP")]
    to: String,
}

/// What is wished.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Wish {
    /// End the passage through a journey; what was not handed over is cancelled
    End(Word),
    /// Pass over the step where it stands: its wait or its message isn't done
    Skip(Word),
    /// Let the wait where it stands end later
    Postpone(Postpone),
    /// Go on with another step
    Move(Move),
}

/// What all of them share.
struct Said<'s> {
    journey: &'s str,
    enrollment: Option<&'s str>,
    why: &'s str,
    by: &'s str,
    dry_run: bool,
}

impl Wish {
    fn said(&self) -> Said<'_> {
        match self {
            Self::End(word) | Self::Skip(word) | Self::Move(Move { word, .. }) => {
                Said::of(&word.passage, &word.by.name)
            }
            Self::Postpone(own) => Said::of(&own.passage, &own.name),
        }
    }
}

impl<'w> Said<'w> {
    fn of(passage: &'w Passage, by: &'w str) -> Self {
        Self {
            journey: &passage.journey,
            enrollment: passage.enrollment.as_deref(),
            why: &passage.why,
            by,
            dry_run: passage.dry_run,
        }
    }
}

/// Steers one customer, or says what that would do.
pub(super) async fn steer(
    store: &dyn Store,
    known: &Known,
    wish: &Wish,
    format: Format,
) -> Result<(), Error> {
    let said = wish.said();
    let chosen = chosen(known, &said, matches!(wish, Wish::End(_)))?;
    let act = act(known, wish, chosen[0])?;
    let about = chosen.iter().map(|own| Stand {
        enrollment: own.id,
        at: own.stand(),
    });
    let operator = Operator {
        order: String::new(),
        by: said.by.to_owned(),
        why: said.why.to_owned(),
        act,
        about: about.collect(),
    };
    for stand in &operator.about {
        if let Some(why) = refusal(&known.catalog, &known.stored.person, stand, &operator.act) {
            return Err(refused(known, chosen[0], &operator.act, &why));
        }
    }
    if said.dry_run {
        return tell_trial(known, operator, format);
    }
    let order = Order {
        by: operator.by,
        why: operator.why,
        verb: Verb::Customer {
            customer: known.stored.person.customer.id.clone(),
            about: operator.about,
            act: operator.act,
        },
    };
    give(store, known, &order, format).await
}

/// Leaves an order, and says what came of it.
async fn give(
    store: &dyn Store,
    known: &Known,
    order: &Order,
    format: Format,
) -> Result<(), Error> {
    let customer = &known.stored.person.customer.id;
    let steering = Steering::on(store);
    let now = Clock::real().now();
    let name = steering.order(now, order).await.map_err(failure)?;
    let is_heard = waited_for(async || Ok(!steering.is_open(&name).await?)).await?;
    let lines = match is_heard {
        true => what_came(store, customer, &name).await?,
        false => Vec::new(),
    };
    // An order is taken away also when it could not be carried out; then the log says nothing of it.
    let has_failed = is_heard && lines.is_empty();
    let is_refused = lines.iter().any(is_refused);
    match format {
        Format::Json => {
            let word = match (is_heard, has_failed, is_refused) {
                (false, ..) => "waits",
                (true, true, _) => "failed",
                (true, false, true) => "refused",
                (true, false, false) => "done",
            };
            let (steps, nothing) = (steps(known), HandOvers::default());
            let lines = lines
                .iter()
                .map(|own| Line::of(own, &nothing).object(&steps));
            println!(
                "{:#}",
                json!({ "order": name, "state": word, "happened": lines.collect::<Vec<_>>() })
            );
        }
        Format::Text => {
            let unheard = if is_heard { "" } else { UNHEARD };
            println!("{customer}: {}{unheard}", self::said(order));
            tell(known, &lines);
        }
    }
    match (has_failed, is_refused) {
        (true, _) => Err(Error::failure("it was not done: it failed")
            .hint("the run tells why, in a line with `ALERT`; mend that, and say it again")),
        (false, true) => Err(Error::failure(
            "it was not done: the customer had moved on meanwhile",
        )
        .hint(format!(
            "look where it stands now: `kurant customer {customer}`"
        ))),
        (false, false) => Ok(()),
    }
}

/// An order in a few words.
pub(super) fn said(order: &Order) -> String {
    let why = match order.why.as_str() {
        "" => String::new(),
        why => format!(": {why}"),
    };
    let what = match &order.verb {
        Verb::Stop { .. } => "stop".to_owned(),
        Verb::Refilled { pool } => format!("codes of {pool}"),
        Verb::Customer { act, .. } => match act {
            Act::Postpone { until } => format!("postpone until {until}"),
            Act::Move { step } => format!("move to `{step}`"),
            Act::End | Act::Skip | Act::Erase => act.word().to_owned(),
        },
    };
    format!("{what}, by {}{why}", order.by)
}

/// The enrollments that are meant: those inside the journey, all of them only where they end.
fn chosen<'k>(known: &'k Known, said: &Said<'_>, all: bool) -> Result<Vec<&'k Enrollment>, Error> {
    let person = &known.stored.person;
    let inside = person.enrollments.iter().filter(|own| !own.is_through());
    let own: Vec<&Enrollment> = inside.filter(|own| *own.journey == *said.journey).collect();
    let is_meant = |own: &&&Enrollment| {
        let digits = said.enrollment;
        digits.is_none_or(|digits| own.id.to_string().starts_with(digits))
    };
    let meant: Vec<&Enrollment> = own.iter().filter(is_meant).copied().collect();
    let id = &person.customer.id;
    match (meant.len(), own.is_empty(), said.enrollment) {
        (1, ..) => Ok(meant),
        (2.., _, None) if all => Ok(meant),
        (_, true, _) => {
            let inside = whereabouts(&known.catalog, person);
            let mut journeys: Vec<&str> = inside.iter().map(|own| &*own.journey).collect();
            journeys.dedup();
            let error = Error::usage(format!("{id} is not inside {}", said.journey));
            Err(error.hint(match journeys.is_empty() {
                true => "it is inside no journey".to_owned(),
                false => workspace::likely(said.journey, &journeys),
            }))
        }
        (0, false, _) => Err(Error::usage(format!(
            "{id} has no such enrollment in {}",
            said.journey
        ))
        .hint(several(&own))),
        _ => Err(Error::usage(format!(
            "{id} is inside {} {} times, and it is not clear which is meant",
            said.journey,
            meant.len()
        ))
        .hint(several(&meant))),
    }
}

fn several(own: &[&Enrollment]) -> String {
    let told = own.iter().map(|own| match own.key.as_str() {
        "" => format!("--enrollment {}", short(own.id)),
        key => format!("--enrollment {} ({key})", short(own.id)),
    });
    format!("add one of {}", told.collect::<Vec<_>>().join(", "))
}

/// What the engine is to do.
fn act(known: &Known, wish: &Wish, enrollment: &Enrollment) -> Result<Act, Error> {
    Ok(match wish {
        Wish::End(_) => Act::End,
        Wish::Skip(_) => Act::Skip,
        Wish::Move(own) => Act::Move {
            step: own.to.as_str().into(),
        },
        Wish::Postpone(own) => Act::Postpone {
            until: until(known, own, enrollment)?,
        },
    })
}

fn until(known: &Known, own: &Postpone, enrollment: &Enrollment) -> Result<Instant, Error> {
    let until = match (&own.until, &own.by) {
        (Some(text), _) => moment("--until", text, known.catalog.workspace().timezone)?,
        (None, by) => {
            let by = Duration::parse(by.as_deref().unwrap_or_default())
                .map_err(|error| Error::usage(format!("--by: {error}")))?;
            let due = match enrollment.place {
                Place::Waiting { due, .. } => Some(due),
                Place::WaitingFor { deadline, .. } => deadline,
                _ => None,
            };
            by.after(due.unwrap_or(known.now), known.zone())
        }
    };
    if until <= known.now {
        return Err(Error::usage("that moment has passed already")
            .hint("`skip` goes on at once; `postpone` takes a moment that is to come"));
    }
    Ok(until)
}

/// Why it can't be done, before anything is left for anybody.
fn refused(known: &Known, enrollment: &Enrollment, act: &Act, why: &Refusal) -> Error {
    let loaded = known.catalog.version(enrollment.version);
    let step = loaded.zip(enrollment.node());
    let step = step.and_then(|(own, node)| own.program.node(node));
    let step = step.map_or(String::new(), |node| format!(" at `{}`", node.name));
    let id = &known.stored.person.customer.id;
    let word = act.word();
    let error = Error::usage(format!("{id} can't `{word}`{step}: {why}"));
    match (why, loaded, act) {
        (Refusal::NoSuchStep, Some(loaded), Act::Move { step }) => {
            let names = loaded.program.nodes().iter().map(|node| &*node.name);
            let names: Vec<&str> = names.collect();
            error.hint(workspace::likely(step, &names))
        }
        (Refusal::NoWait(_) | Refusal::NoTimer, ..) => {
            error.hint("`skip` passes over the step, `move --to STEP` goes on with another one")
        }
        _ => error,
    }
}

/// Says what would happen, by the engine that would do it.
fn tell_trial(known: &Known, operator: Operator, format: Format) -> Result<(), Error> {
    let mut person = known.stored.person.clone();
    let mut desk = Desk::default();
    let mut lines = Vec::new();
    let mut note = |changes: Changes| {
        let done = changes.actions.into_iter().map(Happened::Did);
        let passed = changes.trace.into_iter().map(Happened::Passed);
        let withdrawn = changes.withdrawn.len();
        lines.extend(passed.chain(done).map(|what| LogLine {
            clock: known.now,
            customer: known.stored.person.customer.id.clone(),
            what,
        }));
        withdrawn
    };
    let input = Input::Operator(Arc::new(operator));
    let mut withdrawn = note(process(
        &known.catalog,
        &mut person,
        &mut desk,
        input,
        known.now,
    ));
    for _ in 0..MOST_MESSAGES {
        if person.hand_over_due().is_none_or(|due| due > known.now) {
            break;
        }
        let input = Input::HandOver;
        withdrawn += note(process(
            &known.catalog,
            &mut person,
            &mut desk,
            input,
            known.now,
        ));
    }
    tell_after(known, &person, (&lines, withdrawn), format);
    Ok(())
}

/// What came of a trial, and where the customer would stand then.
fn tell_after(
    known: &Known,
    person: &Person,
    (lines, withdrawn): (&[LogLine], usize),
    format: Format,
) {
    let after = whereabouts(&known.catalog, person);
    if format == Format::Json {
        let (steps, nothing) = (steps(known), HandOvers::default());
        let lines = lines
            .iter()
            .map(|own| Line::of(own, &nothing).object(&steps));
        println!(
            "{:#}",
            json!({ "state": "dry_run", "happened": lines.collect::<Vec<_>>(), "inside": after, "withdrawn": withdrawn })
        );
        return;
    }
    println!("This would happen; nothing was done:");
    tell(known, lines);
    if withdrawn > 0 {
        println!("  what of {withdrawn} messages and tasks has not left yet would be withdrawn");
    }
    for own in &after {
        println!(
            "  then inside {}, at `{}`: {}",
            own.journey, own.step, own.says
        );
    }
    if after.is_empty() {
        println!("  then inside no journey");
    }
    for own in person.enrollments.iter().filter(|own| own.is_active()) {
        if let (Place::Waiting { due, .. }, Some(expires)) = (&own.place, own.expires)
            && expires < *due
        {
            let at = clock(expires, known.zone());
            println!("  {} expires before that, at {at}", own.journey);
        }
    }
}

fn tell(known: &Known, lines: &[LogLine]) {
    let (steps, nothing) = (steps(known), HandOvers::default());
    for line in lines {
        let line = Line::of(line, &nothing);
        println!("  {}", line.of_one(known.zone(), &steps));
    }
}

fn steps(known: &Known) -> Steps {
    Steps::of(known.catalog.definitions())
}

/// What the log says came of an order.
async fn what_came(store: &dyn Store, customer: &str, order: &str) -> Result<Vec<LogLine>, Error> {
    let entries = store.latest(customer, ENTRIES).await.map_err(unreadable)?;
    let is_about = |own: &kurant_engine::input::Trace| {
        own.values.get("order").and_then(|own| own.as_text()) == Some(order)
    };
    let entry = entries
        .into_iter()
        .find(|entry| entry.traces.iter().any(is_about));
    let Some(entry) = entry else {
        return Ok(Vec::new());
    };
    let passed = entry.traces.into_iter().map(Happened::Passed);
    let done = entry.actions.into_iter().map(Happened::Did);
    Ok(passed
        .chain(done)
        .map(|what| LogLine {
            clock: entry.clock,
            customer: entry.customer.clone(),
            what,
        })
        .collect())
}

fn is_refused(line: &LogLine) -> bool {
    matches!(&line.what, Happened::Passed(trace) if trace.what == "not_steered")
}
