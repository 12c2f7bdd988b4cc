//! Codes that were imported into coupon pools: some of those that the store holds, at hand for the next decisions.
//!
//! The engine can't ask the store while it decides. Should it want more codes of a pool than are at hand, what it has decided is
//! thrown away, and decided again with more of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::Instant;

/// A code of a coupon pool that nobody has been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// Its number in the store.
    pub number: i64,
    /// The code.
    pub code: Arc<str>,
    /// Up to when it is taken; none = for ever.
    pub expires: Option<Instant>,
}

/// Codes that were wanted and are not at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanting {
    /// The earliest moment up to which one of them has to hold.
    pub from: Instant,
    /// The latest.
    pub upto: Instant,
    /// How many.
    pub count: usize,
}

/// The codes at hand of one pool.
#[derive(Debug, Clone, Default)]
struct Stock {
    /// By when they expire, then by number: those that are of no use soonest go first.
    at_hand: Arc<BTreeMap<(Instant, i64), Arc<str>>>,
    /// All that hold up to here or longer are at hand; none = that is not known.
    whole_from: Option<Instant>,
}

/// The codes at hand, by pool.
#[derive(Debug, Clone, Default)]
pub struct Stocks {
    stocks: BTreeMap<String, Stock>,
    wanting: BTreeMap<String, Wanting>,
}

impl Stocks {
    /// Whether codes were ever imported under this name.
    pub fn has(&self, pool: &str) -> bool {
        self.stocks.contains_key(pool)
    }

    /// Whether there is any pool.
    pub fn is_used(&self) -> bool {
        !self.stocks.is_empty()
    }

    /// Codes were imported into a pool, or taken out: what is known of it is asked for anew.
    pub fn renew(&mut self, pool: &str) {
        self.stocks.insert(pool.to_owned(), Stock::default());
    }

    /// Puts nothing at hand any more: what was taken from it may not have been given.
    pub fn renew_all(&mut self) {
        self.stocks
            .values_mut()
            .for_each(|own| *own = Stock::default());
        self.wanting.clear();
    }

    /// How many codes are at hand that hold up to an instant or longer.
    pub fn at_hand(&self, pool: &str, from: Instant) -> usize {
        let stock = self.stocks.get(pool);
        stock.map_or(0, |own| own.at_hand.range((from, i64::MIN)..).count())
    }

    /// Puts codes at hand, and forgets those that have expired by now. All that hold up to `whole_from` or longer are among them, or
    /// were before.
    pub fn put(
        &mut self,
        pool: &str,
        codes: Vec<Coded>,
        whole_from: Option<Instant>,
        now: Instant,
    ) {
        let stock = self.stocks.entry(pool.to_owned()).or_default();
        let at_hand = Arc::make_mut(&mut stock.at_hand);
        at_hand.retain(|(expires, _), _| *expires > now);
        at_hand.extend(codes.into_iter().map(|own| {
            let expires = own.expires.unwrap_or(Instant::MAX);
            ((expires, own.number), own.code)
        }));
        stock.whole_from = match (stock.whole_from, whole_from) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// What was wanted and was not at hand since that was asked last.
    pub fn take_wanting(&mut self) -> BTreeMap<String, Wanting> {
        std::mem::take(&mut self.wanting)
    }

    /// Goes back to what there was before; what was wanted meanwhile is not forgotten.
    pub(crate) fn go_back(&mut self, before: Self) {
        let wanting = self.take_wanting();
        *self = Self { wanting, ..before };
    }

    /// The next code of a pool that holds up to an instant or longer. None when none is left, or none at hand: then more are wanted.
    pub(crate) fn draw(&mut self, pool: &str, from: Instant) -> Option<Coded> {
        let stock = self.stocks.get_mut(pool)?;
        let first = stock.at_hand.range((from, i64::MIN)..).next();
        let Some(key) = first.map(|(key, _)| *key) else {
            if stock.whole_from.is_none_or(|whole| whole > from) {
                let one = Wanting {
                    from,
                    upto: from,
                    count: 1,
                };
                self.want(pool, one);
            }
            return None;
        };
        let code = Arc::make_mut(&mut stock.at_hand).remove(&key)?;
        let (expires, number) = key;
        Some(Coded {
            number,
            code,
            expires: (expires < Instant::MAX).then_some(expires),
        })
    }

    fn want(&mut self, pool: &str, own: Wanting) {
        let wanting = self
            .wanting
            .entry(pool.to_owned())
            .or_insert(Wanting { count: 0, ..own });
        wanting.from = wanting.from.min(own.from);
        wanting.upto = wanting.upto.max(own.upto);
        wanting.count += own.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    fn coded(number: i64, expires: Option<i64>) -> Coded {
        Coded {
            number,
            code: format!("C{number}").into(),
            expires: expires.map(at),
        }
    }

    fn drawn(stocks: &mut Stocks, from: i64) -> Option<i64> {
        stocks.draw("p", at(from)).map(|own| own.number)
    }

    #[test]
    fn what_expires_first_goes_first_and_holds_long_enough() {
        let mut stocks = Stocks::default();
        let codes = vec![coded(1, None), coded(2, Some(50)), coded(3, Some(20))];
        stocks.put("p", codes, Some(at(0)), at(0));
        assert_eq!(drawn(&mut stocks, 30), Some(2), "3 doesn't hold so long");
        assert_eq!(drawn(&mut stocks, 10), Some(3));
        assert_eq!(drawn(&mut stocks, 1_000), Some(1));
        assert_eq!(drawn(&mut stocks, 10), None);
        assert!(stocks.take_wanting().is_empty(), "it is known to be dry");
    }

    #[test]
    fn more_are_wanted_until_it_is_known_that_there_are_none() {
        let mut stocks = Stocks::default();
        stocks.renew("p");
        assert_eq!(drawn(&mut stocks, 10), None);
        assert_eq!(drawn(&mut stocks, 20), None);
        let wanting = stocks.take_wanting();
        let both = Wanting {
            from: at(10),
            upto: at(20),
            count: 2,
        };
        assert_eq!(wanting.get("p"), Some(&both));
        stocks.put("p", Vec::new(), Some(at(20)), at(0));
        assert_eq!(drawn(&mut stocks, 20), None);
        assert!(stocks.take_wanting().is_empty());
        assert_eq!(drawn(&mut stocks, 10), None);
        assert_eq!(stocks.take_wanting().len(), 1, "some may hold up to 10");
    }

    #[test]
    fn whoever_goes_back_has_the_codes_again_and_wants_what_was_wanted() {
        let mut stocks = Stocks::default();
        stocks.put("p", vec![coded(1, None)], None, at(0));
        let before = stocks.clone();
        assert_eq!(drawn(&mut stocks, 0), Some(1));
        assert_eq!(drawn(&mut stocks, 0), None);
        stocks.go_back(before);
        assert_eq!(stocks.take_wanting().len(), 1);
        assert_eq!(drawn(&mut stocks, 0), Some(1));
    }
}
