//! How many whole days, months or years have passed, and when the next one will have.

use chrono::{Datelike, Months};

use super::local::add_days;
use super::{Anchor, Date, Instant, Zone, first_instant_of};

/// More months than the calendar has; farther than that nothing is reached.
const MAX_MONTHS: i64 = 12 * 10_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Calendar days.
    Days,
    /// Calendar months; from a day that a month lacks, one is over on the month's last day.
    Months,
    /// Calendar years, twelve months each.
    Years,
}

impl Unit {
    /// How many whole units have passed from `then` to `now`, by dates on the zone's clock; negative if `then` is in the future.
    #[must_use]
    pub fn since(self, then: Anchor, now: Instant, zone: Zone) -> i64 {
        self.between(then.date(zone), now.date(zone))
    }

    /// How many whole units lie between two dates; negative if `to` is the earlier.
    #[must_use]
    pub fn between(self, from: Date, to: Date) -> i64 {
        match self {
            Self::Days => to.signed_duration_since(from).num_days(),
            Self::Months if to < from => -whole_months(to, from),
            Self::Months => whole_months(from, to),
            Self::Years => Self::Months.between(from, to) / 12,
        }
    }

    /// The first instant at which [`Unit::since`] gives `count` or more.
    #[must_use]
    pub fn reaches(self, then: Anchor, count: i64, zone: Zone) -> Instant {
        first_instant_of(self.first_date(then.date(zone), count), zone)
    }

    /// The first date `to` for which `between(from, to)` is at least `count`.
    #[must_use]
    pub fn first_date(self, from: Date, count: i64) -> Date {
        let months = match self {
            Self::Days => return add_days(from, count),
            Self::Months => count,
            Self::Years => count.saturating_mul(12),
        };
        if months > 0 {
            return add_months(from, months);
        }
        // Counted backwards and without the fraction: more than `count - 1` is reached when less than one unit more is missing.
        let missing = match self {
            Self::Years => months.saturating_sub(12),
            _ => months.saturating_sub(1),
        };
        first_not_reached(from, missing.saturating_neg())
    }
}

/// The first date from which `months` more lead past `target`.
fn first_not_reached(target: Date, months: i64) -> Date {
    let mut date = add_days(add_months(target, -months), -1);
    while add_months(date, months) <= target && date < Date::MAX {
        date = add_days(date, 1);
    }
    date
}

/// The largest number of months that, added to `from`, does not pass `to`.
fn whole_months(from: Date, to: Date) -> i64 {
    let months =
        i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
    if to.day() >= from.day() || add_months(from, months) <= to {
        months
    } else {
        months - 1
    }
}

fn add_months(date: Date, months: i64) -> Date {
    let count = Months::new(
        u32::try_from(months.unsigned_abs().min(MAX_MONTHS.unsigned_abs())).unwrap_or_default(),
    );
    if months < 0 {
        date.checked_sub_months(count).unwrap_or(Date::MIN)
    } else {
        date.checked_add_months(count).unwrap_or(Date::MAX)
    }
}

/// Whole calendar days from `then` to `now` on the zone's clock.
#[must_use]
pub fn days_since(then: Anchor, now: Instant, zone: Zone) -> i64 {
    Unit::Days.since(then, now, zone)
}

/// Whole calendar months from `then` to `now` on the zone's clock.
#[must_use]
pub fn months_since(then: Anchor, now: Instant, zone: Zone) -> i64 {
    Unit::Months.since(then, now, zone)
}

/// Whole calendar years from `then` to `now` on the zone's clock.
#[must_use]
pub fn years_since(then: Anchor, now: Instant, zone: Zone) -> i64 {
    Unit::Years.since(then, now, zone)
}

/// The first instant at which [`days_since`] gives `days` or more.
#[must_use]
pub fn days_reach(then: Anchor, days: i64, zone: Zone) -> Instant {
    Unit::Days.reaches(then, days, zone)
}

/// The first instant at which [`months_since`] gives `months` or more.
#[must_use]
pub fn months_reach(then: Anchor, months: i64, zone: Zone) -> Instant {
    Unit::Months.reaches(then, months, zone)
}

