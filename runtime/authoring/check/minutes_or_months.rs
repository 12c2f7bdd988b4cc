//! # `minutes-or-months` (a warning)
//!
//! **What it does.** Reports a duration like `9m` where days count: beside `at`, from a date, from `trigger.since`, in the `offset` of a date or in
//! `inactive`. Elsewhere it reports numbers that are said of months and hardly ever of minutes: 6, 9, 12, 18, 24, 36.
//!
//! **Why it matters.** `m` is minutes. Who means months is told nothing otherwise, and the letter leaves at once.
//!
//! **Example.** `wait: { for: 9m, at: "10:00" }`, `wait: 9m`, `expires: 6m`
//!
//! **Write instead.** `wait: { for: 9 months, at: "10:00" }`; `9 minutes`, if that is meant.

use kurant_engine::definition::{Script, TriggerKind, Type, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// What is said of months, and hardly ever of minutes.
const OF_MONTHS: [&str; 6] = ["6", "9", "12", "18", "24", "36"];

/// All waits, triggers of dates and inactivity, and whatever else lasts.
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
        for place in ["expires", "entry.again", "goal.within"] {
            look_for_months(world, walk.file, place);
        }
        for at in &walk.steps {
            let place = &at.place;
            match &at.step.verb {
                Verb::Wait(wait) => {
                    let within = format!("{place}.wait.for");
                    let of_days = |since: &Script| is_date(world, since);
                    if wait.rule.at.is_some() || wait.since.as_ref().is_some_and(of_days) {
                        look(world, walk.file, &within);
                    } else if world.stands(walk.file, &within) {
                        look_for_months(world, walk.file, &within);
                    } else {
                        look_for_months(world, walk.file, &format!("{place}.wait"));
                    }
                }
                Verb::WaitFor(_) => {
                    look_for_months(world, walk.file, &format!("{place}.wait_for.timeout"));
                }
                Verb::Coupon(_) => {
                    look_for_months(world, walk.file, &format!("{place}.coupon.valid"));
                }
                Verb::Score(_) => {
                    look_for_months(world, walk.file, &format!("{place}.score.lasts"));
                }
                _ => {}
            }
        }
    }
}

/// Whether a script is nothing but the name of a date, or of what nothing has happened since.
fn is_date(world: &World<'_>, script: &Script) -> bool {
    let source = script.source.trim();
    let attribute = source.strip_prefix("customer.");
    let kind = attribute.and_then(|name| world.parsed.schema.customer.get(name));
    ["trigger.date", "trigger.since"].contains(&source) || kind == Some(&Type::Date)
}

/// The number of a duration that is written with a bare `m`, with its sign.
pub(super) fn bare_minutes(world: &World<'_>, file: FileId, place: &str) -> Option<String> {
    if !world.stands(file, place) {
        return None;
    }
    let span = world.span(file, place);
    let text = world
        .sources
        .get(file)
        .and_then(|source| source.text().get(span.start..span.end));
    let written = text.unwrap_or("").trim_matches(['"', '\'']);
    let number = written.strip_suffix('m').unwrap_or("").trim();
    let digits = number.trim_start_matches(['-', '+']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| number.to_owned())
}

/// Where days count.
fn look(world: &World<'_>, file: FileId, place: &str) {
    if let Some(number) = bare_minutes(world, file, place) {
        ask(world, file, place, &number, ", and here days count");
    }
}

/// Where both may be meant.
fn look_for_months(world: &World<'_>, file: FileId, place: &str) {
    let number = bare_minutes(world, file, place);
    if let Some(number) = number.filter(|number| OF_MONTHS.contains(&&**number)) {
        ask(world, file, place, &number, "");
    }
}

fn ask(world: &World<'_>, file: FileId, place: &str, number: &str, why: &str) {
    let (months, minutes) = match number.trim_start_matches(['-', '+']) {
        "1" => ("month", "minute"),
        _ => ("months", "minutes"),
    };
    let message = format!("`{number}m` is {number} {minutes}{why}");
    let span = world.span(file, place);
    world.push(
        Diagnostic::warning("minutes-or-months", span, message).help(format!(
            "write `{number} {months}`; or `{number} {minutes}`, if that is meant"
        )),
    );
}
