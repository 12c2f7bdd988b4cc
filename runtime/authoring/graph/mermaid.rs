//! Mermaid, for pages and merge requests.

use std::fmt::Write as _;

use super::{Graph, Kind};

/// The picture in Mermaid.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = format!("---\ntitle: \"{}\"\n---\ngraph TD\n", escaped(&graph.title));
    for (number, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escaped(line)).collect();
        let (open, close) = match node.kind {
            Kind::Trigger => ("([", "])"),
            Kind::Send | Kind::Action => ("[", "]"),
            Kind::Wait => ("[/", "/]"),
            Kind::Choice => ("{{", "}}"),
            Kind::End => ("((", "))"),
            Kind::Goal => ("[[", "]]"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  n{number}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for edge in &graph.edges {
        let arrow = if edge.back { "-.->" } else { "-->" };
        let _ = match edge.label.as_str() {
            "" => writeln!(text, "  n{} {arrow} n{}", edge.from, edge.to),
            label => writeln!(
                text,
                "  n{} {arrow}|\"{}\"| n{}",
                edge.from,
                escaped(label),
                edge.to
            ),
        };
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "#quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