/// The first instant at which [`years_since`] gives `years` or more.
#[must_use]
pub fn years_reach(then: Anchor, years: i64, zone: Zone) -> Instant {
    Unit::Years.reaches(then, years, zone)
}

/// Where a cap's count begins: the first instant of the day that lies `days - 1` before today, so that today and the days before make `days`.
#[must_use]
pub fn first_instant_of_calendar_days(now: Instant, days: u32, zone: Zone) -> Instant {
    first_instant_of(add_days(now.date(zone), 1 - i64::from(days.max(1))), zone)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, date, instant};

    #[test]
    fn days_are_counted_by_dates_not_by_hours() {
        let then = Anchor::Instant(instant("2026-11-20T23:59:00+02:00"));
        assert_eq!(
            days_since(then, instant("2026-11-20T23:59:30+02:00"), KYIV),
            0
        );
        assert_eq!(
            days_since(then, instant("2026-11-21T00:00:00+02:00"), KYIV),
            1
        );
        assert_eq!(
            days_since(then, instant("2026-11-18T12:00:00+02:00"), KYIV),
            -2
        );
        assert_eq!(
            days_since(
                Anchor::Date(date("2026-11-20")),
                instant("2026-11-21T00:00:00+02:00"),
                KYIV
            ),
            1
        );
        assert_eq!(
            days_reach(then, 1, KYIV),
            instant("2026-11-21T00:00:00+02:00")
        );
    }

    #[test]
    fn months_and_years_end_with_the_month_that_lacks_the_day() {
        for (from, to, months, years) in [
            ("2026-01-31", "2026-02-27", 0, 0),
            ("2026-01-31", "2026-02-28", 1, 0),
            ("2026-01-31", "2026-03-30", 1, 0),
            ("2026-01-31", "2026-03-31", 2, 0),
            ("2024-02-29", "2025-02-27", 11, 0),
            ("2024-02-29", "2025-02-28", 12, 1),
            ("1990-06-15", "2026-06-14", 431, 35),
            ("1990-06-15", "2026-06-15", 432, 36),
            ("2026-06-15", "2026-05-16", 0, 0),
            ("2026-06-15", "2026-05-15", -1, 0),
            ("2026-06-15", "2025-06-15", -12, -1),
        ] {
            assert_eq!(
                Unit::Months.between(date(from), date(to)),
                months,
                "{from} to {to}"
            );
            assert_eq!(
                Unit::Years.between(date(from), date(to)),
                years,
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn a_cap_counts_today_and_the_days_before() {
        let now = instant("2026-11-22T10:00:00+02:00");
        assert_eq!(
            first_instant_of_calendar_days(now, 7, KYIV),
            instant("2026-11-16T00:00:00+02:00")
        );
        assert_eq!(
            first_instant_of_calendar_days(now, 1, KYIV),
            instant("2026-11-22T00:00:00+02:00")
        );
        assert_eq!(
            first_instant_of_calendar_days(now, 0, KYIV),
            instant("2026-11-22T00:00:00+02:00")
        );
    }

    #[test]
    fn counts_beyond_the_calendar_reach_its_ends() {
        for unit in [Unit::Days, Unit::Months, Unit::Years] {
            assert_eq!(
                unit.reaches(Anchor::Date(date("2026-11-22")), i64::MAX, KYIV),
                Instant::MAX
            );
            assert_eq!(
                unit.reaches(Anchor::Date(date("2026-11-22")), i64::MIN, KYIV),
                Instant::MIN
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_count_is_reached_at_one_instant_and_not_before(
            seconds in 0_i64..2_000_000_000, count in -60_i64..60,
            unit in prop::sample::select(vec![Unit::Days, Unit::Months, Unit::Years]),
            zone in prop::sample::select(ZONES.to_vec()),
        ) {
            let then = Anchor::Instant(Instant::from_millis(seconds * 1_000));
            let reached = unit.reaches(then, count, zone);
            prop_assert!(unit.since(then, reached, zone) >= count);
            prop_assert!(unit.since(then, reached.plus_millis(-1), zone) < count);
        }
    }
}
