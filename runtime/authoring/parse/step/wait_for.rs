//! `wait_for: { event, where, timeout }` with `then` and `else` beside it.

use kurant_engine::definition::{Awaited, WaitFor};

use super::At;
use crate::diagnostic::{Diagnostic, Problem};
use crate::parse::Context;
use crate::parse::calendar::some_duration;
use crate::parse::context::event_type;
use crate::parse::entry::FILTER;
use crate::yaml::{MapReader, Node};

const EXAMPLE: &str = "wait_for: { event: order.paid, timeout: 3d }";

pub(super) fn read(mut at: At<'_, '_>) -> Option<WaitFor> {
    let (then, otherwise) = (at.branch("then"), at.branch("else"));
    let mut map = at.inside_not_text("a wait_for", EXAMPLE, |text| {
        format!("wait_for: {{ event: {text}, timeout: 3d }}")
    })?;
    let node = map.node();
    map.synonyms(FILTER).synonyms(&[
        ("for", "timeout"),
        ("within", "timeout"),
        ("events", "any"),
        ("from", "since"),
        ("or", "any"),
    ]);
    map.misplaced(&[
        ("then", "it stands beside `wait_for`, not inside"),
        ("else", "it stands beside `wait_for`, not inside"),
        ("steps", "what follows is `then`, beside `wait_for`"),
    ]);
    let script = |node: &Node| at.context.script(node);
    let (timeout, until, since) = (
        map.read("timeout", some_duration),
        map.read("until", script),
        map.read("since", script),
    );
    let any = any(&at, &mut map);
    if map.has("timeout") && map.has("until") {
        let problem = Problem::new(
            "two-in-one",
            "a `wait_for` ends by its `timeout` or at `until`, not by both",
        )
        .help("keep one of them");
        at.context.report(node.head(), problem);
    }
    if otherwise.is_some() && !map.has("timeout") && !map.has("until") && !node.damaged {
        let report = Diagnostic::warning(
            "never-else",
            at.entry.key.span,
            "`else` is never reached: this waits without an end",
        );
        at.context
            .diagnostics
            .push(report.help("say how long, like `timeout: 3d`"));
    }
    map.finish();
    Some(WaitFor {
        any,
        timeout,
        until,
        since,
        then: then.unwrap_or_default(),
        otherwise: otherwise.unwrap_or_default(),
    })
}

fn any(at: &At<'_, '_>, map: &mut MapReader<'_>) -> Vec<Awaited> {
    match map.exactly_one(&["event", "any"]) {
        Some(("event", entry)) => {
            let filter = map.read("where", |node| at.context.script(node));
            let event = at
                .keep(&entry.value, event_type(&entry.value))
                .unwrap_or_default();
            vec![Awaited { event, filter }]
        }
        Some((_, entry)) => {
            map.misplaced(&[(
                "where",
                "each event has its own: `any: [ { event: ..., where: ... } ]`",
            )]);
            several(at.context, &entry.value)
        }
        None => Vec::new(),
    }
}

fn several(context: &Context<'_>, node: &Node) -> Vec<Awaited> {
    let items = context.items(node, "a list of events");
    if node.as_list().is_some_and(<[_]>::is_empty) {
        context.report(
            node.span,
            Problem::new("missing-value", "the list is empty").help("name the events to wait for"),
        );
    }
    items
        .iter()
        .map(|item| awaited(context, item).unwrap_or_else(unread))
        .collect()
}

fn awaited(context: &Context<'_>, node: &Node) -> Option<Awaited> {
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!("expected a mapping, found {}", node.what()));
        context.report(
            node.span,
            problem.help(format!("write `{{ event: {} }}`", scalar.text)),
        );
        return None;
    }
    let mut map = context.open(node, "an awaited event")?;
    map.synonyms(FILTER);
    map.misplaced(&[(
        "timeout",
        "it stands beside `any`: `wait_for: { any: [...], timeout: 3d }`",
    )]);
    let event = map.need("event", event_type);
    let filter = map.read("where", |node| context.script(node));
    map.finish();
    Some(Awaited {
        event: event.unwrap_or_default(),
        filter,
    })
}

/// Stands for an event that could not be read and has been reported, so that the others keep their places.
fn unread() -> Awaited {
    Awaited {
        event: String::new(),
        filter: None,
    }
}
