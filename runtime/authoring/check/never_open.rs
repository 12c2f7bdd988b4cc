//! # `never-open`
//!
//! **What it does.** Reports a `window` that lies wholly inside the quiet hours, so that its `send` never leaves; and warns of a frequency
//! cap of 0, which lets nothing through at all.
//!
//! **Why it matters.** The message would wait for ever.
//!
//! **Example.** `quiet_hours: { from: "21:00", to: "09:00" }` and `window: { from: "07:00", to: "09:00" }`
//!
//! **Write instead.** `window: { from: "09:00", to: "11:00" }`, or `category: transactional`, which passes the quiet hours.

use kurant_engine::calendar::{DayWindow, SendWindow, Time, format_time};
use kurant_engine::definition::{Category, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::{Diagnostic, Problem};

/// Minutes of a day.
const MINUTES: u32 = 24 * 60;

/// All windows, and the caps.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let Some(workspace) = &world.parsed.workspace else {
        return;
    };
    for (index, _) in workspace
        .item
        .frequency_caps
        .iter()
        .enumerate()
        .filter(|(_, cap)| cap.max == 0 && !workspace.damaged)
    {
        let span = world.span(workspace.file, &format!("frequency_caps[{index}].max"));
        let report = Diagnostic::warning(
            "never-open",
            span,
            "this cap lets no message through at all",
        );
        world.push(report.help("write 1 or more, or retire the journeys that must not send"));
    }
    always_open(world, walks);
    let Some(quiet) = &workspace.item.quiet_hours else {
        return;
    };
    for walk in walks
        .iter()
        .filter(|walk| walk.journey.category != Category::Transactional)
    {
        for at in &walk.steps {
            if let Verb::Send(send) = &at.step.verb
                && let Some(window) = &send.window
                && !meet(window, quiet)
            {
                let span = world.key_span(walk.file, &format!("{}.window", at.place));
                let problem = Problem::new(
                    "never-open",
                    "this window lies wholly inside the quiet hours, so the message never leaves",
                );
                let hours = format!(
                    "the quiet hours last from {} to {}",
                    format_time(quiet.from),
                    format_time(quiet.to)
                );
                world.diagnostics.report(span, problem.help(format!("{hours}: open the window at other hours, or write `category: transactional`")));
            }
        }
    }
}

/// Windows that close when they open.
fn always_open(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for at in &walk.steps {
            let place = format!("{}.window", at.place);
            if let Verb::Send(send) = &at.step.verb
                && let Some(window) = &send.window
                && window.from == window.to
                && world.stands(walk.file, &format!("{place}.from"))
            {
                let message = "this window closes when it opens, so it is open all day";
                let span = world.key_span(walk.file, &place);
                let report = Diagnostic::warning("never-open", span, message);
                world.push(report.help("write when it closes, like `window: { from: \"10:00\", to: \"20:00\" }`, or take it away"));
            }
        }
    }
}

/// Whether any minute lies inside the window and outside the quiet hours.
fn meet(window: &SendWindow, quiet: &DayWindow) -> bool {
    let open = DayWindow {
        from: window.from,
        to: window.to,
    };
    (0..MINUTES)
        .filter_map(|minute| Time::from_num_seconds_from_midnight_opt(minute * 60, 0))
        .any(|time| open.contains(time) && !quiet.contains(time))
}
