//! Lives through an outage: when the store goes away it waits, and begins anew as after a kill once it is back.

use std::path::Path;
use std::time::Duration;

use kurant_engine::definition::Definitions;
use kurant_runner::{Door, Standing};
use tokio::sync::watch as signal;

use super::live::{House, live};
use super::{Args, open_door};
use crate::embedded::{self, Company};
use crate::error::Error;
use crate::workspace;

/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs live until told to stop, over as many outages as it takes. The first start has to succeed: a wrong address is no outage.
pub(super) async fn live_through(
    folder: &Path,
    args: &Args,
    definitions: Definitions,
    stop: signal::Receiver<bool>,
) -> Result<(), Error> {
    let standing = Standing::default();
    let ending = tokio::spawn(note_the_end(stop.clone(), standing.clone()));
    let mut door = None;
    let lived = live_on(folder, args, definitions, stop, &mut door, &standing);
    let ended = lived.await;
    ending.abort();
    // Until here whoever asked was told that it is coming to its end.
    if let Some(door) = door {
        door.close().await;
    }
    ended
}

/// From the moment that it is told to end, nobody should send it anything more.
async fn note_the_end(mut stop: signal::Receiver<bool>, standing: Standing) {
    if stop.wait_for(|stop| *stop).await.is_ok() {
        standing.lacks(Standing::RUN, "it is ending");
    }
}

async fn live_on(
    folder: &Path,
    args: &Args,
    mut definitions: Definitions,
    mut stop: signal::Receiver<bool>,
    door: &mut Option<Door>,
    standing: &Standing,
) -> Result<(), Error> {
    let (mut has_run, mut is_away) = (false, false);
    // On a clock of its own nobody works with others.
    let company = match args.time_lapse {
        Some(_) => Company::Alone,
        None => Company::Others,
    };
    loop {
        let run = async {
            let store = embedded::store(folder, &definitions, company).await?;
            if !*stop.borrow() {
                standing.lacks(Standing::RUN, "it is starting");
            }
            if door.is_none() && !has_run {
                *door = open_door(args, &definitions, standing.clone()).await?;
            }
            standing.has(Standing::STORE);
            let began = || {
                if !*stop.borrow() {
                    standing.has(Standing::RUN);
                }
                if std::mem::take(&mut is_away) {
                    tracing::info!("what was away is there again; it goes on where it was");
                }
                has_run = true;
            };
            let house = House {
                folder,
                args,
                stop: &stop,
                door: door.as_ref(),
                standing,
            };
            live(&house, definitions.clone(), store, began).await
        };
        let ended = run.await;
        standing.ended();
        let error = match ended {
            Err(error) if error.is_outage() && has_run => error,
            ended => return ended,
        };
        standing.lacks(Standing::STORE, error.message());
        if !std::mem::replace(&mut is_away, true) {
            tracing::warn!("{}; waiting until it is there again", error.message());
        }
        tokio::select! {
            told = stop.wait_for(|stop| *stop) => if told.is_ok() { return Ok(()) },
            () = tokio::time::sleep(PAUSE) => {}
        }
        // What was changed meanwhile is in force from now on, unless it has mistakes.
        if let Ok(changed) = workspace::reread(folder) {
            definitions = changed;
        }
    }
}
