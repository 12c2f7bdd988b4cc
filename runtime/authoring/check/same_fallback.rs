//! # `same-fallback`
//!
//! **What it does.** Reports a `fallback` that names the channel of its own `send`, or one channel twice.
//!
//! **Why it matters.** A channel that has just failed would be tried again, and the customer might get the message twice.
//!
//! **Example.** `send: email` with `fallback: [email, sms]`
//!
//! **Write instead.** `send: email` with `fallback: [sms]`

use kurant_engine::definition::{Channel, Verb};

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Problem;

/// All fallbacks.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for at in &walk.steps {
            let Verb::Send(send) = &at.step.verb else {
                continue;
            };
            let own = match &send.channel {
                Channel::Named(name) => name.as_str(),
                Channel::Best => "best",
            };
            for (index, name) in send.fallback.iter().enumerate() {
                if name != own && !send.fallback[..index].contains(name) {
                    continue;
                }
                let span = world.span(
                    walk.file,
                    &world.item(walk.file, &format!("{}.fallback", at.place), index),
                );
                let problem =
                    Problem::new("same-fallback", format!("`{name}` has been tried already"));
                world
                    .diagnostics
                    .report(span, problem.help("name other channels, or take it away"));
            }
        }
    }
}
