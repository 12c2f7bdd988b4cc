//! # `missing-field` (a warning)
//!
//! **What it does.** Reports an event in a test, or in an `emit`, that lacks a field which its schema lists under `required`.
//!
//! **Why it matters.** The real events have it. What is tested with less than that tests what never happens. Live, such an event is taken in
//! all the same, since only a wrong value makes one unusable; what is missing is `()`.
//!
//! **Example.** `- { at: ..., type: order.paid, data: { order_id: o1 } }`, where `total` is required
//!
//! **Write instead.** `data: { order_id: o1, total: 900 }`, or take `total` out of `required`.

use std::collections::BTreeSet;

use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// All events of tests, and those that steps emit.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for scenario in &world.parsed.scenarios {
        for (index, event) in scenario.events.iter().enumerate() {
            let given = event.data.iter().map(|(name, _)| name).collect();
            look(
                world,
                scenario.file,
                &format!("events[{index}].type"),
                &event.kind,
                &given,
            );
        }
    }
    for walk in walks {
        for at in &walk.steps {
            if let Verb::Emit(emit) = &at.step.verb {
                let given = emit.data.iter().map(|(name, _)| name.as_str()).collect();
                look(
                    world,
                    walk.file,
                    &format!("{}.emit.type", at.place),
                    &emit.event,
                    &given,
                );
            }
        }
    }
}

fn look(world: &World<'_>, file: FileId, place: &str, kind: &str, given: &BTreeSet<&str>) {
    let Some(required) = world.parsed.schema.required.get(kind) else {
        return;
    };
    let missing: Vec<&str> = required
        .iter()
        .map(String::as_str)
        .filter(|name| !given.contains(name))
        .collect();
    let Some(first) = missing.first() else { return };
    let names: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "an event `{kind}` always has {}, by its schema",
        names.join(", ")
    );
    let help = format!(
        "write `data: {{ {first}: ... }}`, or take it out of `required` in `schemas/events/{kind}.json`"
    );
    world.push(Diagnostic::warning("missing-field", world.span(file, place), message).help(help));
}
