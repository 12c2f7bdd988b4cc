//! The documents of a batch, put into words beside the transaction that writes them.

use std::sync::Arc;

use serde::Serialize;
use tokio::task::JoinHandle;

use crate::log::{self, parts};
use crate::{Batch, Error};

/// A part of the documents, ready sooner or later.
pub(super) struct Part<T>(JoinHandle<Result<T, Error>>);

/// The documents of a batch, each part in the order of its rows.
pub(super) struct Documents {
    /// Customers' states.
    pub(super) persons: Part<Vec<String>>,
    /// Events' data.
    pub(super) events: Part<Vec<String>>,
    /// Entries of the log.
    pub(super) log: Part<Vec<Worded>>,
    /// Commands.
    pub(super) commands: Part<Vec<String>>,
}

/// An entry of the log in words.
pub(super) struct Worded {
    pub(super) actions: String,
    pub(super) traces: String,
}

impl Documents {
    /// Begins with all of them.
    pub(super) fn of(batch: &Arc<Batch>) -> Self {
        Self {
            persons: part(batch, |batch| {
                all(
                    "customer",
                    batch.persons.iter().map(|stored| &stored.person),
                )
            }),
            events: part(batch, |batch| {
                all("event", batch.events.iter().map(|event| &event.data))
            }),
            log: part(batch, |batch| parts(batch).iter().map(worded).collect()),
            commands: part(batch, |batch| {
                all("command", batch.outbox.iter().map(|row| &row.command))
            }),
        }
    }
}

impl<T> Part<T> {
    /// Waits until it is ready.
    pub(super) async fn ready(self) -> Result<T, Error> {
        self.0
            .await
            .map_err(|error| Error::Task(error.to_string()))?
    }
}

fn part<T: Send + 'static>(
    batch: &Arc<Batch>,
    words: impl FnOnce(&Batch) -> Result<T, Error> + Send + 'static,
) -> Part<T> {
    let batch = batch.clone();
    Part(tokio::task::spawn_blocking(move || words(&batch)))
}

fn all<D: Serialize>(
    what: &'static str,
    documents: impl IntoIterator<Item = D>,
) -> Result<Vec<String>, Error> {
    documents
        .into_iter()
        .map(|document| json(what, &document))
        .collect()
}

fn worded(part: &log::Part<'_>) -> Result<Worded, Error> {
    Ok(Worded {
        actions: json("action", &part.actions)?,
        traces: json("trace", &part.traces)?,
    })
}

/// One document.
pub(super) fn json(what: &'static str, value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::corrupt(what, error))
}
