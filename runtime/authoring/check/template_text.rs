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

use std::collections::{BTreeMap, BTreeSet, HashSet};

use kurant_engine::calendar::Zone;
use kurant_engine::definition::{Send, TriggerKind, Type, Verb};
use kurant_engine::template::environment;

use super::scope::trigger_events;
use super::shape::Shape;
use super::walk::Walk;
use super::world::{World, close};
use super::{scripts, template_calls, unknown_attribute, unknown_field, unknown_variable};
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
/// The parts of `trigger` that a template sees.
const OF_TRIGGER: [&str; 4] = ["kind", "time", "date", "since"];
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
    let environment = environment(Zone::UTC);
    let is_text = |path: &str| {
        let attribute = path.strip_prefix("customer.");
        let kind = attribute.and_then(|name| world.parsed.schema.customer.get(name));
        matches!(kind, Some(Type::Text(_) | Type::Date | Type::Instant))
    };
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
            other_products(world, &uses, &part);
            match environment.template_from_str(part.text) {
                Ok(read) => {
                    let called = template_calls::findings(&environment, part.text, &is_text);
                    let starts: Vec<usize> = called.iter().map(|found| found.start).collect();
                    names(
                        world,
                        &uses,
                        &part,
                        &read.undeclared_variables(true),
                        &starts,
                    );
                    for found in called {
                        let (start, end) = (part.start + found.start, part.start + found.end);
                        let problem = Problem::new("template-function", found.message);
                        let span = Span::new(part.file, start, end);
                        world.diagnostics.report(span, problem.help(found.help));
                    }
                }
                Err(error) => world.push(wrong(&part, &error)),
            }
        }
    }
}

/// What the journeys that send a template give to it.
struct Uses<'w> {
    /// Whether any journey sends it.
    sent: bool,
    /// Whether all of those could be read as a whole. What could not may pass any name: then only a name that is nearly one of
    /// those that were read is told of.
    whole: bool,
    /// The names of the data, of all sends together.
    data: BTreeSet<&'w str>,
    /// The variables of those journeys; none when not all are known.
    vars: Option<BTreeSet<String>>,
    /// The events that are at hand, of all sends together: their types and fields. None when any field may be there.
    event: Option<(Vec<String>, BTreeMap<String, Shape>)>,
    /// Whether no send has an event at hand.
    no_event: bool,
}

