//! SVG, to look at. Nothing in it is loaded from elsewhere.

use std::fmt::Write as _;

use super::{Edge, Graph, Kind, Node};

/// The size of a column and of a row, and of a box within them, in pixels.
const COLUMN: f64 = 300.0;
const ROW: f64 = 120.0;
const BOX_WIDTH: f64 = 260.0;
const BOX_HEIGHT: f64 = 74.0;
/// The room above the first row, for the title.
const TOP: f64 = 60.0;
/// The height of a line of text.
const LINE: f64 = 16.0;

/// The picture as an SVG document.
pub fn svg(graph: &Graph) -> String {
    let right = graph
        .nodes
        .iter()
        .map(|node| node.column + 0.5)
        .fold(1.0, f64::max)
        * COLUMN;
    let bottom = graph
        .nodes
        .iter()
        .map(|node| node.row + 1)
        .max()
        .unwrap_or(1) as f64
        * ROW
        + TOP;
    let mut text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right} {bottom}" width="{right}" height="{bottom}" font-family="sans-serif" font-size="12">
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#667085"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="20" y="32" font-size="18" font-weight="bold" fill="#101828">{}</text>
"##,
        escaped(&graph.title)
    );
    for edge in &graph.edges {
        arrow(graph, edge, &mut text);
    }
    for node in &graph.nodes {
        draw(node, &mut text);
    }
    text.push_str("</svg>\n");
    text
}

/// The middle of a box.
fn middle(node: &Node) -> (f64, f64) {
    (
        node.column * COLUMN,
        node.row as f64 * ROW + TOP + BOX_HEIGHT / 2.0,
    )
}

fn draw(node: &Node, text: &mut String) {
    let (x, y) = middle(node);
    let (fill, stroke, round) = match node.kind {
        Kind::Trigger => ("#ecfdf3", "#039855", 31),
        Kind::Send => ("#eff8ff", "#1570ef", 6),
        Kind::Wait => ("#fffaeb", "#dc6803", 6),
        Kind::Choice => ("#f4f3ff", "#6938ef", 6),
        Kind::Action => ("#f9fafb", "#475467", 6),
        Kind::End => ("#fef3f2", "#d92d20", 31),
        Kind::Goal => ("#fdf4ff", "#ba24d5", 6),
    };
    let (left, top) = (x - BOX_WIDTH / 2.0, y - BOX_HEIGHT / 2.0);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        r#"<rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{round}" fill="{fill}" stroke="{stroke}"/>"#
    );
    let first = y - (node.lines.len() as f64 - 1.0) * LINE / 2.0 + 4.0;
    for (index, line) in node.lines.iter().enumerate() {
        let weight = if index == 0 { "bold" } else { "normal" };
        let height = first + index as f64 * LINE;
        let line = escaped(line);
        let _ = writeln!(
            text,
            r##"<text x="{x}" y="{height}" text-anchor="middle" font-weight="{weight}" fill="#101828">{line}</text>"##
        );
    }
}

fn arrow(graph: &Graph, edge: &Edge, text: &mut String) {
    let (from, to) = (
        middle(&graph.nodes[edge.from]),
        middle(&graph.nodes[edge.to]),
    );
    let (path, dashes) = if edge.back {
        // Around the left side, back up.
        let (start, end, out) = (from.0 - BOX_WIDTH / 2.0, to.0 - BOX_WIDTH / 2.0, 40.0);
        let aside = start.min(end) - out;
        (
            format!(
                "M{start},{} C{aside},{} {aside},{} {end},{}",
                from.1, from.1, to.1, to.1
            ),
            r#" stroke-dasharray="5 4""#,
        )
    } else {
        let (start, end) = (from.1 + BOX_HEIGHT / 2.0, to.1 - BOX_HEIGHT / 2.0);
        let half = (end - start) / 2.0;
        (
            format!(
                "M{},{start} C{},{} {},{} {},{end}",
                from.0,
                from.0,
                start + half,
                to.0,
                end - half,
                to.0
            ),
            "",
        )
    };
    let _ = writeln!(
        text,
        r##"<path d="{path}" fill="none" stroke="#667085"{dashes} marker-end="url(#tip)"/>"##
    );
    if !edge.label.is_empty() {
        let (x, y) = ((from.0 + 2.0 * to.0) / 3.0, to.1 - BOX_HEIGHT / 2.0 - 12.0);
        let label = escaped(&edge.label);
        let _ = writeln!(
            text,
            r##"<text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="#475467" stroke="#ffffff" stroke-width="3" paint-order="stroke">{label}</text>"##
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
