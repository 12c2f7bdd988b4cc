//! `trigger:`: one trigger or a list of them.

use kurant_engine::calendar::{DateRule, Duration, Every, Feb29, InactiveRule, Offset};
use kurant_engine::definition::{Trigger, TriggerKind};

use super::Context;
use super::calendar::{duration, offset, schedule, some_duration, time, zone};
use super::context::{attribute, event_type, name};
use crate::diagnostic::Problem;
use crate::yaml::{Entry, MapReader, Node};

/// How late a firing is made up for, and how old an event may be on arrival, unless told.
const A_DAY: Duration = Duration::from_days(1);

/// The kinds, in the order in which they are listed to people.
pub(super) const KINDS: &[&str] = &[
    "event", "date", "inactive", "enters", "leaves", "schedule", "manual",
];

/// What people write for them.
const SYNONYMS: &[(&str, &str)] = &[
    ("on", "event"),
    ("when_event", "event"),
    ("cron", "schedule"),
    ("every", "schedule"),
    ("segment", "enters"),
    ("entered", "enters"),
    ("enter", "enters"),
    ("exits", "leaves"),
    ("leave", "leaves"),
    ("left", "leaves"),
    ("anniversary", "date"),
    ("birthday", "date"),
    ("idle", "inactive"),
    ("dormant", "inactive"),
    ("inactivity", "inactive"),
    ("api", "manual"),
    ("filter", "where"),
    ("condition", "where"),
    ("when", "where"),
    ("if", "where"),
    ("tz", "timezone"),
    ("zone", "timezone"),
];

/// What stands inside a trigger's own mapping.
const INSIDE: &[(&str, &str)] = &[
    (
        "at",
        "it stands inside: `date: { of: ..., every: year, at: \"10:00\" }`",
    ),
    (
        "of",
        "it stands inside: `date: { of: customer.birthday, ... }`",
    ),
    ("offset", "it stands inside: `date: { ..., offset: -7d }`"),
    ("feb29", "it stands inside: `date: { ..., feb29: feb28 }`"),
    (
        "since",
        "it stands inside: `inactive: { since: customer.last_purchase_at, for: 9 months }`",
    ),
    (
        "for",
        "it stands inside: `inactive: { since: customer.last_purchase_at, for: 9 months }`",
    ),
];

/// Reports a trigger that stands beside `trigger:` instead of below it.
pub(super) fn below(context: &Context<'_>, entry: &Entry) {
    let kind = &entry.key.text;
    let problem = Problem::new(
        "indentation",
        format!("`{kind}:` stands beside `trigger:` and belongs below it"),
    );
    let help = format!("put two spaces before `{kind}:`, and before each line that belongs to it");
    context.report(entry.key.span, problem.help(help));
}

/// Reads all triggers of a journey.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Vec<Trigger> {
    if node.as_list().is_some_and(<[_]>::is_empty) {
        context.report(
            node.span,
            Problem::new("missing-value", "the list of triggers is empty")
                .help("name what starts the journey"),
        );
    }
    node.one_or_many()
        .iter()
        .map(|item| one(context, item).unwrap_or_else(unread))
        .collect()
}

/// Stands for a trigger that could not be read and has been reported, so that the others keep their places.
fn unread() -> Trigger {
    Trigger {
        kind: TriggerKind::Event {
            event: String::new(),
            filter: None,
            max_age: A_DAY,
        },
        catch_up: A_DAY,
    }
}

fn one(context: &Context<'_>, node: &Node) -> Option<Trigger> {
    if let Some(scalar) = node.as_scalar() {
        let help = match scalar.text.as_str() {
            "manual" => "write `trigger: { manual: true }`".to_owned(),
            text if text.starts_with('@') || text.split(' ').count() == 5 => {
                format!("write `trigger: {{ schedule: \"{text}\" }}`")
            }
            text => format!("write `trigger: {{ event: {text} }}`"),
        };
        let problem = Problem::wrong_type(format!("expected a trigger, found {}", node.what()));
        context.report(node.span, problem.help(help));
        return None;
    }
    let mut map = context.open(node, "a trigger")?;
    map.synonyms(SYNONYMS).misplaced(INSIDE);
    let (kind, entry) = map.exactly_one(KINDS)?;
    let catch_up = match kind {
        "date" | "inactive" | "schedule" => map.read("catch_up", duration),
        _ => None,
    };
    if kind != "schedule" {
        map.misplaced(&[("timezone", "date and inactivity are reckoned on each customer's own clock; `timezone` is for `schedule`")]);
    }
    if kind != "event" {
        map.misplaced(&[(
            "where",
            "a condition for entering is the journey's `audience`; `where` is for `event`",
        )]);
        map.misplaced(&[("max_age", "`max_age` is for `event`; here it is `catch_up`")]);
    } else {
        map.misplaced(&[(
            "catch_up",
            "`catch_up` is for triggers of time; how old an event may be is `max_age`",
        )]);
    }
    let kind = read_kind(context, &mut map, kind, entry);
    map.finish();
    Some(Trigger {
        kind: kind?,
        catch_up: catch_up.unwrap_or(A_DAY),
    })
}

