//! Lengths of time in conditions: `days(7)`, `hours(2)`, `now - trigger.time`.

use std::cmp::Ordering;

use crate::calendar::{DAY, Date, Duration, Instant, Offset, Zone, resolve};

/// No span holds more months than the calendar has.
const MOST_MONTHS: i64 = 12 * 10_000;
/// No span holds more days than the calendar has.
const MOST_DAYS: i64 = 3_653_000;
/// No span holds more milliseconds than the calendar has.
const MOST_MILLIS: i64 = MOST_DAYS * DAY;

/// A length of time with a sign. Months and days are calendar time on the customer's clock, milliseconds are elapsed time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    months: i64,
    days: i64,
    millis: i64,
}

impl Span {
    pub(super) fn of_months(months: i64) -> Self {
        Self {
            months,
            ..Self::default()
        }
        .bounded()
    }

    pub(super) fn of_days(days: i64) -> Self {
        Self {
            days,
            ..Self::default()
        }
        .bounded()
    }

    pub(super) fn of_millis(millis: i64) -> Self {
        Self {
            millis,
            ..Self::default()
        }
        .bounded()
    }

    /// Keeps every part within the calendar's range, so that no later sum can overflow.
    fn bounded(self) -> Self {
        Self {
            months: self.months.clamp(-MOST_MONTHS, MOST_MONTHS),
            days: self.days.clamp(-MOST_DAYS, MOST_DAYS),
            millis: self.millis.clamp(-MOST_MILLIS, MOST_MILLIS),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            months: self.months + other.months,
            days: self.days + other.days,
            millis: self.millis + other.millis,
        }
        .bounded()
    }

    pub(super) fn times(self, factor: i64) -> Self {
        Self {
            months: self.months.saturating_mul(factor),
            days: self.days.saturating_mul(factor),
            millis: self.millis.saturating_mul(factor),
        }
        .bounded()
    }

    pub(super) fn negated(self) -> Self {
        Self {
            months: -self.months,
            days: -self.days,
            millis: -self.millis,
        }
    }

    /// Whether it has a part that only an instant can be moved by.
    pub(super) fn has_elapsed_part(self) -> bool {
        self.millis != 0
    }

    /// The moment that lies so long after the anchor: months first, then days, on the zone's clock; then the elapsed part.
    pub(super) fn after(self, anchor: Instant, zone: Zone) -> Instant {
        if self.months == 0 && self.days == 0 {
            return anchor.plus_millis(self.millis);
        }
        let local = anchor.local(zone);
        resolve(self.after_date(local.date()).and_time(local.time()), zone).plus_millis(self.millis)
    }

    /// The date so many months and days later, within the years 1 to 9999; the elapsed part has no say.
    pub(super) fn after_date(self, date: Date) -> Date {
        let months =
            Duration::from_months(u32::try_from(self.months.unsigned_abs()).unwrap_or(u32::MAX));
        let days = Duration::from_days(u32::try_from(self.days.unsigned_abs()).unwrap_or(u32::MAX));
        let moved = Offset {
            duration: months,
            negative: self.months < 0,
        }
        .from_date(date);
        let moved = Offset {
            duration: days,
            negative: self.days < 0,
        }
        .from_date(moved);
        moved.clamp(Instant::MIN.date(Zone::UTC), Instant::MAX.date(Zone::UTC))
    }

    /// Which of two is longer, a day being 24 hours; nothing when their months differ, since months have no one length.
    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        let length = |span: Self| span.days * DAY + span.millis;
        (self.months == other.months).then(|| length(self).cmp(&length(other)))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.millis / 1_000;
        match (self.months, self.days, seconds) {
            (0, 0, seconds) => write!(f, "{seconds} s"),
            (0, days, 0) => write!(f, "{days} days"),
            (months, 0, 0) => write!(f, "{months} months"),
            (months, days, seconds) => write!(f, "{months} months {days} days {seconds} s"),
        }
    }
}
