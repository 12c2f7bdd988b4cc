//! DOT, for Graphviz.

use std::fmt::Write as _;

use super::{Graph, Kind};

/// The picture as a DOT digraph.
pub fn dot(graph: &Graph) -> String {
    let mut text = format!(
        "digraph journey {{\n  label=\"{}\"; labelloc=t;\n  node [fontname=\"sans-serif\", fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=10];\n",
        escaped(&graph.title)
    );
    for (number, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escaped(line)).collect();
        let shape = match node.kind {
            Kind::Trigger => "oval",
            Kind::Send => "note",
            Kind::Action => "box",
            Kind::Wait => "parallelogram",
            Kind::Choice => "hexagon",
            Kind::End => "doublecircle",
            Kind::Goal => "component",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  n{number} [shape={shape}, label=\"{}\"];",
            lines.join("\\n")
        );
    }
    for edge in &graph.edges {
        let style = if edge.back { ", style=dashed" } else { "" };
        let _ = writeln!(
            text,
            "  n{} -> n{} [label=\"{}\"{style}];",
            edge.from,
            edge.to,
            escaped(&edge.label)
        );
    }
    text.push_str("}\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
