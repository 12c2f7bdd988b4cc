//! `repeat: { times, steps }`, or `{ while, at_most, steps }`.

use kurant_engine::definition::Repeat;

use super::{At, list};
use crate::diagnostic::Problem;

/// The most rounds that a loop may be given.
const MAX_ROUNDS: i64 = 1_000;

pub(super) fn read(at: At<'_, '_>) -> Option<Repeat> {
    let mut map = at.inside("a loop", "repeat: { times: 3, steps: [...] }")?;
    map.synonyms(&[
        ("count", "times"),
        ("n", "times"),
        ("max", "at_most"),
        ("limit", "at_most"),
        ("do", "steps"),
        ("then", "steps"),
    ]);
    map.misplaced(&[(
        "until",
        "a loop goes on `while` a condition holds: turn it round with `!(...)`",
    )]);
    let kind = map.exactly_one(&["times", "while"]);
    let condition = match kind {
        Some(("while", entry)) => at.keep(&entry.value, at.context.script(&entry.value)),
        _ => None,
    };
    let rounds = match kind {
        Some(("times", entry)) => {
            if map.has("at_most") {
                map.misplaced(&[(
                    "at_most",
                    "`times` is the number itself; `at_most` belongs to `while`",
                )]);
            }
            at.keep(&entry.value, entry.value.integer(1..=MAX_ROUNDS))
        }
        Some(_) => {
            let bound = map.read("at_most", |node| node.integer(1..=MAX_ROUNDS));
            if !map.has("at_most") {
                let problem = Problem::new(
                    "missing-key",
                    "a `while` needs `at_most`: how often at the most",
                );
                at.context
                    .report(map.node().head(), problem.help("add `at_most: 10`"));
            }
            bound
        }
        None => None,
    };
    let steps = map.required("steps").map(|node| list(at.steps, node));
    map.finish();
    let at_most = rounds
        .and_then(|rounds| u32::try_from(rounds).ok())
        .unwrap_or(1);
    Some(Repeat {
        condition,
        at_most,
        steps: steps.unwrap_or_default(),
    })
}
