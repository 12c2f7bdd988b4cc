//! What came in that nobody had declared or announced: names without a schema, customers whom nobody had told of. The store
//! keeps count, so that whoever looks from outside sees it too.

use std::collections::BTreeMap;

use kurant_engine::calendar::MINUTE;
use kurant_engine::definition::{Schema, Undeclared as Name};
use kurant_store::{Batch, Error as StoreError, Store, Swap};
use serde::{Deserialize, Serialize};

use super::Runner;
use crate::error::Error;
use crate::source::Undeclared;

/// The mark that keeps count.
const STRANGE: &str = "strange";
/// It is told at the most so often, in milliseconds of the machine's clock.
const TOLD_EVERY: i64 = MINUTE;
/// How often it is tried to tell what other workers tell too; after that it waits for the next time.
const TRIES: u32 = 5;
/// So many names are kept.
const MOST: usize = 500;

/// What came in unannounced, as a store knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strange {
    /// Names that no schema declared, each with how often it came.
    names: Vec<(Name, u64)>,
    /// Customers made by events about somebody unknown.
    pub customers: u64,
}

/// How far the store has been told.
#[derive(Debug, Default)]
pub(super) struct Telling {
    undeclared: Undeclared,
    names: BTreeMap<Name, u64>,
    customers: u64,
    told: Option<i64>,
}

impl Strange {
    /// What a store knows of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(store: &dyn Store) -> Result<Self, StoreError> {
        Ok(Self::read(store).await?.1)
    }

    /// The names that a schema doesn't declare to this day, in their order.
    pub fn names<'s>(&'s self, schema: &'s Schema) -> impl Iterator<Item = &'s (Name, u64)> {
        self.names
            .iter()
            .filter(|(name, _)| !name.is_declared(schema))
    }

    async fn read(store: &dyn Store) -> Result<(Option<String>, Self), StoreError> {
        let marks = store.marks(STRANGE).await?;
        let mark = marks.into_iter().find(|(name, _)| name == STRANGE);
        let text = mark.map(|(_, text)| text);
        let known = text
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok());
        Ok((text, known.unwrap_or_default()))
    }

    fn add(&mut self, name: &Name, more: u64) {
        if let Some((_, count)) = self.names.iter_mut().find(|(own, _)| own == name) {
            *count += more;
        } else if self.names.len() < MOST {
            self.names.push((name.clone(), more));
            self.names.sort();
        }
    }
}

impl Runner {
    /// What sources count of names without a schema is told to the store from now on.
    #[must_use]
    pub fn counting(mut self, undeclared: Undeclared) -> Self {
        self.strange.undeclared = undeclared;
        self
    }

    /// Tells the store what came in unannounced since, unless that was a moment ago. At the end all of it.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn tell_strange(&mut self, at_the_end: bool) -> Result<(), Error> {
        let (now, telling) = (self.clock.real_millis(), &self.strange);
        let is_fresh = telling.told.is_some_and(|told| now - told < TOLD_EVERY);
        if is_fresh && !at_the_end {
            return Ok(());
        }
        let (names, customers) = (telling.undeclared.all(), self.counts.created);
        if names == telling.names && customers == telling.customers {
            return Ok(());
        }
        for _ in 0..TRIES {
            if self.add_strange(&names, customers).await? {
                let telling = &mut self.strange;
                (telling.names, telling.customers, telling.told) = (names, customers, Some(now));
                break;
            }
        }
        Ok(())
    }

    /// Adds to what the store knows; false when another worker was first.
    async fn add_strange(
        &self,
        names: &BTreeMap<Name, u64>,
        customers: u64,
    ) -> Result<bool, Error> {
        let (was, mut known) = Strange::read(&*self.store).await?;
        for (name, count) in names {
            let told = self.strange.names.get(name).copied().unwrap_or(0);
            if *count > told {
                known.add(name, count - told);
            }
        }
        known.customers += customers - self.strange.customers;
        let swap = Swap {
            name: STRANGE.to_owned(),
            was,
            now: serde_json::to_string(&known).unwrap_or_default(),
        };
        let batch = Batch {
            clock: self.clock.now(),
            swaps: vec![swap],
            ..Batch::default()
        };
        match self.store.commit(batch).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
