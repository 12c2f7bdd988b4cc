//! Asks the floor program, if there is one, what the machine can do.

use std::path::Path;
use std::process::Command;

use crate::Options;

/// Asks it on the servers and with the workers of these options; none when there is no program.
pub(crate) fn on_servers(
    options: &Options,
    arguments: &[&str],
    row: &str,
    unit: &str,
) -> Result<Option<f64>, String> {
    let (Some(program), Some(postgres), Some(rabbitmq)) =
        (&options.floor, &options.postgres, &options.rabbitmq)
    else {
        return Ok(None);
    };
    let workers = options.workers.to_string();
    let servers = ["--kind", "quorum", "--runs", "1", "--workers", &workers];
    let addresses = ["--pg", postgres.as_str(), "--amqp", rabbitmq.as_str()];
    let arguments = [arguments, &servers, &addresses].concat();
    ask(program, &arguments, row, unit).map(Some)
}

/// The one in the middle, if there is any.
pub(crate) fn median(mut floors: Vec<f64>) -> Option<f64> {
    floors.sort_by(f64::total_cmp);
    floors.get(floors.len() / 2).copied()
}

/// Runs the floor program and gives the number that stands before `unit` in the first line after one that holds `row`, or in
/// that line itself.
pub(crate) fn ask(
    program: &Path,
    arguments: &[&str],
    row: &str,
    unit: &str,
) -> Result<f64, String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let from = text
        .find(row)
        .ok_or_else(|| format!("{} printed no row `{row}`", program.display()))?;
    let number = text[from..]
        .split_once(unit)
        .and_then(|(before, _)| before.split_whitespace().next_back())
        .ok_or_else(|| format!("{} printed no figure in {unit}", program.display()))?;
    number
        .replace(',', "")
        .parse()
        .map_err(|_| format!("`{number}` is not a figure"))
}
