//! A folder that several workers may read is read by one of them.

use std::path::Path;
use std::sync::Arc;

use kurant_engine::calendar::MINUTE;
use kurant_store::Store;

use crate::clock::Clock;
use crate::error::Error;
use crate::runner::{host, worker_name};

/// For how long one worker keeps a folder, in milliseconds.
const KEPT: i64 = MINUTE;

/// A worker that would read a folder.
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    name: String,
    lease: String,
}

impl Keeper {
    /// A worker with a name of its own; `what` is what the folder is for.
    pub(crate) fn of(
        what: &str,
        folder: &Path,
        store: &Arc<dyn Store>,
        clock: &Arc<Clock>,
    ) -> Self {
        Self {
            store: store.clone(),
            clock: clock.clone(),
            name: worker_name(clock.real_millis()),
            // The same path on another machine is another folder.
            lease: format!("{what}/{}{}", host(), folder.display()),
        }
    }

    /// Whether it is the one that reads the folder: of several workers one does.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn keeps(&self) -> Result<bool, Error> {
        if !self.store.is_shared() {
            return Ok(true);
        }
        let now = self.clock.now();
        let until = now.plus_millis(KEPT);
        Ok(self
            .store
            .lease(&self.lease, &self.name, now, until)
            .await?)
    }
}
