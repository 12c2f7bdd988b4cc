//! YAML's own traps: what looks like text to an author and like something else to YAML.

use super::node::Key;
use super::value::is_word;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Why a value cannot stand without quotes, if it cannot.
pub(super) fn reason(value: &str) -> Option<String> {
    let mut chars = value.chars();
    let first = chars.next()?;
    if is_whole(value, first) {
        return None;
    }
    let blank_follows = chars.next().is_none_or(char::is_whitespace);
    let begins = match first {
        '!' => "a tag",
        '&' => "an anchor",
        '*' => "an alias",
        '%' | '@' | '`' => "a reserved sign",
        '[' => "a list",
        '{' => "a mapping",
        '|' | '>' => "a block of text",
        '"' | '\'' => "text in quotes",
        '#' => "a comment",
        ']' | '}' | ',' => "the end of something",
        '-' if blank_follows => "a list item",
        '?' if blank_follows => "a long key",
        ':' if blank_follows => "a value without a key",
        _ if value.contains(": ") || value.ends_with(':') => {
            return Some(
                "to YAML a colon and a space begin a mapping, here inside of a value".to_owned(),
            );
        }
        _ => return None,
    };
    Some(match first {
        '"' | '\'' => {
            format!("the text in quotes that begins with `{first}` ends before the value does")
        }
        _ => format!("a value that begins with `{first}` is {begins} to YAML"),
    })
}

/// Whether a value that begins with a bracket, quote or block sign is all that it should be.
fn is_whole(value: &str, first: char) -> bool {
    match first {
        '[' => value.ends_with(']') && value.matches('[').count() == value.matches(']').count(),
        '{' => {
            value.ends_with('}')
                && value.matches('{').count() == value.matches('}').count()
                && !value.starts_with("{{")
        }
        '|' | '>' => {
            value[1..]
                .chars()
                .all(|c| matches!(c, '+' | '-' | '1'..='9'))
                && value.len() <= 3
        }
        '"' => {
            value.len() > 1
                && value.ends_with('"')
                && !value[1..value.len() - 1].replace("\\\"", "").contains('"')
        }
        '\'' => {
            value.len() > 1
                && value.ends_with('\'')
                && !value[1..value.len() - 1].replace("''", "").contains('\'')
        }
        _ => false,
    }
}

/// The value in quotes: single ones, unless only double ones make it easy to read.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('\'') && !text.contains(['"', '\\']) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// What an author meant who wrote quotes inside of quotes: `"He said "hi""` is text with quotes around, `"a" == "b"` is not.
pub(super) fn meant(value: &str) -> &str {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return value;
    };
    let inner = value
        .strip_prefix(quote)
        .and_then(|rest| rest.strip_suffix(quote));
    let operator = ["==", "!=", "&&", "||", "<", ">", "+", "??"]
        .iter()
        .any(|sign| value.contains(sign));
    match inner {
        Some(inner) if !operator || is_compared(inner) => inner,
        _ => value,
    }
}

/// Whether the first text in quotes inside is what something is compared with: `customer.city == "Kyiv"`.
fn is_compared(inner: &str) -> bool {
    let before = inner.split('"').next().unwrap_or("").trim_end();
    is_closed(inner)
        && inner.contains('"')
        && before.ends_with(['=', '<', '>', '&', '|', '+', '(', ',', '?'])
}

/// The condition before a colon that other languages write after it.
pub(super) fn without_colon(value: &str) -> Option<&str> {
    let bare = value.strip_suffix(':')?.trim_end();
    let compares = ["==", "!=", " < ", " > ", "<=", ">=", "&&", "||"];
    let is_condition = bare.ends_with(')') || compares.iter().any(|sign| bare.contains(sign));
    (is_condition && !bare.contains(": ")).then_some(bare)
}

/// Whether every round bracket and double quote that a text opens is closed in it.
pub(super) fn is_closed(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth == 0 && !quoted
}

pub(super) fn alias(span: Span, written: &str) -> Diagnostic {
    Diagnostic::error(
        "yaml-alias",
        span,
        format!("`{written}` is an alias to YAML, and the language has none"),
    )
    .help(format!(
        "write the value itself here; if this is text, put it in single quotes: {}",
        quoted(written)
    ))
}

pub(super) fn anchor(span: Span, written: &str) -> Diagnostic {
    Diagnostic::error("yaml-anchor", span, format!("`{written}` is an anchor to YAML, and the language has none"))
        .help("take it away and write the value out at each place; if this is text, put the whole value in single quotes")
}

pub(super) fn key_of_many(span: Span) -> Diagnostic {
    Diagnostic::error(
        "complex-key",
        span,
        "a list or mapping stands where a key is wanted",
    )
    .help("if this is text, put the whole value in single quotes")
}

/// A word without a colon in `{ }`, and no value before it that it could belong to.
pub(super) fn word_in_mapping(key: &Key) -> Diagnostic {
    Diagnostic::error(
        "missing-value",
        key.span,
        format!("`{}` has no value", key.text),
    )
    .help(format!("write `{}: ...`; a list stands in `[ ]`", key.text))
}

/// Whether a key is `trigger:{ event`: the bracket or quote after its colon has become a part of it.
pub(super) fn opens_in_key(key: &str) -> bool {
    key.split_once(':')
        .is_some_and(|(word, rest)| is_word(word) && rest.starts_with(['{', '[', '"', '\'']))
}

/// Whether a word is `key:value`, and no address or time.
pub(super) fn lacks_space(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(key, value)| is_word(key) && !value.starts_with('/'))
}
