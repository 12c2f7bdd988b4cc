//! # `untraceable-segment`
//!
//! **What it does.** Reports a use of time in a segment that an `enters` or `leaves` trigger watches, when it cannot be told beforehand
//! at which moment the membership changes: the hour of `now`, say.
//!
//! **Why it matters.** Membership is judged when the customer changes, and at the moments that the condition itself names. At any other
//! moment nobody would notice that somebody came in.
//!
//! **Example.** `early: hour(now) < 9`
//!
//! **Write instead.** Ages against constants, `days_since(customer.last_purchase_at) > 90`; or a `schedule` trigger with the hour in its
//! cron.

use std::collections::BTreeSet;

use kurant_engine::definition::Library;
use kurant_engine::script::Timing;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Problem;

/// Every segment that is watched, with those that it asks for.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let Some(segments) = &world.parsed.segments else {
        return;
    };
    let triggers = walks.iter().flat_map(|walk| walk.triggers(world));
    let watched: BTreeSet<&str> = triggers
        .filter_map(|(_, trigger)| trigger.kind.segment())
        .collect();
    if watched.is_empty() {
        return;
    }
    let library: Vec<Library> = world
        .parsed
        .library
        .iter()
        .map(|file| file.item.clone())
        .collect();
    let timing = Timing::new(&segments.item, &library);
    for segment in watched {
        for error in timing.of(segment).err().unwrap_or_default() {
            let site = world.site(segments.file, Some(&error.place));
            let position = match (u16::try_from(error.line), u16::try_from(error.column)) {
                (Ok(line), Ok(column)) if line > 0 => rhai::Position::new(line, column),
                _ => rhai::Position::NONE,
            };
            let problem = Problem::new("untraceable-segment", error.message);
            world.diagnostics.report(site.span(position), match error.help {
                Some(help) => problem.help(help),
                None => problem.help("compare an age with a number: `days_since(customer.last_purchase_at) > 90`"),
            });
        }
    }
}
