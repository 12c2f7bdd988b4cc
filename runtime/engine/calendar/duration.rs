//! A stretch of time: calendar parts on the wall clock, then elapsed time.

use chrono::{Datelike, Months};

use super::local::add_days;
use super::{DAY, Date, Instant, Local, Zone, resolve};

/// The longest duration that may be written, in days (two hundred years).
pub const LONGEST_DAYS: i64 = 200 * 366;

/// What the wall clock may be moved by, at most, between two moments: a skipped day, and a zone that changed its side of the date line.
const CLOCK_SLACK: i64 = 2 * DAY;

/// A stretch of time as a marketer writes it. Counted in one go from its anchor: months first, then days, then workdays, all on the wall
/// clock; then the elapsed milliseconds. Years are twelve months, weeks seven days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    /// Calendar months; a day that the month lacks becomes its last day.
    pub months: u32,
    /// Calendar days.
    pub days: u32,
    /// Days that are neither Saturday nor Sunday.
    pub workdays: u32,
    /// Elapsed milliseconds; never negative.
    pub millis: i64,
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self {
        months: 0,
        days: 0,
        workdays: 0,
        millis: 0,
    };

    /// So many calendar months.
    #[must_use]
    pub const fn from_months(months: u32) -> Self {
        Self {
            months,
            ..Self::ZERO
        }
    }

    /// So many calendar days.
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        Self { days, ..Self::ZERO }
    }

    /// So many elapsed milliseconds; none, if negative.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            millis: if millis < 0 { 0 } else { millis },
            ..Self::ZERO
        }
    }

    /// Whether there is no calendar part, so that the wall clock has no say.
    #[must_use]
    pub const fn is_elapsed_only(&self) -> bool {
        self.months == 0 && self.days == 0 && self.workdays == 0
    }

    /// Whether it is no time at all.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.is_elapsed_only() && self.millis == 0
    }

    /// The instant that lies this long after the anchor, on the clock of the zone.
    #[must_use]
    pub fn after(&self, anchor: Instant, zone: Zone) -> Instant {
        self.forward().from(anchor, zone)
    }

    /// The instant that lies this long before the anchor, on the clock of the zone.
    #[must_use]
    pub fn before(&self, anchor: Instant, zone: Zone) -> Instant {
        self.backward().from(anchor, zone)
    }

    /// The date so many months, days and workdays after `date`; the elapsed part has no say.
    #[must_use]
    pub fn add_to_date(&self, date: Date) -> Date {
        let moved = date
            .checked_add_months(Months::new(self.months))
            .unwrap_or(Date::MAX);
        add_workdays(add_days(moved, i64::from(self.days)), self.workdays)
    }

    /// The date so many months, days and workdays before `date`; the elapsed part has no say.
    #[must_use]
    pub fn take_from_date(&self, date: Date) -> Date {
        let moved = date
            .checked_sub_months(Months::new(self.months))
            .unwrap_or(Date::MIN);
        take_workdays(add_days(moved, -i64::from(self.days)), self.workdays)
    }

    /// A length in milliseconds that this duration never exceeds, wherever it is anchored.
    #[must_use]
    pub fn at_most_millis(&self) -> i64 {
        if self.is_elapsed_only() {
            return self.millis;
        }
        let months = i64::from(self.months);
        let weeks = i64::from(self.workdays.div_ceil(5)) + i64::from(self.workdays > 0);
        // Twelve months are at most 366 days; the rest at most 31 each.
        let days = months / 12 * 366 + months % 12 * 31 + i64::from(self.days) + weeks * 7;
        days.saturating_mul(DAY)
            .saturating_add(CLOCK_SLACK)
            .saturating_add(self.millis)
    }

    /// Its length in milliseconds as a reader takes it: days of 24 hours, months of 30 days, seven days for five workdays.
    #[must_use]
    pub fn about_millis(&self) -> i64 {
        let days = i64::from(self.months) * 30 + i64::from(self.days);
        let workdays = i64::from(self.workdays) * 7 / 5;
        (days + workdays)
            .saturating_mul(DAY)
            .saturating_add(self.millis)
    }

    /// Whether it stays within [`LONGEST_DAYS`].
    #[must_use]
    pub const fn is_not_too_long(&self) -> bool {
        self.months as i64 * 30 + self.days as i64 + self.workdays as i64 + self.millis / DAY
            <= LONGEST_DAYS
    }

    /// This duration as an offset into the future.
    #[must_use]
    pub const fn forward(self) -> Offset {
        Offset {
            duration: self,
            negative: false,
        }
    }

    /// This duration as an offset into the past.
    #[must_use]
    pub const fn backward(self) -> Offset {
        Offset {
            duration: self,
            negative: !self.is_zero(),
        }
    }
}

