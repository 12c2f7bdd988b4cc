//! What ends the sources of one run.

use kurant_runner::Error as RunnerError;
use tokio::sync::watch as signal;
use tokio::task::JoinHandle;

/// Ends the sources of one run: when the process is told to end, and when one of them or the runner fails.
pub(super) struct Halt {
    sender: signal::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Halt {
    pub(super) fn after(mut stop: signal::Receiver<bool>) -> Self {
        let sender = signal::Sender::new(false);
        let halt = sender.clone();
        let relay = tokio::spawn(async move {
            if stop.wait_for(|stop| *stop).await.is_ok() {
                halt.send_replace(true);
            }
        });
        Self { sender, relay }
    }

    pub(super) fn told(&self) -> signal::Receiver<bool> {
        self.sender.subscribe()
    }

    pub(super) fn now(&self) {
        self.sender.send_replace(true);
    }

    /// A source that fails ends the run: without it events would wait for ever, and nobody would know.
    pub(super) fn with_the_end_of(
        &self,
        source: JoinHandle<Result<(), RunnerError>>,
    ) -> JoinHandle<Result<(), RunnerError>> {
        let halt = self.sender.clone();
        tokio::spawn(async move {
            let ended = source.await.unwrap_or_else(|error| Err(error.into()));
            if ended.is_err() {
                halt.send_replace(true);
            }
            ended
        })
    }
}

impl Drop for Halt {
    fn drop(&mut self) {
        self.relay.abort();
    }
}
