//! What an examiner asks of a store: whether its server is safe, and whether what it holds adds up. Nothing is changed by it.

use std::collections::BTreeMap;

use kurant_engine::calendar::Instant;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::person::Person;

use crate::{EnrollmentRow, Share, Waiting};

/// What waits in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Customers who are due and were not worked off, counted up to [`Pulse::MOST`].
    pub due: u64,
    /// When the first of them was due.
    pub first_due: Option<Instant>,
    /// What is in the outbox still.
    pub outbox: Vec<Waiting>,
    /// Dead letters.
    pub letters: u64,
}

impl Pulse {
    /// How many customers are counted.
    pub const MOST: u32 = 100_000;
}

/// How a store's server is, and what in it needs no long look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkup {
    /// Its name and version; none = it has no server and no file.
    pub server: Option<String>,
    /// The version that this Kurant was run on.
    pub run_on: &'static str,
    /// The number of the tables' latest change.
    pub tables: i64,
    /// That of the latest change that this Kurant knows.
    pub known_tables: i64,
    /// How it is set.
    pub settings: Vec<Setting>,
    /// How long its longest transaction has been open, in milliseconds, where it tells.
    pub longest_transaction: Option<i64>,
    /// Commands that are claimed without a lease: where workers share a store, nobody would take them over.
    pub without_lease: u64,
    /// Commands whose lease passed long ago: nobody has taken them over.
    pub left_behind: u64,
    /// Enrollments of customers who are not there.
    pub strays: u64,
}

impl Checkup {
    /// A lease that passed so long ago was overlooked, in milliseconds.
    pub const LONG_AGO: i64 = 5 * 60 * 1_000;
}

/// A setting of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it is set to.
    pub value: String,
    /// How that is.
    pub is: Safety,
    /// What it should be.
    pub remedy: &'static str,
}

/// How a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// As it should be.
    Safe,
    /// It works, and will make trouble.
    Doubtful,
    /// What was committed can be lost.
    Unsafe,
}

/// Numbers that have to be equal, of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Events that took effect, each once.
    pub seen: u64,
    /// Events in the histories of customers.
    pub history: u64,
    /// Those that take a look at every line of the log.
    pub log: Option<LogSums>,
}

/// Numbers of the log that have to be equal to others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogSums {
    /// Actions that were done and had to leave.
    pub sent: u64,
    /// Commands in the outbox, and those that have left it.
    pub commands: u64,
    /// Times somebody entered a journey.
    pub entered: u64,
    /// Times somebody left one.
    pub left: u64,
    /// Enrollments that go on.
    pub inside: u64,
}

impl LogSums {
    /// Actions that are done without a command.
    pub const STAY: [&str; 4] = ["enter", "exit", "start", "coupon"];
}

/// All that a store holds of a customer besides the history, of one moment.
#[derive(Debug, Clone)]
pub struct Audited {
    /// The customer.
    pub id: CustomerId,
    /// The state, or why it can't be read.
    pub person: Result<Box<Person>, String>,
    /// When it is looked at next.
    pub wake_at: Option<Instant>,
    /// By which workers share the customers; none where there is one worker.
    pub slot: Option<i64>,
    /// The index of enrollments, by id.
    pub enrollments: Vec<EnrollmentRow>,
}

impl Audited {
    /// What does not fit together, in people's words.
    pub fn faults(&self) -> Vec<String> {
        let person = match &self.person {
            Ok(person) => person,
            Err(why) => return vec![format!("the state can't be read: {why}")],
        };
        let mut faults = Vec::new();
        let told = |at: Option<Instant>| at.map_or("never".to_owned(), |at| at.to_string());
        if person.wake_at() != self.wake_at {
            faults.push(format!(
                "the first timer is due {}, and is looked for {}",
                told(person.wake_at()),
                told(self.wake_at)
            ));
        }
        if self
            .slot
            .is_some_and(|slot| slot != i64::from(Share::slot(&self.id)))
        {
            faults.push("the customer falls to the wrong worker".to_owned());
        }
        let held = person.enrollments.iter();
        let mut held: BTreeMap<Key, EnrollmentRow> = held
            .map(|own| (own.id, EnrollmentRow::of(&self.id, own)))
            .collect();
        for row in &self.enrollments {
            match held.remove(&row.id) {
                None => faults.push(format!(
                    "the enrollment {} in {} stands in the index and not in the customer's state",
                    row.id, row.journey
                )),
                Some(own) if own != *row => faults.push(format!(
                    "the enrollment {} in {} stands elsewhere in the index than in the customer's state",
                    row.id, row.journey
                )),
                Some(_) => {}
            }
        }
        faults.extend(held.into_values().map(|row| {
            format!(
                "the enrollment {} in {} is missing in the index",
                row.id, row.journey
            )
        }));
        faults.extend(twice(person));
        faults
    }
}

/// Journeys that somebody is inside of twice with one key, though they don't let that be.
fn twice(person: &Person) -> Vec<String> {
    let active = person.enrollments.iter().filter(|own| own.is_active());
    let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for own in active.filter(|own| !own.parallel) {
        *counted.entry((&own.journey, &own.key)).or_default() += 1;
    }
    let many = counted.into_iter().filter(|(_, count)| *count > 1);
    many.map(|((journey, _), count)| format!("{count} enrollments in {journey} have the same key"))
        .collect()
}

/// Rows of the index as one JSON array of arrays: id, journey, version, key, node, entered, ended, reason.
pub(crate) fn index(customer: &CustomerId, text: &str) -> Result<Vec<EnrollmentRow>, crate::Error> {
    type Row = (
        String,
        String,
        String,
        String,
        Option<u32>,
        i64,
        Option<i64>,
        Option<String>,
    );
    let corrupt = |error: &dyn std::fmt::Display| crate::Error::corrupt("enrollment", error);
    let key = |text: &str| {
        let digits = text.replace('-', "");
        digits.parse::<Key>().map_err(|error| corrupt(&error))
    };
    let rows: Vec<Row> = serde_json::from_str(text).map_err(|error| corrupt(&error))?;
    let mut index = Vec::with_capacity(rows.len());
    for (id, journey, version, entry, node, entered, ended, reason) in rows {
        index.push(EnrollmentRow {
            id: key(&id)?,
            customer: customer.clone(),
            journey: journey.into(),
            version: key(&version)?,
            key: entry,
            node,
            entered: Instant::from_millis(entered),
            ended: ended.map(Instant::from_millis),
            reason,
            held: true,
        });
    }
    Ok(index)
}
