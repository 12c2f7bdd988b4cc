//! What comes back of commands that left: messages that were given up, whose places another channel may take, and answers of web
//! hooks that journeys wait for.

use std::collections::{BTreeSet, HashSet};

use kurant_engine::id::CustomerId;

use super::{BATCH, Runner};
use crate::decide::{Job, Task};
use crate::error::Error;

impl Runner {
    /// Tries the fallbacks of messages that were given up, and takes answers in. How it went is written together with what follows
    /// from it, or not at all: a stop in between, or a store that fails, leaves them claimed, and they are handed over once more.
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
        let known: HashSet<&CustomerId> = people
            .iter()
            .map(|stored| &stored.person.customer.id)
            .collect();
        let (back, of_nobody): (Vec<_>, Vec<_>) = given_up
            .into_iter()
            .partition(|own| known.contains(&own.customer));
        // Nothing follows from these.
        self.settled
            .extend(of_nobody.into_iter().map(|own| own.settled));
        let job = Job {
            people,
            task: Task::CameBack(back),
            clock,
            ..Job::default()
        };
        self.settle_alone(job).await
    }
}
