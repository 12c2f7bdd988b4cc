//! When segments change by the passing of time.

use proptest::prelude::*;

use super::*;
use crate::script::{ErrorKind, Times, Timing};

fn timing(segments: &[(&str, &str)]) -> Timing {
    let segments: Vec<Segment> = segments
        .iter()
        .map(|(name, source)| Segment {
            name: (*name).to_owned(),
            condition: Script::new(*source, format!("segments.{name}")),
        })
        .collect();
    let library = |name: &str, source: &str| Library {
        name: name.into(),
        source: source.into(),
    };
    Timing::new(
        &segments,
        &[
            library("money", "fn doubled(x) { x * 2 }"),
            library("clock", "fn age(t) { days_since(t) }"),
            library("outer", "fn age(t) { clock::age(t) }"),
        ],
    )
}

fn times(source: &str) -> Result<Times, Vec<Error>> {
    timing(&[
        ("s", source),
        ("other", "years_since(customer.birthday) >= 40"),
        ("loop", "in_segment(\"s\")"),
    ])
    .of("s")
}

fn next(source: &str) -> Option<Instant> {
    times(source)
        .unwrap_or_else(|errors| panic!("{source}: {errors:?}"))
        .next_change(&person(), frame().now, KYIV)
}

#[test]
fn the_next_change_is_found() {
    // Now is noon in Kyiv on 22 November 2026; the last purchase was at half past midnight on 27 January.
    for (source, change) in [
        (
            "days_since(customer.last_purchase_at) >= 300",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        (
            "300 <= days_since(customer.last_purchase_at)",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        (
            "days_since(customer.last_purchase_at) > 300",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        (
            "days_since(customer.last_purchase_at) < 299",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        ("days_since(customer.last_purchase_at) < 298", None),
        (
            "days_since(customer.last_purchase_at) in [10, 310]",
            Some("2026-12-03T00:00:00+02:00"),
        ),
        (
            "(days_since(customer.last_purchase_at) ?? 9999) >= 310",
            Some("2026-12-03T00:00:00+02:00"),
        ),
        (
            "days_since(customer.last_purchase_at) / 10 >= 31",
            Some("2026-12-03T00:00:00+02:00"),
        ),
        (
            "months_since(customer.last_purchase_at) >= 10",
            Some("2026-11-27T00:00:00+02:00"),
        ),
        (
            "years_since(customer.birthday) >= 35 && customer.age > 3",
            Some("2027-02-28T00:00:00+02:00"),
        ),
        ("days_since(customer.x) > 5", None),
        ("customer.total_spent > 5", None),
        (
            "now >= instant(\"2026-12-01T00:00:00Z\")",
            Some("2026-12-01T00:00:00Z"),
        ),
        (
            "now > instant(\"2026-12-01T00:00:00Z\")",
            Some("2026-12-01T00:00:00Z"),
        ),
        ("now > instant(\"2026-01-01T00:00:00Z\")", None),
        (
            "today() == date(\"2026-12-24\")",
            Some("2026-12-24T00:00:00+02:00"),
        ),
        (
            "today() == date(\"2026-11-22\")",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        (
            "customer.last_purchase_at + months(10) < now",
            Some("2026-11-27T00:30:00+02:00"),
        ),
        (
            "today() - days(300) > customer.last_purchase_at",
            Some("2026-11-24T00:00:00+02:00"),
        ),
        (
            "today() + days(30) >= date(\"2026-12-25\")",
            Some("2026-11-25T00:00:00+02:00"),
        ),
        (
            "now - customer.last_purchase_at > days(300)",
            Some("2026-11-22T22:30:00Z"),
        ),
        (
            "customer.last_purchase_at - now < -days(300)",
            Some("2026-11-22T22:30:00Z"),
        ),
        ("year(now) > 2026", Some("2027-01-01T00:00:00+02:00")),
        (
            "!(days_since(customer.last_purchase_at) >= 300) || has_tag(\"x\")",
            Some("2026-11-23T00:00:00+02:00"),
        ),
        (
            "latest(customer.last_purchase_at, customer.birthday) + days(300) <= now",
            Some("2026-11-23T00:30:00+02:00"),
        ),
        // Events of the history: 1 November, 15 November, 22 November at 10:00 (now), and one at 11:00 that is still to come.
        (
            "count(\"order.paid\", days(30)) >= 2",
            Some("2026-11-22T11:00:00Z"),
        ),
        (
            "count(\"page.viewed\", days(30)) >= 1",
            Some("2026-12-22T09:00:00Z"),
        ),
        (
            "sum(\"page.viewed\", \"total\", hours(2)) >= 1",
            Some("2026-11-22T11:00:00Z"),
        ),
        (
            "days_since(last(\"page.viewed\").meta.time) > 7",
            Some("2026-11-29T00:00:00+02:00"),
        ),
        ("customer.score >= 15", Some("2026-11-23T00:00:00Z")),
        ("in_segment(\"other\")", Some("2032-02-29T00:00:00+02:00")),
        ("in_segment(\"loop\")", None),
        (
            "money::doubled(customer.age) > 10 && hour(customer.last_purchase_at) == 3",
            None,
        ),
    ] {
        let found = next(source);
        // The first change of a comparison with `>` is where both sides are equal: asking once more costs little.
        assert_eq!(found, change.map(instant), "{source}");
    }
}

#[test]
fn other_uses_of_time_are_refused_where_they_stand() {
    for (source, column) in [
        ("hour(now) >= 9", 1),
        ("customer.age > 3 && weekday(today()) == \"mon\"", 21),
        ("days_since(customer.last_purchase_at) % 7 == 0", 39),
        ("now > today()", 5),
        ("clock::age(customer.last_purchase_at) > 3", 8),
        ("outer::age(customer.last_purchase_at) > 3", 8),
        (
            "money::doubled(days_since(customer.last_purchase_at)) > 3",
            8,
        ),
        ("customer.tags.some(|t| days_since(t) > 3)", 38),
        ("`${today()}` == \"x\"", 4),
        ("in_segment(customer.first_name)", 1),
        ("days_since(now) > 3", 1),
    ] {
        let errors = times(source).expect_err(source);
        assert_eq!(
            (errors.len(), errors[0].kind),
            (1, ErrorKind::Untraceable),
            "{source}: {errors:?}"
        );
        assert_eq!(
            (errors[0].line, errors[0].column, errors[0].place.as_str()),
            (1, column, "segments.s"),
            "{source}"
        );
    }
    let errors = timing(&[
        ("a", "in_segment(\"b\") && hour(now) > 3"),
        ("b", "month(now) == 3"),
    ])
    .of("a")
    .unwrap_err();
    assert_eq!(
        errors
            .iter()
            .map(|error| error.place.as_str())
            .collect::<Vec<_>>(),
        ["segments.b", "segments.a"]
    );
}

/// Conditions that time changes, with constants drawn at random.
fn condition() -> impl Strategy<Value = String> {
    let moment = prop::sample::select(vec![
        "customer.last_purchase_at",
        "customer.birthday",
        "customer.x",
        "last(\"order.paid\")?.meta.time",
        "date(\"2026-12-20\")",
        "instant(\"2026-11-25T03:00:00Z\")",
    ]);
    let since = prop::sample::select(vec!["days_since", "months_since", "years_since"]);
    let unit = prop::sample::select(vec!["days", "months", "hours"]);
    let op = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let atom = prop_oneof![
        (since, moment.clone(), op.clone(), 0..330_i64)
            .prop_map(|(since, moment, op, n)| format!("{since}({moment}) {op} {n}")),
        (moment.clone(), unit.clone(), 0..20_i64, op.clone())
            .prop_map(|(moment, unit, n, op)| format!("{moment} + {unit}({n}) {op} now")),
        (moment, unit.clone(), 0..20_i64, op.clone())
            .prop_map(|(moment, unit, n, op)| format!("today() - {unit}({n}) {op} {moment}")),
        (unit.clone(), 1..40_i64, op.clone(), 0..4_i64)
            .prop_map(|(unit, n, op, k)| format!("count(\"order.paid\", {unit}({n})) {op} {k}")),
        (unit, 1..40_i64, op.clone(), 0..1_100_i64).prop_map(|(unit, n, op, k)| format!(
            "sum(\"order.paid\", \"total\", {unit}({n})) {op} {k}"
        )),
        (op, 0..20_i64).prop_map(|(op, n)| format!("customer.score {op} {n}")),
    ];
    (atom.clone(), prop::sample::select(vec!["&&", "||"]), atom)
        .prop_map(|(a, op, b)| format!("({a}) {op} !({b})"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The condition, judged every three hours for two months, never changes between the moments that were foretold.
    #[test]
    fn no_change_is_missed(source in condition()) {
        let (scripts, script) = compile(&source, "when").unwrap();
        let times = times(&source).unwrap();
        let mut own = person();
        let mut frame = Frame::new(frame().now, KYIV);
        let mut holds = scripts.holds(&script, &mut own, &frame).unwrap();
        let mut next = times.next_change(&own, frame.now, KYIV);
        for _ in 0..480 {
            let later = frame.now.plus_millis(3 * crate::calendar::HOUR);
            while let Some(change) = next.filter(|change| *change <= later) {
                prop_assert!(change > frame.now);
                frame.now = change;
                holds = scripts.holds(&script, &mut own, &frame).unwrap();
                next = times.next_change(&own, change, KYIV);
            }
            frame.now = later;
            prop_assert_eq!(scripts.holds(&script, &mut own, &frame).unwrap(), holds, "{} at {}", source, later);
        }
    }
}
