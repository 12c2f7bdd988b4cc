//! # `past-wait` (a warning)
//!
//! **What it does.** Reports a `wait` that is over when it is come to: one that is counted from the same moment as what the customer has waited
//! for before, and is shorter; and less than a day with `at`, for whoever comes later in the day.
//!
//! **Why it matters.** A moment already past is no mistake: one goes on at once, and the letter that was meant for later leaves too.
//!
//! **Example.** `inactive: { since: customer.last_purchase_at, for: 9 months }`, then `wait: { for: 6 months, since: trigger.since }`
//!
//! **Write instead.** A longer time, or none of `since` where it is to be counted from here.

use kurant_engine::calendar::{DAY, Duration};
use kurant_engine::definition::{Step, TriggerKind, Verb, Wait};

use super::minutes_or_months::bare_minutes;
use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;

/// Moments of a passage that never change.
const FIXED: [&str; 3] = ["trigger.since", "trigger.date", "trigger.time"];
/// Times of day, weekdays and clocks may move two moments so far towards each other.
const SLACK: i64 = 2 * DAY;

/// What has been waited for: since when, how long, and what that is called.
#[derive(Clone)]
struct Passed {
    since: String,
    long: Duration,
    by: &'static str,
}

/// All waits.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks.iter().filter(|walk| !walk.damaged) {
        for (place, steps) in &walk.lists {
            list(world, walk, place, steps);
        }
    }
}

/// What has passed when somebody enters: one trigger alone says so.
fn at_entry(walk: &Walk<'_>) -> Option<Passed> {
    let [trigger] = walk.journey.triggers.as_slice() else {
        return None;
    };
    let (since, long, by) = match &trigger.kind {
        TriggerKind::Inactive { rule, .. } => ("trigger.since", rule.for_, "`inactive.for`"),
        TriggerKind::Date { rule, .. } if !rule.offset.negative => {
            let long = rule.offset.duration;
            ("trigger.date", long, "the trigger's `offset`")
        }
        _ => return None,
    };
    let since = since.to_owned();
    Some(Passed { since, long, by })
}

fn list(world: &World<'_>, walk: &Walk<'_>, place: &str, steps: &[Step]) {
    let mut passed: Vec<Passed> = at_entry(walk).into_iter().collect();
    for (index, step) in steps.iter().enumerate() {
        let Verb::Wait(wait) = &step.verb else {
            continue;
        };
        let own = format!("{place}[{index}].wait");
        let Some(long) = wait.rule.for_.filter(|_| wait.until.is_none()) else {
            continue;
        };
        match wait.since.as_ref().map(|since| since.source.trim()) {
            None => short(world, walk, &own, wait, long),
            Some(since) if FIXED.contains(&since) => {
                let is_over = |own: &&Passed| own.since == since && is_shorter(long, own.long);
                if let Some(before) = passed.iter().find(is_over) {
                    let message = format!(
                        "this is over when it is come to: {} is {} from the same moment",
                        before.by, before.long
                    );
                    let span = world.span(walk.file, &format!("{own}.for"));
                    let help = format!(
                        "it goes on at once; write more than `{}`, or no `since` to count from here",
                        before.long
                    );
                    world.push(Diagnostic::warning("past-wait", span, message).help(help));
                }
                // What is passed over holds nobody up.
                if step.when.is_none() {
                    let by = "the wait before it";
                    let since = since.to_owned();
                    passed.push(Passed { since, long, by });
                }
            }
            Some(_) => {}
        }
    }
}

/// Whether one duration ends before another, wherever both are counted from.
fn is_shorter(one: Duration, other: Duration) -> bool {
    one.months <= other.months
        && one.days <= other.days
        && one.workdays <= other.workdays
        && one.millis <= other.millis
        && other.about_millis() - one.about_millis() >= SLACK
}

/// Less than a day from now, and then a time of that day: for many that is past.
fn short(world: &World<'_>, walk: &Walk<'_>, place: &str, wait: &Wait, long: Duration) {
    let within = format!("{place}.for");
    let is_short = long.is_elapsed_only() && long.millis < DAY;
    let is_asked_about = bare_minutes(world, walk.file, &within).is_some();
    if wait.rule.at.is_none() || wait.rule.weekdays.is_some() || !is_short || is_asked_about {
        return;
    }
    let message =
        "`at` is on the day in which this ends: whoever comes later in the day goes on at once";
    let span = world.span(walk.file, &within);
    world.push(
        Diagnostic::warning("past-wait", span, message)
            .help("for the next such time leave `for` out; for that of tomorrow write `for: 1d`"),
    );
}
