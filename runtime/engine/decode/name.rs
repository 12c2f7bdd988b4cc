//! Names that come again and again: one allocation for each, however many events carry it.

use std::collections::HashSet;
use std::sync::Arc;

/// How many different names are remembered; a sender who makes up new ones costs no more than this.
const MOST: usize = 4096;

/// Remembers names. The last one is tried first: events come in runs.
#[derive(Debug, Default)]
pub(super) struct Names {
    last: Option<Arc<str>>,
    known: HashSet<Arc<str>>,
}

impl Names {
    /// The name, shared with those before.
    pub(super) fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(last) = &self.last
            && **last == *name
        {
            return last.clone();
        }
        let shared = match self.known.get(name) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = name.into();
                if self.known.len() < MOST {
                    self.known.insert(new.clone());
                }
                new
            }
        };
        self.last = Some(shared.clone());
        shared
    }
}
