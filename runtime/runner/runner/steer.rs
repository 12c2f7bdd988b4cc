//! What operators say beside a run: pause, resume, stop. They leave marks in the store, and the run takes them up before it
//! decides anything else; see `docs/decisions/0012-steering.md`.

use std::collections::BTreeSet;

use kurant_engine::calendar::Instant;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::Trace;
use kurant_engine::paused::{Pause, Paused, Target};
use kurant_engine::value::Value;
use kurant_store::Batch;

use super::flight::tell;
use super::pages::{Among, Walk};
use super::stopped::Stopped;
use super::{BATCH, Runner};
use crate::decide::{Job, Task, WEBHOOK};
use crate::error::Error;
use crate::steering::{DROPPED, FATE, HELD, HOLD, LIFTED, ORDER, STEERING, STOPPED, line};

/// Marks by name.
type Marks = Vec<(String, String)>;

impl Runner {
    /// Takes up what operators have said since it last looked.
    ///
    /// # Errors
    /// When the store or the outbox fails.
    pub async fn heed(&mut self) -> Result<(), Error> {
        self.share_the_desk().await?;
        let marks = self.store.marks(STEERING).await?;
        if std::mem::take(&mut self.looks_again) || marks != self.steering {
            let paused = paused(&marks);
            if paused != self.paused {
                self.pause(&marks, paused).await?;
            }
            self.stopped = Stopped::of(under(&marks, STOPPED));
            self.know_pools(&marks).await?;
            self.steering.clone_from(&marks);
            if self.mate.leads() {
                self.carry_out_all(&marks).await?;
            }
        }
        if self.mate.leads() {
            self.take_in_backlogs().await?;
        }
        Ok(())
    }

    /// Takes up in the middle of long work what is to be held back.
    pub(super) async fn heed_pauses(&mut self) -> Result<(), Error> {
        let marks = self.store.marks(STEERING).await?;
        let paused = paused(&marks);
        if paused != self.paused {
            self.pause(&marks, paused).await?;
        }
        Ok(())
    }

    /// What is for one worker to do.
    async fn carry_out_all(&mut self, marks: &Marks) -> Result<(), Error> {
        self.read_backlogs().await?;
        let mut is_settled = self.let_go(marks).await?;
        self.tell_fates(marks).await?;
        for (name, text) in under(marks, ORDER) {
            self.carry_out(name, text).await?;
            is_settled = false;
        }
        if !is_settled {
            // More may have been said meanwhile, or others have to take it up first: it is looked at again.
            self.looks_again = true;
        }
        Ok(())
    }

    /// Tells the log what operators have made of commands that were given up.
    async fn tell_fates(&mut self, marks: &Marks) -> Result<(), Error> {
        let fates: Vec<_> = under(marks, FATE).collect();
        for fates in fates.chunks(BATCH) {
            let told = fates.iter().filter_map(|(_, text)| line(text));
            let told: Vec<(CustomerId, Vec<Trace>)> = told
                .map(|(customer, line)| (customer, vec![line]))
                .collect();
            let names = fates
                .iter()
                .map(|(name, _)| (format!("{FATE}{name}"), None));
            let names: Vec<(String, Option<String>)> = names.collect();
            let dropped = dropped_calls(&told);
            if !dropped.is_empty() && self.go_on_without(dropped, &told, &names).await? {
                continue;
            }
            let mut batch = Batch {
                clock: self.clock.now(),
                marks: names,
                ..Batch::default()
            };
            tell(&mut batch, &told);
            self.land().await?;
            self.store.commit(batch).await?;
        }
        Ok(())
    }

