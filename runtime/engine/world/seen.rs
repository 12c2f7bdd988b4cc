//! Which events have taken effect.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::hash::Itself;
use crate::id::Key;

/// The events that have taken effect, by source and id: each does so once.
#[derive(Debug, Default)]
pub struct Seen(HashSet<u64, BuildHasherDefault<Itself>>);

impl Seen {
    /// Notes an event by its identity; whether it is new. Eight bytes of the identity are kept: of twenty million events,
    /// two different ones look alike once in a hundred thousand runs.
    pub fn is_new(&mut self, identity: Key) -> bool {
        self.0.insert(identity.short())
    }

    /// How many have been noted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has been noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
