//! `coupon_pools`: names under which coupon codes are imported.

use kurant_engine::codes;
use kurant_engine::definition::CouponPool;

use super::Context;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::{Entry, Node};

/// The highest number below which somebody wants to be told.
const MOST: i64 = 1_000_000_000;

/// A list of names, or a mapping from each to what is said of it.
pub(super) fn read(context: &Context<'_>, node: &Node) -> Vec<CouponPool> {
    if let Some(entries) = node.as_map() {
        return entries.iter().map(|own| pool(context, own)).collect();
    }
    let items = node.one_or_many().iter();
    let names = items.filter_map(|own| {
        let name = context.diagnostics.keep(own.span, text(own))?;
        check(context, own, &name);
        Some(CouponPool {
            name,
            warn_below: None,
        })
    });
    names.collect()
}

fn pool(context: &Context<'_>, entry: &Entry) -> CouponPool {
    let name = entry.key.text.clone();
    if !codes::is_name(&name) {
        context.report(entry.key.span, no_name(&name));
    }
    let mut warn_below = None;
    if !entry.value.is_null()
        && let Some(mut map) = context.open(&entry.value, "a coupon pool")
    {
        map.synonyms(&[
            ("warn", "warn_below"),
            ("alert_below", "warn_below"),
            ("minimum", "warn_below"),
            ("min", "warn_below"),
        ]);
        warn_below = map.read("warn_below", |node| node.integer(1..=MOST));
        map.finish();
    }
    CouponPool {
        name,
        warn_below: warn_below.map(i64::unsigned_abs),
    }
}

fn check(context: &Context<'_>, node: &Node, name: &str) {
    if !codes::is_name(name) {
        context.report(node.span, no_name(name));
    }
}

fn no_name(name: &str) -> Problem {
    Problem::bad_value(format!(
        "`{name}` is a pattern, which makes its codes by itself"
    ))
    .help("a coupon pool has a name without `#`; a pattern stands in the journey's step alone")
}
