//! The one file that reads the clock. Everything else is told what time it is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use kurant_engine::calendar::Instant;

/// What time it is. It never goes back.
#[derive(Debug)]
pub struct Clock {
    pace: Pace,
    latest: AtomicI64,
    /// How far all workers' clock is ahead of the machine's, in milliseconds.
    ahead: AtomicI64,
}

#[derive(Debug)]
enum Pace {
    /// The machine's own.
    Real,
    /// So many virtual milliseconds for each real one, from `virtual_start` at `real_start`.
    Lapse {
        virtual_start: Instant,
        real_start: Instant,
        rate: i64,
    },
    /// It stands until it is moved.
    Lockstep,
}

impl Clock {
    /// The machine's clock.
    pub fn real() -> Self {
        Self {
            pace: Pace::Real,
            latest: AtomicI64::new(Instant::MIN.millis()),
            ahead: AtomicI64::new(0),
        }
    }

    /// A clock that begins at `from` and is `rate` times as fast as the machine's.
    pub fn lapse(from: Instant, rate: i64) -> Self {
        let pace = Pace::Lapse {
            virtual_start: from,
            real_start: machine(),
            rate: rate.max(1),
        };
        Self {
            pace,
            latest: AtomicI64::new(from.millis()),
            ahead: AtomicI64::new(0),
        }
    }

    /// A clock that stands at `from` until it is moved.
    pub fn lockstep(from: Instant) -> Self {
        Self {
            pace: Pace::Lockstep,
            latest: AtomicI64::new(from.millis()),
            ahead: AtomicI64::new(0),
        }
    }

    /// What time it is.
    pub fn now(&self) -> Instant {
        let now = match self.pace {
            Pace::Real => machine().plus_millis(self.ahead.load(Ordering::Relaxed)),
            Pace::Lapse {
                virtual_start,
                real_start,
                rate,
            } => virtual_start.plus_millis(machine().millis_since(real_start).saturating_mul(rate)),
            Pace::Lockstep => Instant::from_millis(self.latest.load(Ordering::Relaxed)),
        };
        self.advance(now)
    }

    /// Where what is done by this clock begins: a fast one has run on by the time that anybody looks.
    pub fn beginning(&self) -> Instant {
        match self.pace {
            Pace::Lapse { virtual_start, .. } => virtual_start,
            Pace::Real | Pace::Lockstep => self.now(),
        }
    }

    /// Goes by another clock from now on, that all workers go by: this is what it shows. Should it be behind, this one stands
    /// until it has come that far. Returns how far the machine's is behind, in milliseconds.
    pub fn correct(&self, shown: Instant) -> i64 {
        let ahead = shown.millis_since(machine());
        self.ahead.store(ahead, Ordering::Relaxed);
        ahead
    }

    /// Moves the clock on to an instant; never back.
    pub fn advance(&self, to: Instant) -> Instant {
        let before = self.latest.fetch_max(to.millis(), Ordering::Relaxed);
        Instant::from_millis(before.max(to.millis()))
    }

    /// How long it takes, on the machine's clock, until this one shows an instant.
    pub fn real_until(&self, instant: Instant) -> Duration {
        let millis = u64::try_from(instant.millis_since(self.now())).unwrap_or(0);
        match self.pace {
            Pace::Lapse { rate, .. } => Duration::from_millis(millis / rate.unsigned_abs().max(1)),
            _ => Duration::from_millis(millis),
        }
    }

    /// Milliseconds of the machine's clock, to tell how long something took.
    pub fn real_millis(&self) -> i64 {
        machine().millis()
    }

    /// Whether it stands until it is moved.
    pub fn is_lockstep(&self) -> bool {
        matches!(self.pace, Pace::Lockstep)
    }

    /// Whether it is another clock than the machine's.
    pub fn is_virtual(&self) -> bool {
        !matches!(self.pace, Pace::Real)
    }
}

/// Tells how long something took, whatever happens to the machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins now.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine how much time has passed"
    )]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Since it began.
    pub(crate) fn passed(self) -> Duration {
        self.until(Self::start())
    }

    /// From its beginning to that of a later one.
    pub(crate) fn until(self, later: Self) -> Duration {
        later.0.saturating_duration_since(self.0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the machine what time it is"
)]
fn machine() -> Instant {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Instant::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_it_is_moved_and_never_back() {
        let clock = Clock::lockstep(Instant::from_millis(10));
        assert_eq!(clock.now(), Instant::from_millis(10));
        clock.advance(Instant::from_millis(20));
        clock.advance(Instant::from_millis(15));
        assert_eq!(clock.now(), Instant::from_millis(20));
    }

    #[test]
    fn a_lapse_begins_where_it_is_told() {
        let clock = Clock::lapse(Instant::from_millis(1_000), 86_400);
        assert!(clock.now() >= Instant::from_millis(1_000));
        assert_eq!(clock.beginning(), Instant::from_millis(1_000));
        assert!(clock.is_virtual());
    }
}
