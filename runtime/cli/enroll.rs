//! `kurant enroll JOURNEY --missed`: takes those in whose firings lie behind, where they would stand today, so many a day.

use std::collections::BTreeMap;
use std::process::ExitCode;

use kurant_engine::action::ActionStatus;
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::{Definitions, Journey, TriggerKind};
use kurant_engine::desk::Desk;
use kurant_runner::{BATCH, Backlog, Lateness, Steering};
use kurant_store::{EnrollmentRow, Kept, Store};

use crate::embedded::{self, failure, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::moment::moment;
use crate::reason::told;
use crate::workspace;

/// Arguments of `kurant enroll`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant enroll dormant-cascade --missed --dry-run\n  \
    kurant enroll dormant-cascade --missed --dry-run --as-of 2026-12-01\n  \
    kurant enroll dormant-cascade --missed --per-day 10000\n  \
    kurant enroll dormant-cascade --missed --where 'customer.orders_count > 3' --at fifteen --per-day 500\n\n\
    Each stands where the journey would have brought him or her by today: waits that are over are over, messages that lie\n\
    behind are skipped with the reason `backlog`. Whoever would be through by now is not taken in, nor whoever the journey judged\n\
    while it was live, let in or not: that was not missed.")]
pub(crate) struct Args {
    /// The journey's id
    journey: String,
    /// Those for whom a date, an inactivity or a segment fired before the journey was live
    #[arg(long)]
    missed: bool,
    /// Only those for whom this condition holds
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// Begin at this step, instead of where each would stand today
    #[arg(long, value_name = "STEP")]
    at: Option<String>,
    /// How many a day, on the workspace's clock
    #[arg(long, value_name = "N", required_unless_present = "dry_run", value_parser = clap::value_parser!(u64).range(1..))]
    per_day: Option<u64>,
    /// Say how many there are and where they would stand, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: how many there are at that time, an instant or a day on the workspace's clock, instead of now
    #[arg(long, value_name = "T", requires = "dry_run")]
    as_of: Option<String>,
    /// Who; the name you are logged in with unless told
    #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
    by: String,
}

/// Counts, or has them taken in.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    if !args.missed {
        return Err(Error::usage("say whom: --missed"));
    }
    let (definitions, _) = workspace::definitions(folder)?;
    if let Some(condition) = &args.condition {
        workspace::condition(folder, "--where", condition)?;
    }
    let zone = definitions.workspace.timezone;
    let as_of = args.as_of.as_ref();
    let as_of = as_of
        .map(|text| moment("--as-of", text, zone))
        .transpose()?;
    let backlog = Backlog {
        journey: args.journey.clone(),
        by: args.by.clone(),
        condition: args.condition.clone(),
        step: args.at.clone(),
        per_day: args.per_day.unwrap_or(u64::MAX),
        place: None,
        day: String::new(),
        taken_today: 0,
        taken: 0,
        is_over: false,
    };
    embedded::runtime()?.block_on(async {
        let reader = embedded::store_to_read(folder, &definitions).await?;
        let pinned = reader.pinned().await.map_err(unreadable)?;
        let definitions = Steering::with_condition(definitions, &backlog);
        let catalog = Catalog::load(&definitions, &pinned, Acting::Live)
            .map_err(|error| Error::usage(format!("--where: {error}")))?;
        check(&catalog, &definitions, &backlog)?;
        if args.dry_run {
            let now = match as_of {
                Some(as_of) => as_of,
                None => embedded::present(&*reader).await?,
            };
            print!("{}", count(&*reader, &catalog, &backlog, now).await?);
            return Ok(ExitCode::SUCCESS);
        }
        let store = embedded::store_beside(folder).await?;
        let steering = Steering::on(&*store);
        steering.enroll(&backlog).await.map_err(failure)?;
        println!(
            "{}: those it missed are taken in, {} a day, while `kurant run` runs; `kurant pause {}` holds them",
            backlog.journey, backlog.per_day, backlog.journey
        );
        Ok(ExitCode::SUCCESS)
    })
}

