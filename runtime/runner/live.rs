//! Runs: live, or through a history.

use std::sync::Arc;
use std::time::Duration;

use kurant_engine::calendar::{DAY, Instant};
use kurant_engine::definition::{Definitions, Schema};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::error::Error;
use crate::intake::Delivery;
use crate::meter;
use crate::public::Offer;
use crate::runner::{BATCH, Runner, TOGETHER};
use crate::source::Feed;

/// How long the loop sleeps at the most when nothing is due.
const REST: Duration = Duration::from_secs(1);
/// How long it sleeps when the clock is faster than the machine's.
const SHORT_REST: Duration = Duration::from_millis(40);
/// How often timers are looked at while events keep coming, in real milliseconds.
const TIMERS_EVERY: i64 = 500;
/// The longest stretch of a history that is worked off at once.
const STRETCH: i64 = 7 * DAY;

/// Gives definitions anew when the workspace has changed: all of them, or why not; none when nothing that is read has changed.
pub type Reload = Box<dyn FnMut() -> Result<Option<Definitions>, String> + Send>;

/// What a running loop listens to.
pub struct Wires {
    /// What sources bring.
    pub inbox: mpsc::Receiver<Delivery>,
    /// The workspace has changed.
    pub changed: mpsc::Receiver<()>,
    /// Reads it again.
    pub reload: Reload,
    /// Whether each source still holds what came while nobody listened.
    pub behind: Vec<watch::Receiver<bool>>,
    /// The schemas that sources follow.
    pub schemas: watch::Sender<Arc<Schema>>,
    /// What customers may choose.
    pub offer: watch::Sender<Arc<Offer>>,
    /// Ends once all sources have ended and nothing is left to do.
    pub until_idle: bool,
    /// It is time to end.
    pub stop: watch::Receiver<bool>,
}

impl Wires {
    /// Whether a source still holds what came while nobody listened. One that has ended holds nothing.
    fn is_behind(&self) -> bool {
        let mut sources = self.behind.iter();
        sources.any(|own| own.has_changed().is_ok() && *own.borrow())
    }
}

