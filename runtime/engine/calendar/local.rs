//! From the wall clock to the time line: gaps and overlaps.

use chrono::{NaiveTime, TimeDelta};

use super::offsets::{Place, place_of};
use super::{Date, Error, Instant, Local, SECOND, Zone};

/// The instant at which the zone's clock shows `local`. A time in the spring gap moves forward by the gap's length (03:30 becomes 04:30);
/// one that exists twice is the earlier.
#[must_use]
pub fn resolve(local: Local, zone: Zone) -> Instant {
    match place_of(local, zone) {
        // The offset before the gap gives just the instant that lies the gap's length further on the clock.
        Place::Once(offset) | Place::Twice(offset, _) | Place::Nowhere(offset, _) => {
            at_offset(local, offset)
        }
    }
}

/// The instant at which the zone's clock shows `local`; a time in the spring gap gives the gap's end, one that exists twice the earlier.
#[must_use]
pub(super) fn resolve_to_gap_end(local: Local, zone: Zone) -> Instant {
    match place_of(local, zone) {
        Place::Once(offset) | Place::Twice(offset, _) => at_offset(local, offset),
        Place::Nowhere(_, end) => Instant::from_millis(end * SECOND),
    }
}

/// The first instant at or after `not_before` at which the clock shows `local`, if there is one: the later, where it exists twice and the earlier is past.
#[must_use]
pub(super) fn resolve_not_before(local: Local, not_before: Instant, zone: Zone) -> Option<Instant> {
    let (first, second) = match place_of(local, zone) {
        Place::Once(offset) | Place::Nowhere(offset, _) => (offset, offset),
        Place::Twice(earlier, later) => (earlier, later),
    };
    [first, second]
        .map(|offset| at_offset(local, offset))
        .into_iter()
        .find(|instant| *instant >= not_before)
}

/// The first instant of a day in the zone: its midnight, or the end of the gap that swallowed it.
#[must_use]
pub fn first_instant_of(date: Date, zone: Zone) -> Instant {
    resolve_to_gap_end(date.and_time(NaiveTime::MIN), zone)
}

/// The zone with this IANA name.
///
/// # Errors
/// [`Error::Zone`], if there is none.
pub fn parse_zone(name: &str) -> Result<Zone, Error> {
    name.parse().map_err(|_| Error::Zone {
        text: name.to_owned(),
    })
}

fn at_offset(local: Local, seconds_ahead: i64) -> Instant {
    Instant::from_millis(local.and_utc().timestamp_millis() - seconds_ahead * SECOND)
}

/// `date` so many days later (earlier, if negative), within chrono's range.
#[must_use]
pub(super) fn add_days(date: Date, days: i64) -> Date {
    let end = if days < 0 { Date::MIN } else { Date::MAX };
    TimeDelta::try_days(days)
        .and_then(|delta| date.checked_add_signed(delta))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::{KYIV, ZONES, date, instant, local};

    #[test]
    fn a_time_in_the_gap_moves_forward_by_its_length() {
        for (zone, wall, utc) in [
            (KYIV, "2026-03-29 03:30", "2026-03-29T01:30:00Z"),
            (KYIV, "2026-03-29 03:00", "2026-03-29T01:00:00Z"),
            (KYIV, "2026-03-29 04:00", "2026-03-29T01:00:00Z"),
            (KYIV, "2026-03-29 02:59", "2026-03-29T00:59:00Z"),
            (
                Zone::America__New_York,
                "2026-03-08 02:15",
                "2026-03-08T07:15:00Z",
            ),
            (
                Zone::Africa__Cairo,
                "2026-04-24 00:00",
                "2026-04-23T22:00:00Z",
            ),
            (
                Zone::Australia__Lord_Howe,
                "2026-10-04 02:10",
                "2026-10-03T15:40:00Z",
            ),
            // Samoa passed over a whole day.
            (
                Zone::Pacific__Apia,
                "2011-12-30 10:00",
                "2011-12-30T20:00:00Z",
            ),
            (
                Zone::Pacific__Apia,
                "2011-12-31 10:00",
                "2011-12-30T20:00:00Z",
            ),
        ] {
            assert_eq!(resolve(local(wall), zone), instant(utc), "{wall} in {zone}");
        }
    }

    #[test]
    fn a_time_that_exists_twice_is_the_earlier() {
        for (zone, wall, utc) in [
            (KYIV, "2026-10-25 03:30", "2026-10-25T00:30:00Z"),
            (KYIV, "2026-10-25 04:00", "2026-10-25T02:00:00Z"),
            (
                Zone::America__New_York,
                "2026-11-01 01:30",
                "2026-11-01T05:30:00Z",
            ),
            (
                Zone::Australia__Lord_Howe,
                "2026-04-05 01:45",
                "2026-04-04T14:45:00Z",
            ),
        ] {
            assert_eq!(resolve(local(wall), zone), instant(utc), "{wall} in {zone}");
        }
        let second = resolve_not_before(
            local("2026-10-25 03:30"),
            instant("2026-10-25T00:31:00Z"),
            KYIV,
        );
        assert_eq!(second, Some(instant("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn a_day_begins_at_midnight_or_where_the_gap_ends() {
        assert_eq!(
            first_instant_of(date("2026-04-24"), Zone::Africa__Cairo),
            instant("2026-04-23T22:00:00Z")
        );
        // A gap from 23:30 to 00:30 swallowed this midnight in Toronto.
        assert_eq!(
            first_instant_of(date("1919-03-31"), Zone::America__Toronto),
            instant("1919-03-31T04:30:00Z")
        );
        assert_eq!(
            first_instant_of(date("2026-11-22"), KYIV),
            instant("2026-11-21T22:00:00Z")
        );
    }

    #[test]
    fn every_zone_is_known_by_its_iana_name_only() {
        assert_eq!(parse_zone("Europe/Kyiv"), Ok(KYIV));
        assert!(parse_zone("Europe/Kiev").is_ok());
        for name in ["Kyiv", "GMT+2 ", "europe/kyiv", ""] {
            assert!(
                parse_zone(name)
                    .unwrap_err()
                    .to_string()
                    .contains("Europe/Kyiv")
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_wall_clock_leads_back_to_an_instant_that_shows_it(
            zone in prop::sample::select(ZONES.to_vec()),
            seconds in -2_000_000_000_i64..4_200_000_000,
        ) {
            let instant = Instant::from_millis(seconds * SECOND);
            let wall = instant.local(zone);
            let back = resolve(wall, zone);
            prop_assert!(back <= instant);
            prop_assert_eq!(back.local(zone), wall);
            prop_assert_eq!(resolve_not_before(wall, instant, zone), Some(instant));
        }

        #[test]
        fn the_first_instant_of_a_day_has_no_earlier_one_on_that_day(
            zone in prop::sample::select(ZONES.to_vec()),
            day in 0_i64..36_000,
        ) {
            let date = add_days(date("1971-01-01"), day);
            let first = first_instant_of(date, zone);
            prop_assert!(first.plus_millis(-1).date(zone) < date || first.date(zone) > date);
            prop_assert!(first.date(zone) >= date);
        }
    }
}
