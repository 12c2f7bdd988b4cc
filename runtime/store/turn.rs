//! When a batch may be written: after those before it.

use tokio::sync::oneshot;

use crate::Error;

/// Waits for a batch's turn.
#[derive(Debug)]
pub struct Turn(Option<oneshot::Receiver<()>>);

/// Lets a batch go. Dropped, the batch is given up.
#[derive(Debug)]
pub struct Go(oneshot::Sender<()>);

impl Turn {
    /// It is its turn.
    pub fn now() -> Self {
        Self(None)
    }

    /// Its turn comes when it is let go.
    pub fn later() -> (Go, Self) {
        let (go, turn) = oneshot::channel();
        (Go(go), Self(Some(turn)))
    }

    /// Waits for it.
    pub(crate) async fn comes(self) -> Result<(), Error> {
        match self.0 {
            Some(turn) => turn.await.map_err(|_| Error::GivenUp),
            None => Ok(()),
        }
    }
}

impl Go {
    /// Its turn has come.
    pub fn go(self) {
        // Whoever waited for it may have gone.
        let _ = self.0.send(());
    }
}
