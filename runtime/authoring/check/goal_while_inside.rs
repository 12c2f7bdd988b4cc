//! # `goal-while-inside` (a warning)
//!
//! **What it does.** Reports a `goal` without `within`, in a journey that sends.
//!
//! **Why it matters.** Such a goal counts only while somebody is inside. A journey that ends with its message has nobody inside when the
//! order comes, so its goal stays at nothing, however well it works.
//!
//! **Example.** `goal: { event: order.paid }`
//!
//! **Write instead.** `goal: { event: order.paid, within: 30d }`: from entry until 30 days after the last message, also when the
//! journey has ended.

use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// All goals. Without a message there is nothing that `within` counts from.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks.iter().filter(|walk| !walk.damaged) {
        let mut steps = walk.steps.iter();
        let sends = steps.any(|at| matches!(at.step.verb, Verb::Send(_)));
        let goal = walk.journey.goal.as_ref();
        if !sends || goal.is_none_or(|goal| goal.within.is_some()) {
            continue;
        }
        let report = Diagnostic::warning(
            "goal-while-inside",
            world.key_span(walk.file, "goal"),
            "without `within` this counts only while somebody is inside, not after the journey has ended",
        );
        world.push(
            report.help("say for how long after the last message it counts too: `within: 30d`"),
        );
    }
}
