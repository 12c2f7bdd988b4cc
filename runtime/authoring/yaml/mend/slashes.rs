//! `//` where a comment begins with `#`.

use super::{Mend, Scene};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::node::{Scalar, Style};
use crate::yaml::trap;

/// A line that is a comment to its author.
pub(super) fn line(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
    let content = scene.text.get(line.content..line.range.end)?;
    let comment = content.strip_prefix("//")?;
    Some(mend(scene, line.content, comment))
}

/// A comment behind a value in brackets or quotes, which ends before it.
pub(super) fn behind(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
    let value = scene.text.get(line.value.start..line.range.end)?;
    let (at, comment) = split(value)?;
    let head = value[..at].trim_end();
    let is_whole = head.starts_with(['{', '[', '"', '\'']) && trap::reason(head).is_none();
    is_whole.then(|| mend(scene, line.value.start + at, comment))
}

fn mend(scene: &Scene<'_>, at: usize, comment: &str) -> Mend {
    let report = scene
        .error(
            "slashes",
            at..at + 2,
            "a comment begins with `#`, not with `//`",
        )
        .help(format!("write `#{}`", comment.trim_end()));
    Mend {
        report,
        edits: vec![Edit::put(at..at + 2, "#")],
    }
}

/// A comment behind a single word, which YAML takes for a part of it. The word is left.
pub(in crate::yaml) fn after_word(
    scalar: &mut Scalar,
    span: Span,
    file: FileId,
) -> Option<Diagnostic> {
    let is_setting = |head: &str| {
        let mut signs = head.chars();
        !head.is_empty() && signs.all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '%'))
    };
    if scalar.style != Style::Plain || scalar.text.contains('\n') {
        return None;
    }
    let (at, comment) = split(&scalar.text)?;
    let head = scalar.text[..at].trim_end().to_owned();
    if !is_setting(&head) {
        return None;
    }
    let place = Span::new(file, span.start + at, span.start + at + 2);
    let report = Diagnostic::error("slashes", place, "a comment begins with `#`, not with `//`")
        .help(format!(
            "write `{head} #{comment}`; if it belongs to the text, put all of it in quotes: `{}`",
            trap::quoted(&scalar.text)
        ));
    scalar.text = head;
    Some(report)
}

/// Where `//` stands behind a blank and before another, and what follows it.
fn split(value: &str) -> Option<(usize, &str)> {
    let at = value.find(" //")? + 1;
    let comment = &value[at + 2..];
    (comment.is_empty() || comment.starts_with(' ')).then_some((at, comment))
}
