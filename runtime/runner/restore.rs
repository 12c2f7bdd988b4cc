//! That a store was restored from a copy: what a run has to know, as marks in the store.

use kurant_engine::calendar::Instant;
use kurant_store::{Batch, Error, Store};

/// All of the marks begin so.
pub(crate) const RESTORE: &str = "restore/";
/// What was due up to here may have left before.
pub(crate) const UPTO: &str = "restore/upto";
/// What was open in the copy has not been held yet.
pub(crate) const OPEN: &str = "restore/open";
/// Which database it was when a run began last.
const IDENTITY: &str = "restore/identity";

/// The reason of what is held because it may have left before the store was restored.
pub const HELD: &str = "restored";

/// A store that may be a copy.
pub struct Restored<'s> {
    store: &'s dyn Store,
}

impl<'s> Restored<'s> {
    /// Asked of this store, before anybody runs on it.
    pub fn of(store: &'s dyn Store) -> Self {
        Self { store }
    }

    /// Notes that the store was restored: whoever runs on it next holds what is open in it, and what was due by now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note(&self, now: Instant) -> Result<(), Error> {
        let identity = self.store.identity().await?;
        let marks = vec![
            (UPTO.to_owned(), Some(now.to_string())),
            (OPEN.to_owned(), Some(String::new())),
            (IDENTITY.to_owned(), identity),
        ];
        self.write(marks).await
    }

    /// Whether it is another database than the one that a run began on last: a copy, or a server that took another one's
    /// place. The first time it is noted which one it is.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_another(&self) -> Result<bool, Error> {
        let Some(identity) = self.store.identity().await? else {
            return Ok(false);
        };
        let marks = self.store.marks(IDENTITY).await?;
        match marks.first() {
            Some((_, known)) => Ok(*known != identity),
            None => {
                self.write(vec![(IDENTITY.to_owned(), Some(identity))])
                    .await?;
                Ok(false)
            }
        }
    }

    async fn write(&self, marks: Vec<(String, Option<String>)>) -> Result<(), Error> {
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await
    }
}
