//! What comes in that no schema declares, types of events and fields: how much of each, told once and kept count of. Names and
//! numbers only, never a value.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kurant_engine::definition::{Schema, Undeclared as Name};
use kurant_engine::event::Event;

/// How many names are counted; who makes up new ones fills no memory.
const MOST: usize = 200;
/// The longest name that is counted, in bytes: a longer one is no slip of the pen.
const LONGEST: usize = 120;

/// The type that was probably meant, if any is near.
pub type Meant = fn(&str, &Schema) -> Option<String>;

/// The names that came and that no schema declares, with their numbers. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Undeclared {
    counts: Arc<Mutex<BTreeMap<Name, u64>>>,
    meant: Option<Meant>,
}

impl Undeclared {
    /// Says of each type also which one was probably meant.
    #[must_use]
    pub fn suggesting(mut self, meant: Meant) -> Self {
        self.meant = Some(meant);
        self
    }

    /// Counts what of an event is not declared; true for the first of its type, if that is not.
    pub(crate) fn note(&self, schema: &Schema, event: &Event) -> bool {
        let names = schema.undeclared(event);
        if names.is_empty() {
            return false;
        }
        let mut counts = self.lock();
        let mut is_new_type = false;
        for name in names {
            if let Some(count) = counts.get_mut(&name) {
                *count += 1;
            } else if counts.len() < MOST && name.len() <= LONGEST {
                is_new_type |= matches!(name, Name::Type(_));
                counts.insert(name, 1);
            }
        }
        is_new_type
    }

    /// Says that a type of events has no schema: nothing in the workspace waits for it, or its name is mistyped.
    pub(crate) fn tell(&self, kind: &str, schema: &Schema) {
        let meant = self.meant.and_then(|meant| meant(kind, schema));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        tracing::warn!(
            kind,
            "events of a type without a schema come in; they are kept, and no journey knows them{meant}"
        );
    }

    /// What these schemas don't declare either, in the order of the names.
    pub fn counts(&self, schema: &Schema) -> Vec<(Name, u64)> {
        let counts = self.lock();
        let still = counts.iter().filter(|(name, _)| !name.is_declared(schema));
        still.map(|(name, count)| (name.clone(), *count)).collect()
    }

    /// All that was counted.
    pub(crate) fn all(&self) -> BTreeMap<Name, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, u64>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
