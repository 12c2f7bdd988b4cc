//! # `unknown-segment`
//!
//! **What it does.** Reports a segment that `segments.yaml` does not define: in `enters:`, `leaves:` and inside `in_segment`.
//!
//! **Why it matters.** Nobody would ever be in it.
//!
//! **Example.** `trigger: { enters: vipp }`
//!
//! **Write instead.** `trigger: { enters: vip }`, or define the segment in `segments.yaml`.

use super::walk::Walk;
use super::world::{World, advice};
use crate::diagnostic::Problem;

/// What is wrong with the name of a segment, if anything.
pub(super) fn problem(world: &World<'_>, name: &str) -> Option<Problem> {
    let known = world.segments();
    if name.is_empty()
        || known.contains(&name)
        || world.has_key("segments.yaml", &format!("segments.{name}"))
    {
        return None;
    }
    let define = format!("define it in `segments.yaml`: `{name}: customer.total_spent >= 5000`");
    Some(
        Problem::new("unknown-segment", format!("there is no segment `{name}`"))
            .help(advice(name, known, &define)),
    )
}

/// The triggers that name a segment.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for (place, trigger) in walk.triggers(world) {
            if let Some(problem) = trigger.kind.segment().and_then(|name| problem(world, name)) {
                world.diagnostics.report(
                    world.span(walk.file, &format!("{place}.{}", trigger.kind.word())),
                    problem,
                );
            }
        }
    }
}
