//! # `forgotten-equals` (a warning)
//!
//! **What it does.** Reports a text that reads like a value, `event.order_id`, where one may be computed: in `data`, `set`, `vars`, `body`,
//! `headers`, `to`, `tag`, `because` and a task's `title`.
//!
//! **Why it matters.** Without a leading `=` it is the text itself, and the customer reads "event.order_id".
//!
//! **Example.** `data: { order: event.order_id }`
//!
//! **Write instead.** `data: { order: =event.order_id }`

use kurant_engine::definition::{Computed, Verb};
use kurant_engine::value::Value;

use super::walk::Walk;
use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;

/// Functions that values are computed with.
const CALLS: [&str; 13] = [
    "count",
    "date",
    "days",
    "days_since",
    "hours",
    "instant",
    "minutes",
    "months",
    "months_since",
    "sum",
    "today",
    "years_since",
    "latest",
];
/// The parts of `trigger`.
const TRIGGER: [&str; 5] = ["kind", "time", "event", "date", "since"];

/// All values that may be computed and aren't; those of `set` and `emit` are held against their schemas elsewhere.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for walk in walks {
        let fields = |values: &[(String, Computed)], place: String| {
            for (name, value) in values {
                computed(world, walk.file, &format!("{place}.{name}"), value);
            }
        };
        fields(&walk.journey.vars, "vars".to_owned());
        for at in &walk.steps {
            let place = |key: &str| format!("{}.{key}", at.place);
            let one = |value: &Computed, key: &str| computed(world, walk.file, &place(key), value);
            match &at.step.verb {
                Verb::Send(send) => {
                    fields(&send.data, place("data"));
                    send.to.iter().for_each(|to| one(to, "to"));
                }
                Verb::Tag(tags) => one(tags, "tag"),
                Verb::Untag(tags) => one(tags, "untag"),
                Verb::Score(score) => one(&score.because, "score.because"),
                Verb::Task(task) => one(&task.title, "task.title"),
                Verb::Start(start) => fields(&start.vars, place("start.vars")),
                Verb::Webhook(hook) => {
                    fields(&hook.headers, place("webhook.headers"));
                    hook.body.iter().for_each(|body| one(body, "webhook.body"));
                }
                _ => {}
            }
        }
    }
}

fn computed(world: &World<'_>, file: FileId, place: &str, value: &Computed) {
    match value {
        Computed::Literal(value) => literal(world, file, place, value),
        Computed::Expression(_) => {}
        Computed::List(values) => {
            for (index, value) in values.iter().enumerate() {
                computed(world, file, &format!("{place}[{index}]"), value);
            }
        }
        Computed::Map(values) => {
            for (name, value) in values {
                computed(world, file, &format!("{place}.{name}"), value);
            }
        }
    }
}

/// Warns of the texts inside a value that read like an expression.
pub(super) fn literal(world: &World<'_>, file: FileId, place: &str, value: &Value) {
    match value {
        Value::Text(text) if is_path(world, text) || is_call(text) => {
            let message = format!("without a leading `=` this is the text `{text}` itself");
            let report = Diagnostic::warning("forgotten-equals", world.span(file, place), message);
            world.push(report.help(format!("did you mean `={text}`?")));
        }
        Value::Text(text) if text.contains("{{") && text.contains("}}") => {
            let message = "this is no template: the braces stay as they are";
            let report = Diagnostic::warning("forgotten-equals", world.span(file, place), message);
            world.push(report.help(format!("did you mean `{}`?", joined(text))));
        }
        Value::List(values) => {
            for (index, value) in values.iter().enumerate() {
                literal(world, file, &format!("{place}[{index}]"), value);
            }
        }
        Value::Map(map) => {
            for (name, value) in map.iter() {
                literal(world, file, &format!("{place}.{name}"), value);
            }
        }
        _ => {}
    }
}

/// The expression that gives what a template would: `="Lead " + event.lead_id`.
fn joined(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text;
    let said = |text: &str| format!("\"{}\"", text.replace('"', "\\\""));
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, more) = after.split_once("}}").unwrap_or((after, ""));
        if !before.is_empty() {
            parts.push(said(before));
        }
        parts.push(inside.trim().to_owned());
        rest = more;
    }
    if !rest.is_empty() {
        parts.push(said(rest));
    }
    format!("={}", parts.join(" + "))
}

/// Whether a text begins with the call of a function: `today() + days(7)`. In prose a blank stands before a bracket.
fn is_call(text: &str) -> bool {
    let called = text
        .split_once('(')
        .filter(|(name, _)| CALLS.contains(name));
    called.is_some_and(|(_, rest)| rest.contains(')'))
}

/// Whether a text begins with the path of something that is known: `event.total`, `customer.first_name ?? "friend"`.
pub(super) fn is_path(world: &World<'_>, text: &str) -> bool {
    let path = text.split([' ', '(', '[', '?']).next().unwrap_or("");
    let mut parts = path.split('.');
    let (Some(root), Some(name)) = (parts.next(), parts.next()) else {
        return false;
    };
    let schema = &world.parsed.schema;
    // What follows a path in prose is a word; in an expression it is an operator.
    let rest = text[path.len()..].trim_start();
    let goes_on =
        rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_punctuation() && c != ',');
    let known = match root {
        "customer" => schema.customer.contains_key(name),
        "event" => {
            name == "meta"
                || schema
                    .events
                    .values()
                    .any(|fields| fields.contains_key(name))
        }
        "trigger" => TRIGGER.contains(&name),
        "vars" => name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty(),
        _ => false,
    };
    known && goes_on
}
