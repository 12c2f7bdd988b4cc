//! # `never-capped` (a warning)
//!
//! **What it does.** Reports a frequency cap of another category than `marketing`.
//!
//! **Why it matters.** Caps hold marketing messages only: whoever wrote it believes in a limit that there isn't.
//!
//! **Example.** `frequency_caps: [ { category: service, channel: any, max: 1, per: 1d } ]`
//!
//! **Write instead.** `frequency_caps: [ { category: marketing, channel: any, max: 1, per: 1d } ]`, and `category: marketing` in journeys
//! that have to keep it.

use kurant_engine::definition::Category;

use super::world::World;
use crate::diagnostic::Diagnostic;

/// The caps.
pub(super) fn check(world: &World<'_>) {
    let Some(workspace) = world.parsed.workspace.as_ref().filter(|own| !own.damaged) else {
        return;
    };
    for (index, cap) in workspace.item.frequency_caps.iter().enumerate() {
        let word = match cap.category {
            Category::Marketing => continue,
            Category::Service => "service",
            Category::Transactional => "transactional",
        };
        let span = world.span(workspace.file, &format!("frequency_caps[{index}].category"));
        let message = format!(
            "this cap holds nothing back: only marketing messages are counted, never `{word}` ones"
        );
        let report = Diagnostic::warning("never-capped", span, message);
        world.push(report.help(
            "write `category: marketing`, here and in the journeys that have to keep it, or take the cap away",
        ));
    }
}
