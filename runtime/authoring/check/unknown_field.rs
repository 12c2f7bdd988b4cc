//! # `unknown-field`
//!
//! **What it does.** Reports a field that an event of this type does not declare in `schemas/events/TYPE.json`, one that the envelope
//! `event.meta` lacks, or one inside a field that has others.
//!
//! **Why it matters.** A missing field is `()`, and every comparison with it is false: a misspelt name would silently let nobody in.
//!
//! **Example.** `where: event.totl > 100`
//!
//! **Write instead.** `where: event.total > 100`, or declare the field in `schemas/events/order.paid.json`.

use std::collections::BTreeMap;

use super::shape::Shape;
use super::world::advice;
use crate::diagnostic::Problem;
use crate::suggest::nearest;

fn unknown(message: String) -> Problem {
    Problem::new("unknown-field", message)
}

/// The event has no such field.
pub(super) fn in_event<'n>(
    name: &str,
    types: &[String],
    known: impl IntoIterator<Item = &'n str>,
    fields: &BTreeMap<String, Shape>,
) -> Problem {
    let kinds = types
        .iter()
        .map(|kind| format!("`{kind}`"))
        .collect::<Vec<_>>()
        .join(" or ");
    let problem = unknown(format!("an event {kinds} has no field `{name}`"));
    let known: Vec<&str> = known.into_iter().filter(|field| *field != "meta").collect();
    let in_meta = ["type", "id", "time", "source"].contains(&name);
    if in_meta && nearest(name, known.iter().copied()).is_none() {
        return problem.help(format!(
            "the envelope stands under `meta`: write `event.meta.{name}`"
        ));
    }
    if matches!(name, "data" | "payload" | "body") && !fields.contains_key(name) {
        return problem.help("the data's fields stand right under `event`: write `event.NAME`");
    }
    let file = types.first().map_or(String::new(), |kind| {
        format!("declare it in `schemas/events/{kind}.json`")
    });
    problem.help(advice(name, known, &file))
}

/// The envelope has no such field.
pub(super) fn in_meta<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    unknown(format!("an event's envelope has no `{name}`")).help(advice(
        name,
        known,
        "the data's fields stand right under `event`",
    ))
}

/// A field has no such field inside.
pub(super) fn nested<'n>(
    name: &str,
    path: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Problem {
    unknown(format!("`{path}` has no field `{name}`")).help(advice(
        name,
        known,
        "declare it in the schema",
    ))
}

/// The event that is summed over has no such field.
pub(super) fn summed<'n>(
    name: &str,
    kind: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Problem {
    let file = format!("declare it in `schemas/events/{kind}.json`");
    unknown(format!("an event `{kind}` has no field `{name}`")).help(advice(name, known, &file))
}

/// A single value has no fields.
pub(super) fn of_a_single_value(name: &str, shape: &Shape) -> Problem {
    let problem = unknown(format!("{} has no field `{name}`", shape.words()));
    let is_part = matches!(name, "year" | "month" | "day" | "hour" | "weekday");
    match shape {
        Shape::Date | Shape::Instant if is_part => {
            problem.help(format!("write `{name}(...)` around it"))
        }
        Shape::Text(_) | Shape::List(_) if matches!(name, "length" | "size" | "count") => {
            problem.help("write `.len()`")
        }
        _ => problem.help("take away what stands behind the dot"),
    }
}
