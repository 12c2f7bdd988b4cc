//! Types of events that no schema declares: how many of each came, to be told once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kurant_engine::definition::Schema;

/// How many types are counted; who makes up new ones fills no memory.
const MOST: usize = 100;

/// The types that came and that no schema declares, with their numbers. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Undeclared {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Undeclared {
    /// Counts an event, if its type is not declared; true for the first of its type.
    pub(crate) fn note(&self, schema: &Schema, kind: &str) -> bool {
        if schema.events.contains_key(kind) {
            return false;
        }
        let mut counts = self.lock();
        if let Some(count) = counts.get_mut(kind) {
            *count += 1;
            return false;
        }
        let has_room = counts.len() < MOST;
        if has_room {
            counts.insert(kind.to_owned(), 1);
        }
        has_room
    }

    /// The types that these schemas don't declare either, in the order of their names.
    pub fn counts(&self, schema: &Schema) -> Vec<(String, u64)> {
        let counts = self.lock();
        let still = counts
            .iter()
            .filter(|(kind, _)| !schema.events.contains_key(*kind));
        still.map(|(kind, count)| (kind.clone(), *count)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