/// A duration with a sign: `-7d` is seven days before the anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offset {
    /// How long.
    pub duration: Duration,
    /// Whether it leads into the past.
    pub negative: bool,
}

impl Offset {
    /// No offset.
    pub const ZERO: Self = Duration::ZERO.forward();

    /// The instant that lies this far from the anchor, on the clock of the zone.
    #[must_use]
    pub fn from(&self, anchor: Instant, zone: Zone) -> Instant {
        if self.duration.is_elapsed_only() {
            return anchor.plus_millis(self.millis());
        }
        resolve(self.shift(anchor.local(zone)), zone).plus_millis(self.millis())
    }

    /// The date this far from `date`; the elapsed part has no say.
    #[must_use]
    pub fn from_date(&self, date: Date) -> Date {
        if self.negative {
            self.duration.take_from_date(date)
        } else {
            self.duration.add_to_date(date)
        }
    }

    /// The elapsed part with its sign.
    #[must_use]
    pub const fn millis(&self) -> i64 {
        if self.negative {
            -self.duration.millis
        } else {
            self.duration.millis
        }
    }

    /// The same time of day on the day this far away.
    pub(super) fn shift(&self, local: Local) -> Local {
        self.from_date(local.date()).and_time(local.time())
    }
}

impl From<Duration> for Offset {
    fn from(duration: Duration) -> Self {
        duration.forward()
    }
}

/// Passes over Saturdays and Sundays.
fn add_workdays(date: Date, workdays: u32) -> Date {
    if workdays == 0 {
        return date;
    }
    // From a weekend one counts as from its Friday.
    let weekend = date.weekday().num_days_from_monday().saturating_sub(4);
    let (friday, position) = (
        add_days(date, -i64::from(weekend)),
        date.weekday().num_days_from_monday().min(4),
    );
    let landing = position + workdays;
    add_days(friday, i64::from(workdays) + i64::from(landing / 5) * 2)
}

