//! # `kept-too-short`
//!
//! **What it does.** Reports a `history` in `retention` that is shorter than a window that something looks back on, and names the
//! longest one.
//!
//! **Why it matters.** Whoever wrote both counts on events that the other one wants to be gone. What is looked back on is kept all the
//! same, so that the history would not be as short as it says.
//!
//! **Example.** `retention: { history: 180d }`, and `count("order.paid", days(365)) >= 3` in a journey
//!
//! **Write instead.** `retention: { history: 1y }`, or a shorter window.

use kurant_engine::catalog::{Window, windows};

use super::world::World;
use crate::diagnostic::Problem;
use crate::source::FileId;

/// The history that is kept.
pub(super) fn check(world: &World<'_>) {
    let Some(workspace) = world.parsed.workspace.as_ref().filter(|own| !own.damaged) else {
        return;
    };
    let Some(history) = workspace.item.settings.retention.history else {
        return;
    };
    let asked = asked(world);
    let longest = asked
        .iter()
        .max_by_key(|(_, window)| window.span.at_most_millis());
    let Some((file, window)) =
        longest.filter(|(_, window)| window.span.at_most_millis() > history.at_most_millis())
    else {
        return;
    };
    let of = match &window.event {
        Some(event) => format!("`{event}`"),
        None => "events".to_owned(),
    };
    let (path, written, span) = (world.sources.path(*file), &window.written, window.span);
    let problem = Problem::new(
        "kept-too-short",
        format!("the history is kept for {history}, and {path} looks back on {of} for `{written}`"),
    );
    let place = world.span(workspace.file, "retention.history");
    world.diagnostics.report(
        place,
        problem.help(format!(
            "write `history: {span}` or more, or shorten the window"
        )),
    );
}

/// Every window that is written out, with its file.
fn asked(world: &World<'_>) -> Vec<(FileId, Window)> {
    let mut found = Vec::new();
    let mut read = |file: FileId, source: &str| {
        found.extend(windows(source).into_iter().map(|own| (file, own)));
    };
    let parsed = world.parsed;
    if let Some(file) = &parsed.segments {
        for segment in &file.item {
            read(file.file, &segment.condition.source);
        }
    }
    if let Some(file) = &parsed.profile {
        let mut updates = file.item.clone();
        for (_, value) in updates.iter_mut().flat_map(|own| &mut own.set) {
            value.for_each_script_mut(&mut |script| read(file.file, &script.source));
        }
    }
    for file in &parsed.library {
        read(file.file, &file.item.source);
    }
    for file in &parsed.journeys {
        let mut journey = file.item.clone();
        journey.for_each_script_mut(&mut |script| read(file.file, &script.source));
    }
    found
}
