//! What can go wrong in a store.

use std::io::ErrorKind;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address names no store that this Kurant knows.
    #[error(
        "{url} is no store that Kurant knows; write `sqlite://PATH`, `postgres://USER:PASSWORD@HOST/DATABASE` or `memory:`; in a user or password, \
         `@`, `/`, `?`, `#` and `%` are written `%40`, `%2F`, `%3F`, `%23` and `%25`"
    )]
    Url {
        /// What may be shown of it: see [`crate::shown`].
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
    /// Nobody answers there, or whoever does refuses.
    #[error("PostgreSQL at {place} can't be reached, or refuses: {source}")]
    Unreachable {
        /// Host, port and database.
        place: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The database is none that events may be entrusted to.
    #[error("{problem}; {remedy}")]
    Unsuitable {
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
    /// There is nothing to read yet.
    #[error("there is no store at `{path}` yet; `kurant run` or `kurant import` makes it")]
    Missing {
        /// The database's path.
        path: String,
    },
    /// An event was taken in, or a customer written, by somebody else between the look and the commit; the batch is to be
    /// decided again.
    #[error("an event of the batch has been taken in already, or a customer of it has changed")]
    Conflict,
    /// The batch before it failed, so that this one must not be written.
    #[error("the batch was given up before its turn came")]
    GivenUp,
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
    Migration(sqlx::migrate::MigrateError),
    /// One of the changes that are missing was refused; nothing of any of them was done.
    #[error(
        "the store's tables can't be brought up to date, and are as they were: change {number} ({about}) failed: {source}"
    )]
    Change {
        /// The number of the change.
        number: i64,
        /// What it is about.
        about: String,
        /// Why.
        source: sqlx::Error,
    },
    /// Before the tables are changed a copy is made, and it could not be.
    #[error(
        "the store's tables have to be changed, and no copy of it could be made at {path} first, so nothing was changed: {source}"
    )]
    NoCopy {
        /// Where it should be.
        path: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The tables lack what this Kurant needs.
    #[error(
        "the store's tables are version {version}, and this Kurant needs {known}: run `kurant migrate` first; `kurant migrate --dry-run` says what it would do"
    )]
    Older {
        /// The latest change of the tables.
        version: i64,
        /// The one that is needed.
        known: i64,
    },
    /// A newer Kurant has changed the tables.
    #[error(
        "a newer Kurant has worked on this store (its tables are version {version}, and this one knows {known}): start one that is at least as new, or restore a backup from before"
    )]
    Newer {
        /// The latest change of the tables.
        version: i64,
        /// The latest one that is known here.
        known: i64,
    },
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
                // Data (22) and integrity (23) of the SQL standard; SQLite has kinds of its own.
                let class = error.code();
                let class = class.as_deref().and_then(|code| code.get(..2));
                error.is_unique_violation()
                    || error.is_check_violation()
                    || error.kind() == sqlx::error::ErrorKind::NotNullViolation
                    || (is_postgres(&**error) && matches!(class, Some("22" | "23")))
            }
            Self::Database(sqlx::Error::Encode(_)) => true,
            _ => false,
        }
    }

    /// Whether the database may come back by itself: the connection was lost or refused, or the server is starting, stopping,
    /// full, read only or too slow, or it refuses a password that is being changed. What was asked may be asked again later; a
    /// commit may have been made or not, and the same batch again tells.
    pub fn is_passing(&self) -> bool {
        let error = match self {
            Self::Database(error)
            | Self::Unreachable { source: error, .. }
            | Self::Change { source: error, .. } => error,
            Self::File { source, .. } => {
                return matches!(
                    source.kind(),
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded
                );
            }
            _ => return false,
        };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) if is_postgres(&**error) => {
                let code = error.code().unwrap_or_default();
                // Connection, resources, operator; who we are, while a password is being changed; read only after a switch-over;
                // collisions, locks and statements that took too long.
                [
                    "08", "53", "57P0", "28P01", "25006", "40", "55P03", "57014", "58",
                ]
                .iter()
                .any(|class| code.starts_with(class))
            }
            // SQLITE_FULL, and IOERR of WRITE, FSYNC and SHMSIZE: somebody may make room.
            sqlx::Error::Database(error) => {
                matches!(
                    error.code().as_deref(),
                    Some("13" | "778" | "1034" | "4874")
                )
            }
            _ => false,
        }
    }

    /// Whether a transaction only collided with another one, and may be run again at once.
    pub(crate) fn is_a_collision(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        is_postgres(&**error) && matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }
}

fn is_postgres(error: &dyn sqlx::error::DatabaseError) -> bool {
    error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
}
