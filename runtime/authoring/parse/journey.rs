//! One file under `journeys/`: a journey.

use std::collections::HashMap;

use kurant_engine::definition::{Category, Journey, Status, Step, Trigger};

use super::calendar::some_duration;
use super::context::{kebab_id, name, text};
use super::step::{self, Steps};
use super::{Context, InFile, computed, entry, trigger};
use crate::diagnostic::{Diagnostic, Diagnostics, Problem};
use crate::places::Places;
use crate::source::Span;
use crate::yaml::{Entry, MapReader, Node};

/// What people write for the keys.
const SYNONYMS: &[(&str, &str)] = &[
    ("id", "journey"),
    ("name", "journey"),
    ("flow", "journey"),
    ("campaign", "journey"),
    (concat!("work", "flow"), "journey"),
    ("description", "title"),
    ("label", "title"),
    ("author", "owner"),
    ("state", "status"),
    ("enabled", "status"),
    ("active", "status"),
    ("type", "category"),
    ("triggers", "trigger"),
    ("on", "trigger"),
    ("start", "trigger"),
    ("segment", "audience"),
    ("filter", "audience"),
    ("condition", "audience"),
    ("conditions", "audience"),
    ("where", "audience"),
    ("when", "audience"),
    ("exits", "exit"),
    ("stop", "exit"),
    ("exit_on", "exit"),
    ("goals", "goal"),
    ("conversion", "goal"),
    ("ttl", "expires"),
    ("lifetime", "expires"),
    ("timeout", "expires"),
    ("control", "holdout"),
    ("control_group", "holdout"),
    ("variables", "vars"),
    ("constants", "vars"),
    ("actions", "steps"),
    ("nodes", "steps"),
    ("flow_steps", "steps"),
    ("reentry", "entry"),
];

/// What starts the journey.
fn triggers(context: &Context<'_>, map: &mut MapReader<'_>) -> Vec<Trigger> {
    if let Some(kind) = trigger_beside(map) {
        trigger::below(context, kind);
        return Vec::new();
    }
    let node = map.required("trigger");
    node.map(|node| trigger::read(context, node))
        .unwrap_or_default()
}

/// What belongs below `trigger:`, and stands beside it for want of two spaces. All of it is told by the first of them.
fn trigger_beside<'a>(map: &mut MapReader<'a>) -> Option<&'a Entry> {
    let is_empty = map.node().get("trigger").is_some_and(Node::is_null);
    let kind = trigger::KINDS
        .iter()
        .find(|kind| map.has(kind))
        .filter(|_| is_empty)?;
    map.entry("trigger");
    for option in ["where", "max_age", "catch_up", "timezone"] {
        if map.has(option) {
            map.entry(option);
        }
    }
    map.entry(kind)
}

/// Keys of a journey that belong inside another.
const INSIDE: &[(&str, &str)] = &[
    ("key", "it stands inside `entry: { key: ... }`"),
    ("again", "it stands inside `entry: { again: 90d }`"),
    (
        "while_active",
        "it stands inside `entry: { while_active: restart }`",
    ),
    (
        "within",
        "it stands inside `goal: { event: ..., within: 30d }`",
    ),
    (
        "quiet_hours",
        "quiet hours are the workspace's, in `kurant.yaml`; `category: transactional` passes them",
    ),
    (
        "timezone",
        "each customer has a clock of their own; a schedule's `timezone` stands beside `schedule`",
    ),
    ("catch_up", "it stands in the trigger, beside its name"),
    ("max_age", "it stands in the trigger, beside `event`"),
];

/// Reads a journey; none when it is no mapping at all.
pub(super) fn read(context: &Context<'_>, root: &Node) -> Option<Journey> {
    if root.is_null() {
        let problem = Problem::new("missing-value", "the file is empty")
            .help("write a journey in it, or take the file away");
        context.report(root.span, problem);
        return None;
    }
    let mut map = context.open(root, "a journey")?;
    map.examples(&[
        ("journey", "journey: my-journey"),
        ("trigger", "trigger: { event: order.paid }"),
        ("steps", "steps: [ ... ]"),
    ]);
    map.synonyms(SYNONYMS).misplaced(INSIDE);
    let id = map.need("journey", kebab_id).unwrap_or_default();
    let title = map.read("title", text);
    let owner = map.read("owner", text);
    let status = map.read("status", status).unwrap_or_default();
    let category = map.read("category", category).unwrap_or_default();
    let triggers = triggers(context, &mut map);
    let audience = map.read("audience", |node| context.script(node));
    let entry = map
        .optional("entry")
        .and_then(|node| entry::entry(context, node))
        .unwrap_or_default();
    let exits = map
        .optional("exit")
        .map(|node| entry::exits(context, node))
        .unwrap_or_default();
    let goal = map
        .optional("goal")
        .and_then(|node| entry::goal(context, node));
    let topic = map.read("topic", name);
    let expires = map.read("expires", some_duration);
    let priority = map
        .read("priority", |node| node.integer(0..=100))
        .and_then(|value| u8::try_from(value).ok());
    let holdout = map.read("holdout", holdout).unwrap_or(0);
    let pilot = map.read("pilot", |node| context.script(node));
    let vars = map
        .read("vars", |node| computed::fields(context, node))
        .unwrap_or_default();
    let steps = read_steps(context, &mut map, status);
    map.finish();
    Some(Journey {
        id,
        title,
        owner,
        status,
        category,
        triggers,
        audience,
        entry,
        exits,
        goal,
        topic,
        expires,
        priority: priority.unwrap_or(Journey::PRIORITY),
        holdout,
        pilot,
        vars,
        steps,
    })
}

