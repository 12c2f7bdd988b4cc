//! What was not taken on the other side is handed over again when it is due.

use kurant_store::OutboxState;
use tokio::task::JoinHandle;

use super::{BATCH, Runner};
use crate::error::Error;

impl Runner {
    /// Begins to hand over again what is due, unless something is being handed over.
    pub(crate) async fn hand_over_again(&mut self) -> Result<(), Error> {
        let is_busy = self
            .handing
            .as_ref()
            .is_some_and(|handing| !JoinHandle::is_finished(handing));
        if !self.dispatch.may_refuse() || is_busy {
            return Ok(());
        }
        // What was taken meanwhile must be known, or it would go out again.
        self.flush().await?;
        let now = self.clock.now();
        let due = self.store.outbox(OutboxState::Pending, now, BATCH).await?;
        if !due.is_empty() {
            self.hand_over(due);
        }
        Ok(())
    }
}
