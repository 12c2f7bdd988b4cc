//! # `team-event` (a warning)
//!
//! **What it does.** Reports a trigger, an exit, a goal or a `wait_for` on `person.away` or `person.back`.
//!
//! **Why it matters.** They tell of somebody of a pool and of no customer: no journey ever sees them.
//!
//! **Example.** `trigger: { event: person.away }`
//!
//! **Write instead.** Nothing: `assign` and tasks for pools heed who is away by themselves.

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// All places of journeys that wait for an event.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for (place, kind) in walk.event_names(world) {
            let is_heard = !place.ends_with(".emit.type");
            if is_heard && matches!(kind.as_str(), "person.away" | "person.back") {
                let message = format!(
                    "`{kind}` tells of somebody of a pool, so no journey of a customer ever sees it"
                );
                let span = world.span(walk.file, &place);
                let report = Diagnostic::warning("team-event", span, message);
                world.push(report.help("take it away: `assign` passes over who is away by itself"));
            }
        }
    }
}
