//! # `segment-cycle`
//!
//! **What it does.** Reports segments that ask for one another in a ring, by `in_segment`.
//!
//! **Why it matters.** Whether somebody is in such a segment has no answer.
//!
//! **Example.** `vip: in_segment("gold")` and `gold: in_segment("vip") && customer.total_spent > 100`
//!
//! **Write instead.** Let the more general of the two stand on its own: `gold: customer.total_spent > 100`.

use std::collections::BTreeMap;

use kurant_engine::definition::Segment;
use rhai::{ASTNode, Expr, Position};

use super::world::World;
use crate::diagnostic::Problem;

/// The segments that a segment asks for, each where it does.
pub(super) fn asked(world: &World<'_>, segment: &Segment) -> Vec<(String, Position)> {
    let mut found = Vec::new();
    let Ok(tree) = world.reader.script(&segment.condition) else {
        return found;
    };
    tree.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _))) = path.last()
            && call.name == "in_segment"
            && let [Expr::StringConstant(name, position)] = call.args.as_slice()
        {
            found.push((name.to_string(), *position));
        }
        true
    });
    found
}

/// All segments.
pub(super) fn check(world: &World<'_>) {
    let Some(segments) = &world.parsed.segments else {
        return;
    };
    let edges: BTreeMap<&str, Vec<(String, Position)>> = segments
        .item
        .iter()
        .map(|segment| (segment.name.as_str(), asked(world, segment)))
        .collect();
    for segment in &segments.item {
        let own = segment.name.as_str();
        for (next, position) in edges.get(own).into_iter().flatten() {
            let Some(way) = way(&edges, next, own) else {
                continue;
            };
            // A ring is reported once, at its first segment by name.
            if way.iter().any(|name| name.as_str() < own) {
                continue;
            }
            let site = world.site(segments.file, Some(&segment.condition.place));
            let ring = std::iter::once(own)
                .chain(way.iter().map(String::as_str))
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>();
            let problem = Problem::new(
                "segment-cycle",
                format!("these segments ask for one another: {}", ring.join(", ")),
            );
            world.diagnostics.report(
                site.span(*position),
                problem.help("let one of them stand on its own, without `in_segment`"),
            );
        }
    }
}

/// The segments on the way from one to another, both included; none when there is no way.
fn way(
    edges: &BTreeMap<&str, Vec<(String, Position)>>,
    from: &str,
    to: &str,
) -> Option<Vec<String>> {
    let mut open = vec![vec![from.to_owned()]];
    let mut seen = vec![from.to_owned()];
    while let Some(path) = open.pop() {
        let last = path.last().map_or("", String::as_str);
        if last == to {
            return Some(path);
        }
        for (next, _) in edges.get(last).into_iter().flatten() {
            if !seen.contains(next) || next == to {
                seen.push(next.clone());
                open.push(path.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}
