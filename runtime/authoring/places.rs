//! Where everything stands: from a path inside a file, as `steps[2].when`, to its bytes.

use std::collections::HashMap;

use crate::source::{FileId, Sources, Span};
use crate::yaml::{Kind, Node};

/// The places of all YAML files.
#[derive(Debug, Clone, Default)]
pub struct Places {
    files: HashMap<FileId, HashMap<String, Spot>>,
}

/// One value of a file.
#[derive(Debug, Clone)]
struct Spot {
    value: Span,
    key: Option<Span>,
    /// The value itself, if it is a single one.
    scalar: Option<Node>,
}

impl Places {
    /// Notes every value of a file.
    pub(crate) fn add(&mut self, file: FileId, root: &Node) {
        let spots = self.files.entry(file).or_default();
        note(root, String::new(), None, spots);
    }

    /// The value at a path: `steps[2].when`, `entry.key`, `segments.vip`.
    pub fn span(&self, file: FileId, place: &str) -> Option<Span> {
        self.spot(file, place).map(|spot| spot.value)
    }

    /// The key of the value at a path; none for an item of a list.
    pub fn key(&self, file: FileId, place: &str) -> Option<Span> {
        self.spot(file, place)?.key
    }

    /// A place inside a script that stands in YAML, however it is quoted, indented or folded: `line` and `column` from 1, in
    /// characters, in [`Script::source`](kurant_engine::definition::Script::source). The span is one character wide.
    pub fn inside(
        &self,
        sources: &Sources,
        file: FileId,
        place: &str,
        line: usize,
        column: usize,
    ) -> Option<Span> {
        let node = self.spot(file, place)?.scalar.as_ref()?;
        let text = &node.as_scalar()?.text;
        // A computed value's `=` does not belong to the script.
        let script = text.strip_prefix('=').unwrap_or(text);
        let start = text.len() - script.len() + byte_of(script, line, column);
        let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
        Some(node.inside(sources, start..end))
    }

    fn spot(&self, file: FileId, place: &str) -> Option<&Spot> {
        self.files.get(&file)?.get(place)
    }
}

fn note(node: &Node, path: String, key: Option<Span>, spots: &mut HashMap<String, Spot>) {
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries {
                let path = child(&path, &entry.key.text);
                note(&entry.value, path, Some(entry.key.span), spots);
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                note(item, format!("{path}[{index}]"), None, spots);
            }
        }
        _ => {}
    }
    let scalar = node.as_scalar().map(|_| node.clone());
    spots.insert(
        path,
        Spot {
            value: node.span,
            key,
            scalar,
        },
    );
}

/// The path of a key's value.
pub(crate) fn child(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The byte of a text at a line and a column, both from 1 and in characters.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    let rest = text[start..].split('\n').next().unwrap_or("");
    start
        + rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(byte, _)| byte)
}