impl<'w> Uses<'w> {
    fn of(world: &World<'_>, walks: &'w [Walk<'_>], template: &str) -> Self {
        let mut uses = Self {
            sent: false,
            whole: true,
            data: BTreeSet::new(),
            vars: Some(BTreeSet::new()),
            event: Some(Default::default()),
            no_event: true,
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
            uses.whole &= !walk.damaged;
            uses.events(world, walk, template);
            uses.data.extend(
                sends
                    .iter()
                    .flat_map(|send| &send.data)
                    .map(|(name, _)| name.as_str()),
            );
            match scripts::vars_read(world, walk, walks) {
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

impl Uses<'_> {
    /// Notes which events are at hand where a journey sends the template.
    fn events(&mut self, world: &World<'_>, walk: &Walk<'_>, template: &str) {
        let is_event = |kind: &TriggerKind| matches!(kind, TriggerKind::Event { .. });
        let own = trigger_events(walk.journey);
        for at in &walk.steps {
            if of_template(&at.step.verb, template).is_none() {
                continue;
            }
            let types = at.awaited.as_ref().unwrap_or(&own);
            let mut triggers = walk.journey.triggers.iter();
            let starts = triggers.any(|trigger| is_event(&trigger.kind));
            if types.is_empty() && !starts && !walk.damaged {
                continue;
            }
            self.no_event = false;
            let shape = world.declared.event(types);
            match (&mut self.event, shape) {
                (Some((known, fields)), Shape::Record(record)) if !record.open => {
                    known.extend(
                        types
                            .iter()
                            .filter(|kind| !known.contains(kind))
                            .cloned()
                            .collect::<Vec<_>>(),
                    );
                    fields.extend(record.fields.clone());
                }
                _ => self.event = None,
            }
        }
    }

    /// What is wrong with a field of the event, if anything.
    fn of_event(&self, field: &str, text: &str) -> Option<Problem> {
        if !self.sent {
            return None;
        }
        if self.no_event {
            // Whoever asks first whether there is one knows what he does.
            let asked = ["if event", "event is ", "event and"]
                .iter()
                .any(|word| text.contains(word));
            let problem = Problem::new(
                "template-variable",
                "no journey that sends this has an event at hand",
            );
            return (!asked).then(|| {
                problem.help(format!("pass it in the `send`: `data: {{ {field}: ... }}`"))
            });
        }
        let (types, fields) = self.event.as_ref()?;
        let known = fields
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "meta");
        if field == "meta" {
            let problem = Problem::new("unknown-field", "in a template `event` is the data alone");
            return Some(
                problem.help("pass what you need in the `send`: `data: { at: =event.meta.time }`"),
            );
        }
        let is_told = !fields.contains_key(field) && self.tells(field, known.clone());
        is_told.then(|| unknown_field::in_event(field, types, known, fields))
    }

    /// Whether a name that is not among those known is told of.
    fn tells<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> bool {
        self.sent && (self.whole || close(name, known).is_some())
    }

    /// What is wrong with a variable, if anything.
    fn of_vars(&self, name: &str) -> Option<Problem> {
        let vars = self.vars.as_ref()?;
        let known = vars.iter().map(String::as_str);
        let is_told = !vars.contains(name) && self.tells(name, known.clone());
        is_told.then(|| unknown_variable::problem(name, known))
    }

    /// What is wrong with a name that is none of a template's own, if anything.
    fn of_data(&self, name: &str) -> Option<Problem> {
        let known = self.data.iter().copied().chain(SEEN);
        let is_told = !self.data.contains(name) && self.tells(name, known);
        is_told.then(|| unknown(name, self))
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
    let lacks_brace = what.contains("expected end of variable block") && rest.starts_with('}');
    let help = if lacks_brace {
        "a `}` is missing: every `{{` ends in `}}`"
    } else if rest.starts_with(':') && line_text.contains('|') {
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

fn names(
    world: &World<'_>,
    uses: &Uses<'_>,
    part: &Part<'_>,
    undeclared: &HashSet<String>,
    called: &[usize],
) {
    for path in undeclared {
        let mut parts = path.split('.');
        let (root, field) = (parts.next().unwrap_or(""), parts.next());
        let found = match (root, field) {
            ("customer", Some(field)) => unknown_attribute::of_name(world, field)
                .map(|problem| (problem, path.as_str(), field)),
            ("vars", Some(field)) => uses
                .of_vars(field)
                .map(|problem| (problem, path.as_str(), field)),
            ("event", Some(field)) => uses
                .of_event(field, part.text)
                .map(|problem| (problem, path.as_str(), field)),
            ("trigger", Some(field)) if !OF_TRIGGER.contains(&field) => {
                let message = format!("`trigger` has no `{field}` in a template");
                let help = format!(
                    "it has `trigger.kind`, `.time`, `.date` and `.since`; pass others in the `send`: `data: {{ {field}: =trigger.{field} }}`"
                );
                Some((
                    Problem::new("template-variable", message).help(help),
                    path.as_str(),
                    field,
                ))
            }
            _ if SEEN.contains(&root) || OWN.contains(&root) => None,
            _ => uses.of_data(root).map(|problem| (problem, root, root)),
        };
        if let Some((problem, written, word)) = found {
            let at = find(part.text, written).map_or(0, |at| at + written.find(word).unwrap_or(0));
            // A function that isn't there has been reported as such.
            if called.contains(&at) {
                continue;
            }
            let span = Span::new(part.file, part.start + at, part.start + at + word.len());
            world.diagnostics.report(span, problem);
        }
    }
}

/// Places that other products fill: `*|NAME|*`, `%NAME%`, and `{ name }` where one brace is missing on each side.
fn other_products(world: &World<'_>, uses: &Uses<'_>, part: &Part<'_>) {
    for (open, close) in [("*|", "|*"), ("%%", "%%"), ("{", "}")] {
        let mut from = 0;
        while let Some(start) = part.text[from..].find(open).map(|at| from + at) {
            from = start + open.len();
            let Some(end) = part.text[from..].find(close).map(|at| from + at) else {
                break;
            };
            let name = match open {
                "{" => part.text[from..end].trim(),
                _ => &part.text[from..end],
            };
            let root = name.split('.').next().unwrap_or("");
            let is_word = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
            let doubled = part.text[..start].ends_with('{') || part.text[end..].starts_with("}}");
            let is_ours = uses.data.contains(root) || (SEEN.contains(&root) && name != root);
            if !is_word || doubled || (open == "{" && !is_ours) {
                continue;
            }
            from = end + close.len();
            let right = name.to_lowercase();
            let written = &part.text[start..from];
            let message = format!("`{written}` stays as it is: a value stands in two braces");
            let span = Span::new(part.file, part.start + start, part.start + from);
            let report = Diagnostic::warning("template-syntax", span, message);
            world.push(report.help(format!("write `{{{{ {right} }}}}`")));
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
    match close(name, known) {
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
