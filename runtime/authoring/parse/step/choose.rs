//! `choose`: a list of `{ when, steps }`, the last of which may be `{ otherwise: [steps] }`.

use kurant_engine::definition::{Branch, Choose};

use super::{At, Steps, list};
use crate::diagnostic::Problem;
use crate::yaml::Node;

pub(super) fn read(at: At<'_, '_>) -> Option<Choose> {
    let node = at.value("choose: [ { when: ..., steps: [...] }, { otherwise: [...] } ]")?;
    let items = at.keep(node, node.list("a list of branches"))?;
    if items.is_empty() {
        at.context.report(
            node.span,
            Problem::new("missing-value", "`choose` has no branches")
                .help("write `- when: ...` and its `steps`"),
        );
    }
    let branches: Vec<Branch> = items
        .iter()
        .map(|item| branch(at.steps, item).unwrap_or_else(unread))
        .collect();
    let last = items.len().saturating_sub(1);
    for item in items
        .iter()
        .take(last)
        .filter(|item| item.get("otherwise").is_some())
    {
        let problem = Problem::new(
            "otherwise-not-last",
            "what stands after `otherwise` is never reached",
        );
        at.context
            .report(item.head(), problem.help("move `otherwise` to the end"));
    }
    Some(Choose { branches })
}

fn branch(steps: &Steps<'_>, node: &Node) -> Option<Branch> {
    let context = steps.context;
    let mut map = context.open(node, "a branch of `choose`")?;
    map.synonyms(&[
        ("if", "when"),
        ("case", "when"),
        ("condition", "when"),
        ("then", "steps"),
        ("do", "steps"),
        ("else", "otherwise"),
        ("default", "otherwise"),
    ]);
    let branch = match map.exactly_one(&["when", "otherwise"]) {
        Some(("when", entry)) => {
            let when = context
                .diagnostics
                .keep(entry.value.span, context.script(&entry.value));
            let inner = map
                .required("steps")
                .map(|node| list(steps, node))
                .unwrap_or_default();
            when.map(|when| Branch {
                when: Some(when),
                steps: inner,
            })
        }
        Some((_, entry)) => {
            map.misplaced(&[("steps", "the steps stand after it: `otherwise: [...]`")]);
            Some(Branch {
                when: None,
                steps: list(steps, &entry.value),
            })
        }
        None => {
            // Its steps are read all the same, for what is wrong with them.
            map.optional("steps").map(|node| list(steps, node));
            None
        }
    };
    map.finish();
    branch
}

/// Stands for a branch that could not be read and has been reported, so that the others keep their places.
fn unread() -> Branch {
    Branch {
        when: None,
        steps: Vec::new(),
    }
}
