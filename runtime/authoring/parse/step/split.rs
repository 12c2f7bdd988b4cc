//! `split: { name: { weight, steps }, ... }`.

use kurant_engine::definition::{Arm, Split};

use super::{At, Steps, list};
use crate::diagnostic::Problem;
use crate::yaml::{Entry, Node};

/// The largest weight; weights are shares of their sum.
const MAX_WEIGHT: i64 = 1_000_000;

const EXAMPLE: &str = "split: { a: { weight: 50, steps: [...] }, b: { weight: 50, steps: [...] } }";

pub(super) fn read(at: At<'_, '_>) -> Option<Split> {
    let node = at.value(EXAMPLE)?;
    if node.as_list().is_some() {
        let problem = Problem::wrong_type("expected the arms by name, found a list")
            .help(format!("write it like `{EXAMPLE}`"));
        at.context.report(node.head(), problem);
        return None;
    }
    let entries = at.keep(node, node.map("the arms by name"))?;
    let arms: Vec<Arm> = entries
        .iter()
        .filter_map(|entry| arm(at.steps, entry))
        .collect();
    if entries.is_empty() {
        at.context.report(
            node.span,
            Problem::new("missing-value", "`split` has no arms")
                .help(format!("write it like `{EXAMPLE}`")),
        );
    } else if arms.len() == entries.len() && arms.iter().all(|arm| arm.weight == 0) {
        at.context.report(
            node.head(),
            Problem::bad_value("the weights add up to nothing")
                .help("give at least one arm a weight above 0"),
        );
    }
    Some(Split { arms })
}

fn arm(steps: &Steps<'_>, entry: &Entry) -> Option<Arm> {
    if let Some(scalar) = entry.value.as_scalar() {
        let message = format!("expected an arm of `split`, found {}", entry.value.what());
        let (name, share) = (&entry.key.text, scalar.text.trim_end_matches(['%', ' ']));
        let share = if share.parse::<u32>().is_ok() {
            share
        } else {
            "50"
        };
        let help = format!("write `{name}: {{ weight: {share}, steps: [...] }}`");
        steps
            .context
            .report(entry.value.span, Problem::wrong_type(message).help(help));
        return None;
    }
    let mut map = steps.context.open(&entry.value, "an arm of `split`")?;
    map.synonyms(&[
        ("share", "weight"),
        ("percent", "weight"),
        ("then", "steps"),
        ("do", "steps"),
    ]);
    let weight = map.need("weight", weight).unwrap_or(1);
    let inner = map.required("steps").map(|node| list(steps, node));
    map.finish();
    Some(Arm {
        name: entry.key.text.clone(),
        weight,
        steps: inner.unwrap_or_default(),
    })
}

fn weight(node: &Node) -> Result<u32, Problem> {
    if let Some(number) = node.text()?.strip_suffix('%') {
        let problem = Problem::bad_value("a weight is a number: the arms are shares of their sum");
        return Err(problem.help(format!("write `weight: {}`", number.trim())));
    }
    let weight = node.integer(0..=MAX_WEIGHT)?;
    u32::try_from(weight).map_err(|_| Problem::bad_value("the weight is too large"))
}
