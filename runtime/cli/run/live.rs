//! Runs live, until told to stop or until something fails.

use std::path::Path;
use std::sync::Arc;

use kurant_engine::definition::Definitions;
use kurant_runner::{Behind, Delivery, Error as RunnerError, Purpose, Wires};
use kurant_store::Store;
use tokio::sync::{mpsc, watch as signal};
use tokio::task::JoinHandle;

use super::halt::Halt;
use super::show::Show;
use super::sources::Sources;
use super::{Args, WAITING, address, clock, end, open_door, watch};
use crate::embedded::{self, failure};
use crate::error::Error;
use crate::workspace;

/// Runs on a store from now on. `began` is told once everything is open.
pub(super) async fn live(
    folder: &Path,
    args: &Args,
    definitions: Definitions,
    store: Arc<dyn Store>,
    stop: &signal::Receiver<bool>,
    began: impl FnOnce(),
) -> Result<(), Error> {
    let zone = definitions.workspace.timezone;
    let clock = Arc::new(clock(args, &*store, zone).await?);
    let source = embedded::source(folder, &definitions)?;
    let address = address(args, &definitions);
    let (schema, schemas) = signal::channel(Arc::new(definitions.schema.clone()));
    let show = Box::new(Show::new(args.actions.as_deref(), args.quiet, zone)?);
    let (own, purpose) = (clock.clone(), Purpose::Run);
    let begun = embedded::runner(folder, definitions, store.clone(), own, show, purpose);
    let mut runner = begun.await?;
    let (out, inbox) = mpsc::channel::<Delivery>(WAITING);
    let halt = Halt::after(stop.clone());
    let (own, behind) = Behind::at_first();
    let sources = Sources {
        store,
        clock: clock.clone(),
        schemas: schemas.clone(),
        out: out.clone(),
        stop: halt.told(),
        behind: own,
    };
    let watching = sources.open(&mut runner, source, args.until_idle)?;
    let watching = halt.with_the_end_of(watching);
    let listening = open_door(
        &mut runner,
        address,
        args.listen.is_some(),
        schemas,
        &clock,
        out,
        &halt.told(),
    )
    .await?;
    let mut fresh = workspace::Fresh::of(folder);
    let (_watcher, changed) = watch::changes(folder)?;
    began();
    runner.tell("running; Ctrl-C ends it");
    let mut wires = Wires {
        inbox,
        changed,
        reload: Box::new(move || fresh.reread()),
        behind,
        schemas: schema,
        until_idle: args.until_idle,
        stop: halt.told(),
    };
    let ended = runner.live(&mut wires, &clock).await;
    // Whoever waits for an answer gets none now and sends its events again.
    drop(wires);
    halt.now();
    if ended.is_ok() {
        end(&mut runner);
    }
    // With the runner go the receipts that sources wait for.
    runner.abandon().await;
    ended
        .map_err(failure)
        .and(closed(watching, listening).await)
}

/// Waits until the sources have ended.
async fn closed(
    watching: JoinHandle<Result<(), RunnerError>>,
    listening: Option<JoinHandle<()>>,
) -> Result<(), Error> {
    let watched = watching.await;
    if let Some(listening) = listening {
        let _ = listening.await;
    }
    watched
        .map_err(|error| Error::failure(error.to_string()))?
        .map_err(failure)
}
