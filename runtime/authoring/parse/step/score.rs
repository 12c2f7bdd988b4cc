//! `score: { add: 10, because: text, lasts: 30d }`.

use kurant_engine::definition::{Computed, Score};
use kurant_engine::value::Value;

use super::At;
use crate::parse::calendar::some_duration;
use crate::parse::computed::text_or_computed;

/// The most points that one step gives or takes.
const MAX_POINTS: i64 = 1_000_000;

pub(super) fn read(at: At<'_, '_>) -> Option<Score> {
    let mut map = at.inside(
        "a score",
        "score: { add: 10, because: opened the price list }",
    )?;
    map.synonyms(&[
        ("points", "add"),
        ("value", "add"),
        ("reason", "because"),
        ("for", "lasts"),
        ("expires", "lasts"),
        ("ttl", "lasts"),
    ]);
    let add = map.need("add", |node| node.integer(-MAX_POINTS..=MAX_POINTS));
    let because = map.need("because", |node| text_or_computed(at.context, node));
    let lasts = map.read("lasts", some_duration);
    map.finish();
    Some(Score {
        add: add.unwrap_or_default(),
        because: because.unwrap_or(Computed::Literal(Value::Null)),
        lasts,
    })
}
