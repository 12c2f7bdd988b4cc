//! # `unknown-channel`
//!
//! **What it does.** Reports a channel that `kurant.yaml` does not set up: in `send`, `fallback`, frequency caps, the names of templates,
//! inside `consented` and `reachable`, and behind `customer.consents`.
//!
//! **Why it matters.** No message could ever leave through it.
//!
//! **Example.** `- send: vibre`
//!
//! **Write instead.** `- send: viber`, or set the channel up: `channels: { viber: { kind: http, url: ... } }`.

use kurant_engine::definition::{Channel, Verb};

use super::walk::Walk;
use super::world::{World, advice};
use crate::diagnostic::Problem;
use crate::source::Span;

/// What is wrong with the name of a channel, if anything.
pub(super) fn problem(world: &World<'_>, name: &str) -> Option<Problem> {
    let known = world.channels()?;
    if name.is_empty()
        || known.contains(&name)
        || world.has_key("kurant.yaml", &format!("channels.{name}"))
    {
        return None;
    }
    let set_up = format!("set it up in `kurant.yaml`: `channels: {{ {name}: {{ kind: ... }} }}`");
    Some(
        Problem::new("unknown-channel", format!("there is no channel `{name}`"))
            .help(advice(name, known, &set_up)),
    )
}

/// All places that name a channel by itself.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let report = |span: Span, name: &str| {
        if let Some(problem) = problem(world, name) {
            world.diagnostics.report(span, problem);
        }
    };
    for walk in walks {
        for at in &walk.steps {
            let Verb::Send(send) = &at.step.verb else {
                continue;
            };
            if let Channel::Named(name) = &send.channel {
                report(world.span(walk.file, &format!("{}.send", at.place)), name);
            }
            for (index, name) in send.fallback.iter().enumerate() {
                report(
                    world.span(
                        walk.file,
                        &world.item(walk.file, &format!("{}.fallback", at.place), index),
                    ),
                    name,
                );
            }
        }
    }
    for template in &world.parsed.templates {
        report(Span::file_start(template.file), &template.item.channel);
    }
    // A cap that could not be read has moved the others.
    if let Some(workspace) = world.parsed.workspace.as_ref().filter(|file| !file.damaged) {
        for (index, cap) in workspace.item.frequency_caps.iter().enumerate() {
            if let Some(name) = &cap.channel {
                report(
                    world.span(workspace.file, &format!("frequency_caps[{index}].channel")),
                    name,
                );
            }
        }
    }
}
