//! `kurant customer ID erase`: asks, then leaves an order that whoever runs takes up at once.

use std::io::{self, BufRead as _, Write as _};

use kurant_engine::operator::Act;
use kurant_runner::{Clock, Order, Steering, Verb};
use kurant_store::Store;

use super::show::clock;
use super::{Format, Known};
use crate::embedded::{failure, unreadable};
use crate::error::Error;
use crate::steer::{UNHEARD, waited_for};

/// What stays as it is.
const OUTSIDE: &str = "Outside of the store, and not erased by this: files in .kurant/ (inbox/done, outbox, rejected), the broker's queues, \
     the providers of channels, the CRM, and back-ups until they expire.";

/// Arguments of `erase`.
#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    /// Why, for those who ask later; it is kept, so nothing personal belongs there
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Who; the name you are logged in with unless told
    #[arg(
        long,
        visible_alias = "as",
        value_name = "NAME",
        env = "USER",
        default_value = "somebody"
    )]
    by: String,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

/// Erases one, once that is confirmed.
pub(super) async fn erase(
    store: &dyn Store,
    known: &Known,
    args: &Erase,
    format: Format,
) -> Result<(), Error> {
    let customer = &known.stored.person.customer;
    let id = &customer.id;
    if let Some(at) = customer.erased.filter(|_| customer.is_erased()) {
        println!("{id} was erased on {}", clock(at, known.zone()));
        return Ok(());
    }
    if !args.yes {
        confirm(store, id).await?;
    }
    let order = Order {
        by: args.by.clone(),
        why: args.why.clone(),
        verb: Verb::Customer {
            customer: id.clone(),
            about: Vec::new(),
            act: Act::Erase,
        },
    };
    let steering = Steering::on(store);
    let now = Clock::real().now();
    let name = steering.order(now, &order).await.map_err(failure)?;
    let is_heard = waited_for(async || Ok(!steering.is_open(&name).await?)).await?;
    if format == Format::Json {
        let state = if is_heard { "done" } else { "waits" };
        println!("{:#}", serde_json::json!({ "order": name, "state": state }));
        return Ok(());
    }
    match is_heard {
        true => println!("{id} is erased"),
        false => println!("{id} is to be erased{UNHEARD}"),
    }
    println!("{OUTSIDE}");
    Ok(())
}

/// Says what goes, and has the id typed.
async fn confirm(store: &dyn Store, id: &str) -> Result<(), Error> {
    let tables = store.export(id).await.map_err(unreadable)?;
    let counts = tables.iter().filter(|(_, rows)| !rows.is_empty());
    let counts: Vec<String> = counts
        .map(|(name, rows)| format!("{} of `{name}`", rows.len()))
        .collect();
    eprintln!(
        "All that is held about {id} goes for good: {} rows. The log keeps its lines without what they say of the person.",
        counts.join(", ")
    );
    eprint!("Type the customer's id to go on: ");
    io::stderr().flush()?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    match typed.trim() == id {
        true => Ok(()),
        false => Err(Error::usage("that is not the id: nothing was erased")
            .hint("`kurant customer ID export` writes down what there is; `--yes` doesn't ask")),
    }
}
