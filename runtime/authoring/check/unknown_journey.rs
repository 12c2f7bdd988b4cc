//! # `unknown-journey`, `not-manual`
//!
//! **What it does.** Reports a `start` of a journey that does not exist, or that has no `manual: true` among its triggers; and a test of
//! a journey that does not exist.
//!
//! **Why it matters.** Nobody would be enrolled.
//!
//! **Example.** `start: { journey: welcom }`
//!
//! **Write instead.** `start: { journey: welcome }`, and in that journey `trigger: { manual: true }`.

use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::{World, advice};
use crate::diagnostic::Problem;

/// What is wrong with the id of a journey, if anything.
pub(super) fn problem(world: &World<'_>, id: &str) -> Option<Problem> {
    // A journey whose own id could not be read may be the one that is meant.
    let unread = world
        .parsed
        .journeys
        .iter()
        .any(|file| file.item.id.is_empty());
    if id.is_empty() || unread || world.journey(id).is_some() {
        return None;
    }
    let ids = world
        .parsed
        .journeys
        .iter()
        .map(|file| file.item.id.as_str());
    let known: std::collections::BTreeSet<&str> = ids.collect();
    // Of two journeys of one name, one was called otherwise: it may be the one that is meant.
    if known.len() < world.parsed.journeys.len() {
        return None;
    }
    let help = advice(
        id,
        known,
        "a journey is called what stands after `journey:` in its file",
    );
    Some(Problem::new("unknown-journey", format!("there is no journey `{id}`")).help(help))
}

/// All starts of other journeys.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for at in &walk.steps {
            let Verb::Start(start) = &at.step.verb else {
                continue;
            };
            let span = world.span(walk.file, &format!("{}.start.journey", at.place));
            if let Some(problem) = problem(world, &start.journey) {
                world.diagnostics.report(span, problem);
            } else if let Some(other) = world.journey(&start.journey)
                && !World::is_manual(&other.item)
                && !other.item.triggers.is_empty()
            {
                let problem = Problem::new(
                    "not-manual",
                    format!(
                        "the journey `{}` cannot be started by another",
                        start.journey
                    ),
                );
                world.diagnostics.report(span, problem.help("add `manual: true` to its triggers: `trigger: [ { ... }, { manual: true } ]`"));
            }
        }
    }
}
