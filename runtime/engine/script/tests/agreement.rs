//! The fast path against Rhai, on expressions made at random.

use proptest::prelude::*;

use super::*;

/// Expressions of every kind that the fast path knows, right and wrong ones.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "customer.age",
        "customer.total_spent",
        "customer.first_name",
        "customer.x",
        "customer.opted",
        "customer.tags",
        "customer.score",
        "customer.last_purchase_at",
        "customer.birthday",
        "customer.address.city",
        "customer.address",
        "customer.age.x",
        "customer.consents.email",
        "event.total",
        "event.meta.time",
        "event.meta.type",
        "event.to.city",
        "event.items",
        "trigger.date",
        "trigger.kind",
        "trigger.since",
        "trigger.event.total",
        "trigger.event.meta.id",
        "vars.discount",
        "vars.x",
        "now",
        "today()",
        "round",
        "1",
        "0",
        "-3",
        "2.5",
        "34",
        "34.0",
        "\"Maria\"",
        "\"\"",
        "\"a\"",
        "true",
        "false",
        "()",
        "days(3)",
        "hours(5)",
        "months(1)",
        "date(\"2026-11-22\")",
        "instant(\"2026-11-22T10:00:00Z\")",
        "[1, 2.5, \"vip\"]",
        "[]",
        "9223372036854775807",
        "last(\"order.paid\")",
        "last(\"none\").meta.time",
        "last(\"order.paid\").total",
        "count(\"order.paid\", days(30))",
        "sum(\"order.paid\", \"total\", days(90))",
        "in_segment(\"vip\")",
        "in_segment(\"both\")",
        "in_segment(\"loop\")",
        "has_tag(\"vip\")",
        "bucket(\"x\", 7)",
        "reachable(\"email\")",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let op = prop::sample::select(vec![
            "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&&", "||", "??", "in",
        ]);
        let function = prop::sample::select(vec![
            "days_since", "months_since", "years_since", "weekday", "hour", "day", "month", "year", "is_set", "days", "hours", "consented",
            "has_tag", "date", "!", "-",
        ]);
        prop_oneof![
            6 => (inner.clone(), op, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            3 => (function, inner.clone()).prop_map(|(function, a)| format!("{function}({a})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("latest({a}, {b})")),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("earliest({a}, {b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_path_says_what_rhai_says(sources in prop::collection::vec(expression(), 20)) {
        let (mut person, frame) = (person(), frame());
        let (library, segments) = surroundings();
        let mut scripts: Vec<Script> =
            sources.iter().enumerate().map(|(index, source)| Script::new(source.as_str(), format!("{index}"))).collect();
        // What does not even parse, or breaks a limit when it is read, is not compared.
        if let Err(errors) = Scripts::compile(scripts.iter_mut().collect(), &library, &segments) {
            scripts.retain(|script| errors.iter().all(|error| error.place != script.place));
        }
        let compiled = Scripts::compile(scripts.iter_mut().collect(), &library, &segments).unwrap();
        for script in &scripts {
            if let (slow, Some(fast)) = compiled.both_ways(script, &mut person, &frame) {
                prop_assert_eq!(slow, Ok(fast), "{}", &script.source);
            }
        }
    }
}

#[test]
fn most_conditions_take_the_fast_path() {
    let (mut person, frame) = (person(), frame());
    for source in [
        "customer.total_spent > 1000 && days_since(customer.last_purchase_at) >= 270 && \"vip\" in customer.tags",
        "customer.orders_count > 0 && !has_tag(\"staff\")",
        "event.total >= 100.5 || event.meta.type == \"order.paid\"",
        "(customer.total_spent ?? 0) + event.total",
        "latest(customer.last_purchase_at, event.meta.time)",
        "in_segment(\"vip\") && event.to.city in [\"Kyiv\", \"Lviv\"]",
        "days_since(last(\"order.paid\")?.meta.time) > 30",
        "trigger.date + days(7)",
        "customer.address.city",
    ] {
        let (scripts, script) = compile(source, "when").unwrap();
        assert!(
            scripts.both_ways(&script, &mut person, &frame).1.is_some(),
            "{source}"
        );
    }
}
