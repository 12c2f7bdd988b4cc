//! Dashes that look like `-` and are none, as word processors and chats make them: `– send: email`.

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::yaml::edits::Edit;
use crate::yaml::value::is_word;

/// What word processors make of a `-` that stands alone.
const DASHES: [char; 5] = ['–', '—', '−', '‐', '•'];

/// What to read instead, and the one report for all of them; none when no item begins so.
pub(in crate::yaml) fn dashes(text: &str, file: FileId) -> Option<(Diagnostic, Vec<Edit>)> {
    let mut edits: Vec<Edit> = Vec::new();
    // How far the line is indented that begins a block of text.
    let mut block = None;
    let mut opened = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let is_text = block.is_some_and(|own| indent > own);
        if !content.is_empty() && !is_text {
            let dash = dash(content, opened);
            edits.extend(dash.map(|sign| {
                let at = start + indent;
                Edit::put(at..at + sign.len_utf8(), "-")
            }));
            let content = content.trim_end();
            let begins = |sign| content.ends_with(&format!(": {sign}"));
            block = ["|", ">", "|-", ">-"]
                .into_iter()
                .any(begins)
                .then_some(indent);
            opened = content.ends_with(':') || dash.is_some();
        }
        start += line.len();
    }
    let first = edits.first()?.range.clone();
    let sign = text.get(first.clone())?;
    let more = match edits.len() {
        1 => String::new(),
        count => format!(" (and in {} more lines)", count - 1),
    };
    let message = format!("`{sign}` begins no item{more}: YAML knows `-` only");
    let report = Diagnostic::error("no-dash", Span::new(file, first.start, first.end), message);
    let help = format!("write `-`; word processors and chats make `{sign}` of it");
    Some((report.help(help), edits))
}

/// The sign that begins an item as its author sees it: before a key, or below a key that has no value yet.
fn dash(content: &str, opened: bool) -> Option<char> {
    let sign = content.chars().next().filter(|c| DASHES.contains(c))?;
    let rest = content[sign.len_utf8()..].strip_prefix(' ')?.trim();
    let key = rest.split_once(':').map(|(key, _)| key);
    (opened || key.is_some_and(is_word)).then_some(sign)
}
