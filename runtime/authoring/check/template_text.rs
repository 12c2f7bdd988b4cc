//! # `template-syntax`, `template-variable`
//!
//! **What it does.** Reports a template that is not Jinja, and a name in it that stands for nothing: neither `customer`, `event`,
//! `trigger`, `vars` and the links, nor a name that a `send` passes in its `data`; also attributes and variables that do not exist.
//!
//! **Why it matters.** A template that cannot be rendered is not sent; a misspelt name leaves an empty place in the message.
//!
//! **Example.** `Hello {{ customer.frist_name }}, {{ discout }}% for you`
//!
//! **Write instead.** `Hello {{ customer.first_name }}, {{ discount }}% for you`, with `data: { discount: 10 }` in the `send`.

use std::collections::{BTreeSet, HashSet};

use kurant_engine::definition::{Send, Verb};
use minijinja::Environment;

use super::shape::Shape;
use super::walk::Walk;
use super::world::World;
use super::{scripts, unknown_attribute, unknown_variable};
use crate::diagnostic::{Diagnostic, Problem};
use crate::source::{FileId, Span};

/// What every template sees beside the data.
const SEEN: [&str; 9] = [
    "customer",
    "event",
    "trigger",
    "vars",
    "now",
    "unsubscribe_url",
    "preferences_url",
    "subject",
    "preheader",
];
/// What Jinja itself has.
const OWN: [&str; 8] = [
    "range",
    "dict",
    "debug",
    "namespace",
    "loop",
    "self",
    "super",
    "caller",
];

/// A part of a template's file: its body or a line of its front matter.
struct Part<'t> {
    file: FileId,
    /// Where it begins in the file.
    start: usize,
    text: &'t str,
}

/// All templates.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let environment = Environment::new();
    for template in &world.parsed.templates {
        let Some(source) = world.sources.get(template.file) else {
            continue;
        };
        let whole = source.text();
        let item = &template.item;
        let uses = Uses::of(world, walks, &item.name);
        let body = Part {
            file: template.file,
            start: whole.len().saturating_sub(item.body.len()),
            text: &item.body,
        };
        let front = item.front.values().filter_map(|value| {
            let start = whole.find(value.as_str())?;
            Some(Part {
                file: template.file,
                start,
                text: value,
            })
        });
        for part in front.chain([body]) {
            match environment.template_from_str(part.text) {
                Ok(read) => names(world, &uses, &part, &read.undeclared_variables(true)),
                Err(error) => world.push(wrong(&part, &error)),
            }
        }
    }
}

/// What the journeys that send a template give to it.
struct Uses<'w> {
    /// Whether any journey sends it.
    sent: bool,
    /// The names of the data, of all sends together.
    data: BTreeSet<&'w str>,
    /// The variables of those journeys; none when not all are known.
    vars: Option<BTreeSet<String>>,
}

impl<'w> Uses<'w> {
    fn of(world: &World<'_>, walks: &'w [Walk<'_>], template: &str) -> Self {
        let mut uses = Self {
            sent: false,
            data: BTreeSet::new(),
            vars: Some(BTreeSet::new()),
        };
        for walk in walks {
            let sends: Vec<&Send> = walk
                .steps
                .iter()
                .filter_map(|at| of_template(&at.step.verb, template))
                .collect();
            if sends.is_empty() {
                continue;
            }
            uses.sent = true;
            uses.data.extend(
                sends
                    .iter()
                    .flat_map(|send| &send.data)
                    .map(|(name, _)| name.as_str()),
            );
            match scripts::vars(world, walk, walks) {
                Shape::Record(record) if !record.open => {
                    if let Some(vars) = &mut uses.vars {
                        vars.extend(record.fields.keys().cloned());
                    }
                }
                _ => uses.vars = None,
            }
        }
        uses
    }
}

fn of_template<'v>(verb: &'v Verb, template: &str) -> Option<&'v Send> {
    match verb {
        Verb::Send(send) if send.template == template => Some(send),
        _ => None,
    }
}

