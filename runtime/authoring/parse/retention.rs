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
        log: map.read("log", log).unwrap_or(usual.log),
        bodies: map.read("bodies", bodies).unwrap_or(usual.bodies),
        dead_letters: map
            .read("dead_letters", dead_letters)
            .unwrap_or(usual.dead_letters),
        receipts: map.read("receipts", receipts).unwrap_or(usual.receipts),
    };
    map.finish();
    retention
}

fn repeats(node: &Node) -> Result<Duration, Problem> {
    at_least(REPEATS_AT_LEAST, some_duration(node)?, || {
        Problem::bad_value("events would take effect twice")
            .help("write `2d` or more, since sources deliver again what they are not sure of")
    })
}

fn history(node: &Node) -> Result<Option<Duration>, Problem> {
    kept_at_least(HISTORY_AT_LEAST, node, || {
        Problem::bad_value("events that come late would be refused").help(
            "write `32d` or more, or `forever`: of what is older than the history nobody can tell whether it was taken in before",
        )
    })
}

fn log(node: &Node) -> Result<Option<Duration>, Problem> {
    kept_at_least(DAY, node, || {
        Problem::bad_value("nobody could see what was done today")
            .help("write `1d` or more, or `forever`")
    })
}

fn bodies(node: &Node) -> Result<Option<Duration>, Problem> {
    kept_at_least(DAY, node, || {
        Problem::bad_value("nobody could look at what was sent today")
            .help("write `1d` or more, or `forever`")
    })
}

fn dead_letters(node: &Node) -> Result<Option<Duration>, Problem> {
    kept_at_least(DAY, node, || {
        Problem::bad_value("what was refused or given up would be gone before anybody saw it")
            .help("write `1d` or more, or `forever`: `kurant dead list` shows it until then")
    })
}

fn receipts(node: &Node) -> Result<Duration, Problem> {
    at_least(DAY, some_duration(node)?, || {
        Problem::bad_value("what becomes of most messages would be told to nobody")
            .help("write `1d` or more, since providers tell of a message hours after they took it")
    })
}

/// A duration that is as long as it has to be.
fn at_least(
    least: i64,
    own: Duration,
    problem: impl FnOnce() -> Problem,
) -> Result<Duration, Problem> {
    match own.about_millis() < least {
        true => Err(problem()),
        false => Ok(own),
    }
}

/// The same, or `forever`.
fn kept_at_least(
    least: i64,
    node: &Node,
    problem: impl FnOnce() -> Problem,
) -> Result<Option<Duration>, Problem> {
    let own = kept(node)?;
    own.map(|own| at_least(least, own, problem)).transpose()
}

fn kept(node: &Node) -> Result<Option<Duration>, Problem> {
    if text(node)? == FOREVER {
        return Ok(None);
    }
    let read = some_duration(node);
    read.map(Some)
        .map_err(|problem| problem.help("write a duration like `2y`, or `forever`"))
}