/// Whether there is such a journey and step, and whether it can have missed anybody.
fn check(catalog: &Catalog, definitions: &Definitions, backlog: &Backlog) -> Result<(), Error> {
    let Some(loaded) = catalog.journey(&backlog.journey) else {
        let known: Vec<&str> = definitions
            .journeys
            .iter()
            .map(|version| version.journey.id.as_str())
            .collect();
        return Err(
            Error::usage(format!("there is no journey `{}`", backlog.journey))
                .hint(workspace::likely(&backlog.journey, &known)),
        );
    };
    let journey = loaded.journey();
    if !catalog.is_open(journey) {
        return Err(Error::usage(format!(
            "{} is not live, so nobody can enter",
            journey.id
        )));
    }
    if !can_miss(journey) {
        return Err(Error::usage(format!(
            "{} has no trigger whose firings could lie behind: `date`, `inactive` and `enters` have",
            journey.id
        )));
    }
    if let Some(step) = &backlog.step {
        let names: Vec<&str> = loaded
            .program
            .nodes()
            .iter()
            .map(|node| &*node.name)
            .collect();
        if !names.contains(&step.as_str()) {
            return Err(Error::usage(format!("{} has no step `{step}`", journey.id))
                .hint(workspace::likely(step, &names)));
        }
    }
    Ok(())
}

fn can_miss(journey: &Journey) -> bool {
    journey.triggers.iter().any(|trigger| {
        matches!(
            trigger.kind,
            TriggerKind::Date { .. } | TriggerKind::Inactive { .. } | TriggerKind::Enters { .. }
        )
    })
}

/// How many would be taken in, where they would stand, and why the others would not.
#[derive(Debug, Default)]
struct Counts {
    inside: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    nothing: u64,
    through: u64,
    skipped: u64,
}

async fn count(
    store: &dyn Store,
    catalog: &Catalog,
    backlog: &Backlog,
    now: Instant,
) -> Result<String, Error> {
    let kept = Kept::of(catalog.needs(), now);
    let (late, mut desk) = (backlog.late(), Desk::default());
    let (mut counts, mut place) = (Counts::default(), None);
    loop {
        let ids = store
            .customers(place.as_deref(), BATCH)
            .await
            .map_err(unreadable)?;
        let Some(last) = ids.last() else { break };
        place = Some(last.to_string());
        for stored in store.load(&ids, &kept).await.map_err(unreadable)? {
            match late.judge(catalog, &mut desk, &stored.person, now) {
                Lateness::Nothing => counts.nothing += 1,
                Lateness::Through => counts.through += 1,
                Lateness::Refused(reason) => *counts.refused.entry(reason).or_default() += 1,
                Lateness::Inside(taken) => {
                    let (person, changes) = *taken;
                    let skipped = changes.actions.iter();
                    let skipped = skipped.filter(|line| line.status == ActionStatus::Skipped);
                    counts.skipped += skipped.count() as u64;
                    let at = person.enrollments.last().and_then(|own| {
                        let node = EnrollmentRow::of(&person.customer.id, own).node?;
                        let loaded = catalog.version(own.version)?;
                        Some(loaded.program.node(node)?.name.to_string())
                    });
                    *counts.inside.entry(at.unwrap_or_default()).or_default() += 1;
                }
            }
        }
    }
    let first = catalog.journey(&backlog.journey);
    let first = first.and_then(|own| {
        own.program
            .nodes()
            .first()
            .map(|node| node.name.to_string())
    });
    Ok(counts.told(backlog, &first.unwrap_or_default()))
}

impl Counts {
    fn told(&self, backlog: &Backlog, first: &str) -> String {
        let all: u64 = self.inside.values().sum();
        let mut text = format!("{all} would be taken in");
        if backlog.per_day < u64::MAX && all > 0 {
            text += &format!(", over {} days", all.div_ceil(backlog.per_day));
        }
        text += "\n";
        for (step, count) in &self.inside {
            text += &format!("  at `{step}`: {count}\n");
        }
        if self.skipped > 0 {
            text += &format!(
                "  {} actions that lie behind would be skipped\n",
                self.skipped
            );
        }
        for (reason, count) in &self.refused {
            text += &format!("{count} would not: {}\n", told(reason));
        }
        if self.through > 0 {
            text += &format!(
                "{} were missed and would be through by now, so nobody takes them in; `--at STEP` does, at a step that you name: `--at {first}`\n",
                self.through
            );
        }
        text += &format!("{} others were not missed\n", self.nothing);
        text
    }
}
