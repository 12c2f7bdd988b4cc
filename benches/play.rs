//! Events per second through `simulate`, on the sample workspace.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::figures::Figures;
use crate::{Options, folder, process};

/// The first day of a made-up history.
const FROM: i32 = 2024;

/// A history to play, and the workspace it is played in.
struct History {
    folder: tempfile::TempDir,
    customers: PathBuf,
    events: PathBuf,
    count: u64,
    from: String,
    until: String,
}

/// Simulated events per second, and the memory it takes.
pub(crate) fn simulate(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let history = history(options)?;
    let mut rates = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..options.runs {
        let needed = process::kurant(
            history.folder.path(),
            &[
                "simulate",
                "--customers",
                &text(&history.customers),
                "--events",
                &text(&history.events),
                "--from",
                &history.from,
                "--until",
                &history.until,
                "--actions",
                "actions.jsonl",
            ],
        )?;
        rates.push(history.count as f64 / needed.seconds);
        memory.push(needed.megabytes);
    }
    figures.add(
        format!("simulate, {} events", history.count),
        "events/s",
        rates,
        None,
    );
    figures.add("simulate, most memory", "MB", memory, None);
    Ok(())
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
    let file =
        std::fs::File::open(&events).map_err(|error| format!("{}: {error}", events.display()))?;
    let count = std::io::BufReader::new(file).lines().count() as u64;
    Ok(History {
        folder,
        customers,
        events,
        count,
        from,
        until,
    })
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
