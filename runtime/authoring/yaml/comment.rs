//! Comments that follow a value, and those that were never meant to be comments.

use super::node::{Kind, Node, Style};
use super::trap::{is_closed, quoted};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Tells every value the comment behind it, and reports those that hold a part of the value.
pub(super) fn attach(node: &mut Node, text: &str, file: FileId, diagnostics: &Diagnostics) {
    match &mut node.kind {
        Kind::List(items) => items
            .iter_mut()
            .for_each(|item| attach(item, text, file, diagnostics)),
        Kind::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| attach(&mut entry.value, text, file, diagnostics)),
        Kind::Null | Kind::Scalar(_) => {
            node.comment = behind(node, text).map(|(start, end)| Span::new(file, start, end));
            if let Some(report) = node.comment.and_then(|comment| lost(node, comment, text)) {
                diagnostics.push(report);
            }
        }
        Kind::Broken => {}
    }
}

fn behind(node: &Node, text: &str) -> Option<(usize, usize)> {
    if node
        .as_scalar()
        .is_some_and(|scalar| scalar.style == Style::Block)
    {
        return None;
    }
    let rest = text.get(node.span.end..)?;
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let line = line.trim_end_matches('\r');
    let signs = if node.is_null() {
        &[' ', '\t', ':', '-'][..]
    } else {
        &[' ', '\t'][..]
    };
    let comment = line.trim_start_matches(signs);
    let start = node.span.end + line.len() - comment.len();
    comment
        .starts_with('#')
        .then_some((start, node.span.end + line.len()))
}

/// A comment that was likely meant as a part of the value: one written like `#1`, or one that leaves the value before it half a thing.
fn lost(node: &Node, comment: Span, text: &str) -> Option<Diagnostic> {
    let shown = text.get(comment.start..comment.end)?;
    let tight = shown
        .chars()
        .nth(1)
        .is_some_and(|c| !c.is_whitespace() && !matches!(c, '#' | '-' | '=' | '!'));
    let Some(scalar) = node.as_scalar() else {
        let report = Diagnostic::error(
            "lost-to-comment",
            comment,
            format!("`{shown}` is a comment to YAML, so there is no value"),
        );
        return tight.then(|| {
            report.help(format!(
                "write {}; if it is a comment, put a space after the `#`",
                quoted(shown)
            ))
        });
    };
    if scalar.style != Style::Plain {
        return None;
    }
    let before = scalar.text.trim_end();
    let half = !is_closed(before) || OPEN_ENDS.iter().any(|sign| before.ends_with(sign));
    let sentence = before.contains(' ') || before.chars().next().is_some_and(char::is_uppercase);
    let meant_as_text = half || (tight && sentence);
    if !meant_as_text {
        return None;
    }
    let whole = text.get(node.span.start..comment.end).unwrap_or(before);
    let report = Diagnostic::error(
        "lost-to-comment",
        node.span,
        format!("YAML takes `{shown}` as a comment, so it is lost"),
    )
    .label(comment, "lost");
    Some(report.help(format!(
        "write {}; if it is a comment, put a space after the `#`",
        quoted(whole)
    )))
}

/// An expression does not end so.
const OPEN_ENDS: [&str; 12] = [
    "==", "!=", "<", ">", "<=", ">=", "&&", "||", "+", "*", ",", "??",
];
