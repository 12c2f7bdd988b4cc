//! Loads what was before: customers, events and sends of the past. It starts nothing.

use std::collections::{BTreeSet, HashMap};

use kurant_engine::calendar::Instant;
use kurant_engine::customer::Customer;
use kurant_engine::decode::Record;
use kurant_engine::definition::Category;
use kurant_engine::id::CustomerId;
use kurant_store::{Batch, Rejected};

use super::flight::After;
use super::upkeep::BASELINE;
use super::{BATCH, Runner};
use crate::decide::{Job, Task};
use crate::error::Error;
use crate::intake::{Delivered, Delivery};
use crate::source::RefusedLine;

/// A message of the past: it counts for frequency caps, and its occasion is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSend {
    /// Whom.
    pub customer: CustomerId,
    /// When.
    pub at: Instant,
    /// Through which channel.
    pub channel: String,
    /// What it counts as.
    pub category: Category,
    /// Which journey it stands for, if any.
    pub journey: Option<String>,
    /// Which occasion: the year or month of a date, the anchor's value.
    pub occasion: Option<String>,
}

/// What came of a page of customers.
#[derive(Debug, Default)]
pub struct Admitted {
    /// How many customers changed.
    pub changed: usize,
    /// Which records of the page were refused, and the attribute that the schema requires and nobody has told.
    pub lacking: Vec<(usize, String)>,
}

impl Runner {
    /// Loads customers: what a record names is set, null removes, what it doesn't name stays. With `as_of` the records hold
    /// every event up to then already, and none of these changes a profile again. Whoever would then lack what the schema
    /// requires is left as before.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import_customers(
        &mut self,
        mut records: Vec<Record>,
        as_of: Option<Instant>,
    ) -> Result<Admitted, Error> {
        let lacking = self.lacking(&records).await?;
        for (index, _) in lacking.iter().rev() {
            records.remove(*index);
        }
        let ids = records.iter().map(|record| record.id.clone()).collect();
        let changed = self.admit(ids, Task::Customers { records, as_of }).await?;
        Ok(Admitted { changed, lacking })
    }

    /// The records that lack what the schema requires, where neither the customer has it nor a record before them brings it.
    async fn lacking(&mut self, records: &[Record]) -> Result<Vec<(usize, String)>, Error> {
        let required = self
            .decider
            .with(|state| {
                state
                    .catalog
                    .definitions()
                    .schema
                    .required_of_customer
                    .clone()
            })
            .await?;
        let lacks = |record: &Record, name: &str| record.attributes.get(name).is_none();
        let is_short = |record: &&Record| required.iter().any(|name| lacks(record, name));
        let mut short: Vec<CustomerId> = records
            .iter()
            .filter(is_short)
            .map(|record| record.id.clone())
            .collect();
        if short.is_empty() {
            return Ok(Vec::new());
        }
        short.sort();
        short.dedup();
        self.land().await?;
        let clock = self.now();
        let mut known: HashMap<CustomerId, BTreeSet<String>> = HashMap::new();
        for stored in self.people(&short, clock).await? {
            let customer = &stored.person.customer;
            let names = required.iter().filter(|name| has(customer, name));
            known.insert(customer.id.clone(), names.cloned().collect());
        }
        let mut lacking = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let names = known.entry(record.id.clone()).or_default();
            let removes = |name: &str| {
                let mut told = record.attributes.iter();
                told.any(|(own, value)| own == name && value.is_null())
            };
            let is_missing =
                |name: &&String| lacks(record, name) && (removes(name) || !names.contains(*name));
            match required.iter().find(is_missing) {
                Some(name) => lacking.push((index, name.clone())),
                None => names.extend(required.iter().cloned()),
            }
        }
        Ok(lacking)
    }

    /// Loads messages of the past. Returns how many customers changed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import_sends(&mut self, sends: Vec<PastSend>) -> Result<usize, Error> {
        let ids = sends.iter().map(|send| send.customer.clone()).collect();
        self.admit(ids, Task::Sends(sends)).await
    }

    /// Loads events of the past, in the order of their times.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn import_events(&mut self, events: Vec<Delivered>) -> Result<(), Error> {
        debug_assert!(events.len() <= BATCH);
        let now = self.now();
        self.take_in(
            vec![Delivery {
                events,
                imported: true,
                ..Delivery::default()
            }],
            now,
        )
        .await
    }

    /// The lines of imported events so far that say something else than those that had their ids before, with what is wrong; they
    /// are told once, and are dead letters already.
    pub fn reused(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.reused)
    }

    /// Keeps lines of a file that are no events as dead letters, and says so to whoever looks on.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn reject(
        &mut self,
        origin: String,
        lines: Vec<RefusedLine>,
    ) -> Result<(), Error> {
        self.counts.refused += lines.len() as u64;
        self.counts.unreadable += lines.len() as u64;
        let at = self.now();
        let rejected = lines
            .into_iter()
            .map(|refused| {
                self.audience.refused(&refused);
                Rejected {
                    at,
                    origin: origin.clone(),
                    line: refused.line,
                    reason: format!("{}: {}", refused.reason, refused.message),
                    body: refused.text,
                }
            })
            .collect();
        self.store
            .commit(Batch {
                rejected,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }

    async fn admit(&mut self, mut ids: Vec<CustomerId>, task: Task) -> Result<usize, Error> {
        self.land().await?;
        ids.sort();
        ids.dedup();
        let clock = self.now();
        let people = self.people(&ids, clock).await?;
        let job = Job {
            people,
            task,
            clock,
            ..Job::default()
        };
        let decided = self.decide(job).await?;
        let changed = decided.batch.persons.len();
        self.launch(decided, After::default()).await?;
        Ok(changed)
    }

    /// Ends an import: everybody is judged anew by the segments that triggers watch, before anything happens.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_import(&mut self) -> Result<(), Error> {
        self.flush().await?;
        let marks = vec![(BASELINE.to_owned(), None)];
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }
}

/// Whether something is known of a customer.
fn has(customer: &Customer, name: &str) -> bool {
    match name {
        "consents" => !customer.consents.is_empty(),
        "topics" => !customer.opted_out.is_empty(),
        _ => customer.attributes.get(name).is_some(),
    }
}
