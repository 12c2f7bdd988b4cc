//! # `unknown-template`, `template-channel`
//!
//! **What it does.** Reports a template that has no folder in `templates/`, one that has no file for the channel of its `send` or for a
//! channel of its `fallback`, and for `send: best` one that has no file for any channel of the workspace.
//!
//! **Why it matters.** There would be nothing to send.
//!
//! **Example.** `send: sms` with `template: welcome`, where only `templates/welcome/email.html` exists
//!
//! **Write instead.** Add `templates/welcome/sms.txt`, or send by `email`.

use kurant_engine::definition::{Channel, Send, Verb};

use super::walk::{StepAt, Walk};
use super::world::{World, advice};
use crate::diagnostic::Problem;
use crate::suggest::either;

/// All sends.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        for at in &walk.steps {
            if let Verb::Send(send) = &at.step.verb
                && !send.template.is_empty()
            {
                one(world, walk, at, send);
            }
        }
    }
}

fn one(world: &World<'_>, walk: &Walk<'_>, at: &StepAt<'_>, send: &Send) {
    let template = send.template.as_str();
    let known = world.templates();
    let named = |key: &str| world.span(walk.file, &format!("{}.{key}", at.place));
    if !known.contains(template) {
        let add = format!("add `templates/{template}/email.html`");
        let problem = Problem::new(
            "unknown-template",
            format!("there is no template `{template}`"),
        );
        world.diagnostics.report(
            named("template"),
            problem.help(advice(template, known, &add)),
        );
        return;
    }
    let has: Vec<&str> = world
        .parsed
        .templates
        .iter()
        .map(|file| &file.item)
        .filter(|item| item.name == template)
        .map(|item| item.channel.as_str())
        .collect();
    let lacks = |channel: &str| {
        Problem::new(
            "template-channel",
            format!("the template `{template}` has no text for `{channel}`"),
        )
        .help(format!(
            "add `templates/{template}/{channel}.txt`; it has {}",
            either(once_each(&has))
        ))
    };
    match &send.channel {
        Channel::Named(channel)
            if !has.contains(&channel.as_str())
                && super::unknown_channel::problem(world, channel).is_none() =>
        {
            world.diagnostics.report(named("template"), lacks(channel));
        }
        Channel::Best
            if world
                .channels()
                .is_some_and(|channels| !channels.iter().any(|channel| has.contains(channel))) =>
        {
            let problem = Problem::new(
                "template-channel",
                format!("the template `{template}` has no text for any channel of the workspace"),
            );
            world.diagnostics.report(named("template"), problem.help(format!("add one, like `templates/{template}/email.html`, or set one of {} up in `kurant.yaml`", either(once_each(&has)))));
        }
        _ => {}
    }
    for (index, channel) in send.fallback.iter().enumerate() {
        if !has.contains(&channel.as_str())
            && super::unknown_channel::problem(world, channel).is_none()
        {
            let place = world.item(walk.file, &format!("{}.fallback", at.place), index);
            world
                .diagnostics
                .report(world.span(walk.file, &place), lacks(channel));
        }
    }
}

fn once_each<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}
