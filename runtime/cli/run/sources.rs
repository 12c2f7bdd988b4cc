//! What brings events in while it runs, besides HTTP.

use std::sync::Arc;

use kurant_runner::source::{Inbox, Rabbit, Schemas, Undeclared};
use kurant_runner::{
    Asking, Behind, Clock, Delivery, Error as RunnerError, MailServer, ReturnedReader, Runner,
    Standing,
};
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
    /// The channels whose messages are handed to mail servers: mail may come back.
    pub(super) mails: Vec<(String, MailServer)>,
    pub(super) standing: Standing,
    pub(super) undeclared: Undeclared,
}

/// What brings events in, until it ends or fails.
pub(super) type Watching = JoinHandle<Result<(), RunnerError>>;

/// All that brings events in.
pub(super) struct Opened {
    pub(super) watching: Vec<Watching>,
    /// Whether each of them still holds what came while nobody listened.
    pub(super) behind: Vec<watch::Receiver<bool>>,
}

impl Sources {
    /// Begins to take events in, and says where from. Until it is idle, only files are: a broker never ends.
    pub(super) fn open(
        self,
        runner: &mut Runner,
        source: Source,
        until_idle: bool,
        asking: Asking,
    ) -> Result<Opened, Error> {
        let mut opened = self.read_mail(runner, until_idle);
        let (own, behind) = Behind::at_first();
        let watching = self.take_in(runner, source, (until_idle, own), asking)?;
        opened.watching.push(watching);
        opened.behind.push(behind);
        Ok(opened)
    }

    /// Begins to read what comes back as mail.
    fn read_mail(&self, runner: &mut Runner, until_idle: bool) -> Opened {
        let mails = self.mails.iter().map(|(name, own)| (name.as_str(), own));
        let (mut watching, mut holding) = (Vec::new(), Vec::new());
        for reader in ReturnedReader::all(mails, &self.store, &self.clock, &self.out) {
            let folder = reader.folder().display();
            runner.tell(&format!("what comes back as mail is read from {folder}"));
            let (own, behind) = Behind::at_first();
            let reader = reader.until_empty(until_idle).telling(own);
            watching.push(tokio::spawn(reader.watch(self.stop.clone())));
            holding.push(behind);
        }
        Opened {
            watching,
            behind: holding,
        }
    }

    fn take_in(
        self,
        runner: &mut Runner,
        source: Source,
        (until_idle, behind): (bool, Behind),
        asking: Asking,
    ) -> Result<Watching, Error> {
        match source {
            Source::Inbox(folder) => {
                runner.tell(&format!("drop files of events into {}", folder.display()));
                let inbox = Inbox::new(folder, self.store, self.clock, self.schemas, self.out)
                    .until_empty(until_idle)
                    .telling(behind)
                    .counting(self.undeclared);
                Ok(tokio::spawn(inbox.watch(self.stop)))
            }
            Source::Rabbit { .. } if until_idle => Ok(tokio::spawn(async { Ok(()) })),
            Source::Rabbit { url, exchange } => {
                let rabbit = Rabbit::new(&url, exchange, self.schemas, self.clock, self.out)
                    .map_err(|error| Error::failure(format!("`events.url`: {error}")))?
                    .asking(asking)
                    .telling(behind)
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