    /// Lets those go on who waited for the answers of these calls, as if each had failed. That the log is told is written together
    /// with that. Returns whether it was done.
    async fn go_on_without(
        &mut self,
        dropped: Vec<(CustomerId, Key)>,
        told: &[(CustomerId, Vec<Trace>)],
        names: &[(String, Option<String>)],
    ) -> Result<bool, Error> {
        self.settle().await?;
        let ids: BTreeSet<CustomerId> = dropped.iter().map(|(id, _)| id.clone()).collect();
        let ids: Vec<CustomerId> = ids.into_iter().collect();
        let clock = self.clock.now();
        let job = Job {
            people: self.people(&ids, clock).await?,
            task: Task::Dropped(dropped),
            clock,
            ..Job::default()
        };
        let decided = self.decide_now(job, |batch, _| {
            tell(batch, told);
            batch.marks.extend(names.iter().cloned());
        });
        match decided.await {
            Ok(_) => Ok(true),
            Err(error) if error.is_of_the_batch() => {
                tracing::error!(%error, "what follows from calls that were let go failed; it comes when their time is over");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the desk as other workers have left it, unless what was decided here is still on its way.
    async fn share_the_desk(&mut self) -> Result<(), Error> {
        let is_written = self.flight.as_ref().is_none_or(|flight| !flight.swaps);
        if self.mate.is_alone() || !is_written {
            return Ok(());
        }
        let text = self.mark(crate::decide::DESK).await?;
        self.decider.with(move |state| state.set_desk(text)).await?
    }

    /// Holds back what is to be held back. That somebody may be held for it is durable before anybody is.
    async fn pause(&mut self, marks: &Marks, paused: Paused) -> Result<(), Error> {
        if self.mate.is_shared() {
            // Whoever says that it has taken this up has decided on nothing else any more.
            self.land().await?;
        }
        let held: Vec<&str> = under(marks, HELD).map(|(target, _)| target).collect();
        let mut fresh = Vec::new();
        for (target, pause) in paused.iter() {
            if !held.contains(&target.to_string().as_str()) {
                fresh.push((format!("{HELD}{target}"), Some(pause.at.to_string())));
                self.audience.told(&format!("{target} is {pause}"));
            }
        }
        self.note(fresh).await?;
        self.hold_back(paused).await
    }

    /// Holds one thing more back.
    pub(super) async fn hold_one(&mut self, target: Target, pause: Pause) -> Result<(), Error> {
        let mark = (format!("{HELD}{target}"), Some(pause.at.to_string()));
        self.note(vec![mark]).await?;
        let held = self
            .paused
            .iter()
            .map(|(target, pause)| (target.clone(), pause.clone()));
        let paused = held.chain([(target, pause)]).collect();
        self.hold_back(paused).await
    }

    /// Holds back what is to be, before the first decision under these definitions.
    pub(super) async fn hold_from_the_start(&mut self) -> Result<(), Error> {
        let marks = self.store.marks(STEERING).await?;
        self.stopped = Stopped::of(under(&marks, STOPPED));
        self.know_pools(&marks).await?;
        let paused = paused(&marks);
        self.pause(&marks, paused).await
    }

    /// Tells the engine what is held back.
    pub(super) async fn hold_back(&mut self, paused: Paused) -> Result<(), Error> {
        self.paused = paused.clone();
        self.decider
            .with(move |state| state.catalog.set_paused(paused))
            .await
    }

    /// Lets those go on who were held for something that isn't held back any more, once no worker holds anybody for it.
    /// Returns whether there is nothing more to do.
    async fn let_go(&mut self, marks: &Marks) -> Result<bool, Error> {
        let mut is_settled = true;
        for (name, _) in under(marks, HELD) {
            let target = Target::parse(name);
            if self.paused.contains(&target) {
                continue;
            }
            let journey = match &target {
                Target::Journey(journey) => Some(journey.clone()),
                Target::All | Target::Channel(_) => None,
            };
            is_settled = false;
            let word = under(marks, LIFTED).find(|(own, _)| *own == name);
            let word = word.map(|(_, text)| text);
            let lifted = word.and_then(|text| serde_json::from_str::<Pause>(text).ok());
            let said = lifted.as_ref().map_or(Instant::MIN, |pause| pause.at);
            if !self.have_all_heeded(said).await? {
                continue;
            }
            let by = lifted
                .map(|pause| {
                    let why = if pause.why.is_empty() { "" } else { ": " };
                    format!(" by {}{why}{}", pause.by, pause.why)
                })
                .unwrap_or_default();
            self.audience.told(&format!("{target} is resumed{by}"));
            match &target {
                Target::All => self.guard.forget_all(),
                Target::Journey(journey) => self.guard.forget(journey),
                Target::Channel(_) => {}
            }
            // A walk that was broken off goes on only for the same word: after another one everybody is gone through.
            self.walk_inside(
                "walk/resume",
                &format!("{target} {said}"),
                journey,
                Task::Resume,
            )
            .await?;
            let latest = self.mark(&format!("{LIFTED}{name}")).await?;
            if self.paused.contains(&target) || latest.as_deref() != word {
                // It was held back again on the way, so somebody may be held still.
                continue;
            }
            self.note(vec![
                (format!("{HELD}{name}"), None),
                (format!("{LIFTED}{name}"), None),
            ])
            .await?;
        }
        Ok(is_settled)
    }

    pub(super) async fn walk_inside(
        &mut self,
        mark: &str,
        about: &str,
        journey: Option<String>,
        task: Task,
    ) -> Result<(), Error> {
        self.settle().await?;
        self.walk(Walk {
            mark: mark.into(),
            about: about.to_owned(),
            among: Among::Inside(journey),
            task,
            schedules: Vec::new(),
            clock: self.clock.now(),
            at_the_end: Vec::new(),
        })
        .await?;
        self.settle().await
    }

    pub(super) async fn note(&mut self, marks: Vec<(String, Option<String>)>) -> Result<(), Error> {
        if marks.is_empty() {
            return Ok(());
        }
        self.store
            .commit(Batch {
                marks,
                ..Batch::default()
            })
            .await?;
        Ok(())
    }
}

/// Web hooks that an operator let go of.
fn dropped_calls(told: &[(CustomerId, Vec<Trace>)]) -> Vec<(CustomerId, Key)> {
    let said = |line: &Trace, name: &str| {
        let own = line.values.get(name).and_then(Value::as_text);
        own.map(str::to_owned)
    };
    let lines = told
        .iter()
        .flat_map(|(customer, lines)| lines.iter().map(move |line| (customer, line)));
    let calls = lines.filter(|(_, line)| {
        line.what == DROPPED && said(line, "route").as_deref() == Some(WEBHOOK)
    });
    calls
        .filter_map(|(customer, line)| Some((customer.clone(), said(line, "key")?.parse().ok()?)))
        .collect()
}

/// What the marks hold back.
pub(crate) fn paused(marks: &[(String, String)]) -> Paused {
    under(marks, HOLD)
        .filter_map(|(target, text)| {
            let pause: Pause = serde_json::from_str(text).ok()?;
            Some((Target::parse(target), pause))
        })
        .collect()
}

/// Marks under a name, by what follows it.
pub(super) fn under<'m>(
    marks: &'m [(String, String)],
    prefix: &'static str,
) -> impl Iterator<Item = (&'m str, &'m str)> {
    marks
        .iter()
        .filter_map(move |(name, text)| Some((name.strip_prefix(prefix)?, text.as_str())))
}
