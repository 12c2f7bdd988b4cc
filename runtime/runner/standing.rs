//! What this process needs and lacks at the moment: whether it is ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::meter;

/// A loop that has not come round for so long is stuck: each of its statements ends much earlier.
const STUCK: Duration = Duration::from_secs(60);

/// What this process needs and lacks. Everybody who knows something of it holds the same one.
#[derive(Clone, Default)]
pub struct Standing(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    /// What is needed, each with what is missing, by who says so: of several exchanges one may be away.
    parts: BTreeMap<(&'static str, String), Option<String>>,
    /// When the loop came round last; none = it doesn't run.
    moved: Option<Stopwatch>,
}

impl Standing {
    /// The process itself, which begins and ends.
    pub const RUN: &str = "run";
    /// Where state is kept.
    pub const STORE: &str = "store";
    /// The broker that events come from.
    pub const EVENTS: &str = "events";
    /// The broker that commands go to.
    pub const COMMANDS: &str = "commands";

    /// A part is there.
    pub fn has(&self, part: &'static str) {
        self.note(part, "", None);
    }

    /// A part is missing, and why. It is told to whoever asks, so no secret may be in it.
    pub fn lacks(&self, part: &'static str, why: impl Into<String>) {
        self.note(part, "", Some(why.into()));
    }

    /// A part is there or missing, by one of several who need it.
    pub(crate) fn note(&self, part: &'static str, who: &str, why: Option<String>) {
        let mut noted = self.noted();
        noted.parts.insert((part, who.to_owned()), why);
        let own = noted.parts.iter().filter(|((own, _), _)| *own == part);
        meter::up(part, own.into_iter().all(|(_, why)| why.is_none()));
    }

    /// A run has ended: what its sources and its ways out knew is known no more.
    pub fn ended(&self) {
        let mut noted = self.noted();
        noted.moved = None;
        noted.parts.retain(|(part, _), _| {
            let stays = [Self::RUN, Self::STORE].contains(part);
            if !stays {
                meter::up(part, false);
            }
            stays
        });
    }

    /// The loop has come round.
    pub(crate) fn moves(&self) {
        self.noted().moved = Some(Stopwatch::start());
    }

    /// What is missing, each part with why. Nothing is missing = it is ready.
    pub fn lacking(&self) -> Vec<(&'static str, String)> {
        let noted = self.noted();
        let lacking = noted.parts.iter();
        let mut lacking: Vec<_> = lacking
            .filter_map(|((part, _), why)| Some((*part, why.clone()?)))
            .collect();
        let still = noted.moved.map(Stopwatch::passed);
        if let Some(still) = still.filter(|still| *still > STUCK) {
            let why = format!("nothing has moved for {} seconds", still.as_secs());
            lacking.push((Self::RUN, why));
        }
        lacking
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_once_nothing_is_missing() {
        let standing = Standing::default();
        standing.lacks(Standing::RUN, "it is starting");
        standing.note(Standing::COMMANDS, "crm", Some("refused".into()));
        standing.note(Standing::COMMANDS, "other", None);
        standing.has(Standing::STORE);
        let lacking = [
            (Standing::COMMANDS, "refused".to_owned()),
            (Standing::RUN, "it is starting".to_owned()),
        ];
        assert_eq!(standing.lacking(), lacking);
        standing.has(Standing::RUN);
        standing.note(Standing::COMMANDS, "crm", None);
        assert_eq!(standing.lacking(), []);
    }

    #[test]
    fn after_a_run_only_the_store_and_the_process_are_known() {
        let standing = Standing::default();
        standing.lacks(Standing::STORE, "it is away");
        standing.lacks(Standing::EVENTS, "it is away too");
        standing.ended();
        let lacking = [(Standing::STORE, "it is away".to_owned())];
        assert_eq!(standing.lacking(), lacking);
    }
}
