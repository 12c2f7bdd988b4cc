//! Messages that were given up on their way out: another channel may take their places.

use std::collections::BTreeSet;

use kurant_engine::id::CustomerId;

use super::{BATCH, Runner};
use crate::decide::{Job, Task};
use crate::error::Error;

impl Runner {
    /// Tries the fallbacks of messages that were given up. That they were is written together with what follows from it: a stop
    /// in between leaves them claimed, and they are handed over and given up once more.
    pub(super) async fn fall_back(&mut self) -> Result<(), Error> {
        if self.given_up.is_empty() {
            return Ok(());
        }
        let most = self.given_up.len().min(BATCH);
        let given_up: Vec<_> = self.given_up.drain(..most).collect();
        let ids: BTreeSet<&CustomerId> = given_up.iter().map(|(customer, _)| customer).collect();
        let ids: Vec<CustomerId> = ids.into_iter().cloned().collect();
        let clock = self.clock.now();
        let people = self.people(&ids, clock).await?;
        let messages = given_up
            .iter()
            .map(|(customer, own)| (customer.clone(), own.key));
        let job = Job {
            people,
            task: Task::GaveUp(messages.collect()),
            clock,
            ..Job::default()
        };
        self.settled
            .extend(given_up.into_iter().map(|(_, settled)| settled));
        self.settle_alone(job).await
    }
}
