//! The engine's own thread: it holds the catalog and the desk, and decides one job after the other.

mod erasure;
mod job;
mod late;
mod ledger;
mod past;
mod turn;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::desk::Desk;
use kurant_store::Swap;
use tokio::sync::oneshot;

pub use late::{Late, Lateness};

pub(crate) use job::{Answer, Arrived, Decided, Job, Short, Task, Window};
pub(crate) use ledger::WEBHOOK;

use crate::anchors::Anchors;
use crate::clock::Stopwatch;
use crate::error::Error;
use crate::meter;

/// The mark under which the desk stands.
pub(crate) const DESK: &str = "desk";

/// What the thread holds.
pub(crate) struct State {
    pub(crate) catalog: Catalog,
    pub(crate) anchors: Anchors,
    pub(crate) desk: Desk,
    /// The desk as the store has it once all that was decided is written; none = it has none.
    pub(crate) written: Option<String>,
}

impl State {
    /// Takes the desk as the store has it. Codes that are at hand stay there.
    ///
    /// # Errors
    /// When it can't be read; then the one before stays.
    pub(crate) fn set_desk(&mut self, text: Option<String>) -> Result<(), Error> {
        let mut desk = desk_of(text.as_deref())?;
        *desk.codes.stocks() = std::mem::take(self.desk.codes.stocks());
        self.desk = desk;
        self.written = text;
        Ok(())
    }

    /// Takes the desk as the store has it, after decisions that were never written: whatever was given by them has not been.
    ///
    /// # Errors
    /// When it can't be read; then the one before stays.
    pub(crate) fn restore_desk(&mut self, text: Option<String>) -> Result<(), Error> {
        self.set_desk(text)?;
        self.desk.codes.stocks().renew_all();
        Ok(())
    }
}

/// The desk as it was written; an empty one when it never was. With an empty one instead of what can't be read, codes that were made
/// would be made again, and budgets begin anew.
pub(crate) fn desk_of(text: Option<&str>) -> Result<Desk, Error> {
    let desk = text.map(serde_json::from_str).transpose();
    let desk = desk.map_err(|why| kurant_store::Error::Corrupt {
        what: "the desk",
        reason: format!(
            "{why}; if a newer Kurant has written it, run that one, else restore a copy of the store"
        ),
    });
    Ok(desk?.unwrap_or_default())
}

type Work = Box<dyn FnOnce(&mut Option<State>) + Send>;

/// A handle on the engine's thread; the thread ends with it.
pub(crate) struct Decider {
    work: mpsc::Sender<Work>,
}

impl Decider {
    /// Starts the thread, without a catalog so far.
    pub(crate) fn start() -> Result<Self, Error> {
        let (work, queue) = mpsc::channel::<Work>();
        std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || {
                let mut state = None;
                while let Ok(work) = queue.recv() {
                    work(&mut state);
                }
            })
            .map_err(|error| Error::Engine(error.to_string()))?;
        Ok(Self { work })
    }

    /// Puts definitions in force, or says why it can't; then those before stay in force.
    pub(crate) async fn load(
        &self,
        definitions: Definitions,
        pinned: Vec<Version>,
    ) -> Result<(), Error> {
        let loaded = self.ask(move |state| {
            let catalog = Catalog::load(&definitions, &pinned, Acting::Live)
                .map_err(|error| error.to_string())?;
            let anchors = Anchors::of(&catalog);
            let before = state.take();
            let (desk, written) = before
                .map(|state| (state.desk, state.written))
                .unwrap_or_default();
            *state = Some(State {
                catalog,
                anchors,
                desk,
                written,
            });
            Ok(())
        });
        loaded.await?.map_err(Error::Definitions)
    }

    /// Asks the thread something, once a catalog is there.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.ask(move |state| state.as_mut().map(work))
            .await?
            .ok_or_else(|| Error::Engine("nothing is loaded".into()))
    }

    /// Decides a job, or says which codes have to be at hand for it.
    ///
    /// # Errors
    /// [`Error::Engine`] when the engine panicked: the job is to be taken apart.
    pub(crate) async fn decide(&self, job: Job) -> Result<Answer, Error> {
        let decided = self.with(move |state| {
            let (watch, before) = (Stopwatch::start(), state.desk.clone());
            // Customers are changed where they are, unless the job may be needed once more.
            let again = state.desk.codes.stocks().is_used().then(|| job.clone());
            let State {
                catalog,
                anchors,
                desk,
                written,
            } = state;
            let mut decided = turn::Turn::new(catalog, anchors, desk, job).run();
            let wanting = desk.codes.stocks().take_wanting();
            if let Some(job) = again.filter(|_| !wanting.is_empty()) {
                *desk = before;
                return Answer::Short(Box::new(Short { job, wanting }));
            }
            if *desk != before {
                let now = serde_json::to_string(desk).unwrap_or_default();
                let was = written.replace(now.clone());
                let name = DESK.to_owned();
                decided.batch.swaps.push(Swap { name, was, now });
            }
            let batch = &decided.batch;
            meter::decided(batch.seen.len(), batch.persons.len(), watch.passed());
            Answer::Decided(Box::new(decided))
        });
        decided.await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Option<State>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |state| {
            let done = catch_unwind(AssertUnwindSafe(|| work(state)));
            let _ = reply.send(done.map_err(|panic| told(&*panic)));
        });
        self.work
            .send(work)
            .map_err(|_| Error::Engine("its thread has ended".into()))?;
        answer
            .await
            .map_err(|_| Error::Engine("its thread has ended".into()))?
            .map_err(Error::Engine)
    }
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_that_cannot_be_read_is_told_and_not_taken_for_an_empty_one() {
        assert_eq!(desk_of(None).unwrap(), Desk::default());
        let written = serde_json::to_string(&Desk::default()).unwrap();
        assert_eq!(desk_of(Some(&written)).unwrap(), Desk::default());
        for text in ["", "{", "[1]", "\"desk\""] {
            let told = desk_of(Some(text)).unwrap_err().to_string();
            assert!(
                told.starts_with("the desk in the store can't be read: "),
                "{told}"
            );
        }
    }
}
