//! What was not taken on the other side is handed over again when it is due.

use kurant_engine::calendar::MINUTE;
use tokio::task::JoinHandle;

use super::{BATCH, Runner};
use crate::error::Error;

/// How long a claim holds, in milliseconds: longer than any hand-over takes.
const LEASE: i64 = MINUTE;

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
        self.handed().await?;
        let now = self.clock.now();
        let claimed = self
            .store
            .reclaim(now, now.plus_millis(LEASE), BATCH)
            .await?;
        if !claimed.is_empty() {
            self.hand_over(claimed);
        }
        Ok(())
    }
}
