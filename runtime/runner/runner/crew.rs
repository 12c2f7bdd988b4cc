//! This worker among others: that it lives, which customers fall to it, and whether it does what one does for all.
//!
//! One worker at a time leads: it works off date, inactivity and schedule triggers, walks over the base and carries out
//! orders. Nothing that must be true rests on it: a leader that wakes from a long sleep finds its batches refused.

use kurant_engine::calendar::{Instant, SECOND};
use kurant_store::{Share, Word};
use tokio::sync::watch;

use super::Runner;
use crate::decide::Window;
use crate::error::Error;
use crate::meter;
use crate::steering::Steering;

/// How often a worker says that it lives, in milliseconds of the machine's clock.
const BEAT: i64 = 2 * SECOND;
/// Who has not been heard of for so long has ended.
const SILENT: i64 = 10 * SECOND;
/// The lease of whoever leads.
const LEAD: &str = "lead";
/// What another worker has decided is durable after so long, or never: its anchors are looked for once more then.
const SETTLED: i64 = 30 * SECOND;
/// How often they are.
const LOOK: i64 = 5 * SECOND;

/// This worker among others.
pub(super) struct Mate {
    /// Its name among them; none = no others can be.
    name: Option<String>,
    share: watch::Sender<Share>,
    leads: bool,
    /// It has the lease, and leads once it has gone on where the one before left off.
    elected: bool,
    /// When it last said that it lives, by the machine's clock.
    beaten: Option<i64>,
    /// What operators said before this has been taken up.
    heeded: Instant,
    /// Events that its own source holds may be as old as this.
    own_behind: Option<Instant>,
    /// Nothing is known of its source so far, and the others have been told so.
    is_new: bool,
    /// The same of all workers.
    behind: Option<Instant>,
    /// What others wrote down too late for the first look has been worked off up to here.
    looked: Instant,
}

impl Mate {
    pub(super) fn new(is_shared: bool, moment: i64) -> Self {
        Self {
            name: is_shared.then(|| worker_name(moment)),
            share: watch::Sender::new(Share::ALL),
            leads: !is_shared,
            elected: false,
            beaten: None,
            heeded: Instant::MIN,
            own_behind: None,
            is_new: true,
            behind: None,
            looked: Instant::MIN,
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        self.name.is_some()
    }

    pub(super) fn leads(&self) -> bool {
        self.leads
    }

    /// The customers whose timers fall to it.
    pub(super) fn share(&self) -> Share {
        *self.share.borrow()
    }

    /// Whether it is likely that nobody else writes.
    pub(super) fn is_alone(&self) -> bool {
        self.share().of <= 1
    }

    /// The earlier of what its own source and those of others hold.
    pub(super) fn behind(&self, own: Option<Instant>) -> Option<Instant> {
        own.into_iter().chain(self.behind).min()
    }
}

impl Runner {
    /// The customers that fall to this worker, as that changes.
    pub fn share(&self) -> watch::Receiver<Share> {
        self.mate.share.subscribe()
    }

    /// Joins the others, before anything is decided.
    pub(super) async fn join(&mut self) -> Result<(), Error> {
        // What its source holds is not known yet.
        self.mate.own_behind = Some(self.fired);
        self.mate.heeded = self.clock.now();
        self.say_alive().await?;
        if self.mate.elected {
            self.find_place().await?;
            self.mate.leads = true;
        }
        Ok(())
    }

    /// Says now and then that it lives and how far behind its source is, and takes over what falls to it. What operators said
    /// before `heeded` has been taken up.
    pub(crate) async fn beat(
        &mut self,
        heeded: Instant,
        behind: Option<Instant>,
    ) -> Result<(), Error> {
        self.mate.heeded = heeded;
        self.mate.own_behind = behind;
        if behind.is_none() && std::mem::take(&mut self.mate.is_new) {
            // Timers wait for what it said at first: it says at once that they need not.
            self.mate.beaten = None;
        }
        self.keep_alive().await?;
        if self.mate.elected && !self.mate.leads {
            self.take_the_lead().await?;
        }
        Ok(())
    }

    /// Says that it lives, if it is time: also in the middle of long work.
    pub(super) async fn keep_alive(&mut self) -> Result<(), Error> {
        self.standing.moves();
        let millis = self.clock.real_millis();
        let is_time = |beaten| millis - beaten >= BEAT || millis < beaten;
        if self.mate.is_shared() && self.mate.beaten.is_none_or(is_time) {
            self.say_alive().await?;
        }
        Ok(())
    }

    async fn say_alive(&mut self) -> Result<(), Error> {
        let Some(name) = self.mate.name.clone() else {
            meter::crew(1, true);
            return Ok(());
        };
        self.mate.beaten = Some(self.clock.real_millis());
        if let Some(now) = self.store.now().await? {
            meter::clock_ahead(self.clock.correct(now));
        }
        let now = self.clock.now();
        let word = Word {
            at: now,
            behind: self.mate.own_behind,
            heeded: self.mate.heeded,
        };
        let crew = self
            .store
            .beat(&name, word, now.plus_millis(-SILENT))
            .await?;
        self.mate.behind = crew.behind;
        if crew.share != self.mate.share() {
            self.recent.clear();
            self.mate.share.send_replace(crew.share);
        }
        let until = now.plus_millis(SILENT);
        self.mate.elected = self.store.lease(LEAD, &name, now, until).await?;
        // Whoever is elected in the middle of something leads only afterwards.
        self.mate.leads &= self.mate.elected;
        meter::crew(crew.share.of, self.mate.leads);
        Ok(())
    }

    /// Goes on where the one who led before has left off.
    async fn take_the_lead(&mut self) -> Result<(), Error> {
        self.land().await?;
        self.find_place().await?;
        self.mate.leads = true;
        // Whatever was said and not carried out falls to it.
        self.looks_again = true;
        tracing::info!("this worker leads now");
        self.tend(self.clock.now()).await
    }

    /// Ends, so that the others need not wait until it is forgotten.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn depart(&mut self) -> Result<(), Error> {
        match &self.mate.name {
            Some(name) => Ok(self.store.depart(name).await?),
            None => Ok(()),
        }
    }

    /// Whether all workers have taken up what was said before an instant.
    pub(super) async fn have_all_heeded(&self, said: Instant) -> Result<bool, Error> {
        if !self.mate.is_shared() {
            return Ok(true);
        }
        Steering::on(&*self.store).all_have_heeded(said).await
    }

    /// Works off firings whose anchors another worker had decided on, and not yet written down, when they were due.
    pub(super) async fn look_once_more(&mut self) -> Result<(), Error> {
        let upto = self.fired.plus_millis(-SETTLED);
        if !self.mate.is_shared() || upto.millis_since(self.mate.looked) < LOOK {
            return Ok(());
        }
        // What was due before it came to lead, others have looked at.
        let after = self.mate.looked.max(upto.plus_millis(-2 * SETTLED));
        self.mate.looked = upto;
        let window = Window {
            after,
            upto,
            exact: false,
        };
        let triggers = self
            .decider
            .with(|state| state.anchors.triggers.clone())
            .await?;
        let set_of_late = after.plus_millis(-SETTLED);
        let mut listed = self.anchored(triggers, window).await?;
        listed.retain(|_, anchors| anchors.iter().any(|(_, since)| *since >= set_of_late));
        self.work_through(listed.into_iter().collect(), window, None)
            .await
    }
}

/// The machine's name.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// A name that no other worker has.
pub(crate) fn worker_name(moment: i64) -> String {
    let (host, process) = (host(), std::process::id());
    format!("{host}-{process}-{:x}", moment & 0xff_ffff)
}
