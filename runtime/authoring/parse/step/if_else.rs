//! `if: COND` with `then` and `else` beside it.

use kurant_engine::definition::{If, Script};

use super::At;
use crate::diagnostic::Problem;

pub(super) fn read(mut at: At<'_, '_>) -> Option<If> {
    let (then, otherwise) = (at.branch("then"), at.branch("else"));
    if then.is_none()
        && otherwise.is_none()
        && !at.map.has("then")
        && !at.map.has("else")
        && !at.map.node().damaged
    {
        let problem = Problem::new("missing-key", "this `if` has neither `then` nor `else`");
        let help =
            "add `then: [...]` beside it; to pass over one step, write `when: COND` in that step";
        at.context.report(at.entry.key.span, problem.help(help));
    }
    let condition = at
        .value("if: customer.orders_count > 0")
        .and_then(|node| at.keep(node, at.context.script(node)));
    Some(If {
        condition: condition
            .unwrap_or_else(|| Script::new("true", at.context.place(&at.entry.value))),
        then: then.unwrap_or_default(),
        otherwise: otherwise.unwrap_or_default(),
    })
}
