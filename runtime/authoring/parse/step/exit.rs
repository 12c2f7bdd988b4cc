//! `exit: REASON`.

use super::At;
use crate::diagnostic::Problem;
use crate::parse::context::text;

pub(super) fn read(at: At<'_, '_>) -> Option<String> {
    let node = at.value("exit: not_interested")?;
    if node.as_map().is_some() {
        let problem = Problem::wrong_type("expected a reason after `exit`, found a mapping");
        let help = "as a step write `exit: REASON`; what ends the journey at any moment stands in its own `exit:`, outside `steps`";
        at.context.report(node.head(), problem.help(help));
        return None;
    }
    at.keep(node, text(node))
}
