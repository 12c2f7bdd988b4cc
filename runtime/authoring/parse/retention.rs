//! `retention` in `kurant.yaml`.

use kurant_engine::calendar::{DAY, Duration};
use kurant_engine::definition::Retention;

use super::Context;
use super::calendar::some_duration;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// Sources deliver events again for about a day.
const REPEATS_AT_LEAST: i64 = 2 * DAY;
/// What happened may come late, and what is older than all that is kept is refused.
const HISTORY_AT_LEAST: i64 = 32 * DAY;
/// Whoever looks at what was sent today should see it.
const BODIES_AT_LEAST: i64 = DAY;
/// Most of what becomes of a message is told within a day.
const RECEIPTS_AT_LEAST: i64 = DAY;
/// What is kept without an end.
const FOREVER: &str = "forever";

/// `retention: { repeats: 14d, history: 3y, log: 2y, bodies: 90d, dead_letters: 90d, receipts: 30d }`.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Retention {
    let usual = Retention::default();
    let Some(mut map) = context.open(node, "the retention") else {
        return usual;
    };
    map.synonyms(&[
        ("dedupe", "repeats"),
        ("ids", "repeats"),
        ("events", "history"),
        ("trace", "log"),
        ("logs", "log"),
        ("messages", "bodies"),
        ("contents", "bodies"),
        ("letters", "dead_letters"),
        ("callbacks", "receipts"),
        ("names", "receipts"),
    ]);
    let retention = Retention {
        repeats: map.read("repeats", repeats).unwrap_or(usual.repeats),
        history: map.read("history", history).unwrap_or(usual.history),
        log: map.read("log", kept).unwrap_or(usual.log),
        bodies: map.read("bodies", bodies).unwrap_or(usual.bodies),
        dead_letters: map.read("dead_letters", kept).unwrap_or(usual.dead_letters),
        receipts: map.read("receipts", receipts).unwrap_or(usual.receipts),
    };
    map.finish();
    retention
}

fn repeats(node: &Node) -> Result<Duration, Problem> {
    let duration = some_duration(node)?;
    if duration.at_most_millis() < REPEATS_AT_LEAST {
        return Err(Problem::bad_value("events would take effect twice")
            .help("write `2d` or more, since sources deliver again what they are not sure of"));
    }
    Ok(duration)
}

fn history(node: &Node) -> Result<Option<Duration>, Problem> {
    at_least(node, HISTORY_AT_LEAST, || {
        Problem::bad_value("events that come late would be refused").help(
            "write `32d` or more, or `forever`: of what is older than the history nobody can tell whether it was taken in before",
        )
    })
}

fn bodies(node: &Node) -> Result<Option<Duration>, Problem> {
    at_least(node, BODIES_AT_LEAST, || {
        Problem::bad_value("nobody could look at what was sent today")
            .help("write `1d` or more, or `forever`")
    })
}

fn receipts(node: &Node) -> Result<Duration, Problem> {
    let duration = some_duration(node)?;
    if duration.at_most_millis() < RECEIPTS_AT_LEAST {
        return Err(
            Problem::bad_value("what becomes of most messages would be told to nobody").help(
                "write `1d` or more, since providers tell of a message hours after they took it",
            ),
        );
    }
    Ok(duration)
}

fn at_least(
    node: &Node,
    least: i64,
    problem: impl FnOnce() -> Problem,
) -> Result<Option<Duration>, Problem> {
    let own = kept(node)?;
    match own.filter(|own| own.at_most_millis() < least) {
        Some(_) => Err(problem()),
        None => Ok(own),
    }
}

fn kept(node: &Node) -> Result<Option<Duration>, Problem> {
    if text(node)? == FOREVER {
        return Ok(None);
    }
    let read = some_duration(node);
    read.map(Some)
        .map_err(|problem| problem.help("write a duration like `2y`, or `forever`"))
}
