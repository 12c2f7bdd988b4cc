//! # `minutes-or-months` (a warning)
//!
//! **What it does.** Reports a duration like `9m` where days count: beside `at`, from a date, in the `offset` of a date or in `inactive`.
//!
//! **Why it matters.** `m` is minutes. Who means months is told nothing otherwise, and the letter leaves at once.
//!
//! **Example.** `wait: { for: 9m, at: "10:00" }`
//!
//! **Write instead.** `wait: { for: 9 months, at: "10:00" }`; `9 minutes`, if that is meant.

use kurant_engine::definition::{Script, TriggerKind, Type, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// All waits, and triggers of dates and inactivity.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for (place, trigger) in walk.triggers(world) {
            match &trigger.kind {
                TriggerKind::Date { .. } => look(world, walk.file, &format!("{place}.date.offset")),
                TriggerKind::Inactive { .. } => {
                    look(world, walk.file, &format!("{place}.inactive.for"));
                }
                _ => {}
            }
        }
        for at in &walk.steps {
            let Verb::Wait(wait) = &at.step.verb else {
                continue;
            };
            let of_days = |since: &Script| is_date(world, since);
            if wait.rule.at.is_some() || wait.since.as_ref().is_some_and(of_days) {
                look(world, walk.file, &format!("{}.wait.for", at.place));
            }
        }
    }
}

/// Whether a script is nothing but the name of a date.
fn is_date(world: &World<'_>, script: &Script) -> bool {
    let source = script.source.trim();
    let attribute = source.strip_prefix("customer.");
    let kind = attribute.and_then(|name| world.parsed.schema.customer.get(name));
    source == "trigger.date" || kind == Some(&Type::Date)
}

fn look(world: &World<'_>, file: FileId, place: &str) {
    if !world.stands(file, place) {
        return;
    }
    let span = world.span(file, place);
    let text = world
        .sources
        .get(file)
        .and_then(|source| source.text().get(span.start..span.end));
    let written = text.unwrap_or("").trim_matches(['"', '\'']);
    let number = written.strip_suffix('m').unwrap_or("").trim();
    let digits = number.trim_start_matches(['-', '+']);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return;
    }
    let (months, minutes) = match digits {
        "1" => ("month", "minute"),
        _ => ("months", "minutes"),
    };
    let message = format!("`{written}` is {number} {minutes}, and here days count");
    world.push(
        Diagnostic::warning("minutes-or-months", span, message).help(format!(
            "write `{number} {months}`; or `{number} {minutes}`, if that is meant"
        )),
    );
}
