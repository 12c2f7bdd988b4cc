//! Reads secrets again while it runs: when a file of them changes, when somebody outside refuses us, and on SIGHUP.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use kurant_engine::definition::Definitions;
use kurant_runner::{Calls, Doubt, Lock, Renewal};
use kurant_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;
use crate::secret;

/// How often it is looked whether a file is another one.
const EVERY: Duration = Duration::from_secs(1);

/// What takes other secrets up.
pub(super) struct Renewing {
    pub(super) folder: Folder,
    /// As the run began: what else changes holds from the next start.
    pub(super) definitions: Arc<Definitions>,
    pub(super) store: Arc<dyn Store>,
    pub(super) ways: Renewal,
    /// The door for events, if there is one.
    pub(super) lock: Option<Lock>,
    /// By what providers are known that call, if they are let in.
    pub(super) calls: Option<Calls>,
    pub(super) doubt: Doubt,
}

impl Renewing {
    /// Begins; it ends with whoever holds it.
    pub(super) fn begin(self) -> Result<Guard, Error> {
        // On a terminal it means that whoever watches has gone, and the run ends as ever.
        let is_watched = std::io::stdin().is_terminal();
        let mut hangup = match is_watched {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Guard(tokio::spawn(async move {
            let mut refused = String::new();
            loop {
                let is_asked = tokio::select! {
                    () = tokio::time::sleep(EVERY) => false,
                    () = self.doubt.raised() => {
                        // Whoever is refused often asks often.
                        tokio::time::sleep(EVERY).await;
                        secret::has_changed()
                    }
                    () = hung_up(&mut hangup) => true,
                };
                if !is_asked && !secret::has_changed() {
                    continue;
                }
                let why = self.take_up();
                let why: Vec<&str> = why.iter().map(Error::message).collect();
                let why = why.join("; ");
                if !why.is_empty() && why != refused {
                    tracing::warn!(
                        "secrets can't be taken up: {why}; those of before go on holding"
                    );
                }
                refused = why;
            }
        })))
    }

    /// Ways out, store and token each by themselves: what is no secret of one keeps none of the others from being taken up.
    fn take_up(&self) -> Vec<Error> {
        let all = [
            self.take_up_ways(),
            self.take_up_store(),
            self.take_up_token(),
        ];
        all.into_iter().filter_map(Result::err).collect()
    }

    fn take_up_ways(&self) -> Result<(), Error> {
        let ways = embedded::ways(&self.folder, &self.definitions)?;
        if let Some(calls) = &self.calls {
            calls.take_up(&ways).map_err(embedded::failure)?;
        }
        self.ways.take_up(ways);
        Ok(())
    }

    fn take_up_store(&self) -> Result<(), Error> {
        let reached = self
            .store
            .reach(&embedded::named_store(&self.folder, &self.definitions)?);
        reached.map_err(embedded::unreadable)
    }

    fn take_up_token(&self) -> Result<(), Error> {
        let token = self.definitions.workspace.settings.token.as_deref();
        if let (Some(lock), Some(token)) = (&self.lock, token) {
            lock.set(&secret::open(&self.folder, token)?);
        }
        Ok(())
    }
}

/// Ends it when dropped.
pub(super) struct Guard(JoinHandle<()>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until somebody asks for it, if that can be asked.
async fn hung_up(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
