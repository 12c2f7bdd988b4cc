//! `segments.yaml`: named conditions.

use kurant_engine::definition::Segment;

use super::Context;
use super::context::is_name;
use crate::diagnostic::Problem;
use crate::yaml::{Entry, Node};

/// Reads `segments.yaml`; none when it is no mapping.
pub(super) fn read(context: &Context<'_>, root: &Node) -> Option<Vec<Segment>> {
    if root.is_null() {
        return Some(Vec::new());
    }
    let names = root.as_map().unwrap_or(&[]);
    if let Some(first) = names.first().filter(|_| {
        names
            .iter()
            .all(|entry| !entry.key.text.starts_with("segment"))
    }) {
        let problem = Problem::new("missing-key", "`segments.yaml` lacks `segments`");
        context.report(
            first.key.span,
            problem.help("write `segments:` on a line of its own and the names below it, indented"),
        );
        return None;
    }
    let mut map = context.open(root, "`segments.yaml`")?;
    map.synonyms(&[("segment", "segments")]);
    let node = map.required("segments");
    let entries = node.and_then(|node| {
        context
            .diagnostics
            .keep(node.span, node.map("the segments by name"))
    });
    map.finish();
    Some(
        entries
            .unwrap_or(&[])
            .iter()
            .filter_map(|entry| segment(context, entry))
            .collect(),
    )
}

fn segment(context: &Context<'_>, entry: &Entry) -> Option<Segment> {
    let name = &entry.key.text;
    if !is_name(name) {
        let problem = Problem::bad_value(format!("`{name}` is not a name"))
            .help("use letters, digits, `-` and `_` only");
        context.report(entry.key.span, problem);
    }
    if let Some(condition) = entry.value.as_map() {
        let problem = Problem::wrong_type("expected a condition, found a mapping");
        let help = match condition.first() {
            Some(first)
                if matches!(
                    first.key.text.as_str(),
                    "condition" | "where" | "when" | "if"
                ) =>
            {
                format!(
                    "write the condition after the name: `{name}: customer.total_spent >= 5000`"
                )
            }
            _ => {
                "a condition that begins with `{` or holds `: ` stands in single quotes".to_owned()
            }
        };
        context.report(entry.value.head(), problem.help(help));
        return None;
    }
    let condition = context
        .diagnostics
        .keep(entry.value.span, context.script(&entry.value))?;
    Some(Segment {
        name: name.clone(),
        condition,
    })
}