fn read_kind(
    context: &Context<'_>,
    map: &mut MapReader<'_>,
    kind: &str,
    entry: &Entry,
) -> Option<TriggerKind> {
    let node = value(context, entry)?;
    match kind {
        "event" => {
            let filter = map.read("where", |node| context.script(node));
            let max_age = map.read("max_age", duration);
            let event = context
                .diagnostics
                .keep(node.span, event_type(node))
                .unwrap_or_default();
            Some(TriggerKind::Event {
                event,
                filter,
                max_age: max_age.unwrap_or(A_DAY),
            })
        }
        "date" => date(context, node),
        "inactive" => inactive(context, node),
        "enters" => Some(TriggerKind::Enters {
            segment: context.diagnostics.keep(node.span, name(node))?,
        }),
        "leaves" => Some(TriggerKind::Leaves {
            segment: context.diagnostics.keep(node.span, name(node))?,
        }),
        "schedule" => {
            let timezone = map.read("timezone", zone);
            let schedule = context.diagnostics.keep(node.span, schedule(node))?;
            Some(TriggerKind::Schedule { schedule, timezone })
        }
        _ => {
            if !context.diagnostics.keep(node.span, node.boolean())? {
                let problem = Problem::bad_value("`manual: false` starts nothing")
                    .help("write `manual: true`, or take it away");
                context.report(node.span, problem);
            }
            Some(TriggerKind::Manual)
        }
    }
}

fn value<'n>(context: &Context<'_>, entry: &'n Entry) -> Option<&'n Node> {
    if entry.value.is_null() {
        let key = &entry.key.text;
        let example = match key.as_str() {
            "event" => "event: order.paid",
            "date" => "date: { of: customer.birthday, every: year, at: \"10:00\" }",
            "inactive" => "inactive: { since: customer.last_purchase_at, for: 9 months }",
            "schedule" => "schedule: \"0 9 * * mon\"",
            "manual" => "manual: true",
            _ => "enters: vip",
        };
        let problem = Problem::new("missing-value", format!("`{key}` has no value"))
            .help(format!("write `{example}`"));
        context.report(entry.key.span, problem);
        return None;
    }
    Some(&entry.value)
}

fn date(context: &Context<'_>, node: &Node) -> Option<TriggerKind> {
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!(
            "expected a mapping after `date`, found {}",
            node.what()
        ));
        context.report(
            node.span,
            problem.help(format!(
                "write `date: {{ of: {}, every: year, at: \"10:00\" }}`",
                scalar.text
            )),
        );
        return None;
    }
    let mut map = context.open(node, "a date trigger")?;
    map.examples(&[("of", "of: customer.birthday"), ("every", "every: year")]);
    map.synonyms(&[
        ("since", "of"),
        ("field", "of"),
        ("attribute", "of"),
        ("date", "of"),
        ("repeat", "every"),
        ("before", "offset"),
        ("after", "offset"),
        ("for", "offset"),
        ("time", "at"),
    ]);
    map.misplaced(&[("catch_up", BESIDE), ("timezone", CLOCK)]);
    let of = map.need("of", attribute);
    let every = map.need("every", |node| {
        node.choice(&[
            ("year", Every::Year),
            ("month", Every::Month),
            ("once", Every::Once),
        ])
    });
    let offset = map.read("offset", offset).unwrap_or(Offset::ZERO);
    let at = map.read("at", time);
    let feb29 = map.read("feb29", |node| {
        node.choice(&[
            ("feb28", Feb29::Feb28),
            ("mar1", Feb29::Mar1),
            ("skip", Feb29::Skip),
        ])
    });
    map.finish();
    let rule = DateRule {
        every: every?,
        offset,
        at,
        feb29: feb29.unwrap_or_default(),
    };
    Some(TriggerKind::Date { of: of?, rule })
}

fn inactive(context: &Context<'_>, node: &Node) -> Option<TriggerKind> {
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!(
            "expected a mapping after `inactive`, found {}",
            node.what()
        ));
        let help = format!(
            "write `inactive: {{ since: customer.last_purchase_at, for: {} }}`",
            scalar.text
        );
        context.report(node.span, problem.help(help));
        return None;
    }
    let mut map = context.open(node, "an inactivity trigger")?;
    map.examples(&[
        ("since", "since: customer.last_purchase_at"),
        ("for", "for: 9 months"),
    ]);
    map.synonyms(&[
        ("of", "since"),
        ("after", "for"),
        ("duration", "for"),
        ("days", "for"),
        ("time", "at"),
    ]);
    map.misplaced(&[("catch_up", BESIDE), ("timezone", CLOCK)]);
    let since = map.need("since", attribute);
    let duration = map.need("for", some_duration);
    let at = map.read("at", time);
    map.finish();
    Some(TriggerKind::Inactive {
        since: since?,
        rule: InactiveRule {
            for_: duration?,
            at,
        },
    })
}

const BESIDE: &str = "it stands beside the trigger's name, not inside";
const CLOCK: &str =
    "it is reckoned on each customer's own clock: `customer.timezone`, else the workspace's";
