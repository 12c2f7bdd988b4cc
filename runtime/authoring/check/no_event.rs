//! # `no-event`
//!
//! **What it does.** Reports `event` where no event is at hand: in a segment, or in a journey that starts by anything but events.
//!
//! **Why it matters.** On the day when the other trigger fires there is no event, and the condition fails.
//!
//! **Example.** `trigger: [ { event: order.paid }, { manual: true } ]`, then `audience: event.total > 100`
//!
//! **Write instead.** Two journeys, or `audience: last("order.paid")?.total > 100`

use super::scope::NoEvent;
use crate::diagnostic::Problem;

/// No event is at hand.
pub(super) fn problem(why: &NoEvent) -> Problem {
    Problem::new("no-event", "there is no `event` here").help(why.help())
}
