//! Whether cost follows what happens and not who exists: the same number of timers come due among few customers and among many.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::figures::Figures;
use crate::{Options, folder, process};

/// So many timers come due, whatever the number of customers.
const DUE: usize = 10_000;
/// Customers beside those whose timers come due.
const FEW: u64 = 10_000;

const JOURNEY: &str = "\
journey: reminder
status: live
category: transactional
trigger: { event: cart.left }
steps:
  - { id: later, wait: 1h }
  - { id: tell, send: email, template: reminder }
";
const WORKSPACE: &str = "\
workspace: sleepers
timezone: Europe/Kyiv
locale: en
channels: { email: { kind: file } }
";

/// Timers a second among [`FEW`] customers and among as many as the options say.
pub(crate) fn measure(options: &Options, figures: &mut Figures) -> Result<(), String> {
    let few = rates(FEW, options.runs)?;
    let many = rates(options.sleepers, options.runs)?;
    let mut sorted = few.clone();
    sorted.sort_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    figures.add(
        format!("due timers among {FEW} customers"),
        "timers/s",
        few,
        None,
    );
    figures.add(
        format!("due timers among {} customers", options.sleepers),
        "timers/s",
        many,
        Some(median),
    );
    Ok(())
}

/// Everybody is imported, some leave a cart, and an hour later their timers come due: only that hour is measured.
fn rates(customers: u64, runs: usize) -> Result<Vec<f64>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    write_workspace(folder.path(), customers).map_err(|error| error.to_string())?;
    process::kurant(folder.path(), &["import", "customers", "customers.jsonl"])?;
    play(folder.path(), "carts.jsonl", ["10:00", "10:30"])?;
    let state = folder.path().join(".kurant");
    let before = folder.path().join("before");
    folder::copy(&state, &before).map_err(|error| error.to_string())?;
    let mut rates = Vec::new();
    for _ in 0..runs {
        fs::remove_dir_all(&state)
            .and_then(|()| folder::copy(&before, &state))
            .map_err(|error| error.to_string())?;
        let seconds = play(folder.path(), "nothing.jsonl", ["10:30", "11:30"])?;
        let sent = fs::read_to_string(state.join("outbox/email.jsonl"))
            .map_err(|error| error.to_string())?
            .lines()
            .count();
        if sent != DUE {
            return Err(format!("{sent} messages left instead of {DUE}"));
        }
        rates.push(DUE as f64 / seconds);
    }
    Ok(rates)
}

/// Plays a file's events in lockstep between two times of one day, and returns the seconds that it took.
fn play(folder: &Path, events: &str, hours: [&str; 2]) -> Result<f64, String> {
    let [from, until] = hours.map(|hour| format!("2026-03-02T{hour}:00Z"));
    let arguments = [
        "run", "--quiet", "--feed", events, "--from", &from, "--until", &until,
    ];
    process::kurant(folder, &arguments).map(|needed| needed.seconds)
}

fn write_workspace(folder: &Path, customers: u64) -> std::io::Result<()> {
    let schema = r#"{"type":"object","properties":{}}"#;
    let files = [
        ("kurant.yaml", WORKSPACE),
        ("journeys/reminder.yaml", JOURNEY),
        ("schemas/customer.json", schema),
        ("schemas/events/cart.left.json", schema),
        (
            "templates/reminder/email.txt",
            "---\nsubject: Your cart\n---\nIt is still there.\n",
        ),
        ("nothing.jsonl", ""),
    ];
    folder::write(folder, &files)?;
    let (mut everybody, mut carts) = (String::new(), String::new());
    let every = (customers / DUE as u64).max(1);
    for number in 0..customers {
        let _ = writeln!(
            everybody,
            r#"{{"id":"c{number}","email":"c{number}@example.com"}}"#
        );
        if number % every == 0 && number / every < DUE as u64 {
            let _ = writeln!(
                carts,
                r#"{{"specversion":"1.0","id":"e{number}","source":"shop","type":"cart.left","subject":"c{number}","time":"2026-03-02T10:00:00Z","data":{{}}}}"#
            );
        }
    }
    fs::write(folder.join("customers.jsonl"), everybody)?;
    fs::write(folder.join("carts.jsonl"), carts)
}
