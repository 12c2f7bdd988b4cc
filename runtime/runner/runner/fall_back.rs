//! What comes back of commands that left: messages that were given up, whose places another channel may take, and answers of web
//! hooks that journeys wait for.

use std::collections::BTreeSet;

use kurant_engine::id::CustomerId;

use super::{BATCH, Runner};
use crate::decide::{Job, Task};
use crate::error::Error;

impl Runner {
    /// Tries the fallbacks of messages that were given up, and takes answers in. How it went is written together with what follows
    /// from it: a stop in between leaves them claimed, and they are handed over once more.
    pub(super) async fn fall_back(&mut self) -> Result<(), Error> {
        if self.given_up.is_empty() {
            return Ok(());
        }
        let most = self.given_up.len().min(BATCH);
        let given_up: Vec<_> = self.given_up.drain(..most).collect();
        let ids: BTreeSet<&CustomerId> = given_up.iter().map(|own| &own.customer).collect();
        let ids: Vec<CustomerId> = ids.into_iter().cloned().collect();
        let clock = self.clock.now();
        let people = self.people(&ids, clock).await?;
        let commands = given_up
            .iter()
            .map(|own| (own.customer.clone(), own.settled.key, own.reply.clone()));
        let job = Job {
            people,
            task: Task::CameBack(commands.collect()),
            clock,
            ..Job::default()
        };
        self.settled
            .extend(given_up.into_iter().map(|own| own.settled));
        self.settle_alone(job).await
    }
}
