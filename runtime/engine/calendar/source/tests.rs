use proptest::prelude::*;

use super::strategies::{any_anchor, any_duration, any_rule, any_time};
use super::*;
use crate::calendar::testing::{KYIV, ZONES, instant, local, time};
use crate::calendar::{Duration, MINUTE};

fn inactive(for_: &str, at: Option<&str>) -> InactiveRule {
    InactiveRule {
        for_: Duration::parse(for_).unwrap(),
        at: at.map(time),
    }
}

fn yearly(offset: &str, at: Option<&str>, feb29: Feb29) -> DateRule {
    DateRule {
        every: Every::Year,
        offset: Offset::parse(offset).unwrap(),
        at: at.map(time),
        feb29,
    }
}

fn moments(from: &str, until: &str) -> Source {
    Source::Moments {
        from: local(from),
        until: local(until),
    }
}

fn month_days(from: (u32, u32), to: (u32, u32)) -> Source {
    let day = |(month, day)| MonthDay { month, day };
    Source::MonthDays {
        from: day(from),
        to: day(to),
        times: Times::ALL,
    }
}

#[test]
fn the_end_of_february_collects_the_ends_of_may() {
    let rule = inactive("9 months", Some("10:00"));
    let tick = (
        instant("2027-02-28T09:59:00+02:00"),
        instant("2027-02-28T10:00:00+02:00"),
    );
    assert_eq!(
        rule.sources(tick.0, tick.1, KYIV),
        [moments("2026-05-28", "2026-06-01")]
    );
    let leap = (
        instant("2028-02-29T09:59:00+02:00"),
        instant("2028-02-29T10:00:00+02:00"),
    );
    assert_eq!(
        rule.sources(leap.0, leap.1, KYIV),
        [moments("2027-05-29", "2027-06-01")]
    );
}

#[test]
fn a_tick_without_the_time_of_day_asks_for_nothing() {
    let rule = inactive("9 months", Some("10:00"));
    let ten = instant("2027-02-27T10:00:00+02:00");
    assert_eq!(rule.sources(ten, ten.plus_millis(DAY - 1), KYIV), []);
    assert_eq!(rule.sources(ten.plus_millis(-1), ten, KYIV).len(), 1);
    assert_eq!(rule.sources(ten, ten, KYIV), []);
}

#[test]
fn without_a_time_of_day_a_tick_asks_for_its_own_minutes() {
    let rule = inactive("9 months", None);
    let tick = (
        instant("2026-10-15T12:00:00+03:00"),
        instant("2026-10-15T12:01:00+03:00"),
    );
    assert_eq!(
        rule.sources(tick.0, tick.1, KYIV),
        [Source::Moments {
            from: local("2026-01-15 12:00") + chrono::TimeDelta::milliseconds(1),
            until: local("2026-01-15 12:01") + chrono::TimeDelta::milliseconds(1),
        }]
    );
    let clamped = (
        instant("2027-02-28T12:00:00+02:00"),
        instant("2027-02-28T12:01:00+02:00"),
    );
    assert_eq!(rule.sources(clamped.0, clamped.1, KYIV).len(), 4);
}

#[test]
fn a_birthday_is_looked_for_by_month_and_day() {
    let ten = instant("2026-12-27T10:00:00+02:00");
    let rule = yearly("-7d", Some("10:00"), Feb29::Feb28);
    assert_eq!(
        rule.sources(ten.plus_millis(-MINUTE), ten, KYIV),
        [month_days((1, 3), (1, 3))]
    );
    let days = rule.sources(ten.plus_millis(-10 * DAY), ten, KYIV);
    assert_eq!(
        days,
        [month_days((1, 1), (1, 3)), month_days((12, 25), (12, 31))]
    );
    assert_eq!(
        rule.sources(ten.plus_millis(-400 * DAY), ten, KYIV),
        [month_days((1, 1), (12, 31))]
    );
}