/// A text that is not Jinja.
fn wrong(part: &Part<'_>, error: &minijinja::Error) -> Diagnostic {
    let line = error.line().unwrap_or(1);
    let of_line: usize = part
        .text
        .split_inclusive('\n')
        .take(line - 1)
        .map(str::len)
        .sum();
    let mut range = error.range().unwrap_or(of_line..of_line);
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    // What is missing at the end was opened somewhere.
    if what.contains("end of input")
        && let Some(open) = unclosed(part.text)
    {
        range = open;
    }
    let span = Span::new(part.file, part.start + range.start, part.start + range.end);
    let rest = part.text.get(range.start..).unwrap_or("").trim_start();
    let line_text = part.text.lines().nth(line - 1).unwrap_or("");
    let help = if rest.starts_with(':') && line_text.contains('|') {
        "a filter's value stands in brackets: `{{ customer.first_name | default('friend') }}`"
    } else if what.contains("unknown statement") {
        "statements are `{% if ... %}`, `{% else %}`, `{% endif %}`, `{% for ... in ... %}`, `{% endfor %}`, `{% set ... %}`"
    } else if what.contains("end of input") || what.contains("endif") || what.contains("endfor") {
        "every `{{` ends in `}}`, every `{% if %}` in `{% endif %}`, every `{% for %}` in `{% endfor %}`"
    } else {
        "a value is written `{{ customer.first_name }}`, a condition `{% if customer.first_name %}...{% endif %}`"
    };
    Diagnostic::error(
        "template-syntax",
        span,
        format!("this is not Jinja: {what}"),
    )
    .help(help)
}

fn names(world: &World<'_>, uses: &Uses<'_>, part: &Part<'_>, undeclared: &HashSet<String>) {
    for path in undeclared {
        let mut parts = path.split('.');
        let (root, field) = (parts.next().unwrap_or(""), parts.next());
        let found = match (root, field) {
            ("customer", Some(field)) => unknown_attribute::of_name(world, field)
                .map(|problem| (problem, path.as_str(), field)),
            ("vars", Some(field)) => uses
                .vars
                .as_ref()
                .filter(|vars| uses.sent && !vars.contains(field))
                .map(|vars| {
                    (
                        unknown_variable::problem(field, vars.iter().map(String::as_str)),
                        path.as_str(),
                        field,
                    )
                }),
            _ if SEEN.contains(&root)
                || OWN.contains(&root)
                || !uses.sent
                || uses.data.contains(root) =>
            {
                None
            }
            _ => Some((unknown(root, uses), root, root)),
        };
        if let Some((problem, written, word)) = found {
            let at = find(part.text, written).map_or(0, |at| at + written.find(word).unwrap_or(0));
            let span = Span::new(part.file, part.start + at, part.start + at + word.len());
            world.diagnostics.report(span, problem);
        }
    }
}

fn unknown(name: &str, uses: &Uses<'_>) -> Problem {
    let known = uses.data.iter().copied().chain(SEEN);
    let pass = format!("pass it in the `send`: `data: {{ {name}: ... }}`");
    let problem = Problem::new(
        "template-variable",
        format!("no `send` of this template passes `{name}`"),
    );
    match super::world::close(name, known) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None if matches!(name, "first_name" | "name" | "email" | "phone") => {
            problem.help(format!("write `customer.{name}`"))
        }
        None => problem.help(pass),
    }
}

/// The innermost `{% if %}` and its like that is never closed.
fn unclosed(text: &str) -> Option<std::ops::Range<usize>> {
    const OPENING: [&str; 6] = ["if", "for", "macro", "filter", "with", "block"];
    let mut open: Vec<std::ops::Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{%").map(|at| from + at) {
        let end = text[start..]
            .find("%}")
            .map_or(text.len(), |length| start + length + 2);
        let word = text[start + 2..end]
            .trim_start_matches(['-', '+', ' '])
            .split([' ', '%', '-'])
            .next()
            .unwrap_or("");
        if OPENING.contains(&word) {
            open.push(start..end);
        } else if word
            .strip_prefix("end")
            .is_some_and(|word| OPENING.contains(&word))
        {
            open.pop();
        }
        from = end;
    }
    open.pop()
}

/// Where a name stands inside a tag.
pub(super) fn find(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let (before, after) = (&text[..*at], &text[at + name.len()..]);
        let opened = before.rfind("{{").max(before.rfind("{%"));
        let closed = before.rfind("}}").max(before.rfind("%}"));
        opened.is_some()
            && opened > closed
            && !before.ends_with(|c| is_part(c) || c == '.')
            && !after.starts_with(is_part)
    })
}
