//! `kurant customer ID erase`: asks, then leaves an order that whoever runs takes up at once.

use std::io::{self, BufRead as _, Write as _};

use kurant_engine::calendar::Instant;
use kurant_engine::operator::Act;
use kurant_runner::{Clock, Order, Steering, Verb};
use kurant_store::Store;

use super::show::clock;
use super::{Format, known, nobody};
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

/// Erases one, once that is confirmed. Who was erased is erased again if something came later, and who is unknown if dead letters
/// tell of the person.
pub(super) async fn erase(
    store: &dyn Store,
    id: &str,
    args: &Erase,
    format: Format,
) -> Result<(), Error> {
    let was = erased(store, id).await?;
    let held = held(store, id).await?;
    match was {
        Some(at) if held.is_empty() => {
            let known = known(store, id).await?;
            println!("{id} was erased on {}", clock(at, known.zone()));
            return Ok(());
        }
        None if held.is_empty() => return Err(nobody(store, id).await?),
        _ => {}
    }
    if !args.yes {
        confirm(id, &held)?;
    }
    let order = Order {
        by: args.by.clone(),
        why: args.why.clone(),
        verb: Verb::Customer {
            customer: id.into(),
            about: Vec::new(),
            act: Act::Erase,
        },
    };
    let steering = Steering::on(store);
    let now = Clock::real().now();
    let name = steering.order(now, &order).await.map_err(failure)?;
    let is_heard = waited_for(async || Ok(!steering.is_open(&name).await?)).await?;
    let state = match is_heard {
        false => "waits",
        // The order is taken away also when it could not be carried out.
        true if erased(store, id).await? > was => "done",
        true => "failed",
    };
    if format == Format::Json {
        println!("{:#}", serde_json::json!({ "order": name, "state": state }));
    }
    if state == "failed" {
        let error = Error::failure(format!("{id} is not erased: it could not be done"));
        return Err(
            error.hint("the run tells why, in a line with `ALERT`; mend that, and erase again")
        );
    }
    if format == Format::Text {
        match is_heard {
            true => println!("{id} is erased"),
            false => println!("{id} is to be erased{UNHEARD}"),
        }
        println!("{OUTSIDE}");
    }
    Ok(())
}

/// When somebody was erased last.
async fn erased(store: &dyn Store, id: &str) -> Result<Option<Instant>, Error> {
    let found = store.load(&[id.into()], &[]).await.map_err(unreadable)?;
    Ok(found.first().and_then(|own| own.person.customer.erased))
}

/// How many rows tell of the person, by table. What an erasure has left of one doesn't.
async fn held(store: &dyn Store, id: &str) -> Result<Vec<(&'static str, usize)>, Error> {
    let tables = store.export(id).await.map_err(unreadable)?;
    let counts = tables.iter().map(|(table, rows)| {
        let count = match *table {
            "erased" => 0,
            "log" | "outbox" => rows.iter().filter(|own| own["customer"] == id).count(),
            _ => rows.len(),
        };
        (*table, count)
    });
    Ok(counts.filter(|(_, count)| *count > 0).collect())
}

/// Says what goes, and has the id typed.
fn confirm(id: &str, held: &[(&'static str, usize)]) -> Result<(), Error> {
    let counts = held
        .iter()
        .map(|(table, count)| format!("{count} of `{table}`"));
    let counts: Vec<String> = counts.collect();
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
