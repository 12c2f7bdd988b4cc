//! How many cores the product, the database and the broker used; as `/proc` tells, so Linux only.

use std::fs;

/// The programs that are looked at, by what the kernel calls them.
const PROGRAMS: [&str; 3] = ["kurant", "postgres", "beam.smp"];
/// What the kernel counts in, on every Linux of today.
const TICKS_A_SECOND: f64 = 100.0;

/// What the programs had used at a moment.
#[derive(Clone, Copy)]
pub(crate) struct Cores([u64; PROGRAMS.len()]);

impl Cores {
    /// At this moment.
    pub(crate) fn now() -> Self {
        let mut used = [0; PROGRAMS.len()];
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            // Whoever has ended meanwhile has none.
            let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
            let Some((name, ticks)) = read(&stat) else {
                continue;
            };
            if let Some(place) = PROGRAMS.iter().position(|own| *own == name) {
                used[place] += ticks;
            }
        }
        Self(used)
    }

    /// Cores by program in the seconds since. A process that ended meanwhile counts for nothing.
    pub(crate) fn since(self, seconds: f64) -> Vec<(&'static str, f64)> {
        let used = PROGRAMS.iter().zip(self.0.iter().zip(Self::now().0));
        let cores = |before: u64, after: u64| {
            after.saturating_sub(before) as f64 / TICKS_A_SECOND / seconds
        };
        used.map(|(name, (before, after))| (*name, cores(*before, after)))
            .collect()
    }
}

/// A process's name and the ticks it has used, from `/proc/PID/stat`: `PID (NAME) STATE ...`, its 14th and 15th field.
fn read(stat: &str) -> Option<(&str, u64)> {
    let (head, fields) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks = ticks.map(|ticks| ticks.parse::<u64>().ok());
    Some((name, ticks.sum::<Option<u64>>()?))
}