#[test]
fn the_29th_of_february_is_found_on_the_day_that_stands_in() {
    let sources = |feb29, day: &str| {
        let ten = instant(&format!("{day}T10:00:00+02:00"));
        yearly("0d", Some("10:00"), feb29).sources(ten.plus_millis(-MINUTE), ten, KYIV)
    };
    assert_eq!(
        sources(Feb29::Feb28, "2026-02-28"),
        [month_days((2, 28), (2, 29))]
    );
    assert_eq!(
        sources(Feb29::Feb28, "2028-02-28"),
        [month_days((2, 28), (2, 28))]
    );
    assert_eq!(
        sources(Feb29::Feb28, "2028-02-29"),
        [month_days((2, 29), (2, 29))]
    );
    assert_eq!(
        sources(Feb29::Mar1, "2026-03-01"),
        [month_days((2, 29), (3, 1))]
    );
    assert_eq!(
        sources(Feb29::Skip, "2026-02-28"),
        [month_days((2, 28), (2, 28))]
    );
}

#[test]
fn the_last_of_a_month_is_asked_for_by_every_later_day() {
    let rule = DateRule {
        every: Every::Month,
        at: Some(time("10:00")),
        ..DateRule::default()
    };
    let ten = instant("2026-02-28T10:00:00+02:00");
    let days = |from, to| Source::Days {
        from,
        to,
        times: Times::ALL,
    };
    assert_eq!(
        rule.sources(ten.plus_millis(-MINUTE), ten, KYIV),
        [days(28, 31)]
    );
    assert_eq!(rule.sources(ten, ten.plus_millis(DAY), KYIV), [days(1, 1)]);
    let month_and_a_day = instant("2026-03-01T10:00:00+02:00");
    let before = instant("2026-01-30T12:00:00+02:00");
    assert_eq!(rule.sources(before, month_and_a_day, KYIV), [days(1, 31)]);
}

fn held_once(sources: &[Source], local: Local) -> usize {
    sources
        .iter()
        .filter(|source| source.contains(local))
        .count()
}

/// From a tick of a second to a year of downtime.
fn any_length() -> impl Strategy<Value = i64> {
    prop_oneof![
        1_i64..2_000,
        1_i64..2 * HOUR,
        1_i64..3 * DAY,
        1_i64..70 * DAY,
        1_i64..800 * DAY,
        1_i64..4_000 * DAY,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn whatever_fires_in_a_stretch_is_in_exactly_one_of_its_ranges(
        rule in any_rule(),
        anchor in any_anchor(),
        zone in prop::sample::select(ZONES.to_vec()),
        year in 1990_i32..2040, month in 1_u32..=12,
        length in any_length(), part in 0.0_f64..1.0,
    ) {
        let Some(firing) = rule.firing(anchor, year, month, zone) else { return Ok(()) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let after = firing.at.plus_millis(-1 - ((length - 1) as f64 * part) as i64);
        let sources = rule.sources(after, after.plus_millis(length), zone);
        prop_assert_eq!(held_once(&sources, anchor.local(zone)), 1, "{:?} {:?}", firing, sources);
    }

    #[test]
    fn whoever_has_been_inactive_is_in_exactly_one_range(
        for_ in any_duration(), at in any_time(),
        anchor in any_anchor(),
        zone in prop::sample::select(ZONES.to_vec()),
        length in any_length(), part in 0.0_f64..1.0,
    ) {
        let rule = InactiveRule { for_, at };
        let firing = rule.firing(anchor, zone);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let after = firing.plus_millis(-1 - ((length - 1) as f64 * part) as i64);
        let sources = rule.sources(after, after.plus_millis(length), zone);
        prop_assert_eq!(held_once(&sources, anchor.local(zone)), 1, "{:?} {:?}", firing, sources);
    }

    #[test]
    fn what_a_range_holds_fires_within_days_of_it(
        rule in any_rule(),
        zone in prop::sample::select(ZONES.to_vec()),
        seconds in 700_000_000_i64..2_000_000_000,
        length in any_length(),
    ) {
        let after = Instant::from_millis(seconds * 1_000);
        let upto = after.plus_millis(length);
        let rule = DateRule { every: Every::Once, ..rule };
        for source in rule.sources(after, upto, zone) {
            let Source::Moments { from, until } = source else { unreachable!() };
            for local in [from, until - chrono::TimeDelta::milliseconds(1)] {
                let anchor = crate::calendar::Anchor::Instant(resolve(local, zone));
                let firing = rule.firing(anchor, 0, 0, zone).unwrap().at;
                prop_assert!(firing.millis_since(after) > -3 * DAY && firing.millis_since(upto) < 3 * DAY);
            }
        }
    }
}
