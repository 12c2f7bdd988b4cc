//! How many codes of each coupon pool are asked for, and when a pool would run dry.
//!
//! The simulation itself goes on with codes of its own: what is asked for in all is how many it takes, whoever would have left without.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::codes;
use kurant_engine::definition::Definitions;
use kurant_engine::value::Value;

use crate::coupons;
use crate::error::Error;
use crate::workspace;

/// The most codes that somebody may have.
const MOST: u64 = 1_000_000_000_000;

/// When codes were asked for that are not counted yet, by pool: of one world, in order of time.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeMap<String, Vec<Instant>>);

impl Asked {
    /// Notes an action, if it gives a code of a pool.
    pub(super) fn note(&mut self, action: &Action) {
        if action.action != "coupon" || action.status != ActionStatus::Sent {
            return;
        }
        let name = action.data.get("codes").and_then(Value::as_text);
        let Some(name) = name.filter(|name| codes::is_name(name)) else {
            return;
        };
        match self.0.get_mut(name) {
            Some(own) => own.push(action.at),
            None => drop(self.0.insert(name.to_owned(), vec![action.at])),
        }
    }

    /// Takes what was asked for before `until`.
    pub(super) fn take(&mut self, until: Instant) -> Self {
        let taken = self.0.iter_mut().filter_map(|(pool, own)| {
            let count = own.partition_point(|at| *at < until);
            let later = own.split_off(count);
            let before = std::mem::replace(own, later);
            (!before.is_empty()).then(|| (pool.clone(), before))
        });
        Self(taken.collect())
    }
}

/// The coupon pools that are looked at.
#[derive(Debug, Default)]
pub(super) struct Pools(BTreeMap<String, Pool>);

/// One of them.
#[derive(Debug, Default)]
struct Pool {
    /// How many codes there are; none = that was not told.
    at_hand: Option<u64>,
    /// How many were asked for so far.
    asked: u64,
    /// When the first one was asked for that isn't there.
    dry: Option<Instant>,
}

impl Pools {
    /// Those that journeys take codes of and `kurant.yaml` names; and those that it is told of, as `POOL=NUMBER`, how many codes they have.
    ///
    /// # Errors
    /// When one is told twice, has no number, or is none.
    pub(super) fn of(definitions: &Definitions, told: &[String]) -> Result<Self, Error> {
        let declared = definitions.workspace.coupon_pools.iter();
        let declared: BTreeSet<&str> = declared.map(|own| own.name.as_str()).collect();
        let used = coupons::used(definitions);
        let used = used.iter().map(|(name, _)| name.as_str());
        let used: BTreeSet<&str> = used.filter(|name| codes::is_name(name)).collect();
        let looked_at = used.intersection(&declared);
        let mut pools: BTreeMap<String, Pool> = looked_at
            .map(|name| ((*name).to_owned(), Pool::default()))
            .collect();
        for text in told {
            let (name, count) = read(text)?;
            if !declared.contains(name) && !used.contains(name) {
                let known: Vec<&str> = declared.union(&used).copied().collect();
                return Err(Error::usage(format!(
                    "--coupons {text}: there is no coupon pool `{name}`"
                ))
                .hint(workspace::likely(name, &known)));
            }
            let own = pools.entry(name.to_owned()).or_default();
            if own.at_hand.replace(count).is_some() {
                return Err(Error::usage(format!(
                    "--coupons {text}: how many codes `{name}` has was told before"
                )));
            }
        }
        Ok(Self(pools))
    }

    /// Counts what several worlds asked for within the same time, which comes after all that was counted before.
    pub(super) fn add(&mut self, parts: impl Iterator<Item = Asked>) {
        let mut asked: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
        for (pool, times) in parts.flat_map(|part| part.0) {
            asked.entry(pool).or_default().extend(times);
        }
        for (name, mut times) in asked {
            let Some(pool) = self.0.get_mut(&name) else {
                continue;
            };
            let before = pool.asked;
            pool.asked += times.len() as u64;
            let is_dry_now = pool.dry.is_none() && pool.at_hand.is_some_and(|own| own < pool.asked);
            if let Some(at_hand) = pool.at_hand.filter(|_| is_dry_now) {
                times.sort_unstable();
                pool.dry = times.get((at_hand - before) as usize).copied();
            }
        }
    }

