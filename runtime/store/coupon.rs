//! Codes of coupon pools: those that were imported, and who was given which.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::GivenCode;

/// A code that is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// The pool.
    pub pool: String,
    /// The code. It stands in one pool only: where it is known already, nothing changes.
    pub code: String,
    /// Up to when it is taken; none = for ever.
    pub expires: Option<Instant>,
}

/// A code that a customer is given. Nobody else may have been given it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeGiven {
    /// Who.
    pub customer: CustomerId,
    /// Which, and by what.
    pub given: GivenCode,
}

/// A code, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// The pool.
    pub pool: String,
    /// The code.
    pub code: String,
    /// Up to when it is taken; none = for ever.
    pub expires: Option<Instant>,
    /// When it was imported.
    pub imported: Instant,
    /// When it was put aside, since it may have been given before the store was restored; none = it can be given.
    pub aside: Option<Instant>,
    /// Who was given it; none = nobody so far.
    pub given: Option<Holder>,
}

/// Who was given a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// When, on the logical clock.
    pub at: Instant,
    /// The customer, or what stands for one who was erased.
    pub customer: CustomerId,
    /// By which journey.
    pub journey: Arc<str>,
    /// In which enrollment.
    pub enrollment: Key,
}

/// Which codes are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought<'s> {
    /// These.
    Codes(&'s [String]),
    /// Those that a customer was given, the latest first.
    Of(&'s str),
    /// Those of a pool that were given, the latest first.
    Given(&'s str),
    /// Those of a pool that are put aside, after a code, by their names.
    Aside(&'s str, &'s str),
}

/// How many codes of a pool stand where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSums {
    /// The pool.
    pub pool: String,
    /// Those that can be given.
    pub left: u64,
    /// Those that expired before anybody was given them.
    pub expired: u64,
    /// Those that are put aside: nobody is given them, since they may have been given before the store was restored.
    pub aside: u64,
    /// Those that were given.
    pub given: u64,
    /// Those that were given since the moment that was asked about.
    pub lately: u64,
    /// When the first of those that can be given expires; none = none of them does.
    pub first_expires: Option<Instant>,
    /// When codes were imported last.
    pub imported: Instant,
}

impl PoolSums {
    /// No codes at all.
    pub fn none(pool: impl Into<String>) -> Self {
        Self {
            pool: pool.into(),
            left: 0,
            expired: 0,
            aside: 0,
            given: 0,
            lately: 0,
            first_expires: None,
            imported: Instant::MIN,
        }
    }
}

/// How a pool stands at the moment, without a look at all that it ever gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolLevel {
    /// Codes that can be given.
    pub left: u64,
    /// Those that are put aside.
    pub aside: u64,
    /// Those that were given since the moment that was asked about.
    pub lately: u64,
}

/// A moment of expiry as it is stored: what holds for ever stands last.
pub(crate) fn stored(expires: Option<Instant>) -> i64 {
    expires.unwrap_or(Instant::MAX).millis()
}

/// A moment of expiry that was stored.
pub(crate) fn read(millis: i64) -> Option<Instant> {
    Some(Instant::from_millis(millis)).filter(|at| *at < Instant::MAX)
}

/// A moment at which a code was put aside, as it was stored.
pub(crate) fn aside(millis: i64) -> Option<Instant> {
    (millis > 0).then(|| Instant::from_millis(millis))
}

/// Those that can be given: `$1` a pool, `$2` up to when they hold at least, `$3` how many, `$4` and `$5` a share. Both databases are
/// asked the same.
pub(crate) const LEFT: &str = "SELECT n, code, expires FROM code \
   WHERE pool = $1 AND given IS NULL AND aside = 0 AND expires >= $2 AND n % $4 = $5 ORDER BY expires, n LIMIT $3";
/// How many stand where: `$1` is now, `$2` the moment since which those given lately are counted.
pub(crate) const SUMS: &str = "SELECT pool, count(*) FILTER (WHERE given IS NULL AND aside = 0 AND expires > $1), \
     count(*) FILTER (WHERE given IS NULL AND aside = 0 AND expires <= $1), count(*) FILTER (WHERE aside > 0), \
     count(*) FILTER (WHERE given IS NOT NULL), count(*) FILTER (WHERE given >= $2), \
     min(expires) FILTER (WHERE given IS NULL AND aside = 0 AND expires > $1), max(imported) \
   FROM code GROUP BY pool ORDER BY pool";
/// How many of `$1` a pool can be given, where `$2` is now, and how many were given since `$3`: each is a stretch of an index.
pub(crate) const LEVEL: &str = "SELECT \
     (SELECT count(*) FROM code WHERE pool = $1 AND given IS NULL AND aside = 0 AND expires > $2), \
     (SELECT count(*) FROM code WHERE pool = $1 AND aside > 0), \
     (SELECT count(*) FROM code WHERE pool = $1 AND given IS NOT NULL AND given >= $3)";
/// Columns of a [`CodeRow`].
pub(crate) const ROW: &str =
    "SELECT pool, code, expires, imported, aside, given, customer, journey, enrollment FROM code";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_for_ever_is_stored_as_the_last_moment() {
        for expires in [None, Some(Instant::from_millis(5))] {
            assert_eq!(read(stored(expires)), expires);
        }
    }
}
