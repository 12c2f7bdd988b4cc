//! Hours of the day in which one keeps quiet, and windows in which one may send.

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::local::add_days;
use super::wait::next_time_of_day;
use super::{Date, Instant, Local, Time, Weekdays, Zone, resolve};

/// How many days ahead an opening is looked for: a week, and a few days that a zone may have skipped.
const DAYS_AHEAD: i64 = 10;

/// A part of every day: `from` belongs to it, `to` does not. It goes over midnight if `to` is not later than `from`; the same time twice is
/// the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayWindow {
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
}

/// The hours in which nothing but transactional messages is sent.
pub type QuietHours = DayWindow;

impl DayWindow {
    /// Whether a clock that shows `time` stands inside.
    #[must_use]
    pub fn contains(&self, time: Time) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }

    /// Whether it is so at `now` on the zone's clock.
    #[must_use]
    pub fn is_open(&self, now: Instant, zone: Zone) -> bool {
        self.contains(now.local(zone).time())
    }

    /// When the hours that `now` stands in come to their end; `now` itself, if it stands outside. Never before `now`.
    #[must_use]
    pub fn end_after(&self, now: Instant, zone: Zone) -> Instant {
        if self.is_open(now, zone) {
            next_time_of_day(self.to, now, zone)
        } else {
            now
        }
    }

    /// The day on which the part of the window that holds `local` began.
    fn first_day(&self, local: Local) -> Date {
        let after_midnight =
            self.from >= self.to && local.time() < self.to && local.time() < self.from;
        add_days(local.date(), -i64::from(after_midnight))
    }
}

/// When a `send` may be handed over: these hours, on these days. What goes over midnight belongs to the day on which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendWindow {
    /// When it opens.
    pub from: Time,
    /// When it closes.
    pub to: Time,
    /// On which days it opens.
    #[serde(default)]
    pub weekdays: Weekdays,
}

impl SendWindow {
    /// The hours without the days.
    #[must_use]
    pub const fn hours(&self) -> DayWindow {
        DayWindow {
            from: self.from,
            to: self.to,
        }
    }

    /// Whether it is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Instant, zone: Zone) -> bool {
        let (local, hours) = (now.local(zone), self.hours());
        hours.contains(local.time()) && self.weekdays.contains(hours.first_day(local).weekday())
    }

    /// The first instant from `now` on at which it is open: `now` itself, or when it opens next.
    #[must_use]
    pub fn next_open(&self, now: Instant, zone: Zone) -> Instant {
        if self.is_open(now, zone) {
            return now;
        }
        let today = now.date(zone);
        let openings = (0..DAYS_AHEAD)
            .map(|days| add_days(today, days))
            .filter(|day| self.weekdays.contains(day.weekday()))
            .map(|day| resolve(day.and_time(self.from), zone));
        openings
            .into_iter()
            .find(|opening| *opening > now)
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, instant, time};
    use crate::calendar::{DAY, MINUTE};

    fn quiet(from: &str, to: &str) -> DayWindow {
        DayWindow {
            from: time(from),
            to: time(to),
        }
    }

    fn window(from: &str, to: &str, weekdays: &[&str]) -> SendWindow {
        SendWindow {
            from: time(from),
            to: time(to),
            weekdays: Weekdays::parse(weekdays).unwrap(),
        }
    }

    #[test]
    fn the_first_minute_belongs_to_it_and_the_last_does_not() {
        let night = quiet("21:00", "09:00");
        for (now, inside) in [
            ("21:00", true),
            ("23:59", true),
            ("00:00", true),
            ("08:59", true),
            ("09:00", false),
            ("20:59", false),
        ] {
            assert_eq!(night.contains(time(now)), inside, "{now}");
        }
        let noon = quiet("12:00", "14:00");
        assert!(
            noon.contains(time("12:00"))
                && !noon.contains(time("14:00"))
                && !noon.contains(time("23:00"))
        );
        assert!(quiet("09:00", "00:00").contains(time("23:59")));
    }

    #[test]
    fn quiet_hours_end_on_the_customers_clock() {
        let night = quiet("21:00", "09:00");
        for (now, end) in [
            ("2026-11-20T22:00:00+02:00", "2026-11-21T09:00:00+02:00"),
            ("2026-11-21T08:00:00+02:00", "2026-11-21T09:00:00+02:00"),
            ("2026-11-21T09:00:00+02:00", "2026-11-21T09:00:00+02:00"),
            ("2026-03-28T22:00:00+02:00", "2026-03-29T09:00:00+03:00"),
        ] {
            assert_eq!(night.end_after(instant(now), KYIV), instant(end), "{now}");
        }
        // In the hour that comes twice the end may come twice.
        let short = quiet("21:00", "03:30");
        assert_eq!(
            short.end_after(instant("2026-10-25T03:10:00+03:00"), KYIV),
            instant("2026-10-25T03:30:00+03:00")
        );
        assert_eq!(
            short.end_after(instant("2026-10-25T03:10:00+02:00"), KYIV),
            instant("2026-10-25T03:30:00+02:00")
        );
    }

    #[test]
    fn a_window_opens_on_its_days_only() {
        let office = window("09:00", "20:00", &["workdays"]);
        // 20 November 2026 is a Friday.
        for (now, opens) in [
            ("2026-11-20T10:00:00+02:00", "2026-11-20T10:00:00+02:00"),
            ("2026-11-20T08:00:00+02:00", "2026-11-20T09:00:00+02:00"),
            ("2026-11-20T20:00:00+02:00", "2026-11-23T09:00:00+02:00"),
            ("2026-11-21T10:00:00+02:00", "2026-11-23T09:00:00+02:00"),
        ] {
            assert_eq!(
                office.next_open(instant(now), KYIV),
                instant(opens),
                "{now}"
            );
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_began() {
        let friday_night = window("20:00", "02:00", &["fri"]);
        assert!(friday_night.is_open(instant("2026-11-21T01:00:00+02:00"), KYIV));
        assert!(!friday_night.is_open(instant("2026-11-20T01:00:00+02:00"), KYIV));
        assert_eq!(
            friday_night.next_open(instant("2026-11-20T01:00:00+02:00"), KYIV),
            instant("2026-11-20T20:00:00+02:00")
        );
        let whole_day = window("00:00", "00:00", &["sat"]);
        assert!(whole_day.is_open(instant("2026-11-21T23:59:00+02:00"), KYIV));
        assert!(!whole_day.is_open(instant("2026-11-22T00:00:00+02:00"), KYIV));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_end_of_quiet_hours_is_near_and_never_past(
            from in 0_u32..1_440, to in 0_u32..1_440, minutes in 0_i64..60 * 365 * 1_440,
            zone in prop::sample::select(ZONES.to_vec()),
        ) {
            let at = |minute: u32| Time::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let quiet = DayWindow { from: at(from), to: at(to) };
            let now = Instant::from_millis(minutes * MINUTE);
            let end = quiet.end_after(now, zone);
            prop_assert_eq!(end == now, !quiet.is_open(now, zone));
            prop_assert!(end >= now && end.millis_since(now) <= 2 * DAY);
            let window = SendWindow { from: at(from), to: at(to), weekdays: Weekdays::WORKDAYS };
            let open = window.next_open(now, zone);
            prop_assert!(open >= now && open.millis_since(now) <= 5 * DAY);
        }
    }
}
