//! The working hours of a pool of people.

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::local::add_days;
use super::{DayWindow, Duration, Instant, SendWindow, Time, Weekdays, Zone, resolve};

/// How many days are looked through for working time: more than the longest duration needs at one hour a week.
const MAX_DAYS: i64 = 20_000;

/// When the people of a pool are at work. What goes over midnight belongs to the day on which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkHours {
    /// When the day's work begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
    /// On which days.
    #[serde(default)]
    pub weekdays: Weekdays,
}

impl WorkHours {
    const fn window(&self) -> SendWindow {
        SendWindow {
            from: self.from,
            to: self.to,
            weekdays: self.weekdays,
        }
    }

    /// Whether they are at work at `now`.
    #[must_use]
    pub fn is_open(&self, now: Instant, zone: Zone) -> bool {
        self.window().is_open(now, zone)
    }

    /// The first instant from `now` on at which they are at work.
    #[must_use]
    pub fn next_open(&self, now: Instant, zone: Zone) -> Instant {
        self.window().next_open(now, zone)
    }

    /// When `millis` of working time have passed since `now`. What is not over at the end of a day goes on with the next.
    #[must_use]
    pub fn add_within(&self, now: Instant, millis: i64, zone: Zone) -> Instant {
        if millis <= 0 {
            return self.next_open(now, zone);
        }
        let mut left = millis;
        let first = add_days(now.date(zone), -1);
        for day in (0..MAX_DAYS).map(|days| add_days(first, days)) {
            if !self.weekdays.contains(day.weekday()) {
                continue;
            }
            let last = add_days(day, i64::from(self.from >= self.to));
            let start = resolve(day.and_time(self.from), zone).max(now);
            let span = resolve(last.and_time(self.to), zone).millis_since(start);
            if span >= left {
                return start.plus_millis(left);
            }
            left -= span.max(0);
        }
        now.plus_millis(millis)
    }

    /// When a task that may take `due` has to be done: its calendar part on the clock, its elapsed part in working time.
    #[must_use]
    pub fn due(&self, now: Instant, due: &Duration, zone: Zone) -> Instant {
        let calendar = Duration { millis: 0, ..*due };
        self.add_within(calendar.after(now, zone), due.millis, zone)
    }

    /// The hours without the days.
    #[must_use]
    pub const fn hours(&self) -> DayWindow {
        DayWindow {
            from: self.from,
            to: self.to,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, instant, time};
    use crate::calendar::{DAY, HOUR, MINUTE};

    fn office() -> WorkHours {
        WorkHours {
            from: time("09:00"),
            to: time("18:00"),
            weekdays: Weekdays::WORKDAYS,
        }
    }

    #[test]
    fn working_time_stands_still_at_night_and_at_the_weekend() {
        for (now, hours, due) in [
            ("2026-11-20T10:00:00+02:00", 4, "2026-11-20T14:00:00+02:00"),
            ("2026-11-20T10:00:00+02:00", 8, "2026-11-20T18:00:00+02:00"),
            ("2026-11-20T16:00:00+02:00", 4, "2026-11-23T11:00:00+02:00"),
            ("2026-11-20T20:00:00+02:00", 4, "2026-11-23T13:00:00+02:00"),
            ("2026-11-21T10:00:00+02:00", 20, "2026-11-25T11:00:00+02:00"),
            ("2026-11-20T08:00:00+02:00", 0, "2026-11-20T09:00:00+02:00"),
        ] {
            assert_eq!(
                office().add_within(instant(now), hours * HOUR, KYIV),
                instant(due),
                "{now} + {hours} h"
            );
        }
    }

    #[test]
    fn a_night_shift_counts_its_real_hours() {
        let night = WorkHours {
            from: time("22:00"),
            to: time("06:00"),
            weekdays: Weekdays::ALL,
        };
        // The night of 24 October 2026 is an hour longer in Kyiv.
        let now = instant("2026-10-24T23:00:00+03:00");
        assert_eq!(
            night.add_within(now, 8 * HOUR, KYIV),
            instant("2026-10-25T06:00:00+02:00")
        );
        let now = instant("2026-11-20T03:00:00+02:00");
        assert_eq!(
            night.add_within(now, 4 * HOUR, KYIV),
            instant("2026-11-20T23:00:00+02:00")
        );
    }

    #[test]
    fn a_day_is_a_day_on_the_clock_and_an_hour_a_working_hour() {
        let due = Duration::parse("1d 2h").unwrap();
        assert_eq!(
            office().due(instant("2026-11-19T17:00:00+02:00"), &due, KYIV),
            instant("2026-11-23T10:00:00+02:00")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn more_work_is_done_later_and_parts_add_up(
            from in 0_u32..1_440, to in 0_u32..1_440, minutes in 0_i64..60 * 365 * 1_440,
            first in 1_i64..3_000, second in 1_i64..3_000, zone in prop::sample::select(ZONES.to_vec()),
        ) {
            let at = |minute: u32| Time::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let hours = WorkHours { from: at(from), to: at(to), weekdays: Weekdays::WORKDAYS };
            let now = Instant::from_millis(minutes * MINUTE);
            let once = hours.add_within(now, first * MINUTE, zone);
            let both = hours.add_within(now, (first + second) * MINUTE, zone);
            prop_assert!(once > now && both.millis_since(once) >= second * MINUTE);
            prop_assert_eq!(hours.add_within(once, second * MINUTE, zone), both);
        }

        #[test]
        fn without_a_pause_it_is_plain_time(minutes in 0_i64..60 * 365 * 1_440, length in 1_i64..20 * DAY) {
            let always = WorkHours { from: time("00:00"), to: time("00:00"), weekdays: Weekdays::ALL };
            let now = Instant::from_millis(minutes * MINUTE);
            prop_assert_eq!(always.add_within(now, length, Zone::UTC), now.plus_millis(length));
            prop_assert_eq!(always.add_within(now, length, KYIV), now.plus_millis(length));
        }
    }
}
