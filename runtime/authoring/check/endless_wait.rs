//! # `endless-wait` (a warning)
//!
//! **What it does.** Reports a `wait_for` without `timeout` or `until`, in a journey without `expires`.
//!
//! **Why it matters.** Whoever never does what is waited for stays inside for ever, and does not come in again.
//!
//! **Example.** `wait_for: { event: order.paid }`
//!
//! **Write instead.** `wait_for: { event: order.paid, timeout: 3d }`, or `expires: 90d` for the journey.

use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// All waits for events.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks
        .iter()
        .filter(|walk| walk.journey.expires.is_none() && !walk.damaged)
    {
        for at in &walk.steps {
            // An `else` that is never reached has been reported as such.
            if let Verb::WaitFor(wait) = &at.step.verb
                && wait.timeout.is_none()
                && wait.until.is_none()
                && wait.otherwise.is_empty()
            {
                let span = world.key_span(walk.file, &format!("{}.wait_for", at.place));
                let report = Diagnostic::warning("endless-wait", span, "this waits without an end");
                world.push(
                    report.help(
                        "say how long, like `timeout: 3d`, or give the journey `expires: 90d`",
                    ),
                );
            }
        }
    }
}
