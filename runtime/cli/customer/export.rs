//! `kurant customer ID export`: all that the store holds about one person, as one object of JSON.

use std::io::{self, Write as _};
use std::path::PathBuf;

use kurant_engine::calendar::Instant;
use kurant_runner::Clock;
use kurant_store::Store;
use serde_json::{Value, json};

use super::nobody;
use crate::embedded::unreadable;
use crate::error::Error;

/// What the store does not hold.
pub(super) const OUTSIDE: &str = "Files in .kurant/ (inbox/done, outbox, rejected), the broker's queues, the providers of channels, the CRM and back-ups are outside \
     of the store: what they hold is not in this.";

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The file to write; standard output unless told
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes one down.
pub(super) async fn export(store: &dyn Store, id: &str, args: &Export) -> Result<(), Error> {
    let tables = store.export(id).await.map_err(unreadable)?;
    if tables.iter().all(|(_, rows)| rows.is_empty()) {
        return Err(nobody(store, id).await?);
    }
    let rows_of = |table: &str| {
        let mut own = tables.iter().filter(|(name, _)| *name == table);
        own.next().map_or(&[][..], |(_, rows)| rows.as_slice())
    };
    let at = rows_of("erased").first().and_then(|row| row["at"].as_i64());
    let erased = at.filter(|_| rows_of("customer").is_empty());
    let tables: serde_json::Map<String, Value> = tables
        .iter()
        .map(|(name, rows)| ((*name).to_owned(), Value::Array(rows.clone())))
        .collect();
    let object = json!({
        "customer": id, "exported": Clock::real().now(), "erased": erased.map(Instant::from_millis),
        "tables": tables, "outside": OUTSIDE,
    });
    match &args.out {
        None => writeln!(io::stdout(), "{object:#}")?,
        Some(path) => {
            let written = std::fs::write(path, format!("{object:#}\n"));
            written.map_err(|error| {
                Error::failure(format!("can't write {}: {error}", path.display()))
            })?;
            println!("{id} is written to {}", path.display());
        }
    }
    Ok(())
}
