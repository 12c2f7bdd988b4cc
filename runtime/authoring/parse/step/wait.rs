//! `wait: 3d`, or `wait: { for, since, until, at, weekdays }`.

use kurant_engine::calendar::WaitRule;
use kurant_engine::definition::Wait;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::calendar::{duration, time, weekdays};
use crate::yaml::{MapReader, Node};

const SYNONYMS: &[(&str, &str)] = &[
    ("duration", "for"),
    ("days", "for"),
    ("from", "since"),
    ("after", "since"),
    ("to", "until"),
    ("date", "until"),
    ("time", "at"),
    ("on", "weekdays"),
    ("days_of_week", "weekdays"),
    ("weekday", "weekdays"),
];

const ELSEWHERE: &[(&str, &str)] = &[
    (
        "event",
        "to wait for an event write `wait_for: { event: ..., timeout: 3d }`",
    ),
    (
        "timeout",
        "to wait for an event write `wait_for: { event: ..., timeout: 3d }`",
    ),
    (
        "timezone",
        "a wait is reckoned on each customer's own clock",
    ),
];

pub(super) fn read(at: At<'_, '_>) -> Option<Wait> {
    let node = at.value("wait: 3d")?;
    if node.as_scalar().is_some() {
        let for_ = at.keep(node, short(node));
        return Some(Wait {
            rule: WaitRule {
                for_,
                ..WaitRule::default()
            },
            since: None,
            until: None,
        });
    }
    let mut map = at.inside("a wait", "wait: 3d")?;
    map.synonyms(SYNONYMS).misplaced(ELSEWHERE);
    let script = |node: &Node| at.context.script(node);
    let (for_, since, until) = (
        map.read("for", duration),
        map.read("since", script),
        map.read("until", script),
    );
    let (time, days) = (map.read("at", time), map.read("weekdays", weekdays));
    if let Some((message, help)) = clash(&map) {
        at.context
            .report(node.head(), Problem::new("bad-wait", message).help(help));
    }
    map.finish();
    Some(Wait {
        rule: WaitRule {
            for_,
            at: time,
            weekdays: days,
        },
        since,
        until,
    })
}

/// What of a wait contradicts itself, and what to do about it.
fn clash(map: &MapReader<'_>) -> Option<(&'static str, &'static str)> {
    let has = |key| map.has(key);
    if has("until") && (has("for") || has("since")) {
        return Some((
            "`until` gives the moment by itself; `for` and `since` reckon it",
            "keep `until`, or keep `for` and `since`",
        ));
    }
    if has("since") && !has("for") && !has("until") {
        return Some((
            "`since` says from when, but not how long",
            "add `for: 12 months`",
        ));
    }
    let nothing = map.node().as_map().is_some_and(<[_]>::is_empty);
    let help = "write how long, like `wait: 3d`, or until when, like `wait: { at: \"10:00\" }`";
    nothing.then_some(("this wait says nothing", help))
}

/// A duration, with advice for what else people write there.
fn short(node: &Node) -> Result<kurant_engine::calendar::Duration, Problem> {
    let text = node.text()?;
    let wrong = |help: String| {
        Problem::bad_value(format!("expected a duration, found `{text}`")).help(help)
    };
    if let Some(expression) = text.strip_prefix('=') {
        if kurant_engine::calendar::Duration::parse(expression.trim()).is_ok() {
            return Err(wrong(format!("write `wait: {}`", expression.trim())));
        }
        return Err(wrong(format!(
            "write `wait: {{ until: {} }}`",
            expression.trim()
        )));
    }
    if text.starts_with("trigger.")
        || text.starts_with("customer.")
        || text.starts_with("event.")
        || text.starts_with("vars.")
    {
        return Err(wrong(format!("write `wait: {{ until: {text} }}`")));
    }
    if let Some((span, at)) = text.split_once(" at ")
        && kurant_engine::calendar::Duration::parse(span).is_ok()
    {
        return Err(wrong(format!(
            "write `wait: {{ for: {span}, at: \"{}\" }}`",
            at.trim_matches('"')
        )));
    }
    if time(node).is_ok() {
        return Err(wrong(format!("write `wait: {{ at: \"{text}\" }}`")));
    }
    if weekdays(node).is_ok() {
        return Err(wrong(
            format!("write `wait: {{ weekdays: [{text}] }}`").replace("[workdays]", "workdays"),
        ));
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong(format!("write the unit: `{text}d`, `{text}h`, ...")));
    }
    duration(node)
}
