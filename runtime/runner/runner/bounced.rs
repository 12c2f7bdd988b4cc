//! Addresses that nobody has, as mail servers and providers say when they are given a message: ordinary events.

use super::{BATCH, Runner};
use crate::error::Error;
use crate::intake::{Delivered, Delivery, Via};

impl Runner {
    /// Takes in what was learned of addresses. Only then is it written that the messages were given up: a stop in between leaves
    /// them claimed, and whoever begins anew either hears the same once more, or finds that nothing may be sent there.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub(crate) async fn take_in_bounced(&mut self) -> Result<(), Error> {
        while !self.bounced.is_empty() {
            let most = self.bounced.len().min(BATCH);
            let events = self.bounced.drain(..most);
            let delivery = Delivery {
                via: Via::Feedback,
                events: events.map(Delivered::made_here).collect(),
                ..Delivery::default()
            };
            self.take_in(vec![delivery], self.clock.now()).await?;
            self.land().await?;
        }
        Ok(())
    }
}
