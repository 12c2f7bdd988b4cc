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

use super::world::advice;
use crate::diagnostic::Problem;

/// The trigger has no such part.
pub(super) fn problem<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    let (message, other) = match name {
        "date" => (
            "`trigger.date` is the occasion of a `date` trigger, and the journey has none",
            "`trigger.time` is when it started",
        ),
        "since" => (
            "`trigger.since` is the anchor of an `inactive` trigger, and the journey has none",
            "`trigger.time` is when it started",
        ),
        "event" => (
            "`trigger.event` is the event that started the journey, and it starts by none",
            "ask `last(\"TYPE\")` for an earlier event",
        ),
        _ => (
            "",
            "its parts are `kind`, `time`, and by the kind of trigger `event`, `date` or `since`",
        ),
    };
    let message = if message.is_empty() {
        format!("a trigger has no `{name}`")
    } else {
        message.to_owned()
    };
    let problem = Problem::new("trigger-field", message);
    if matches!(name, "date" | "since" | "event") {
        return problem.help(other);
    }
    if known.contains(&"event") && !matches!(name, "kinds" | "times") {
        return problem.help(format!(
            "{}; a field of the event is `trigger.event.{name}`",
            advice(name, known, other)
        ));
    }
    problem.help(advice(name, known, other))
}
