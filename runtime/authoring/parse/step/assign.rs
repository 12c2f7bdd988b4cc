//! `assign: { pool, by }`.

use kurant_engine::definition::{Assign, AssignBy};

use super::At;
use crate::parse::context::name;

pub(super) fn read(at: At<'_, '_>) -> Option<Assign> {
    let mut map = at.inside_not_text(
        "an assignment",
        "assign: { pool: sales, by: round_robin }",
        |text| format!("assign: {{ pool: {text} }}"),
    )?;
    map.synonyms(&[
        ("to", "pool"),
        ("team", "pool"),
        ("group", "pool"),
        ("from", "pool"),
        ("strategy", "by"),
        ("method", "by"),
    ]);
    let pool = map.need("pool", name);
    let by = map.read("by", |node| {
        node.choice(&[
            ("round_robin", AssignBy::RoundRobin),
            ("least_loaded", AssignBy::LeastLoaded),
        ])
    });
    map.finish();
    Some(Assign {
        pool: pool.unwrap_or_default(),
        by: by.unwrap_or_default(),
    })
}
