//! Which events of the past decisions look back on: what a store has to load, and a world has to keep.

use std::collections::BTreeMap;

use super::lookback::{Lookback, lookbacks};
use super::{Loaded, Watched};
use crate::calendar::Instant;
use crate::definition::{Computed, Definitions, Script};

/// How far back events of one type are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// All of the last so many milliseconds; none = not by age.
    pub millis: Option<i64>,
    /// And the latest one, however old.
    pub latest: bool,
    /// And all since an enrollment that is still active began (`wait_for` with `since`).
    pub enrolled: bool,
}

/// Which events of the past decisions look back on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    types: BTreeMap<String, Keep>,
}

impl Needs {
    pub(crate) fn new<'l>(
        definitions: &Definitions,
        versions: impl Iterator<Item = &'l Loaded>,
        watched: &[Watched],
    ) -> Self {
        let mut needs = Self::default();
        let mut definitions = definitions.clone();
        for update in &mut definitions.profile {
            for (_, value) in &mut update.set {
                Computed::for_each_script_mut(value, &mut |script| needs.script(script));
            }
        }
        for segment in &definitions.segments {
            needs.script(&segment.condition);
        }
        for watched in watched {
            needs.script(&watched.condition);
        }
        for library in &definitions.library {
            needs.script(&Script::new(&library.source, "rhai-lib.run"));
        }
        for loaded in versions {
            let mut journey = loaded.journey().clone();
            journey.for_each_script_mut(&mut |script| needs.script(script));
            for node in loaded.program.nodes() {
                needs.node(&node.op);
            }
        }
        needs
    }

    /// How far back events of this type are needed; none = not at all.
    pub fn keeps(&self, kind: &str) -> Option<Keep> {
        self.types.get(kind).copied()
    }

    /// The types that are needed at all, with how far.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Keep)> {
        self.types.iter().map(|(kind, keep)| (kind.as_str(), *keep))
    }

    /// Whether nothing of the past is needed.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    fn script(&mut self, script: &Script) {
        for Lookback { event, millis } in lookbacks(&script.source) {
            let keep = self.types.entry(event).or_default();
            match millis {
                Some(millis) => keep.millis = Some(keep.millis.unwrap_or(0).max(millis)),
                None => keep.latest = true,
            }
        }
    }

    fn node(&mut self, op: &super::program::Op) {
        if let super::program::Op::WaitFor { wait, .. } = op
            && wait.since.is_some()
        {
            for awaited in &wait.any {
                self.types
                    .entry(awaited.event.clone())
                    .or_default()
                    .enrolled = true;
            }
        }
    }
}

impl Keep {
    /// Whether an event this old is still needed for its age.
    pub fn covers(&self, time: Instant, now: Instant) -> bool {
        self.millis
            .is_some_and(|millis| time > now.plus_millis(-millis))
    }
}
