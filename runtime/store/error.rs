//! What can go wrong in a store.

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address names no store that this Kurant knows.
    #[error("`{url}` is no store that Kurant knows; write `sqlite://PATH` or `memory:`")]
    Url {
        /// As it stands in `kurant.yaml`.
        url: String,
    },
    /// Another process writes to it.
    #[error(
        "another Kurant works on `{path}`{holder}; only one process may run on it at a time, reading beside it is fine"
    )]
    Locked {
        /// The database's path.
        path: String,
        /// ` (process N)`, when it is known.
        holder: String,
    },
    /// There is nothing to read yet.
    #[error("there is no store at `{path}` yet; `kurant run` or `kurant import` makes it")]
    Missing {
        /// The database's path.
        path: String,
    },
    /// An event was taken in by somebody else between the look and the commit; the batch is to be done again.
    #[error("an event of the batch has been taken in already")]
    Conflict,
    /// An earlier statement of the transaction failed, so nothing more goes into it.
    #[error("the transaction has failed before")]
    Poisoned,
    /// What is stored can't be read.
    #[error("{what} in the store can't be read: {reason}")]
    Corrupt {
        /// Which kind of row.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The store was opened to read only.
    #[error("the store was opened to read only")]
    ReadOnly,
    /// The file system said no.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database said no.
    #[error("the database said: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought to this Kurant's shape.
    #[error("the store's tables can't be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A task of the store ended early.
    #[error("the store's task ended early: {0}")]
    Task(String),
}

impl Error {
    /// A document that can't be read.
    pub(crate) fn corrupt(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            what,
            reason: reason.to_string(),
        }
    }
}

impl Error {
    /// Whether the rows themselves were refused, so that fewer of them might be taken; else the store as a whole fails.
    pub fn is_about_rows(&self) -> bool {
        match self {
            Self::Conflict | Self::Corrupt { .. } => true,
            Self::Database(sqlx::Error::Database(error)) => {
                error.is_unique_violation()
                    || error.is_check_violation()
                    || error.kind() == sqlx::error::ErrorKind::NotNullViolation
            }
            Self::Database(sqlx::Error::Encode(_)) => true,
            _ => false,
        }
    }
}
