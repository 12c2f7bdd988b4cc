//! Comments that follow a value, and those that were never meant to be comments.

use super::line::Line;
use super::mend::after_word;
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
            if let Kind::Scalar(scalar) = &mut node.kind
                && let Some(report) = after_word(scalar, node.span, file)
            {
                diagnostics.push(report);
            }
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
    let signs = if node.is_null() {
        &[' ', '\t', ':', '-'][..]
    } else {
        &[' ', '\t'][..]
    };
    let comment = rest.trim_start_matches(signs);
    if !comment.starts_with('#') {
        return None;
    }
    let start = text.len() - comment.len();
    let line = comment.lines().next().unwrap_or("");
    Some((start, start + line.len()))
}

/// A comment that was likely meant as a part of the value: one written like `#1`, or one that leaves the value before it half a thing.
fn lost(node: &Node, comment: Span, text: &str) -> Option<Diagnostic> {
    let shown = text.get(comment.start..comment.end)?;
    let sign = shown
        .chars()
        .nth(1)
        .filter(|c| !c.is_whitespace() && !matches!(c, '#' | '-' | '=' | '!'));
    let Some(scalar) = node.as_scalar() else {
        sign?;
        let message = format!("YAML takes `{shown}` as a comment, so there is no value");
        let report = Diagnostic::error("lost-to-comment", comment, message);
        return Some(report.help(advice(node, shown, text)));
    };
    if scalar.style != Style::Plain {
        return None;
    }
    let before = scalar.text.trim_end();
    let half = !is_closed(before) || OPEN_ENDS.iter().any(|sign| before.ends_with(sign));
    if !half && !sign.is_some_and(|sign| is_sentence(before) || sign.is_ascii_digit()) {
        return None;
    }
    let whole = text.get(node.span.start..comment.end).unwrap_or(before);
    let message = format!("YAML takes `{shown}` as a comment, so it is lost");
    let report = Diagnostic::error("lost-to-comment", node.span, message).label(comment, "lost");
    Some(report.help(advice(node, whole, text)))
}

/// The line with the whole value in quotes.
fn advice(node: &Node, value: &str, text: &str) -> String {
    let line = Line::at(text, node.span.start);
    let quoted = quoted(value);
    let written = match line.key {
        Some(key) if line.value.start == node.span.start || node.is_null() => {
            format!("{}: {quoted}", &text[key])
        }
        _ => quoted,
    };
    format!("write `{written}`; if it is a comment, put a space after the `#`")
}

/// Words, and not one setting such as `3d`, `live` or `Europe/Kyiv`.
fn is_sentence(text: &str) -> bool {
    text.contains(' ')
        || (text.starts_with(char::is_uppercase) && text.chars().all(char::is_alphabetic))
}

/// An expression does not end so.
const OPEN_ENDS: [&str; 11] = [
    " ==", " !=", " <", " >", " <=", " >=", " &&", " ||", " +", " *", " ??",
];
