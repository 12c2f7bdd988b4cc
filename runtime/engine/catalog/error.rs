//! Why definitions can't be made ready.

use crate::id::Key;
use crate::script;

/// Why definitions can't be made ready.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Scripts of the current definitions don't compile.
    #[error("{} of the workspace's scripts can't be compiled; the first: {}", .0.len(), first(.0))]
    Scripts(Vec<script::Error>),
    /// Scripts of an older version, that somebody is still inside of, don't compile.
    #[error("version {version} of journey `{journey}`, which customers are still inside of, can't be loaded: {}", first(.errors))]
    Pinned {
        /// The journey's id.
        journey: String,
        /// The version.
        version: Key,
        /// All of them.
        errors: Vec<script::Error>,
    },
}

fn first(errors: &[script::Error]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}
