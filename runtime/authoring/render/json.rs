//! The contract of `check --format json`: a list of objects with these names.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

#[derive(Serialize)]
struct Found<'d> {
    file: &'d str,
    line: usize,
    column: usize,
    severity: Severity,
    code: &'d str,
    message: &'d str,
    help: Option<&'d str>,
}

/// A JSON list of `{file, line, column, severity, code, message, help}`, lines and columns from 1, columns in characters.
pub fn json(found: &[Diagnostic], sources: &Sources) -> String {
    let list: Vec<Found<'_>> = found
        .iter()
        .map(|diagnostic| {
            let place = sources.place(diagnostic.span);
            Found {
                file: sources.path(diagnostic.span.file),
                line: place.line,
                column: place.column,
                severity: diagnostic.severity,
                code: diagnostic.code,
                message: &diagnostic.message,
                help: diagnostic.help.as_deref(),
            }
        })
        .collect();
    // Strings and numbers always serialize.
    serde_json::to_string_pretty(&list).unwrap_or_else(|_| "[]".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::sample;

    #[test]
    fn each_finding_is_an_object_with_the_names_of_the_contract() {
        let (sources, found) = sample();
        let list: serde_json::Value =
            serde_json::from_str(&json(&found, &sources)).expect("valid JSON");
        assert_eq!(
            list[0],
            serde_json::json!({
                "file": "journeys/день народження.yaml", "line": 2, "column": 8, "severity": "error", "code": "quote-needed",
                "message": "a colon inside of the value", "help": "write `title: 'Знижка: 10'`",
            })
        );
        assert_eq!(list[2]["severity"], "warning");
        assert_eq!(list[2]["help"], serde_json::Value::Null);
        assert_eq!(list.as_array().map(Vec::len), Some(3));
        assert_eq!(json(&[], &sources), "[]");
    }
}