fn read_steps(context: &Context<'_>, map: &mut MapReader<'_>, status: Status) -> Vec<Step> {
    if let Some(beside) = step::beside(map.node()) {
        map.know(step::VERBS).know(step::BESIDE_VERBS);
        map.entry("steps");
        let (key, value) = (&beside.key, beside.value.as_scalar());
        let message = format!("`{}` stands beside `steps`, not in it", key.text);
        let value = value.map_or("...", |value| &value.text);
        let problem = Problem::new("indentation", message).help(format!(
            "write it below `steps:`, indented and with a dash: `  - {}: {value}`",
            key.text
        ));
        context.report(key.span, problem);
        return Vec::new();
    }
    let Some(node) = map.required("steps") else {
        return Vec::new();
    };
    if node.as_list().is_some_and(<[_]>::is_empty) {
        let problem = Problem::new("missing-value", "the journey has no steps")
            .help("begin with one, like `- send: email`");
        context.report(node.span, problem);
    }
    step::list(&Steps::new(context, status == Status::Live), node)
}

fn status(node: &Node) -> Result<Status, Problem> {
    let words = [
        ("draft", Status::Draft),
        ("live", Status::Live),
        ("retired", Status::Retired),
    ];
    let meant = match node.text()?.to_ascii_lowercase().as_str() {
        "active" | "on" | "true" | "enabled" | "published" | "running" => "live",
        "inactive" | "off" | "false" | "disabled" | "stopped" | "paused" | "archived" => "retired",
        "test" | "new" => "draft",
        _ => return node.choice(&words),
    };
    let message = format!(
        "expected `draft`, `live` or `retired`, found {}",
        node.what()
    );
    Err(Problem::new("unknown-word", message).help(format!("write `{meant}`")))
}

/// `marketing`, `service` or `transactional`.
pub(super) fn category(node: &Node) -> Result<Category, Problem> {
    node.choice(&[
        ("marketing", Category::Marketing),
        ("service", Category::Service),
        ("transactional", Category::Transactional),
    ])
}

/// `10%`, in hundredths of a percent.
fn holdout(node: &Node) -> Result<u32, Problem> {
    let written = text(node)?;
    let wrong = |message: &str| {
        Problem::bad_value(format!("`{written}` {message}"))
            .help("write a share like `10%`, or `2.5%`")
    };
    let number = written
        .strip_suffix('%')
        .map(str::trim)
        .ok_or_else(|| wrong("is not a share in percent"))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 3
        || fraction.len() > 2
        || !digits(whole)
        || !digits(fraction)
    {
        return Err(wrong(
            "is not a share in percent, with two decimals at the most",
        ));
    }
    let hundredths: u32 = format!("{whole}{fraction:0<2}")
        .parse()
        .map_err(|_| wrong("is not a share in percent"))?;
    match hundredths {
        0 => Err(wrong("holds nobody out: take the line away")),
        1..10_000 => Ok(hundredths),
        _ => Err(wrong("leaves nobody: it must be less than 100%")),
    }
}

/// Reports journeys that bear the id of another.
pub(super) fn report_twins(
    journeys: &[InFile<Journey>],
    places: &Places,
    diagnostics: &Diagnostics,
) {
    let mut first: HashMap<&str, Span> = HashMap::new();
    for InFile { file, item, .. } in journeys {
        let span = places
            .span(*file, "journey")
            .unwrap_or(Span::file_start(*file));
        if item.id.is_empty() {
            continue;
        }
        if let Some(earlier) = first.get(item.id.as_str()) {
            let message = format!("another journey is called `{}` already", item.id);
            diagnostics.push(
                Diagnostic::error("duplicate-journey", span, message)
                    .help("give one of them another id")
                    .label(*earlier, "here"),
            );
        } else {
            first.insert(&item.id, span);
        }
    }
}
