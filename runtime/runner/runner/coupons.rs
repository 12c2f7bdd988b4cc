//! Coupon pools: codes are put at hand before the engine decides, and whoever watches is told in time when a pool runs dry.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::calendar::{DAY, Instant, MINUTE};
use kurant_engine::stock::{Coded, Wanting};
use kurant_store::{PoolLevel, Share};

use super::pages::{Among, Walk};
use super::steer::under;
use super::trouble::Found;
use super::{BATCH, Runner};
use crate::coupon_level::CouponLevel;
use crate::decide::{Answer, Decided, Job, Short, Task};
use crate::error::Error;
use crate::meter;
use crate::steering::{CODES, ORDER, Order};

/// How often a job is begun anew because codes were wanted that were not at hand.
const MOST_ROUNDS: usize = 64;
/// How often it is looked whether pools run dry, by the machine's clock.
const LOOK: i64 = 5 * MINUTE;
/// How long nobody looks anew because codes came in: an import says so with each of its pages.
const SOON: i64 = MINUTE;
/// Over how long it is looked how many were given, and how long the others have to last.
const PACE: i64 = 7 * DAY;

/// What is known of coupon pools.
#[derive(Debug, Default)]
pub(super) struct Pools {
    /// The marks of those that codes were imported into.
    marks: BTreeMap<String, String>,
    /// When it was looked last whether they run dry, by the machine's clock.
    looked: Option<i64>,
    /// Whether codes came in, or were taken out, since then.
    is_changed: bool,
    /// Pools that had no code for somebody, and when by the machine's clock: each is looked at for that once. It may have codes still
    /// that end too early for what is asked of it.
    dry: BTreeMap<String, i64>,
    /// How they stood then, so that a change for the worse is said once.
    levels: BTreeMap<String, CouponLevel>,
}

impl Pools {
    /// Whether it is time to look.
    fn is_due(&self, millis: i64) -> bool {
        let rest = if self.is_changed { SOON } else { LOOK };
        let is_fresh = |looked: i64| (looked..looked + rest).contains(&millis);
        !self.looked.is_some_and(is_fresh)
    }

    /// Codes of these came in, or were taken out.
    fn renew(&mut self, names: &[String], millis: i64) {
        self.is_changed = true;
        let is_fresh = |at: i64| (at..at + SOON).contains(&millis);
        self.dry
            .retain(|name, at| is_fresh(*at) || !names.contains(name));
    }

    /// A pool had no code for somebody. If that is new it is looked at soon.
    fn note_dry(&mut self, pool: &str, millis: i64) {
        if self.levels.get(pool) == Some(&CouponLevel::Empty) || self.dry.contains_key(pool) {
            return;
        }
        self.dry.insert(pool.to_owned(), millis);
        self.looked = None;
    }
}

impl Runner {
    /// Takes up which pools there are. Where codes came in, or were taken out, the store is asked anew.
    pub(super) async fn know_pools(&mut self, marks: &[(String, String)]) -> Result<(), Error> {
        let now: BTreeMap<String, String> = under(marks, CODES)
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        let is_new =
            |(name, text): &(&String, &String)| self.coupons.marks.get(*name) != Some(text);
        let renewed: Vec<String> = now
            .iter()
            .filter(is_new)
            .map(|(name, _)| name.clone())
            .collect();
        if renewed.is_empty() {
            return Ok(());
        }
        self.coupons.marks = now;
        let millis = self.clock.real_millis();
        self.coupons.renew(&renewed, millis);
        self.decider
            .with(move |state| {
                let stocks = state.desk.codes.stocks();
                renewed.iter().for_each(|name| stocks.renew(name));
            })
            .await
    }

    /// Decides a job, with as many codes at hand as it takes.
    ///
    /// # Errors
    /// As [`crate::decide::Decider::decide`], and when the store fails.
    pub(super) async fn decide(&mut self, mut job: Job) -> Result<Decided, Error> {
        for _ in 0..MOST_ROUNDS {
            match self.decider.decide(job).await? {
                Answer::Decided(decided) => return Ok(*decided),
                Answer::Short(short) => {
                    let Short {
                        job: again,
                        wanting,
                    } = *short;
                    for (pool, wanting) in wanting {
                        self.fetch_codes(&pool, wanting).await?;
                    }
                    job = again;
                }
            }
        }
        Err(Error::Engine(
            "its coupons want codes of too many different ends at once".into(),
        ))
    }

    /// Puts codes of a pool at hand: for whoever needs them to hold least long, and longest.
    async fn fetch_codes(&mut self, pool: &str, wanting: Wanting) -> Result<(), Error> {
        self.fetch_from(pool, wanting.from, wanting.count).await?;
        if wanting.upto > wanting.from {
            self.fetch_from(pool, wanting.upto, wanting.count).await?;
        }
        Ok(())
    }

