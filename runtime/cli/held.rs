//! `kurant held`: what may have left before the store was restored. Looked at, released or skipped, also beside a running `run`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use comfy_table::{Table, presets};
use kurant_engine::calendar::{Instant, Zone};
use kurant_runner::Clock;
use kurant_store::{Batch, GivenUp};
use serde_json::json;

use crate::dead::{Chosen, Fate, Which, each_command, is_held};
use crate::embedded::{self, unreadable};
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::moment::on_clock;

/// Arguments of `kurant held`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant held list                         how many, by journey, step and way out\n  \
    kurant held list --each --journey cart   one a line, with whom it is for\n  \
    kurant held release --all --route crm    they leave; the CRM knows their keys\n  \
    kurant held skip --all --journey cart    they never leave\n\n\
    `kurant run --after-restore` holds what was open in the copy, and what was due before it was put in place: nobody knows what\n\
    of it had left already. What is released is judged again before it leaves, and keeps its key.")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Say how many are held, by journey, step and way out
    List {
        #[command(flatten)]
        which: Which,
        /// One a line, with its id
        #[arg(long)]
        each: bool,
        /// JSON objects, one a line
        #[arg(long)]
        json: bool,
    },
    /// Let them leave: those that did not leave before
    Release(Chosen),
    /// Let them go for good: those that left before
    Skip(Chosen),
}

/// Which of a journey's steps, by which way.
type Place = (String, String, String);

/// How many are held there, and when they were due.
struct Group {
    count: u64,
    first: Instant,
    last: Instant,
}

/// Does what was asked.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(async {
        match &args.what {
            What::List { which, each, json } => list(folder, which, *each, *json).await,
            What::Release(chosen) => settle(folder, chosen, true).await,
            What::Skip(chosen) => settle(folder, chosen, false).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(folder: &Folder, which: &Which, each: bool, json: bool) -> Result<(), Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let zone = definitions.workspace.timezone;
    let mut groups: BTreeMap<Place, Group> = BTreeMap::new();
    each_command(&*store, async |page| {
        let held = page
            .iter()
            .filter(|own| is_held(own) && which.holds_command(own));
        for own in held {
            match (each, json) {
                (true, true) => println!("{}", object(own)),
                (true, false) => println!("{}", line(own, zone)),
                (false, _) => add(&mut groups, own),
            }
        }
        Ok(())
    })
    .await?;
    match (each, json) {
        (true, _) => {}
        (false, true) => groups
            .iter()
            .for_each(|(place, group)| println!("{}", summed(place, group))),
        (false, false) if groups.is_empty() => println!("nothing is held"),
        (false, false) => println!("{}", table(&groups, zone)),
    }
    Ok(())
}

fn add(groups: &mut BTreeMap<Place, Group>, own: &GivenUp) {
    let command = &own.outgoing.command;
    let place = (
        command.journey.to_string(),
        command.step.to_string(),
        own.outgoing.route.clone(),
    );
    let due = command.planned;
    let group = groups.entry(place).or_insert(Group {
        count: 0,
        first: due,
        last: due,
    });
    group.count += 1;
    group.first = group.first.min(due);
    group.last = group.last.max(due);
}

fn table(groups: &BTreeMap<Place, Group>, zone: Zone) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["journey", "step", "by", "held", "due from", "to"]);
    for ((journey, step, route), group) in groups {
        table.add_row([
            journey.clone(),
            step.clone(),
            route.clone(),
            group.count.to_string(),
            on_clock(group.first, zone),
            on_clock(group.last, zone),
        ]);
    }
    table
}

fn summed((journey, step, route): &Place, group: &Group) -> serde_json::Value {
    json!({
        "journey": journey, "step": step, "route": route, "held": group.count, "due_from": group.first, "due_to": group.last,
    })
}

fn line(own: &GivenUp, zone: Zone) -> String {
    let (row, command) = (&own.outgoing, &own.outgoing.command);
    format!(
        "{}  {}  {:<10} {:<24} {:<18} {}",
        command.key,
        on_clock(command.planned, zone),
        row.route,
        command.journey,
        command.step,
        command.customer,
    )
}

fn object(own: &GivenUp) -> serde_json::Value {
    let (row, command) = (&own.outgoing, &own.outgoing.command);
    json!({
        "id": command.key, "route": row.route, "journey": command.journey, "step": command.step,
        "customer": command.customer, "due": command.planned,
    })
}

/// Lets those that were chosen leave, or lets them go.
async fn settle(folder: &Folder, chosen: &Chosen, leave: bool) -> Result<(), Error> {
    let store = embedded::store_beside(folder).await?;
    let (mut settled, mut withdrawn) = (0, 0);
    each_command(&*store, async |page| {
        let mut batch = Batch {
            clock: Clock::real().now(),
            ..Batch::default()
        };
        for own in page
            .iter()
            .filter(|own| is_held(own) && chosen.holds_command(own))
        {
            let fate = Fate::of(own, leave);
            withdrawn += usize::from(fate == Fate::Withdrawn);
            fate.settle(own, &mut batch);
        }
        settled += batch.settled.len();
        if batch.settled.is_empty() {
            return Ok(());
        }
        store.commit(batch).await.map_err(unreadable)
    })
    .await?;
    if let Some(ids) = chosen.in_vain(settled) {
        eprintln!(
            "nothing that is held has the id {ids}; `kurant held list --each` shows what there is"
        );
    }
    let told = if leave { "leave now" } else { "are skipped" };
    println!("{} {told}", settled - withdrawn);
    if withdrawn > 0 {
        println!(
            "{withdrawn} must not leave any more: their enrollments have ended since, or a fallback took their place"
        );
    }
    Ok(())
}
