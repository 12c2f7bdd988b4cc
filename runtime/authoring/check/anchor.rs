//! # `not-a-moment`, `date-without-at`
//!
//! **What it does.** Reports a `date` or `inactive` trigger that reckons from an attribute which is neither a date nor an instant, and a
//! `date` trigger on a date without a time that has no `at`.
//!
//! **Why it matters.** From text nothing can be reckoned, so nobody would ever enter; and a date without a time begins at midnight, when
//! nobody wants a message.
//!
//! **Example.** `date: { of: customer.birthday, every: year }`
//!
//! **Write instead.** `date: { of: customer.birthday, every: year, at: "10:00" }`

use kurant_engine::definition::{TriggerKind, Type};

use super::walk::Walk;
use super::world::World;
use super::{unknown_attribute, world};
use crate::diagnostic::Problem;

/// All `date` and `inactive` triggers.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for (place, trigger) in walk.triggers(world) {
            let (key, name, at) = match &trigger.kind {
                TriggerKind::Date { of, rule } => ("date.of", of, Some(rule.at.is_some())),
                TriggerKind::Inactive { since, .. } => ("inactive.since", since, None),
                _ => continue,
            };
            let span = world.span(walk.file, &format!("{place}.{key}"));
            if let Some(problem) = unknown_attribute::of_name(world, name) {
                world.diagnostics.report(span, problem);
                continue;
            }
            match world.parsed.schema.customer.get(name) {
                Some(Type::Date)
                    if at == Some(false)
                        && !world.stands(walk.file, &format!("{place}.date.at")) =>
                {
                    let problem = Problem::new(
                        "date-without-at",
                        format!("`customer.{name}` is a date without a time, and `at` is missing"),
                    );
                    let span = world.key_span(walk.file, &format!("{place}.date"));
                    world.diagnostics.report(
                        span,
                        problem
                            .help("add the time of day on the customer's clock: `at: \"10:00\"`"),
                    );
                }
                Some(Type::Date | Type::Instant | Type::Any) | None => {}
                Some(other) => {
                    let found = super::shape::Shape::of(other, "");
                    let problem = Problem::new(
                        "not-a-moment",
                        format!(
                            "`customer.{name}` is {}, neither a date nor an instant",
                            found.words()
                        ),
                    );
                    world.diagnostics.report(span, problem.help(moments(world)));
                }
            }
        }
    }
}

/// The attributes that could be meant.
fn moments(world: &World<'_>) -> String {
    let is_moment = |kind: &Type| matches!(kind, Type::Date | Type::Instant);
    let names: Vec<String> = world
        .parsed
        .schema
        .customer
        .iter()
        .filter(|(_, kind)| is_moment(kind))
        .map(|(name, _)| format!("customer.{name}"))
        .collect();
    let declare =
        "give the attribute `\"format\": \"date\"` or `\"date-time\"` in `schemas/customer.json`";
    world::advice("", names.iter().map(String::as_str), declare)
}
