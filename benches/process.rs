//! Runs a program and watches how long it takes and how much memory it needs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program needed.
pub(crate) struct Needed {
    /// Seconds from start to end.
    pub(crate) seconds: f64,
    /// The most memory it held, in megabytes; as `/proc` tells, so Linux only.
    pub(crate) megabytes: f64,
}

/// How often the program is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs `kurant` with arguments in a folder, to its end.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
pub(crate) fn kurant(folder: &Path, arguments: &[&str]) -> Result<Needed, String> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kurant"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("kurant can't be started: {error}"))?;
    let mut megabytes: f64 = 0.0;
    loop {
        megabytes = megabytes.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            let seconds = start.elapsed().as_secs_f64();
            return if status.success() {
                Ok(Needed { seconds, megabytes })
            } else {
                Err(format!("`kurant {}` failed: {status}", arguments.join(" ")))
            };
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The most memory that a process has held, in megabytes.
pub(crate) fn peak(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<f64>()
        .ok()
        .map(|kilobytes| kilobytes / 1024.0)
}