impl Runner {
    /// Runs until told to stop: events as they come, timers as they are due. What is durable is handed over before it ends.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub async fn live(&mut self, wires: &mut Wires, clock: &Clock) -> Result<(), Error> {
        self.stop = Some(wires.stop.clone());
        let mut looked = 0_i64;
        while !*wires.stop.borrow() {
            match self.turn(wires, clock, &mut looked).await {
                Ok(true) => {}
                Ok(false) | Err(Error::Stopped) => break,
                Err(error) => return Err(error),
            }
        }
        self.flush().await?;
        self.say_trouble(true);
        self.tell_strange(true).await?;
        self.depart().await
    }

    /// One turn of the loop: what operators say, events, timers, hand-over. Returns whether there may be more to do.
    async fn turn(
        &mut self,
        wires: &mut Wires,
        clock: &Clock,
        looked: &mut i64,
    ) -> Result<bool, Error> {
        if wires.changed.try_recv().is_ok() {
            self.take_up_files(wires).await?;
        }
        let heeded = clock.now();
        let before = self.counts().handed_over;
        self.heed().await?;
        self.take_up_deployed(&wires.schemas).await?;
        self.take_in_bounced().await?;
        // Before the inbox: what a source has handed on is in there once it says that it isn't behind.
        let is_behind = wires.is_behind();
        let deliveries = gathered(&mut wires.inbox);
        let now = clock.now();
        let is_idle = deliveries.is_empty();
        let passed = newest(&deliveries);
        if !is_idle {
            self.take_in(deliveries, now).await?;
        }
        let lag = self.lag(passed, is_behind, !wires.inbox.is_empty());
        meter::lag(lag.map_or(0, |held| now.millis_since(held)));
        self.beat(heeded, lag).await?;
        if is_idle || clock.real_millis() - *looked > TIMERS_EVERY {
            *looked = clock.real_millis();
            let upto = self.may_fire(now, lag);
            self.work_off(upto).await?;
            self.hand_over_again().await?;
            self.tidy().await?;
            self.look_at_pools().await?;
            self.tell_strange(false).await?;
        }
        self.say_trouble(false);
        if is_idle && !self.more_to_take_in {
            self.settle().await?;
            let is_over = wires.inbox.is_closed() && wires.inbox.is_empty() && !is_behind;
            // Of many messages a slow way takes some at a time; the rest is due all the same, as long as it takes any.
            let is_leaving = self.is_handing_over() || self.counts().handed_over > before;
            if wires.until_idle && is_over && !is_leaving {
                return Ok(false);
            }
            self.rest(wires, clock).await?;
        }
        Ok(true)
    }

    /// Sleeps until something comes or is due.
    async fn rest(&mut self, wires: &mut Wires, clock: &Clock) -> Result<(), Error> {
        let is_short = clock.is_virtual() || self.is_catching_up() || self.is_held();
        let longest = if is_short { SHORT_REST } else { REST };
        let until_due = self
            .next_wake()
            .await?
            .map(|wake| clock.real_until(wake))
            .unwrap_or(longest);
        // What is due and waits for a source is looked at now and then.
        let shortest = if self.is_held() {
            SHORT_REST
        } else {
            Duration::from_millis(1)
        };
        let sleep = until_due.clamp(shortest, longest);
        let ended = self.hand_over_ended();
        tokio::select! {
            delivery = wires.inbox.recv() => match delivery {
                Some(delivery) => {
                    self.heed().await?;
                    self.take_up_deployed(&wires.schemas).await?;
                    self.take_in(vec![delivery], clock.now()).await?;
                }
                // No source is left; timers go on.
                None if wires.until_idle => {}
                None => tokio::time::sleep(sleep).await,
            },
            _ = wires.stop.changed() => {}
            () = ended.notified() => {}
            () = tokio::time::sleep(sleep) => {}
        }
        Ok(())
    }

    /// Takes up what was deployed since it last looked: all of it, or nothing.
    async fn take_up_deployed(
        &mut self,
        schemas: &watch::Sender<Arc<Schema>>,
    ) -> Result<(), Error> {
        if let Some((deployment, definitions)) = self.newly_deployed().await? {
            let schema = Arc::new(definitions.schema.clone());
            match self.replace(definitions).await {
                Ok(()) => {
                    schemas.send_replace(schema);
                    self.take_up(&deployment);
                }
                Err(Error::Definitions(why)) => {
                    self.refuse::<()>(&deployment, &why).await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.tell_what_is_taken_up().await
    }

    /// Takes up a changed workspace: all of it, or nothing.
    async fn take_up_files(&mut self, wires: &mut Wires) -> Result<(), Error> {
        if self.goes_by_what_is_deployed() {
            self.tell("the files here have changed; what is deployed stays in force until `kurant deploy`");
            return Ok(());
        }
        let definitions = match (wires.reload)() {
            Ok(Some(definitions)) => definitions,
            Ok(None) => return Ok(()),
            Err(why) => {
                self.tell(&format!(
                    "the change was not taken up, what was in force stays:\n{why}"
                ));
                return Ok(());
            }
        };
        let schema = Arc::new(definitions.schema.clone());
        let offer = Arc::new(Offer::of(&definitions));
        match self.replace(definitions).await {
            Ok(()) => {
                wires.schemas.send_replace(schema);
                wires.offer.send_replace(offer);
                self.tell("the changed workspace is in force");
            }
            Err(Error::Definitions(why)) => {
                self.tell(&format!(
                    "the change was not taken up, what was in force stays: {why}"
                ));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Plays a history in lockstep: the clock waits at each event until it is taken in, and at each timer until it is
    /// handled. Events before `from` only change profiles; it ends just before `until`. On a clock that runs, it doesn't get
    /// ahead of it.
    ///
    /// # Errors
    /// When the store or the outbox fails, or the history can't be read. A line that is no event is a dead letter and no error.
    pub async fn play(
        &mut self,
        feed: &mut Feed,
        from: Instant,
        until: Instant,
        clock: &Clock,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), Error> {
        loop {
            let events = feed.take(from.plus_millis(-1), BATCH)?;
            if events.is_empty() {
                break;
            }
            let delivery = Delivery {
                events,
                imported: true,
                ..Delivery::default()
            };
            self.take_in(vec![delivery], self.now()).await?;
        }
        self.put_aside(feed).await?;
        let end = until.plus_millis(-1);
        while self.place() < end && !*stop.borrow() {
            self.heed().await?;
            let mut upto = self.place().plus_millis(STRETCH).min(end);
            if !clock.is_lockstep() {
                upto = upto.min(clock.now());
                if upto <= self.place() {
                    self.flush().await?;
                    tokio::time::sleep(SHORT_REST).await;
                    continue;
                }
            }
            let events = feed.take(upto, BATCH)?;
            if let (Some(last), Some(next)) = (events.last(), feed.next_time())
                && next <= upto
            {
                // Events at one instant come before its timers: those that are still to be read too.
                let last = last.event.time;
                upto = if next == last {
                    last.plus_millis(-1)
                } else {
                    last
                };
            }
            clock.advance(upto);
            self.step_through(events, upto).await?;
            self.put_aside(feed).await?;
            self.say_trouble(false);
        }
        self.flush().await?;
        self.say_trouble(true);
        self.tell_strange(true).await
    }

    /// Keeps the lines of a history that could not be read as dead letters.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_aside(&mut self, feed: &mut Feed) -> Result<(), Error> {
        let refused = feed.refused();
        if refused.is_empty() {
            return Ok(());
        }
        self.reject(feed.name(), refused).await
    }
}

/// What waits, up to as much as is decided on together.
fn gathered(inbox: &mut mpsc::Receiver<Delivery>) -> Vec<Delivery> {
    let (mut deliveries, mut events) = (Vec::new(), 0);
    while events < TOGETHER
        && let Ok(delivery) = inbox.try_recv()
    {
        events += delivery.events.len();
        deliveries.push(delivery);
    }
    deliveries
}

/// When the latest of these events happened.
fn newest(deliveries: &[Delivery]) -> Option<Instant> {
    deliveries
        .iter()
        .flat_map(|delivery| &delivery.events)
        .map(|delivered| delivered.event.time)
        .max()
}
