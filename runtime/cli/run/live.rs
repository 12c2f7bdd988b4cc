//! Runs live, until told to stop or until something fails.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::definition::Definitions;
use kurant_runner::source::{Schemas, Undeclared};
use kurant_runner::{
    Clock, Delivery, Door, Doubt, MailServer, Offer, Public, PublicDoor, Purpose, Renewal, Room,
    Runner, Standing, Ways, Wires,
};
use kurant_store::{Batch, Settled, Store};
use tokio::sync::{Mutex, mpsc, watch as signal};

use super::halt::Halt;
use super::renew::Renewing;
use super::show::Show;
use super::sources::{Sources, Watching};
use super::{Args, WAITING, clock, end, tell_of_play, watch};
use crate::embedded::{self, failure};
use crate::error::Error;
use crate::folder::Folder;
use crate::kinds;
use crate::workspace;

/// What customers may choose, as it changes.
type Offers = signal::Receiver<Arc<Offer>>;

/// What outlives a run: whether to end, the door, and what is known of what it needs.
pub(super) struct House<'h> {
    pub(super) folder: &'h Folder,
    pub(super) args: &'h Args,
    pub(super) stop: &'h signal::Receiver<bool>,
    pub(super) door: Option<&'h Door>,
    /// What customers reach.
    pub(super) public: Option<&'h PublicDoor>,
    pub(super) standing: &'h Standing,
    /// What the run before knew of hand-overs and could not tell the store.
    pub(super) untold: &'h Mutex<Vec<Settled>>,
}

impl House<'_> {
    /// Tells the store what the run before could not, so that nothing leaves a second time of which it is known that it has left.
    async fn tell(&self, store: &dyn Store, clock: Instant) -> Result<(), Error> {
        let settled = self.untold.lock().await.clone();
        if settled.is_empty() {
            return Ok(());
        }
        let batch = Batch {
            clock,
            settled,
            ..Batch::default()
        };
        let told = store.commit(batch).await;
        told.map_err(|error| failure(error.into()))?;
        self.untold.lock().await.clear();
        Ok(())
    }

    /// The ways out. On a clock of its own nothing leaves this machine.
    fn ways(&self, definitions: &Definitions) -> Result<Ways, Error> {
        let ways = embedded::ways(self.folder, definitions)?.telling(self.standing.clone());
        if let Some(door) = self.public {
            // The door was opened before: a secret may be another one since.
            door.calls().take_up(&ways).map_err(failure)?;
        }
        Ok(match self.args.time_lapse {
            Some(_) => ways.staying_here(),
            None => ways,
        })
    }

    /// Lets events in by the door, and customers by theirs. Without doors only the source holds the other end of the room: with it ends what can come.
    fn admit(&self, room: Room, offer: Offers, runner: &mut Runner) {
        if let Some(door) = self.public {
            door.admit(Public {
                offer,
                clock: room.clock.clone(),
                out: room.out.clone(),
                store: room.store.clone(),
            });
            let address = door.address();
            runner.tell(&format!("customers' pages are served at http://{address}"));
        }
        if let Some(door) = self.door {
            door.admit(room);
            let address = door.address();
            runner.tell(&format!("events are taken in at http://{address}/events"));
        }
    }

    /// What takes up secrets that change.
    fn renewing(
        &self,
        definitions: Arc<Definitions>,
        store: Arc<dyn Store>,
        ways: Renewal,
        doubt: Doubt,
    ) -> Renewing {
        Renewing {
            store,
            folder: self.folder.clone(),
            definitions,
            ways,
            lock: self.door.map(Door::lock),
            calls: self.public.map(PublicDoor::calls),
            doubt,
        }
    }

    /// Lets nobody in any more.
    fn shut(&self) {
        if let Some(door) = self.door {
            door.shut();
        }
        if let Some(public) = self.public {
            public.shut();
        }
    }
}

