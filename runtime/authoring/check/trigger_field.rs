//! # `trigger-field`
//!
//! **What it does.** Reports a part of `trigger` that the journey's triggers never have: `trigger.date` without a `date` trigger,
//! `trigger.since` without an `inactive` one, `trigger.event` without an `event` one.
//!
//! **Why it matters.** It would be `()` for everybody who enters.
//!
//! **Example.** `trigger: { event: order.paid }`, then `wait: { until: trigger.date }`
//!
//! **Write instead.** `wait: { until: trigger.time + days(3) }`

use std::collections::BTreeMap;

use super::shape::Shape;
use crate::diagnostic::Problem;
use crate::suggest::{either, nearest};

/// The trigger has no such part; `parts` are those that it has.
pub(super) fn problem(name: &str, parts: &BTreeMap<String, Shape>) -> Problem {
    let wrong = |message: String| Problem::new("trigger-field", message);
    match name {
        "date" => wrong(
            "`trigger.date` is the occasion of a `date` trigger, and the journey has none"
                .to_owned(),
        )
        .help("`trigger.time` is when it started"),
        "since" => wrong(
            "`trigger.since` is the anchor of an `inactive` trigger, and the journey has none"
                .to_owned(),
        )
        .help("`trigger.time` is when it started"),
        "event" => wrong(
            "`trigger.event` is the event that started the journey, and it starts by none"
                .to_owned(),
        )
        .help("ask `last(\"TYPE\")` for an earlier event"),
        _ => wrong(format!("a trigger has no `{name}`")).help(advice(name, parts)),
    }
}

/// A field of the event, a part that is called nearly so, or the parts that there are.
fn advice(name: &str, parts: &BTreeMap<String, Shape>) -> String {
    let own = || parts.keys().map(String::as_str);
    let of_event = match parts.get("event") {
        Some(Shape::Record(event)) => nearest(name, event.fields.keys().map(String::as_str)),
        _ => None,
    };
    match (of_event, nearest(name, own())) {
        (Some(field), _) if field == name => {
            format!("it is a field of the event: write `trigger.event.{name}`")
        }
        (_, Some(part)) => format!("did you mean `trigger.{part}`?"),
        (Some(field), None) => format!("did you mean `trigger.event.{field}`?"),
        (None, None) => format!("write one of {}", either(own())),
    }
}