    async fn fetch_from(&mut self, pool: &str, from: Instant, count: usize) -> Result<(), Error> {
        let name = pool.to_owned();
        let known = self
            .decider
            .with(move |state| state.desk.codes.stocks().at_hand(&name, from))
            .await?;
        // What the batch on its way gives, the store still has.
        let flying = self.flight.as_ref().map(|flight| flight.codes.clone());
        let flying = flying.unwrap_or_default();
        let limit = BATCH + count + known + flying.len();
        let share = self.mate.share();
        let is_new = |own: &Coded| !flying.contains(&*own.code);
        let mut found = self.store.codes(pool, from, share, limit).await?;
        let mut is_all = share.of <= 1 && found.len() < limit;
        let enough = known + count;
        if share.of > 1 && found.iter().filter(|own| is_new(own)).count() < enough {
            // The last ones are for whoever comes first.
            found = self.store.codes(pool, from, Share::ALL, limit).await?;
            is_all = found.len() < limit;
        }
        found.retain(is_new);
        let (name, now) = (pool.to_owned(), self.clock.now());
        self.decider
            .with(move |state| {
                let stocks = state.desk.codes.stocks();
                stocks.put(&name, found, is_all.then_some(from), now);
            })
            .await
    }

    /// Takes back whoever left because a pool had no code.
    pub(super) async fn take_back(
        &mut self,
        name: &str,
        order: &Order,
        pool: &str,
    ) -> Result<(), Error> {
        self.audience.told(&format!(
            "those who left because coupon pool {pool} had no code are taken back, by {}",
            order.by
        ));
        self.settle().await?;
        let walk = Walk {
            mark: "walk/coupons".into(),
            about: name.to_owned(),
            among: Among::TurnedAway,
            task: Task::Refilled {
                pool: pool.to_owned(),
            },
            schedules: Vec::new(),
            clock: self.clock.now(),
            at_the_end: Vec::new(),
        };
        // What an operator lets in on purpose doesn't run away.
        self.guarding = false;
        let walked = self.walk(walk).await;
        self.guarding = true;
        walked?;
        self.settle().await?;
        self.note(vec![(format!("{ORDER}{name}"), None)]).await
    }

    /// Looks at the pools soon, if one had no code for somebody and that is new.
    pub(super) fn note_dry(&mut self, found: &Found) {
        let millis = self.clock.real_millis();
        for pool in found.dry_pools() {
            self.coupons.note_dry(pool, millis);
        }
    }

    /// Tells of pools that run dry, or are, if it is time to look.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn look_at_pools(&mut self) -> Result<(), Error> {
        let millis = self.clock.real_millis();
        if !self.mate.leads() || !self.coupons.is_due(millis) {
            return Ok(());
        }
        self.coupons.looked = Some(millis);
        self.coupons.is_changed = false;
        let declared = self
            .decider
            .with(|state| state.catalog.workspace().coupon_pools.clone())
            .await?;
        if self.coupons.marks.is_empty() && declared.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut names: BTreeSet<String> = self.coupons.marks.keys().cloned().collect();
        names.extend(declared.iter().map(|own| own.name.clone()));
        for name in names {
            let since = now.plus_millis(-PACE);
            let own = match self.store.pool_level(&name, now, since).await {
                Ok(own) => own,
                // It can wait.
                Err(error) if error.is_passing() => {
                    tracing::warn!(%error, "how many coupon codes are left could not be asked, and will be later");
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            meter::codes_left(&name, own.left);
            let declared = declared.iter().find(|own| own.name == name);
            let warn_below = declared.and_then(|own| own.warn_below);
            let level = CouponLevel::of(own.left, own.lately, warn_below);
            let before = self.coupons.levels.insert(name.clone(), level);
            if level > before.unwrap_or_default() {
                let told = told(level, own);
                tracing::error!(pool = name, left = own.left, "a coupon pool runs dry");
                self.audience.told(&format!(
                    "ALERT: coupon pool {name}: {told}; {}",
                    CouponLevel::advice(&name, own.aside)
                ));
            }
        }
        Ok(())
    }
}

/// What is said of a pool without codes.
const EMPTY: &str = "no code is left; whoever comes now leaves with `no_coupon`";

/// How it stands, and what was given of late.
fn told(level: CouponLevel, own: PoolLevel) -> String {
    let left = match (level, own.left) {
        (CouponLevel::Empty, _) => {
            return match own.aside {
                0 => EMPTY.to_owned(),
                aside => format!("{EMPTY}; {aside} are put aside since the store was restored"),
            };
        }
        (_, 1) => "1 code is left".to_owned(),
        (_, left) => format!("{left} codes are left"),
    };
    match own.lately {
        0 => left,
        1 => format!("{left}, and 1 was given within 7 days"),
        lately => format!("{left}, and {lately} were given within 7 days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_looked_at_once_a_minute_and_a_pool_that_had_no_code_once() {
        let mut pools = Pools::default();
        let mut looks = Vec::new();
        for millis in (0..4 * LOOK).step_by(1_000) {
            // Pages of an import come in for two minutes, while what is left ends too early for whoever asks.
            if (1_000..=2 * MINUTE).contains(&millis) {
                pools.renew(&["other".to_owned()], millis);
            }
            if millis >= 3_000 {
                pools.note_dry("spring", millis);
            }
            if pools.is_due(millis) {
                pools.looked = Some(millis);
                pools.is_changed = false;
                looks.push(millis / 1_000);
            }
        }
        assert_eq!(looks, [0, 3, 63, 123, 423, 723, 1_023]);
        // Codes come in, and soon there is none again.
        let millis = 4 * LOOK;
        pools.renew(&["spring".to_owned()], millis);
        pools.note_dry("spring", millis);
        assert!(pools.is_due(millis));
    }
}
