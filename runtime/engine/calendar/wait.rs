//! When a wait is over.

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use super::local::{add_days, resolve_not_before};
use super::{Anchor, Duration, Instant, Offset, Time, Weekdays, Zone, resolve};

/// How many days ahead a moment of the week is looked for: a week, and a few days that a zone may have skipped.
const DAYS_AHEAD: i64 = 10;

/// The options of a `wait`, without what it is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitRule {
    /// How long after the anchor.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub for_: Option<Duration>,
    /// Then at this time of that day, earlier or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Then on the first of these days, at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Weekdays>,
}

impl WaitRule {
    /// When the wait is over; that may be past, and then one goes on at once.
    ///
    /// `anchor` is the value of `since` or of `until`, whichever stands in the wait; `None` if neither does. Then the wait is counted from
    /// `now`, and one that says only `at` (and perhaps `weekdays`) is over at the first such moment strictly after `now`.
    #[must_use]
    pub fn due(&self, anchor: Option<Anchor>, now: Instant, zone: Zone) -> Instant {
        if let (None, None, Some(at)) = (anchor, self.for_, self.at) {
            return self.next_moment(at, now, zone);
        }
        let anchor = anchor.unwrap_or(Anchor::Instant(now));
        let offset = self.for_.map_or(Offset::ZERO, Duration::forward);
        let moment = anchor.reckon(&offset, self.at, zone);
        let Some(weekdays) = self.weekdays else {
            return moment;
        };
        let local = moment.local(zone);
        match weekdays.days_until(local.weekday()) {
            0 => moment,
            days => {
                let time = self.at.unwrap_or(local.time());
                resolve(add_days(local.date(), days).and_time(time), zone)
            }
        }
    }

    /// The first moment strictly after `now` at which the clock shows `at` on an allowed day.
    fn next_moment(&self, at: Time, now: Instant, zone: Zone) -> Instant {
        let weekdays = self.weekdays.unwrap_or_default();
        let today = now.date(zone);
        (0..DAYS_AHEAD)
            .map(|days| add_days(today, days))
            .filter(|day| weekdays.contains(day.weekday()))
            .map(|day| resolve(day.and_time(at), zone))
            .find(|moment| *moment > now)
            .unwrap_or(now)
    }
}

/// The next moment at which the clock shows `at`, strictly after `now`: the second, where it exists twice and the first is past.
pub(super) fn next_time_of_day(at: Time, now: Instant, zone: Zone) -> Instant {
    let today = now.date(zone);
    (0..DAYS_AHEAD)
        .find_map(|days| {
            resolve_not_before(add_days(today, days).and_time(at), now.plus_millis(1), zone)
        })
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::testing::{KYIV, date, instant, time};

    fn wait(for_: &str, at: &str, weekdays: &[&str]) -> WaitRule {
        WaitRule {
            for_: (!for_.is_empty()).then(|| Duration::parse(for_).unwrap()),
            at: (!at.is_empty()).then(|| time(at)),
            weekdays: (!weekdays.is_empty()).then(|| Weekdays::parse(weekdays).unwrap()),
        }
    }

    fn due(rule: &WaitRule, anchor: Option<&str>, now: &str) -> Instant {
        rule.due(
            anchor.map(|anchor| Anchor::Instant(instant(anchor))),
            instant(now),
            KYIV,
        )
    }

    const NOON: &str = "2026-11-20T12:00:00+02:00"; // a Friday

    #[test]
    fn a_plain_duration_counts_from_now() {
        assert_eq!(
            due(&wait("3d", "", &[]), None, NOON),
            instant("2026-11-23T12:00:00+02:00")
        );
        assert_eq!(
            due(&wait("3d", "09:00", &[]), None, NOON),
            instant("2026-11-23T09:00:00+02:00")
        );
    }

    #[test]
    fn since_counts_from_its_anchor_even_into_the_past() {
        let rule = wait("12 months", "10:00", &[]);
        assert_eq!(
            due(&rule, Some("2025-01-31T12:00:00+02:00"), NOON),
            instant("2026-01-31T10:00:00+02:00")
        );
        let rule = wait("", "", &[]);
        assert_eq!(
            rule.due(Some(Anchor::Date(date("2026-12-01"))), instant(NOON), KYIV),
            instant("2026-12-01T00:00:00+02:00")
        );
        let rule = wait("", "10:00", &[]);
        assert_eq!(
            rule.due(Some(Anchor::Date(date("2026-11-01"))), instant(NOON), KYIV),
            instant("2026-11-01T10:00:00+02:00")
        );
    }

    #[test]
    fn weekdays_move_it_forward_at_the_same_time() {
        let rule = wait("1d", "", &["workdays"]);
        assert_eq!(due(&rule, None, NOON), instant("2026-11-23T12:00:00+02:00"));
        let rule = wait("1d", "10:00", &["tue", "sat"]);
        assert_eq!(due(&rule, None, NOON), instant("2026-11-21T10:00:00+02:00"));
        // Without a time of day it is a wait of no length, moved to an allowed day.
        assert_eq!(due(&wait("", "", &["workdays"]), None, NOON), instant(NOON));
        assert_eq!(
            due(&wait("", "", &["mon"]), None, NOON),
            instant("2026-11-23T12:00:00+02:00")
        );
    }

    #[test]
    fn a_time_alone_is_the_next_such_moment_strictly_after_now() {
        let rule = wait("", "10:00", &["mon"]);
        assert_eq!(due(&rule, None, NOON), instant("2026-11-23T10:00:00+02:00"));
        assert_eq!(
            due(&rule, None, "2026-11-23T09:59:59.999+02:00"),
            instant("2026-11-23T10:00:00+02:00")
        );
        assert_eq!(
            due(&rule, None, "2026-11-23T10:00:00+02:00"),
            instant("2026-11-30T10:00:00+02:00")
        );
        assert_eq!(
            due(&wait("", "12:00", &[]), None, NOON),
            instant("2026-11-21T12:00:00+02:00")
        );
        assert_eq!(
            due(&wait("", "12:01", &[]), None, NOON),
            instant("2026-11-20T12:01:00+02:00")
        );
    }

    #[test]
    fn the_clock_changes_as_everywhere() {
        let rule = wait("", "03:30", &[]);
        assert_eq!(
            due(&rule, None, "2026-03-28T12:00:00+02:00"),
            instant("2026-03-29T04:30:00+03:00")
        );
        assert_eq!(
            due(&rule, None, "2026-10-24T12:00:00+03:00"),
            instant("2026-10-25T03:30:00+03:00")
        );
        // The second 03:30 is no moment of its own.
        assert_eq!(
            due(&rule, None, "2026-10-25T03:10:00+02:00"),
            instant("2026-10-26T03:30:00+02:00")
        );
    }

    #[test]
    fn it_is_read_and_written_as_in_a_journey() {
        let rule = wait("3d", "", &["mon"]);
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(json, r#"{"for":"3d","weekdays":["mon"]}"#);
        assert_eq!(serde_json::from_str::<WaitRule>(&json).unwrap(), rule);
    }
}
