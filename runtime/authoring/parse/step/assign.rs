//! `assign: { pool, by }`.

use kurant_engine::definition::{Assign, AssignBy};

use super::At;
use crate::diagnostic::Problem;
use crate::parse::context::name;

pub(super) fn read(at: At<'_, '_>) -> Option<Assign> {
    let node = at.value("assign: { pool: sales }")?;
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!(
            "expected a mapping after `assign`, found {}",
            node.what()
        ));
        at.context.report(
            node.span,
            problem.help(format!("write `assign: {{ pool: {} }}`", scalar.text)),
        );
        return None;
    }
    let mut map = at.inside("an assignment", "assign: { pool: sales, by: round_robin }")?;
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
