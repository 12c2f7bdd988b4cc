//! `kurant migrate`: makes the changes that the store's tables lack. SQLite does so by itself when it is opened, after a copy; on
//! PostgreSQL, which others may work on, somebody has to say so.

use std::path::Path;
use std::process::ExitCode;

use kurant_store::{BroughtUp, Error as StoreError, Postgres, Sqlite, Tables, TablesAt};

use crate::embedded::{self, Place};
use crate::error::Error;
use crate::folder::Folder;

/// Arguments of `kurant migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant migrate --dry-run   which changes the tables lack; nothing is done\n  \
    kurant migrate             makes them, all or none\n\n\
    A new Kurant may need tables that the one before did not have. On PostgreSQL `kurant run` refuses to start until this was run,\n\
    while those of the version before go on working. On SQLite `kurant run` does it by itself, after a copy in `.kurant/backups/`.")]
pub(crate) struct Args {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// Makes the changes, or says which.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let told = embedded::runtime()?.block_on(async {
        match embedded::place_of_store(folder)? {
            Place::Postgres(url) => on_postgres(&url, args.dry_run).await,
            Place::Sqlite(path) => on_sqlite(&path, args.dry_run).await,
            Place::Memory => Ok("the store is in memory: there is nothing to change".to_owned()),
        }
    })?;
    println!("{told}");
    Ok(ExitCode::SUCCESS)
}

async fn on_postgres(url: &str, dry_run: bool) -> Result<String, Error> {
    let tables = Tables::postgres();
    let at = Postgres::tables(url, &tables).await.map_err(refused)?;
    if at.is_empty() {
        return Err(embedded::nothing_yet(&kurant_store::shown(url)));
    }
    if dry_run || at.missing.is_empty() {
        return Ok(would_be(&kurant_store::shown(url), &at));
    }
    let at = Postgres::migrate(url, &tables).await.map_err(refused)?;
    Ok(done(&at))
}

async fn on_sqlite(path: &Path, dry_run: bool) -> Result<String, Error> {
    let shown = path.display().to_string();
    if !path.is_file() {
        return Err(embedded::nothing_yet(&shown));
    }
    let tables = Tables::sqlite();
    let at = Sqlite::tables(path, &tables).await.map_err(refused)?;
    if dry_run || at.missing.is_empty() {
        return Ok(would_be(&shown, &at));
    }
    let store = Sqlite::open(path).await.map_err(refused)?;
    let told = store.brought_up().map_or_else(|| done(&at), brought_up);
    store.close().await;
    Ok(told)
}

/// What was done to a store's tables when it was opened.
pub(crate) fn brought_up(own: &BroughtUp) -> String {
    let copy = own.copy.display();
    format!("{}; a copy from before is {copy}", done(&own.at))
}

fn done(at: &TablesAt) -> String {
    match at.missing.is_empty() {
        true => format!(
            "the store's tables are at change {}: nothing was to be done",
            at.version
        ),
        false => format!(
            "the store's tables were brought from change {} to {}",
            at.version, at.known
        ),
    }
}

fn would_be(place: &str, at: &TablesAt) -> String {
    if at.missing.is_empty() {
        return done(at);
    }
    let (version, known) = (at.version, at.known);
    let lines = at.missing.iter();
    let lines = lines.map(|(number, about)| format!("\n  {number:>4}  {about}"));
    format!(
        "the tables of {place} are at change {version}; to come to {known} these would be made, all or none:{}",
        lines.collect::<String>()
    )
}

fn refused(error: StoreError) -> Error {
    match &error {
        StoreError::Locked { .. } => Error::failure(error.to_string())
            .hint("end that one first: on one machine nobody works beside a change"),
        StoreError::Change { .. } if error.is_passing() => Error::failure(error.to_string()).hint(
            "others hold the tables for long, or there is no room: try again when that is over",
        ),
        StoreError::NoCopy { .. } => Error::failure(error.to_string())
            .hint("make room for it: a copy needs about as much as the store"),
        _ => embedded::unreadable(error),
    }
}