/// Passes over Saturdays and Sundays, backwards.
fn take_workdays(date: Date, workdays: u32) -> Date {
    if workdays == 0 {
        return date;
    }
    // From a weekend one counts as from the Monday after it.
    let from_monday = date.weekday().num_days_from_monday();
    let to_monday = if from_monday > 4 { 7 - from_monday } else { 0 };
    let start = add_days(date, i64::from(to_monday));
    let from_friday = 4 - start.weekday().num_days_from_monday();
    let landing = from_friday + workdays;
    add_days(start, -(i64::from(workdays) + i64::from(landing / 5) * 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, date, instant};

    fn after(anchor: &str, duration: &str) -> Instant {
        Duration::parse(duration)
            .unwrap()
            .after(instant(anchor), KYIV)
    }

    #[test]
    fn calendar_time_keeps_the_clock_and_elapsed_time_does_not() {
        // Kyiv goes to summer time on 29 March 2026 at 03:00.
        assert_eq!(
            after("2026-03-28T12:00:00+02:00", "1d"),
            instant("2026-03-29T12:00:00+03:00")
        );
        assert_eq!(
            after("2026-03-28T12:00:00+02:00", "24h"),
            instant("2026-03-29T13:00:00+03:00")
        );
        assert_eq!(
            after("2026-03-28T03:30:00+02:00", "1d"),
            instant("2026-03-29T04:30:00+03:00")
        );
        assert_eq!(
            after("2026-10-24T03:30:00+03:00", "1d"),
            instant("2026-10-25T03:30:00+03:00")
        );
        // In the second of the two 03:30 an elapsed minute stays there.
        assert_eq!(
            after("2026-10-25T03:30:00+02:00", "1m"),
            instant("2026-10-25T03:31:00+02:00")
        );
    }

    #[test]
    fn a_day_that_the_month_lacks_becomes_its_last() {
        assert_eq!(
            after("2026-05-31T12:00:00+03:00", "9 months"),
            instant("2027-02-28T12:00:00+02:00")
        );
        assert_eq!(
            after("2027-05-31T12:00:00+03:00", "9 months"),
            instant("2028-02-29T12:00:00+02:00")
        );
        assert_eq!(
            after("2024-02-29T12:00:00+02:00", "1y"),
            instant("2025-02-28T12:00:00+02:00")
        );
        assert_eq!(
            after("2024-02-29T12:00:00+02:00", "4y"),
            instant("2028-02-29T12:00:00+02:00")
        );
    }

    #[test]
    fn months_come_before_days_and_days_before_hours() {
        assert_eq!(
            after("2026-01-31T12:00:00+02:00", "1d 1mo"),
            instant("2026-03-01T12:00:00+02:00")
        );
        assert_eq!(
            after("2026-03-28T12:00:00+02:00", "12h 1d"),
            instant("2026-03-30T00:00:00+03:00")
        );
    }

    #[test]
    fn workdays_pass_over_the_weekend() {
        // 20 November 2026 is a Friday.
        for (from, days, to, back) in [
            ("2026-11-20", 1, "2026-11-23", "2026-11-19"),
            ("2026-11-20", 5, "2026-11-27", "2026-11-13"),
            ("2026-11-21", 1, "2026-11-23", "2026-11-20"),
            ("2026-11-22", 3, "2026-11-25", "2026-11-18"),
            ("2026-11-22", 6, "2026-11-30", "2026-11-13"),
            ("2026-11-23", 1, "2026-11-24", "2026-11-20"),
            ("2026-11-24", 11, "2026-12-09", "2026-11-09"),
        ] {
            let duration = Duration {
                workdays: days,
                ..Duration::ZERO
            };
            assert_eq!(
                duration.add_to_date(date(from)),
                date(to),
                "{from} + {days}"
            );
            assert_eq!(
                duration.take_from_date(date(from)),
                date(back),
                "{from} - {days}"
            );
        }
    }

    #[test]
    fn a_negative_offset_leads_into_the_past() {
        let offset = Offset::parse("-7d").unwrap();
        assert_eq!(
            offset.from(instant("2026-04-02T10:00:00+03:00"), KYIV),
            instant("2026-03-26T10:00:00+02:00")
        );
        assert_eq!(
            Offset::parse("-1mo").unwrap().from_date(date("2026-03-31")),
            date("2026-02-28")
        );
    }

    fn any_duration() -> impl Strategy<Value = Duration> {
        (0_u32..60, 0_u32..800, 0_u32..60, 0_i64..200 * DAY).prop_map(
            |(months, days, workdays, millis)| Duration {
                months,
                days,
                workdays,
                millis,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn no_duration_exceeds_its_upper_bound(
            duration in any_duration(),
            zone in prop::sample::select(ZONES.to_vec()),
            seconds in -1_000_000_000_i64..4_000_000_000,
        ) {
            let anchor = Instant::from_millis(seconds * 1_000);
            let (before, after) = (duration.before(anchor, zone), duration.after(anchor, zone));
            prop_assert!(after.millis_since(anchor) <= duration.at_most_millis());
            prop_assert!(anchor.millis_since(before) <= duration.at_most_millis());
        }

        #[test]
        fn workdays_are_counted_one_by_one(start in 0_i64..3_000, workdays in 0_u32..40) {
            let start = add_days(date("2020-01-01"), start);
            let step = |sign: i64| {
                let (mut day, mut left) = (start, workdays);
                while left > 0 {
                    day = add_days(day, sign);
                    left -= u32::from(day.weekday().num_days_from_monday() < 5);
                }
                day
            };
            let duration = Duration { workdays, ..Duration::ZERO };
            prop_assert_eq!(duration.add_to_date(start), step(1));
            prop_assert_eq!(duration.take_from_date(start), step(-1));
        }

        #[test]
        fn the_ends_of_the_range_are_no_trouble(duration in any_duration(), zone in prop::sample::select(ZONES.to_vec())) {
            prop_assert!(duration.after(Instant::MAX, zone) <= Instant::MAX);
            prop_assert!(duration.before(Instant::MIN, zone) >= Instant::MIN);
        }
    }
}