/// Runs on a store from now on, by these definitions and the deployment that they are, if they are one. `began` is told once everything is open.
pub(super) async fn live(
    house: &House<'_>,
    (definitions, deployed): (Definitions, Option<u64>),
    store: Arc<dyn Store>,
    began: impl FnOnce(),
) -> Result<(), Error> {
    let House { folder, args, .. } = *house;
    let zone = definitions.workspace.timezone;
    let clock = Arc::new(clock(args, &*store, zone).await?);
    let source = embedded::source(folder, &definitions)?;
    let (schema, schemas) = signal::channel(Arc::new(definitions.schema.clone()));
    let (offer, offers) = signal::channel(Arc::new(Offer::of(&definitions)));
    let show = Box::new(Show::new(args, zone)?);
    let (own, purpose) = (clock.clone(), Purpose::Run);
    let ways = house.ways(&definitions)?;
    let (doubt, begun_with) = (ways.doubt(), Arc::new(definitions.clone()));
    let mails = mails(&ways);
    house.tell(&*store, clock.now()).await?;
    let begun = embedded::runner(definitions, store.clone(), own, ways, show, purpose);
    let undeclared = Undeclared::default().suggesting(kinds::meant);
    let mut runner = begun.await?.counting(undeclared.clone()).deployed(deployed);
    tell_of_play(args, &mut runner, &*store).await?;
    let (out, inbox) = mpsc::channel::<Delivery>(WAITING);
    let halt = Halt::after(house.stop.clone());
    let sources = Sources {
        store: store.clone(),
        clock: clock.clone(),
        schemas: schemas.clone(),
        out: out.clone(),
        stop: halt.told(),
        mails,
        standing: house.standing.clone(),
        undeclared: undeclared.clone(),
    };
    let asking = embedded::asking_for_events(folder, &begun_with);
    let opened = sources.open(&mut runner, source, args.until_idle, asking)?;
    let watching = opened.watching.into_iter();
    let watching = watching.map(|own| halt.with_the_end_of(own)).collect();
    let mut fresh = workspace::Fresh::of(folder);
    let (_watcher, changed) = watch::changes(folder)?;
    let declared = schemas.clone();
    let room = room(schemas, &clock, out, &undeclared, &store);
    house.admit(room, offers, &mut runner);
    let _renewing = house
        .renewing(begun_with, store, runner.renewal(), doubt)
        .begin()?;
    began();
    runner.tell("running; Ctrl-C ends it");
    let mut wires = Wires {
        inbox,
        changed,
        reload: Box::new(move || fresh.reread()),
        behind: opened.behind,
        schemas: schema,
        offer,
        until_idle: args.until_idle,
        stop: halt.told(),
    };
    let ended = runner.live(&mut wires, &clock).await;
    house.shut();
    // Whoever waits for an answer gets none now and sends its events again.
    drop(wires);
    halt.now();
    if ended.is_ok() {
        end(&mut runner, &undeclared, &declared.borrow());
    }
    // With the runner go the receipts that sources wait for.
    house.untold.lock().await.extend(runner.abandon().await);
    ended.map_err(failure).and(closed(watching).await)
}

/// What is put behind the door.
fn room(
    schemas: Schemas,
    clock: &Arc<Clock>,
    out: mpsc::Sender<Delivery>,
    undeclared: &Undeclared,
    store: &Arc<dyn Store>,
) -> Room {
    Room {
        schemas,
        clock: clock.clone(),
        out,
        undeclared: undeclared.clone(),
        store: store.clone(),
    }
}

/// The channels whose messages are handed to mail servers.
fn mails(ways: &Ways) -> Vec<(String, MailServer)> {
    let servers = ways.mail_servers();
    servers
        .map(|(name, server)| (name.to_owned(), server.clone()))
        .collect()
}

/// Waits until the sources have ended.
async fn closed(watching: Vec<Watching>) -> Result<(), Error> {
    let mut closed = Ok(());
    for own in watching {
        let watched = own.await;
        let ended = watched.map_err(|error| Error::failure(error.to_string()));
        closed = closed.and(ended.and_then(|own| own.map_err(failure)));
    }
    closed
}
