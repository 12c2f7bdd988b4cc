//! SARIF 2.1.0, which code hosts and editors show beside the lines of a change.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Label};
use crate::source::{Sources, Span};

/// One SARIF run with a result for each diagnostic. `version` is the program's own.
pub fn sarif(found: &[Diagnostic], sources: &Sources, version: &str) -> String {
    let mut rules: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code).collect();
    rules.sort_unstable();
    rules.dedup();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "kurant",
                "version": version,
                "rules": rules.iter().map(|code| json!({ "id": code })).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": found.iter().map(|diagnostic| result(diagnostic, sources)).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}")
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let text = match &diagnostic.help {
        Some(help) => format!("{}: {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": diagnostic.severity.name(),
        "message": { "text": text },
        "locations": [location(diagnostic.span, sources)],
    });
    if !diagnostic.labels.is_empty() {
        let related = |label: &Label| {
            let mut place = location(label.span, sources);
            place["message"] = json!({ "text": label.text });
            place
        };
        result["relatedLocations"] = diagnostic.labels.iter().map(related).collect();
    }
    result
}

fn location(span: Span, sources: &Sources) -> Value {
    let start = sources.place(span);
    let end = sources.place(Span::new(span.file, span.end, span.end));
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(sources.path(span.file)) },
        "region": { "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column },
    } })
}

/// The path as a relative URI: everything but the characters that a path may hold as they are is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::sample;

    #[test]
    fn a_run_names_its_rules_and_places() {
        let (sources, found) = sample();
        let log: Value =
            serde_json::from_str(&sarif(&found, &sources, "1.2.3")).expect("valid JSON");
        let run = &log["runs"][0];
        assert_eq!(log["version"], "2.1.0");
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "duplicate-key");
        let first = &run["results"][0];
        assert_eq!(
            (&first["ruleId"], &first["level"]),
            (&json!("quote-needed"), &json!("error"))
        );
        assert_eq!(
            first["message"]["text"],
            "a colon inside of the value: write `title: 'Знижка: 10'`"
        );
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(
            place["region"],
            json!({ "startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 18 })
        );
        let path = place["artifactLocation"]["uri"].as_str().expect("a path");
        assert!(
            path.starts_with("journeys/%D0%B4") && path.contains("%20") && path.is_ascii(),
            "{path}"
        );
        assert_eq!(
            run["results"][1]["relatedLocations"][0]["message"]["text"],
            "the first one"
        );
        assert_eq!(run["results"][2]["level"], "warning");
    }
}
