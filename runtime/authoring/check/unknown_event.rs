//! # `unknown-event`
//!
//! **What it does.** Reports an event type that is neither known unasked nor has a schema in `schemas/events/`: in triggers, exits,
//! goals, `wait_for`, `emit`, `profile.yaml`, tests, and inside `count`, `last` and `sum`.
//!
//! **Why it matters.** Such an event never comes: nobody enters, nobody leaves, the goal stays at nothing.
//!
//! **Example.** `trigger: { event: order.payed }`
//!
//! **Write instead.** `trigger: { event: order.paid }`, or add `schemas/events/order.payed.json`.

use super::walk::Walk;
use super::world::{World, close};
use crate::diagnostic::Problem;

/// What is wrong with the type of an event, if anything.
pub(super) fn problem(world: &World<'_>, kind: &str) -> Option<Problem> {
    if world.knows_event(kind) {
        return None;
    }
    let known = world.parsed.schema.events.keys().map(String::as_str);
    let problem = Problem::new(
        "unknown-event",
        format!("nothing declares the event `{kind}`"),
    );
    Some(problem.help(match close(kind, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("add `schemas/events/{kind}.json` with the fields of its data"),
    }))
}

/// All places that name the type of an event by itself.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let report = |file, place: &str, kind: &str| {
        if let Some(problem) = problem(world, kind) {
            world.diagnostics.report(world.span(file, place), problem);
        }
    };
    for walk in walks {
        for (place, kind) in walk.event_names(world) {
            report(walk.file, &place, &kind);
        }
    }
    if let Some(profile) = &world.parsed.profile {
        for (index, update) in profile.item.iter().enumerate() {
            report(
                profile.file,
                &format!("updates[{index}].event"),
                &update.event,
            );
        }
    }
}
