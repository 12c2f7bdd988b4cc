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
/// What is kept without an end.
const FOREVER: &str = "forever";

/// `retention: { repeats: 14d, log: 2y, dead_letters: 90d, receipts: 30d }`.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Retention {
    let usual = Retention::default();
    let Some(mut map) = context.open(node, "the retention") else {
        return usual;
    };
    map.synonyms(&[
        ("dedupe", "repeats"),
        ("events", "repeats"),
        ("trace", "log"),
        ("logs", "log"),
        ("letters", "dead_letters"),
        ("bodies", "dead_letters"),
        ("callbacks", "receipts"),
        ("names", "receipts"),
    ]);
    let retention = Retention {
        repeats: map.read("repeats", repeats).unwrap_or(usual.repeats),
        log: map.read("log", kept).unwrap_or(usual.log),
        dead_letters: map.read("dead_letters", kept).unwrap_or(usual.dead_letters),
        receipts: map
            .read("receipts", some_duration)
            .unwrap_or(usual.receipts),
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

fn kept(node: &Node) -> Result<Option<Duration>, Problem> {
    if text(node)? == FOREVER {
        return Ok(None);
    }
    let read = some_duration(node);
    read.map(Some)
        .map_err(|problem| problem.help("write a duration like `2y`, or `forever`"))
}
