//! Where everything stands: from a path inside a file, as `steps[2].when`, to its bytes.

use std::collections::HashMap;

use crate::source::{FileId, Source, Sources, Span};
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
    /// The text that was read from there, to find a character of it in the file.
    text: Option<String>,
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

    /// A place inside a script or another text that stands in YAML, however it is quoted, indented or folded: `line` and
    /// `column` from 1, in characters, in the text as it was read. The span is one character wide, or empty at the end.
    ///
    /// A computed value's `=` does not belong to the script: there the first line is counted from behind it.
    pub fn inside(&self, sources: &Sources, file: FileId, place: &str, line: usize, column: usize) -> Option<Span> {
        let spot = self.spot(file, place)?;
        let (text, source) = (spot.text.as_deref()?, sources.get(file)?);
        let script = text.strip_prefix('=').unwrap_or(text);
        let start = text.len() - script.len() + byte_of(script, line, column);
        let at = written(source, spot.value, text, start);
        let next = source.text()[at..spot.value.end.max(at)].chars().next().map_or(0, char::len_utf8);
        Some(Span::new(file, at, at + next))
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
    let text = node.as_scalar().map(|scalar| scalar.text.clone());
    spots.insert(path, Spot { value: node.span, key, text });
}

/// The path of a key's value.
pub(crate) fn child(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
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
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(byte, _)| byte)
}

/// The byte of the file where the `upto`-th byte of a value's text was written. Quotes, escapes, indents and folded line ends
/// are in the file and not in the text, so both are walked side by side: what does not fit is passed over in the file.
fn written(source: &Source, span: Span, text: &str, upto: usize) -> usize {
    let raw = source.slice(span);
    let header = if raw.starts_with(['|', '>']) { raw.find('\n').map_or(raw.len(), |end| end + 1) } else { 0 };
    let mut at = header;
    for (_, wanted) in text.char_indices().take_while(|(byte, _)| *byte < upto) {
        at = behind(raw, at, wanted);
    }
    let wanted = text[upto.min(text.len())..].chars().next();
    span.start + wanted.map_or(at, |wanted| before(raw, at, wanted))
}

/// The byte behind the next written `wanted`; the same place when there is none.
fn behind(raw: &str, at: usize, wanted: char) -> usize {
    let found = before(raw, at, wanted);
    let len = raw[found..].chars().next().map_or(0, char::len_utf8);
    found + len
}

fn before(raw: &str, at: usize, wanted: char) -> usize {
    let fits = |c: char| if wanted.is_whitespace() { c.is_whitespace() } else { c == wanted };
    raw[at..].char_indices().find(|(_, c)| fits(*c)).map_or(at, |(byte, _)| at + byte)
}
