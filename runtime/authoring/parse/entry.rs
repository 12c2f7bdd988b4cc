//! `entry`, `exit` and `goal`: who comes in again, who goes out early, and what counts as success.

use kurant_engine::definition::{Again, Entry, Exit, Goal, WhileActive};

use super::Context;
use super::calendar::{duration, some_duration};
use super::context::{event_type, text};
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// What people write for `where`.
pub(super) const FILTER: &[(&str, &str)] = &[
    ("filter", "where"),
    ("condition", "where"),
    ("if", "where"),
    ("type", "event"),
];

/// `entry:`.
pub(super) fn entry(context: &Context<'_>, node: &Node) -> Option<Entry> {
    let mut map = context.open(node, "`entry`")?;
    map.synonyms(&[
        ("reentry", "again"),
        ("re_entry", "again"),
        ("repeat", "again"),
        ("once", "again"),
        ("active", "while_active"),
        ("if_active", "while_active"),
        ("concurrency", "while_active"),
        ("by", "key"),
        ("per", "key"),
    ]);
    let key = map.read("key", |node| context.script(node));
    let again = map.read("again", again);
    let while_active = map.read("while_active", |node| {
        node.choice(&[
            ("ignore", WhileActive::Ignore),
            ("restart", WhileActive::Restart),
            ("queue", WhileActive::Queue),
            ("parallel", WhileActive::Parallel),
        ])
    });
    map.finish();
    Some(Entry {
        key,
        again: again.unwrap_or_default(),
        while_active: while_active.unwrap_or_default(),
    })
}

fn again(node: &Node) -> Result<Again, Problem> {
    match node.text()? {
        "always" => Ok(Again::Always),
        "never" => Ok(Again::Never),
        "true" | "yes" => Err(
            Problem::bad_value("expected `always`, `never` or a duration").help("write `always`"),
        ),
        "false" | "no" | "once" => Err(Problem::bad_value(
            "expected `always`, `never` or a duration",
        )
        .help("write `never`")),
        text if text
            .starts_with(|c: char| c.is_ascii_digit() || c == 'P' || c == '=' || c == '-') =>
        {
            some_duration(node).map(Again::After)
        }
        text => Err(Problem::new(
            "unknown-word",
            format!("expected `always`, `never` or a duration, found `{text}`"),
        )
        .help("write `always`, `never`, or how long after the last entry, like `90d`")),
    }
}

/// `exit:` of a journey.
pub(super) fn exits(context: &Context<'_>, node: &Node) -> Vec<Exit> {
    if let Some(scalar) = node.as_scalar() {
        let problem =
            Problem::wrong_type(format!("expected a list of exits, found {}", node.what()));
        context.report(
            node.span,
            problem.help(format!(
                "write `exit: [{{ event: {}, reason: ... }}]`",
                scalar.text
            )),
        );
        return Vec::new();
    }
    node.one_or_many()
        .iter()
        .map(|item| exit(context, item).unwrap_or_else(unread))
        .collect()
}

/// Stands for an exit that could not be read and has been reported, so that the others keep their places.
fn unread() -> Exit {
    Exit::Event {
        event: String::new(),
        filter: None,
        reason: String::new(),
    }
}

fn exit(context: &Context<'_>, node: &Node) -> Option<Exit> {
    let mut map = context.open(node, "an exit")?;
    map.synonyms(FILTER)
        .synonyms(&[("on", "event"), ("because", "reason"), ("name", "reason")]);
    let reason = map.read("reason", text);
    let (kind, entry) = map.exactly_one(&["event", "when"])?;
    let exit = if kind == "event" {
        let filter = map.read("where", |node| context.script(node));
        let event = context
            .diagnostics
            .keep(entry.value.span, event_type(&entry.value))
            .unwrap_or_default();
        Some(Exit::Event {
            reason: reason.unwrap_or_else(|| event.clone()),
            event,
            filter,
        })
    } else {
        map.misplaced(&[(
            "where",
            "with `when` there is no event to choose from: put the condition into `when`",
        )]);
        let when = context
            .diagnostics
            .keep(entry.value.span, context.script(&entry.value));
        when.map(|when| Exit::When {
            when,
            reason: reason.unwrap_or_else(|| "condition".to_owned()),
        })
    };
    map.finish();
    exit
}

/// `goal:`.
pub(super) fn goal(context: &Context<'_>, node: &Node) -> Option<Goal> {
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!("expected a goal, found {}", node.what()));
        context.report(
            node.span,
            problem.help(format!(
                "write `goal: {{ event: {}, within: 30d }}`",
                scalar.text
            )),
        );
        return None;
    }
    let mut map = context.open(node, "the goal")?;
    map.synonyms(FILTER).synonyms(&[
        ("for", "within"),
        ("window", "within"),
        ("revenue", "value"),
    ]);
    let event = map.need("event", event_type);
    let filter = map.read("where", |node| context.script(node));
    let within = map.read("within", duration);
    let value = map.read("value", |node| context.script(node));
    map.finish();
    Some(Goal {
        event: event.unwrap_or_default(),
        filter,
        within,
        value,
    })
}
