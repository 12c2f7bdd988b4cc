//! Whether what was decided on a while ago and could not be handed over since may still leave.
//!
//! The gates have let it pass; what has changed meanwhile counts all the same: a pause, a consent that was withdrawn, an address
//! that bounced, the night.

use super::gates::{ELSEWHERE, LATE, QUIET, is_opted_out, quiet_until};
use super::pause::PAUSED;
use crate::calendar::Instant;
use crate::catalog::{Catalog, Loaded};
use crate::definition::Category;
use crate::input::{Command, Effect};
use crate::person::Person;

/// What becomes of a command that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It leaves.
    Leaves,
    /// It waits: until an instant, or for as long as somebody holds it back.
    Waits {
        /// Until when, if that is known.
        until: Option<Instant>,
        /// Why.
        reason: &'static str,
    },
    /// It never leaves.
    Never(&'static str),
}

/// Judges a command that is tried again, at an instant; of a message, for this person, if anybody knows them.
pub fn again(catalog: &Catalog, person: Option<&Person>, command: &Command, now: Instant) -> Again {
    let paused = Again::Waits {
        until: None,
        reason: PAUSED,
    };
    if catalog.paused().journey(&command.journey).is_some() {
        return paused;
    }
    let Effect::Send {
        channel,
        to,
        valid_until,
        ..
    } = &command.what
    else {
        return Again::Leaves;
    };
    if catalog.paused().channel(channel).is_some() {
        return paused;
    }
    if !catalog.workspace().delivers_to(to) {
        return Again::Never(ELSEWHERE);
    }
    let Some(person) = person else {
        return Again::Leaves;
    };
    let customer = &person.customer;
    if customer.is_erased() {
        return Again::Never("erased");
    }
    let journey = catalog.journey(&command.journey).map(Loaded::journey);
    let category = journey.map_or(Category::Marketing, |journey| journey.category);
    if valid_until.is_some_and(|until| until < now) {
        return Again::Never(LATE);
    }
    if let Some(reason) = customer.refusal(category, channel, to) {
        return Again::Never(reason);
    }
    if journey.is_some_and(|journey| is_opted_out(customer, journey)) {
        return Again::Never("opted_out");
    }
    match quiet_until(catalog, category, now, catalog.zone(person)) {
        Some(end) => Again::Waits {
            until: Some(end),
            reason: QUIET,
        },
        None => Again::Leaves,
    }
}
