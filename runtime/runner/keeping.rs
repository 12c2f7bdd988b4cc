//! How far what is old has been forgotten: kept by the worker that leads, told to whoever asks.

use kurant_engine::calendar::{Duration, Instant, Zone};
use kurant_engine::definition::Retention;
use kurant_store::{Error, Old, Store};

/// Marks under this name tell up to when all is forgotten, by what it is.
const KEPT: &str = "kept/";
/// The word for the events of customers.
pub(crate) const HISTORY: &str = "history";
/// The mark of the moment before which events of customers may be forgotten: whether such an event was taken in, nobody can tell.
pub(crate) const FLOOR: &str = "floor/history";

/// What is kept of one kind, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSince {
    /// Of what: a word of `retention`.
    pub what: &'static str,
    /// For how long; none = for ever.
    pub lasts: Option<Duration>,
    /// All that is older is gone; none = all of it is there so far.
    pub since: Option<Instant>,
    /// How long something has been there that should be gone, in milliseconds, at the most.
    pub lag: i64,
}

impl KeptSince {
    /// What a store holds under a retention, as it is now.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn all(
        store: &dyn Store,
        retention: Retention,
        zone: Zone,
        now: Instant,
    ) -> Result<Vec<Self>, Error> {
        let marks = store.marks(KEPT).await?;
        let reached = |what: &str| {
            let mut marks = marks.iter();
            let (_, since) = marks.find(|(name, _)| name.strip_prefix(KEPT) == Some(what))?;
            since.parse::<Instant>().ok()
        };
        let all = kinds(retention).into_iter();
        let all = all.map(|(what, lasts)| Self::of(what, lasts, reached(what), zone, now));
        Ok(all.collect())
    }

    fn of(
        what: &'static str,
        lasts: Option<Duration>,
        since: Option<Instant>,
        zone: Zone,
        now: Instant,
    ) -> Self {
        let horizon = lasts.map(|lasts| lasts.before(now, zone));
        let lag = horizon.zip(since);
        Self {
            what,
            lasts,
            since,
            lag: lag.map_or(0, |(horizon, since)| horizon.millis_since(since).max(0)),
        }
    }
}

/// What `retention` tells of, in its order.
fn kinds(retention: Retention) -> [(&'static str, Option<Duration>); 5] {
    [
        (Old::Repeats.word(), Some(retention.repeats)),
        (HISTORY, retention.history),
        (Old::Log.word(), retention.log),
        (Old::Bodies.word(), retention.bodies),
        (Old::Letters.word(), retention.dead_letters),
    ]
}

/// The mark of how far something is forgotten.
pub(crate) fn mark(what: &str, since: Instant) -> (String, Option<String>) {
    (format!("{KEPT}{what}"), Some(since.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kurant_engine::calendar::DAY;
    use kurant_store::{Batch, Memory};

    #[tokio::test]
    async fn what_should_be_gone_and_is_not_is_the_lag() {
        let store = Memory::new();
        let now = Instant::from_millis(1_000 * DAY);
        let batch = Batch {
            marks: vec![mark("repeats", now.plus_millis(-17 * DAY))],
            ..Batch::default()
        };
        store.commit(batch).await.expect("marks");
        let all = KeptSince::all(&store, Retention::default(), Zone::UTC, now).await;
        let all = all.expect("a store");
        assert_eq!(
            all.iter().map(|own| own.what).collect::<Vec<_>>(),
            ["repeats", "history", "log", "bodies", "dead_letters"]
        );
        assert_eq!(all[0].lag, 3 * DAY);
        assert_eq!((all[1].lasts, all[1].since, all[1].lag), (None, None, 0));
        assert_eq!((all[3].since, all[3].lag), (None, 0));
    }
}