    /// A line for each, for people.
    pub(super) fn text(&self, zone: Zone) -> String {
        let mut text = String::new();
        for (name, own) in &self.0 {
            let asked = own.asked;
            let told = match (own.at_hand, own.dry) {
                (None, _) => format!("{} asked for", are(asked)),
                (Some(at_hand), None) => format!(
                    "{} at hand, {asked} {} asked for",
                    coupons::codes(at_hand),
                    coupons::verb(asked, "is", "are")
                ),
                (Some(at_hand), Some(at)) => format!(
                    "{} at hand, the {} is asked for on {}; {asked} {} asked for in all",
                    coupons::codes(at_hand),
                    ordinal(at_hand + 1),
                    at.local(zone).format("%Y-%m-%d %H:%M"),
                    coupons::verb(asked, "is", "are")
                ),
            };
            let _ = writeln!(text, "coupon pool {name}: {told}");
        }
        text
    }
}

/// `POOL=NUMBER`.
fn read(text: &str) -> Result<(&str, u64), Error> {
    let pair = text.rsplit_once('=');
    let pair = pair.map(|(name, count)| (name.trim(), count.trim().parse::<u64>()));
    match pair {
        Some((name, Ok(count))) if !name.is_empty() && count <= MOST => Ok((name, count)),
        _ => Err(
            Error::usage(format!("--coupons {text}: this is no pool with a number"))
                .hint("write the pool and how many codes it has, like `spring=1200`; `kurant coupons list` has the numbers"),
        ),
    }
}

/// So many codes, and the verb that goes with them.
fn are(count: u64) -> String {
    format!(
        "{} {}",
        coupons::codes(count),
        coupons::verb(count, "is", "are")
    )
}

/// `1st`, `2nd`, `3rd`, `4th`, ...
fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Instant {
        Instant::from_millis(hour * 3_600_000)
    }

    fn asked(times: &[i64]) -> Asked {
        let times = times.iter().map(|hour| at(*hour)).collect();
        Asked(BTreeMap::from([("spring".to_owned(), times)]))
    }

    fn pools(at_hand: Option<u64>) -> Pools {
        let pool = Pool {
            at_hand,
            ..Pool::default()
        };
        Pools(BTreeMap::from([("spring".to_owned(), pool)]))
    }

    #[test]
    fn a_pool_is_dry_when_one_code_more_is_asked_for_whoever_asks() {
        for (at_hand, dry) in [
            (0, Some(1)),
            (3, Some(4)),
            (4, Some(5)),
            (6, Some(9)),
            (7, None),
        ] {
            let mut own = pools(Some(at_hand));
            let mut worlds = [asked(&[1, 4, 5, 9]), asked(&[2, 3, 8])];
            for until in [5, 6, 100] {
                own.add(worlds.iter_mut().map(|world| world.take(at(until))));
            }
            assert_eq!(own.0["spring"].asked, 7);
            assert_eq!(own.0["spring"].dry, dry.map(at), "{at_hand}");
        }
    }

    #[test]
    fn what_is_asked_for_is_told_with_and_without_a_number() {
        let text = |at_hand| {
            let mut own = pools(at_hand);
            own.add([asked(&[0, 30])].into_iter());
            own.text(Zone::UTC)
        };
        assert_eq!(text(None), "coupon pool spring: 2 codes are asked for\n");
        assert_eq!(
            text(Some(1)),
            "coupon pool spring: 1 code at hand, the 2nd is asked for on 1970-01-02 06:00; 2 are asked for in all\n"
        );
        assert_eq!(
            text(Some(20)),
            "coupon pool spring: 20 codes at hand, 2 are asked for\n"
        );
    }

    #[test]
    fn numbers_are_told_in_their_order() {
        for (number, told) in [
            (1, "1st"),
            (11, "11th"),
            (22, "22nd"),
            (113, "113th"),
            (1_203, "1203rd"),
        ] {
            assert_eq!(ordinal(number), told);
        }
    }

    #[test]
    fn a_pool_is_told_with_its_number() {
        assert_eq!(read("spring=1200").ok(), Some(("spring", 1_200)));
        for wrong in ["spring", "spring=", "=5", "spring=-1", "spring=many"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
