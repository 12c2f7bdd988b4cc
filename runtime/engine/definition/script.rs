//! A piece of Rhai as the author wrote it.

use serde::{Deserialize, Serialize};

/// A Rhai expression, or for `run` a script, with its place in the author's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// The text, without the leading `=` of a computed value.
    pub source: String,
    /// Where it stands, as a path in its file: `steps[2].when`. The same words stand in traces.
    pub place: String,
    /// Its number among the compiled scripts; set when a catalog is loaded.
    #[serde(skip)]
    pub(crate) slot: Slot,
}

/// The number of a compiled script. All are equal: where a script was compiled to is not part of what it says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slot(pub(crate) u32);

impl PartialEq for Slot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Script {
    /// A script with its text and its place.
    pub fn new(source: impl Into<String>, place: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            place: place.into(),
            slot: Slot::default(),
        }
    }
}
