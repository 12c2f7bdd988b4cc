//! `run`: Rhai whose value is a map.

use kurant_engine::definition::Run;

use super::At;

pub(super) fn read(at: At<'_, '_>) -> Option<Run> {
    let node = at.value("run: '#{ total: event.total * 2 }'")?;
    let script = at.keep(node, at.context.script(node))?;
    Some(Run { script })
}
