//! Snippets with the mistakes that people make, and what is said about each.

use super::*;

mod limits;
mod structure;
mod traps;

/// Everything found in one text, and the tree. One line a finding: `LINE:COLUMN code: message | help`.
fn read_text(text: &str) -> (Option<Node>, Vec<String>) {
    let mut sources = Sources::new();
    let file = sources.add("journeys/a.yaml", text);
    let diagnostics = Diagnostics::new();
    let root = read(&sources, file, &diagnostics);
    let found = diagnostics.into_sorted(&sources);
    let placed = found.into_iter().map(|found| {
        let place = sources.place(found.span);
        let help = found.help.unwrap_or_default();
        format!(
            "{}:{} {}: {} | {help}",
            place.line, place.column, found.code, found.message
        )
    });
    (root, placed.collect())
}

/// Compares the findings with what is wanted of them, in order: each `LINE:COLUMN code` and a part of the help.
fn check(text: &str, wanted: &[(&str, &str)]) {
    let (_, found) = read_text(text);
    let fits = found.len() == wanted.len()
        && found.iter().zip(wanted).all(|(found, (place, help))| {
            found.starts_with(&format!("{place}: "))
                && found
                    .split_once(" | ")
                    .is_some_and(|(_, said)| said.contains(help))
        });
    assert!(fits, "\n{text}\nfound {found:#?}\nwanted {wanted:#?}");
}

/// The tree in one line, as JSON would have it but without quotes around keys; `!` stands for what could not be read.
fn tree(text: &str) -> String {
    read_text(text)
        .0
        .map_or_else(|| "-".to_owned(), |root| short(&root))
}

fn short(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "~".to_owned(),
        Kind::Broken => "!".to_owned(),
        Kind::Scalar(scalar) => format!("{:?}", scalar.text),
        Kind::List(items) => format!(
            "[{}]",
            items.iter().map(short).collect::<Vec<_>>().join(", ")
        ),
        Kind::Map(entries) => {
            let entry = |entry: &Entry| format!("{}: {}", entry.key.text, short(&entry.value));
            format!(
                "{{{}}}",
                entries.iter().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
    }
}
