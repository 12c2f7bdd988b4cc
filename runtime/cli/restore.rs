//! `kurant run --after-restore`: what a restored store may do before anybody has looked at it; and how a store is found out
//! that is a copy although nobody says so.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_runner::{Clock, Restored};
use kurant_store::{LogPlace, Store};

use crate::embedded::{self, unreadable};
use crate::error::Error;

/// How often it is noted how far a store has come.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// How far a store that is a file has come, noted beside it: one that has come less far is a copy. A database on a server knows
/// by itself which one it is.
pub(crate) struct Beside {
    path: Option<PathBuf>,
}

impl Beside {
    /// Beside the store that the workspace names.
    pub(crate) fn of(folder: &Path, definitions: &Definitions) -> Result<Self, Error> {
        let path = embedded::store_file(folder, definitions)?;
        let path = path.map(|mut path| {
            path.as_mut_os_string().push(".place");
            path
        });
        Ok(Self { path })
    }

    /// Has the next run hold what may have left before, if the store was restored: because it is `said`, or because the store
    /// shows it.
    pub(crate) async fn look(&self, store: &dyn Store, said: bool) -> Result<(), Error> {
        let restored = Restored::of(store);
        let is_another = restored.is_another().await.map_err(unreadable)?;
        let is_older = self.is_older(store).await?;
        if said || is_another || is_older {
            if !said {
                tracing::warn!(
                    "this store is another one than the one that ran here last: a copy, or a standby that took over. It is taken for restored, see `kurant held --help`"
                );
            }
            let now = store.now().await.map_err(unreadable)?;
            let now = now.unwrap_or_else(|| Clock::real().now());
            restored.note(now).await.map_err(unreadable)?;
        }
        self.note(store).await;
        Ok(())
    }

    /// Does some work on the store, and notes beside it how far that has come.
    pub(crate) async fn of_work<T>(&self, store: &dyn Store, work: impl Future<Output = T>) -> T {
        let noting = async {
            loop {
                tokio::time::sleep(NOTE_EVERY).await;
                self.note(store).await;
            }
        };
        tokio::select! {
            done = work => {
                self.note(store).await;
                done
            }
            () = noting => unreachable!("it goes on for ever"),
        }
    }

    async fn is_older(&self, store: &dyn Store) -> Result<bool, Error> {
        let known = self.path.as_ref().map(std::fs::read_to_string);
        let Some(known) = known.and_then(|text| text.ok()?.trim().parse::<i64>().ok()) else {
            return Ok(false);
        };
        let place = place(store).await.map_err(unreadable)?;
        // One without a log is new, or has forgotten all of it.
        Ok(place > 0 && place < known)
    }

    /// A note that can't be written only makes it harder to find out.
    async fn note(&self, store: &dyn Store) {
        let Some(path) = &self.path else { return };
        if let Ok(place) = place(store).await
            && let Err(error) = replace(path, &place.to_string())
        {
            tracing::debug!(%error, "how far the store has come can't be noted");
        }
    }
}

async fn place(store: &dyn Store) -> Result<i64, kurant_store::Error> {
    let LogPlace(place) = store.log_place(Instant::MAX).await?;
    Ok(place)
}

/// Writes a file as a whole.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut fresh = path.to_owned();
    fresh.as_mut_os_string().push("-new");
    std::fs::write(&fresh, text)?;
    std::fs::rename(fresh, path)
}
