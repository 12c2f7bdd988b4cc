//! Lives through an outage: when the store goes away it waits, and begins anew as after a kill once it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use kurant_engine::definition::Definitions;
use kurant_runner::Standing;
use kurant_store::Store;
use tokio::sync::{Mutex, Notify, watch as signal};

use super::Args;
use super::doors::{Doors, open_doors};
use super::live::{House, live};
use crate::embedded::{self, Company};
use crate::environment;
use crate::error::Error;
use crate::folder::Folder;
use crate::in_force;
use crate::restore::Beside;
use crate::workspace;

/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// How long it waits once what was there again has gone at once: a disk that is full takes in little things.
const LONG_PAUSE: Duration = Duration::from_secs(5);
/// How long it has to work before that counts as working.
const STEADY: Duration = Duration::from_secs(30);

/// How it goes with what may go away.
#[derive(Default)]
struct Outage {
    is_away: AtomicBool,
    /// How often in a row it has gone before it counted as working.
    short: AtomicU32,
    has_begun: AtomicBool,
    began: Notify,
}

impl Outage {
    /// Tells that it is there again, of what is steady at once.
    async fn watch(&self) {
        self.began.notified().await;
        self.has_begun.store(true, Relaxed);
        if !self.is_shaky() {
            self.is_over();
        }
        tokio::time::sleep(STEADY).await;
        self.short.store(0, Relaxed);
        self.is_over();
        std::future::pending().await
    }

    fn is_over(&self) {
        if self.is_away.swap(false, Relaxed) {
            tracing::info!("what was away is there again; it goes on where it was");
        }
    }

    fn begins(&self, error: &Error) {
        if self.has_begun.swap(false, Relaxed) {
            self.short.fetch_add(1, Relaxed);
        }
        if !self.is_away.swap(true, Relaxed) {
            tracing::warn!("{}; waiting until it is there again", error.message());
        }
    }

    fn is_shaky(&self) -> bool {
        self.short.load(Relaxed) > 1
    }

    fn pause(&self) -> Duration {
        match self.is_shaky() {
            true => LONG_PAUSE,
            false => PAUSE,
        }
    }
}

/// Runs live until told to stop, over as many outages as it takes. The first start has to succeed: a wrong address is no outage.
pub(super) async fn live_through(
    folder: &Folder,
    args: &Args,
    definitions: Definitions,
    stop: signal::Receiver<bool>,
) -> Result<(), Error> {
    let standing = Standing::default();
    let ending = tokio::spawn(note_the_end(stop.clone(), standing.clone()));
    let mut doors = None;
    let lived = live_on(folder, args, definitions, stop, &mut doors, &standing);
    let ended = lived.await;
    ending.abort();
    // Until here whoever asked was told that it is coming to its end.
    if let Some(doors) = doors {
        doors.close().await;
    }
    ended
}

/// From the moment that it is told to end, nobody should send it anything more.
async fn note_the_end(mut stop: signal::Receiver<bool>, standing: Standing) {
    if stop.wait_for(|stop| *stop).await.is_ok() {
        standing.lacks(Standing::RUN, "it is ending");
    }
}

/// The store, which has to be this environment's, and what stands beside it; one that is a copy holds what may have left.
async fn open_store(
    folder: &Folder,
    args: &Args,
    definitions: &Definitions,
    is_restored: bool,
) -> Result<(Arc<dyn Store>, Beside), Error> {
    // On a clock of its own nobody works with others.
    let company = match args.time_lapse {
        Some(_) => Company::Alone,
        None => Company::Others,
    };
    let store = embedded::store(folder, definitions, company).await?;
    environment::claim(&*store, folder, args.adopt).await?;
    let beside = Beside::of(folder, definitions)?;
    if company == Company::Others {
        beside.look(&*store, is_restored).await?;
    }
    Ok((store, beside))
}

async fn live_on(
    folder: &Folder,
    args: &Args,
    mut definitions: Definitions,
    mut stop: signal::Receiver<bool>,
    doors: &mut Option<Doors>,
    standing: &Standing,
) -> Result<(), Error> {
    let (mut has_run, outage) = (false, Outage::default());
    let untold = Mutex::default();
    loop {
        let run = async {
            let is_restored = args.after_restore && !has_run;
            let opened = open_store(folder, args, &definitions, is_restored).await?;
            let (store, beside) = opened;
            if !*stop.borrow() {
                standing.lacks(Standing::RUN, "it is starting");
            }
            if doors.is_none() && !has_run {
                *doors = Some(open_doors(folder, args, &definitions, standing.clone()).await?);
            }
            standing.has(Standing::STORE);
            let by = in_force::on(&*store, definitions.clone()).await?;
            let began = || {
                if !*stop.borrow() {
                    standing.has(Standing::RUN);
                }
                outage.began.notify_one();
                has_run = true;
            };
            let house = House {
                folder,
                args,
                stop: &stop,
                door: doors.as_ref().and_then(|own| own.events.as_ref()),
                public: doors.as_ref().and_then(|own| own.public.as_ref()),
                standing,
                untold: &untold,
            };
            let lived = live(&house, by, store.clone(), began);
            beside.of_work(&*store, lived).await
        };
        let ended = tokio::select! {
            ended = run => ended,
            () = outage.watch() => Ok(()),
        };
        standing.ended();
        let error = match ended {
            Err(error) if error.is_outage() && has_run => error,
            ended => return ended,
        };
        standing.lacks(Standing::STORE, error.message());
        outage.begins(&error);
        tokio::select! {
            told = stop.wait_for(|stop| *stop) => if told.is_ok() { return Ok(()) },
            () = tokio::time::sleep(outage.pause()) => {}
        }
        // What was changed meanwhile is in force from now on, unless it has mistakes.
        if let Ok(changed) = workspace::reread(folder) {
            definitions = changed;
        }
    }
}
