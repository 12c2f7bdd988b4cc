//! Events per second through `simulate`, on the sample workspace.

use std::io::BufRead;
use std::path::Path;

use crate::figures::Figures;
use crate::{Options, folder, process};

/// The first day of a made-up history.
const FROM: i32 = 2024;
/// Where the actions go.
const ACTIONS: &str = "actions.jsonl";

/// A history to play, and the workspace it is played in.
struct History {
    folder: tempfile::TempDir,
    customers: String,
    events: String,
    count: u64,
    from: String,
    until: String,
}

/// The journey that is also measured alone: one purchase is one entry, and most of the rest is waiting.
const ALONE: &str = "dormant-cascade";

/// Simulated events per second and the memory it takes, with one journey and with all.
pub(crate) fn simulate(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let history = history(options)?;
    let events = history.count;
    for (what, only) in [("one journey", Some(ALONE)), ("all journeys", None)] {
        let (mut rates, mut memory, mut actions) = (Vec::new(), Vec::new(), 0);
        for _ in 0..options.runs {
            let needed = process::kurant(history.folder.path(), &history.arguments(only))?;
            rates.push(events as f64 / needed.seconds);
            memory.push(needed.megabytes);
            actions = lines(&history.folder.path().join(ACTIONS))?;
        }
        let name = format!("simulate, {what}, {events} events, {actions} actions");
        figures.add(name, "events/s", rates, None);
        figures.add(format!("simulate, {what}, most memory"), "MB", memory, None);
    }
    Ok(())
}

impl History {
    fn arguments<'h>(&'h self, only: Option<&'h str>) -> Vec<&'h str> {
        let mut arguments = vec![
            "simulate",
            "--customers",
            &self.customers,
            "--events",
            &self.events,
            "--from",
            &self.from,
            "--until",
            &self.until,
            "--actions",
            ACTIONS,
        ];
        arguments.extend(only.into_iter().flat_map(|journey| ["--journey", journey]));
        arguments
    }
}

/// Makes a history up, or takes the one that was named.
fn history(options: &Options) -> Result<History, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    copy_workspace(Path::new(env!("CARGO_MANIFEST_DIR")), folder.path())?;
    let (data, from, until) = match &options.data {
        Some(data) => (
            data.clone(),
            "1997-01-01T00:00:00Z".to_owned(),
            "1998-07-01T00:00:00Z".to_owned(),
        ),
        None => {
            let (customers, years) = (options.customers.to_string(), options.years.to_string());
            let arguments = [
                "generate",
                "--customers",
                &customers,
                "--years",
                &years,
                "--out",
                "history",
            ];
            process::kurant(folder.path(), &arguments)?;
            let last = FROM + i32::try_from(options.years).unwrap_or_default();
            (
                folder.path().join("history"),
                format!("{FROM}-01-01T00:00:00Z"),
                format!("{last}-01-01T00:00:00Z"),
            )
        }
    };
    let (customers, events) = (data.join("customers.jsonl"), data.join("events.jsonl"));
    let count = lines(&events)?;
    Ok(History {
        folder,
        customers: text(&customers),
        events: text(&events),
        count,
        from,
        until,
    })
}

/// How many lines a file has.
fn lines(path: &Path) -> Result<u64, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(std::io::BufReader::new(file).lines().count() as u64)
}

/// Copies what makes the sample workspace.
fn copy_workspace(from: &Path, to: &Path) -> Result<(), String> {
    for name in [
        "kurant.yaml",
        "profile.yaml",
        "segments.yaml",
        "journeys",
        "rhai-lib",
        "schemas",
        "templates",
    ] {
        folder::copy(&from.join(name), &to.join(name))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
