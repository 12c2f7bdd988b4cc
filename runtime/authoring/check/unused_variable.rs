//! # `unused-variable` (a warning)
//!
//! **What it does.** Reports a variable that `vars:`, a `coupon` or a `webhook` sets and that nothing reads: no script of the journey, and
//! no template that it sends.
//!
//! **Why it matters.** Mostly the message was meant to hold it: a coupon that nobody gets to see.
//!
//! **Example.** `coupon: { codes: BDAY, valid: 14d, as: code }` and a `send` without `data: { code: =vars.code }`
//!
//! **Write instead.** Pass it on, `data: { code: =vars.code }`, or take it away.

use std::collections::BTreeSet;

use kurant_engine::definition::Verb;

use super::walk::Walk;
use super::world::{World, close};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// All variables of all journeys.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks.iter().filter(|walk| !walk.damaged) {
        let set = variables(world, walk);
        if set.is_empty() {
            continue;
        }
        let text = reading(world, walk);
        let known: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
        let slips = slips(&text, &known, &literals(world, walk));
        for (name, span) in set.clone() {
            if !reads(&text, &name) && !slips.contains(&name) {
                let report = Diagnostic::warning(
                    "unused-variable",
                    span,
                    format!("nothing reads `vars.{name}`"),
                );
                world.push(report.help(format!(
                    "pass it on, like `data: {{ {name}: =vars.{name} }}`, or take it away"
                )));
            }
        }
    }
}

fn variables(world: &World<'_>, walk: &Walk<'_>) -> Vec<(String, Span)> {
    let constant = |(name, _): &(String, _)| {
        (
            name.clone(),
            world.key_span(walk.file, &format!("vars.{name}")),
        )
    };
    let mut found: Vec<(String, Span)> = walk.journey.vars.iter().map(constant).collect();
    for at in &walk.steps {
        match &at.step.verb {
            Verb::Coupon(coupon) => found.push((
                coupon.variable.clone(),
                world.span(walk.file, &format!("{}.coupon.as", at.place)),
            )),
            Verb::Webhook(hook) => {
                found.extend(hook.save.iter().map(|name| {
                    (
                        name.clone(),
                        world.span(walk.file, &format!("{}.webhook.save", at.place)),
                    )
                }));
            }
            _ => {}
        }
    }
    found
}

/// Variables that are meant where another name stands, or a `=` was forgotten: both are reported where they stand.
fn slips(text: &str, known: &[&str], literals: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let named = |text: &str| -> Vec<String> {
        let after = text
            .match_indices("vars.")
            .map(|(at, own)| &text[at + own.len()..]);
        let word = |rest: &str| rest.chars().take_while(|c| is_part(*c)).collect();
        after.map(word).collect()
    };
    let unknown = named(text)
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()));
    let meant = unknown.filter_map(|name| close(&name, known.iter().copied()).map(str::to_owned));
    meant.chain(named(literals)).collect()
}

/// The file's own text, in which a `=` may be missing.
fn literals(world: &World<'_>, walk: &Walk<'_>) -> String {
    let source = world.sources.get(walk.file);
    source
        .map(|source| source.text().to_owned())
        .unwrap_or_default()
}

/// All texts that may read a variable: the journey's scripts and the templates that it sends.
fn reading(world: &World<'_>, walk: &Walk<'_>) -> String {
    let mut text = String::new();
    let mut journey = walk.journey.clone();
    journey.for_each_script_mut(&mut |script| {
        text.push_str(&script.source);
        text.push('\n');
    });
    let sent: BTreeSet<&str> = walk
        .steps
        .iter()
        .filter_map(|at| match &at.step.verb {
            Verb::Send(send) => Some(send.template.as_str()),
            _ => None,
        })
        .collect();
    for template in world
        .parsed
        .templates
        .iter()
        .map(|file| &file.item)
        .filter(|item| sent.contains(item.name.as_str()))
    {
        text.push_str(&template.body);
        template.front.values().for_each(|line| text.push_str(line));
    }
    text
}

/// Whether a text reads the variable, or all of them at once.
fn reads(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices("vars").any(|(at, _)| {
        let rest = text[at + "vars".len()..].trim_start_matches('?');
        let whole = |rest: &str| {
            rest.strip_prefix(name)
                .is_some_and(|after| !after.starts_with(is_part))
        };
        if let Some(rest) = rest.strip_prefix('.') {
            whole(rest.trim_start())
        } else if let Some(rest) = rest.strip_prefix('[') {
            let inner = rest.trim_start_matches(['"', '\'', ' ']);
            whole(inner) || !rest.starts_with(['"', '\''])
        } else {
            !rest.starts_with(is_part)
        }
    })
}
