//! Reads YAML as authors write it: a tree with the place of every key and value, and every mistake of the file, not only the first.
//!
//! Built on parser events (`granit-parser`) and not on a deserializer, since three things are needed that serde cannot give: a plain value's
//! text as it was written (`+380501112233` stays a phone number), how a value was written, and going on after a mistake. The way on is to put
//! the mistake right, as the help says, and to read the text so mended again ([`mend`]); so a journey with five mistakes gets five
//! diagnostics, and the checks of meaning see all of its conditions. A text without mistakes is read once.
//!
//! The YAML is 1.2 core without tags, anchors, aliases and merge keys; every limit has a name here or in [`build`].

mod build;
mod comment;
mod edits;
mod inside;
mod line;
mod map_reader;
mod mend;
mod node;
mod overlay;
mod trap;
mod value;

#[cfg(test)]
mod tests;

pub use map_reader::MapReader;
pub use node::{Entry, Key, Kind, Node, Scalar, Style};
pub(crate) use overlay::laid_over;
pub use value::Plain;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Sources, Span};
use edits::Edits;

/// Largest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// How often one text is mended and read again before the rest is left for the next `check`.
const MAX_PASSES: usize = 60;
/// Bytes parsed in all passes over one text together, so that a large file full of mistakes is refused quickly.
const MAX_WORK: usize = 8 << 20;

/// Reads one text. Everything found wrong is reported; `None` when nothing of it can be used.
pub fn read(sources: &Sources, file: FileId, diagnostics: &Diagnostics) -> Option<Node> {
    let text = sources.get(file)?.text();
    if text.len() > MAX_BYTES {
        let report = Diagnostic::error(
            "file-too-large",
            Span::file_start(file),
            "the file is larger than 1 MiB",
        );
        diagnostics.push(report.help("split it into several files"));
        return None;
    }
    let mut edits = Edits::new(text);
    let alike = [mend::blanks(text, file), mend::dashes(text, file)];
    for (report, meant) in alike.into_iter().flatten() {
        edits.add(meant);
        diagnostics.push(report);
    }
    let mut work = 0;
    for _ in 0..MAX_PASSES {
        let parsed = edits.text();
        work += parsed.len();
        let fault = match build::build(&parsed, &edits, file) {
            Ok(built) => return finish(built, &edits, file, diagnostics),
            Err(fault) => fault,
        };
        if !mend::mend(&fault, &mut edits, file, diagnostics) {
            return None;
        }
        if work > MAX_WORK {
            break;
        }
    }
    let report = Diagnostic::error(
        "too-many-mistakes",
        Span::file_start(file),
        "the rest of this file was not checked",
    );
    diagnostics.push(report.help("mend what is listed, then check again"));
    None
}

fn finish(
    built: build::Built,
    edits: &Edits<'_>,
    file: FileId,
    diagnostics: &Diagnostics,
) -> Option<Node> {
    for report in built.found {
        diagnostics.push(report);
    }
    let nothing = || Node::new(Span::file_start(file), Kind::Null);
    let mut root = built.root.unwrap_or_else(nothing);
    comment::attach(&mut root, edits.written(), file, diagnostics);
    for byte in edits.lost() {
        mark_damaged(&mut root, byte);
    }
    Some(root)
}

/// Marks the lists and mappings that a lost line may have belonged to: those that begin before it and are the last ones to do so.
fn mark_damaged(node: &mut Node, byte: usize) {
    node.damaged = true;
    let child = match &mut node.kind {
        Kind::List(items) => items.iter_mut().rfind(|item| item.span.start <= byte),
        Kind::Map(entries) => entries
            .iter_mut()
            .map(|entry| &mut entry.value)
            .rfind(|value| value.span.start <= byte),
        _ => None,
    };
    if let Some(child) = child {
        mark_damaged(child, byte);
    }
}
