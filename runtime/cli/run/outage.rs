//! Lives through an outage: when the store goes away it waits, and begins anew as after a kill once it is back.

use std::path::Path;
use std::time::Duration;

use kurant_engine::definition::Definitions;
use tokio::sync::watch as signal;

use super::{Args, live};
use crate::embedded::{self, Company};
use crate::error::Error;
use crate::workspace;

/// How long it waits between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs live until told to stop, over as many outages as it takes. The first start has to succeed: a wrong address is no outage.
pub(super) async fn live_through(
    folder: &Path,
    args: &Args,
    mut definitions: Definitions,
    mut stop: signal::Receiver<bool>,
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
            let began = || {
                if std::mem::take(&mut is_away) {
                    tracing::info!("what was away is there again; it goes on where it was");
                }
                has_run = true;
            };
            live::live(folder, args, definitions.clone(), store, &stop, began).await
        };
        let error = match run.await {
            Err(error) if error.is_outage() && has_run => error,
            ended => return ended,
        };
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
