//! # `unreachable-step` (a warning)
//!
//! **What it does.** Reports steps that stand after an `exit`, or after a branching all of whose branches exit.
//!
//! **Why it matters.** Nobody ever comes to them; mostly the `exit` was meant to stand inside a branch.
//!
//! **Example.** `steps: [ { exit: done }, { send: email, template: thanks } ]`
//!
//! **Write instead.** `steps: [ { send: email, template: thanks }, { exit: done } ]`

use kurant_engine::definition::{Step, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// All lists of steps.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks.iter().filter(|walk| !walk.damaged) {
        for (place, steps) in &walk.lists {
            let Some(last) = steps
                .iter()
                .position(ends)
                .filter(|last| last + 1 < steps.len())
            else {
                continue;
            };
            let at = |index: usize| {
                let place = format!("{place}[{index}]");
                world.key_span(walk.file, &format!("{place}.{}", steps[index].verb.word()))
            };
            let report = Diagnostic::warning(
                "unreachable-step",
                at(last + 1),
                "nobody comes to this step: what stands before it ends the journey",
            );
            world.push(
                report
                    .help("move the `exit` behind it or into a branch, or take this step away")
                    .label(at(last), "everybody leaves here"),
            );
        }
    }
}

/// Whether nobody goes on after the step.
fn ends(step: &Step) -> bool {
    let all = |steps: &[Step]| steps.iter().any(ends);
    step.when.is_none()
        && match &step.verb {
            Verb::Exit(_) => true,
            Verb::If(step) => all(&step.then) && all(&step.otherwise),
            Verb::WaitFor(wait) => all(&wait.then) && all(&wait.otherwise),
            Verb::Choose(choose) => {
                choose
                    .branches
                    .last()
                    .is_some_and(|last| last.when.is_none())
                    && choose.branches.iter().all(|branch| all(&branch.steps))
            }
            Verb::Split(split) => {
                !split.arms.is_empty() && split.arms.iter().all(|arm| all(&arm.steps))
            }
            _ => false,
        }
}
