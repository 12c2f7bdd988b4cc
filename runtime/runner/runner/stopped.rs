//! Which journeys were stopped, and when: what they had decided on before and could not hand over never leaves.

use std::collections::BTreeMap;

use kurant_engine::calendar::Instant;
use kurant_engine::input::Command;

/// When journeys were stopped last.
#[derive(Debug, Clone, Default)]
pub(super) struct Stopped {
    journeys: BTreeMap<String, Instant>,
    all: Option<Instant>,
}

impl Stopped {
    /// From marks, by what follows their prefix: a journey's id, or nothing for all of them.
    pub(super) fn of<'m>(marks: impl Iterator<Item = (&'m str, &'m str)>) -> Self {
        let mut stopped = Self::default();
        for (journey, text) in marks {
            match text.parse() {
                Ok(at) if journey.is_empty() => stopped.all = Some(at),
                Ok(at) => drop(stopped.journeys.insert(journey.to_owned(), at)),
                Err(_) => {}
            }
        }
        stopped
    }

    /// Whether a command was decided on before its journey was stopped.
    pub(super) fn holds(&self, command: &Command) -> bool {
        let own = self.journeys.get(&*command.journey).copied();
        self.all.max(own).is_some_and(|at| command.at <= at)
    }
}
