//! Why the runner stops or refuses.

use std::io::ErrorKind;

/// Why the runner stops or refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] kurant_store::Error),
    /// The engine failed: a fault of Kurant's own.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// The definitions can't be put in force; those before stay.
    #[error("{0}")]
    Definitions(String),
    /// What a provider calls can't be answered: its secret is none.
    #[error("{0}")]
    Callback(String),
    /// The file system said no.
    #[error("{path}: {source}")]
    File {
        /// Which file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The address to listen on can't be used.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// `HOST:PORT`.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of events holds none.
    #[error("{path}: none of the first {lines} lines is an event with a time: {reason}")]
    NoEvents {
        /// The file.
        path: String,
        /// How many lines were looked at.
        lines: usize,
        /// What is wrong with the last of them.
        reason: String,
    },
    /// It was told to stop in the middle of long work, which is gone on with at the next start.
    #[error("it was told to stop")]
    Stopped,
    /// A task ended early.
    #[error("a task ended early: {0}")]
    Task(String),
}

impl Error {
    /// Whether what it needs is away and may come back by itself, be it a database or room on a disk: whoever begins anew later
    /// goes on where it was.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::File { source, .. } => {
                matches!(
                    source.kind(),
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded
                )
            }
            _ => false,
        }
    }

    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            source,
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Task(error.to_string())
    }
}
