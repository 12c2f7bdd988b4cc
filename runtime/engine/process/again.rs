//! Whether what was decided on a while ago and could not be handed over since may still leave.
//!
//! The gates have let it pass; what has changed meanwhile counts all the same: a pause, a consent that was withdrawn, an address
//! that bounced, the night.

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

/// Judges a command that is tried again, at an instant.
pub fn again(catalog: &Catalog, person: &Person, command: &Command, now: Instant) -> Again {
    let paused = Again::Waits {
        until: None,
        reason: super::pause::PAUSED,
    };
    if catalog.paused().journey(&command.journey).is_some() {
        return paused;
    }
    let Effect::Send { channel, to, .. } = &command.what else {
        return Again::Leaves;
    };
    if catalog.paused().channel(channel).is_some() {
        return paused;
    }
    let customer = &person.customer;
    if customer.erased.is_some() {
        return Again::Never("erased");
    }
    if customer.is_suppressed(channel, to) {
        return Again::Never("suppressed");
    }
    let journey = catalog.journey(&command.journey).map(Loaded::journey);
    let category = journey.map_or(Category::Marketing, |journey| journey.category);
    if category == Category::Marketing && !customer.consented(channel) {
        return Again::Never("no_consent");
    }
    let topic = journey.and_then(|journey| journey.topic.as_ref());
    if category == Category::Marketing && topic.is_some_and(|own| customer.opted_out.contains(own))
    {
        return Again::Never("opted_out");
    }
    let zone = catalog.zone(person);
    match &catalog.workspace().quiet_hours {
        Some(quiet)
            if category != Category::Transactional && quiet.contains(now.local(zone).time()) =>
        {
            Again::Waits {
                until: Some(quiet.end_after(now, zone)),
                reason: "quiet_hours",
            }
        }
        _ => Again::Leaves,
    }
}
