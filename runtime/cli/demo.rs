//! `kurant demo`: the sample shop in time-lapse, in a folder of its own. Whatever it does, a newcomer could type.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args as Kurant;
use crate::error::Error;
use crate::folder::Folder;
use crate::workspace;

/// Where it happens, in the workspace; made anew each time.
const FOLDER: &str = ".kurant/demo";
/// The year in which it begins.
const BEGINS: u32 = 2024;

/// Arguments of `kurant demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant demo                        a year in half a minute\n  \
    kurant demo --time-lapse 2d/s      the same, slowly\n  \
    kurant demo --customers 2000 --years 3 --time-lapse 60d/s")]
pub(crate) struct Args {
    /// How many made-up customers
    #[arg(long, value_name = "N", default_value_t = 40)]
    customers: u32,
    /// How many years
    #[arg(long, value_name = "Y", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    years: u32,
    /// How fast
    #[arg(long, value_name = "SPEED", default_value = "12d/s")]
    time_lapse: String,
    /// Another seed makes another shop
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Copies the workspace's files, makes up a shop, and runs it on a fast clock.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    let demo = folder.join(FOLDER);
    copy_workspace(folder, &demo)?;
    let within = |path: &str| demo.join(path).display().to_string();
    let (customers, years, seed) = (
        args.customers.to_string(),
        args.years.to_string(),
        args.seed.to_string(),
    );
    let (history, people, events) = (
        within("history"),
        within("history/customers.jsonl"),
        within("history/events.jsonl"),
    );
    let (first, last) = (
        format!("{BEGINS}-01-01"),
        format!("{}-01-01", BEGINS + args.years),
    );
    eprintln!(
        "A made-up perfumery with the journeys of this workspace: {customers} customers, {years} year(s), {} on the clock. Ctrl-C ends it.\n",
        args.time_lapse
    );
    kurant(&[
        "generate",
        "--customers",
        &customers,
        "--years",
        &years,
        "--seed",
        &seed,
        "--from",
        &first,
        "--out",
        &history,
    ])?;
    let workspace = demo.display().to_string();
    kurant(&["import", "customers", &people, "--workspace", &workspace])?;
    kurant(&[
        "run",
        "--feed",
        &events,
        "--from",
        &first,
        "--until",
        &last,
        "--time-lapse",
        &args.time_lapse,
        "--workspace",
        &workspace,
    ])?;
    eprintln!(
        "\nThe messages, word for word:  {}",
        within(".kurant/outbox")
    );
    eprintln!(
        "The rules behind them:        {}",
        folder.join("journeys").display()
    );
    eprintln!("The same year in a blink:     kurant simulate --help");
    Ok(ExitCode::SUCCESS)
}

/// Says a command and does it.
fn kurant(command: &[&str]) -> Result<(), Error> {
    eprintln!("$ kurant {}", command.join(" "));
    let args = Kurant::try_parse_from(std::iter::once(&"kurant").chain(command))
        .map_err(|error| Error::usage(error.to_string()))?;
    crate::run(&args)?;
    Ok(())
}

/// A fresh copy of all that the workspace is made of, without its state.
fn copy_workspace(folder: &Folder, demo: &Path) -> Result<(), Error> {
    let (_, compiled) = workspace::definitions(folder)?;
    let failed =
        |error: std::io::Error| Error::failure(format!("can't make {}: {error}", demo.display()));
    if demo.exists() {
        fs::remove_dir_all(demo).map_err(failed)?;
    }
    for (_, source) in compiled.sources.iter() {
        let path = demo.join(source.path());
        fs::create_dir_all(path.parent().unwrap_or(demo)).map_err(failed)?;
        fs::write(&path, source.text()).map_err(failed)?;
    }
    Ok(())
}
