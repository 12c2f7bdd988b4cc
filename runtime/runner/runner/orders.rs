//! What operators order once: a journey ends for everybody inside, or one customer is steered.

use std::sync::Arc;

use fail::fail_point;
use kurant_engine::customer::Customer;
use kurant_engine::erased::pseudonym;
use kurant_engine::id::CustomerId;
use kurant_engine::operator::{Act, Operator};
use kurant_engine::person::Person;
use kurant_store::Stored;

use super::Runner;
use crate::decide::{Job, Task};
use crate::error::Error;
use crate::steering::{FATE, ORDER, Order, STOPPED, Verb, line};

impl Runner {
    /// Carries an order out, and takes its mark away.
    pub(super) async fn carry_out(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let Ok(order) = serde_json::from_str::<Order>(text) else {
            tracing::warn!(order = name, "an order can't be read and is left out");
            return self.note(vec![(format!("{ORDER}{name}"), None)]).await;
        };
        match &order.verb {
            Verb::Stop { journey } => self.stop(name, &order, journey.clone()).await,
            Verb::Refilled { pool } => self.take_back(name, &order, pool).await,
            Verb::Customer {
                customer,
                about,
                act,
            } => {
                let operator = Operator {
                    order: name.to_owned(),
                    by: order.by.clone(),
                    why: order.why.clone(),
                    act: act.clone(),
                    about: about.clone(),
                };
                self.steer_one(name, customer, operator).await
            }
        }
    }

    async fn stop(
        &mut self,
        name: &str,
        order: &Order,
        journey: Option<String>,
    ) -> Result<(), Error> {
        let about = journey.as_deref().unwrap_or("all");
        let why = if order.why.is_empty() { "" } else { ": " };
        self.audience.told(&format!(
            "{about} is stopped by {}{why}{}",
            order.by, order.why
        ));
        // What waits to be handed over knows no enrollment, and who is through is inside no more.
        let stopped = format!("{STOPPED}{}", journey.as_deref().unwrap_or_default());
        let now = self.clock.now().to_string();
        self.note(vec![(stopped, Some(now))]).await?;
        let task = Task::Stop {
            journey: journey.clone(),
        };
        self.walk_inside("walk/stop", name, journey, task).await?;
        self.note(vec![(format!("{ORDER}{name}"), None)]).await
    }

    /// One customer is steered. That it was done is written together with what was done: whoever is killed in between does
    /// all of it once.
    async fn steer_one(
        &mut self,
        name: &str,
        customer: &CustomerId,
        operator: Operator,
    ) -> Result<(), Error> {
        let (word, is_erasure) = (operator.act.word(), operator.act == Act::Erase);
        let whom = match is_erasure {
            true => pseudonym(customer),
            false => customer.clone(),
        };
        let told = format!("{whom}: `{word}`, by {}", operator.by);
        self.settle().await?;
        fail_point!("order.begins");
        let clock = self.clock.now();
        let mut people = self.people(std::slice::from_ref(customer), clock).await?;
        if is_erasure && people.is_empty() {
            // Nobody is known by this id so far; whoever decides looks again.
            people.push(Arc::new(Stored {
                person: Person::new(Customer::new(customer.clone())),
                fired: clock,
                revision: 0,
            }));
        }
        let job = Job {
            people,
            task: Task::Operator(customer.clone(), Arc::new(operator)),
            clock,
            ..Job::default()
        };
        let done = (format!("{ORDER}{name}"), None);
        let mut marks = vec![done.clone()];
        if is_erasure {
            marks.extend(self.untold_of(customer).await?);
        }
        let decided = self.decide_now(job, |batch, _| batch.marks.extend(marks.iter().cloned()));
        match decided.await {
            Ok(_) => {
                fail_point!("order.carried_out");
                self.audience.told(&told);
                Ok(())
            }
            Err(error) if error.is_of_the_batch() => {
                tracing::error!(%error, "an order about a customer failed and is left out");
                let failed = format!("ALERT: {told} can't be done and is left out");
                self.audience.told(&failed);
                self.note(vec![done]).await
            }
            Err(error) => Err(error),
        }
    }

    /// Marks about a customer's commands that the log has not been told of, to be taken away.
    async fn untold_of(&self, id: &CustomerId) -> Result<Vec<(String, Option<String>)>, Error> {
        let marks = self.store.marks(FATE).await?;
        let own = marks
            .into_iter()
            .filter(|(_, text)| line(text).is_none_or(|(customer, _)| customer == *id));
        Ok(own.map(|(name, _)| (name, None)).collect())
    }
}
