//! What brings events in while it runs, besides HTTP.

use std::sync::Arc;

use kurant_runner::source::{Inbox, Rabbit, Schemas, Undeclared};
use kurant_runner::{Asking, Behind, Clock, Delivery, Error as RunnerError, Runner, Standing};
use kurant_store::Store;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::embedded::Source;
use crate::error::Error;

/// What a source is given.
pub(super) struct Sources {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<Clock>,
    pub(super) schemas: Schemas,
    pub(super) out: mpsc::Sender<Delivery>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) behind: Behind,
    pub(super) standing: Standing,
    pub(super) undeclared: Undeclared,
}

impl Sources {
    /// Begins to take events in, and says where from. Until it is idle, only files are: a broker never ends.
    pub(super) fn open(
        self,
        runner: &mut Runner,
        source: Source,
        until_idle: bool,
        asking: Asking,
    ) -> Result<JoinHandle<Result<(), RunnerError>>, Error> {
        match source {
            Source::Inbox(folder) => {
                runner.tell(&format!("drop files of events into {}", folder.display()));
                let inbox = Inbox::new(folder, self.store, self.clock, self.schemas, self.out)
                    .until_empty(until_idle)
                    .telling(self.behind)
                    .counting(self.undeclared);
                Ok(tokio::spawn(inbox.watch(self.stop)))
            }
            Source::Rabbit { .. } if until_idle => Ok(tokio::spawn(async { Ok(()) })),
            Source::Rabbit { url, exchange } => {
                let rabbit = Rabbit::new(&url, exchange, self.schemas, self.clock, self.out)
                    .map_err(|error| Error::failure(format!("`events.url`: {error}")))?
                    .asking(asking)
                    .telling(self.behind)
                    .sharing(runner.share())
                    .counting(self.undeclared)
                    .noting(self.standing);
                Ok(tokio::spawn(async move {
                    rabbit.watch(self.stop).await;
                    Ok(())
                }))
            }
        }
    }
}
