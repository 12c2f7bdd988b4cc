//! The schemas say what the readers read, and the files in `schemas/` are theirs.

use std::path::Path;

use serde_json::Value;

use crate::{SourceFile, compile};

/// The key that nobody knows.
const STRANGER: &str = "zzzz9";

/// The keys that a reader lists when it meets one that it doesn't know.
fn known(path: &str, text: &str) -> Vec<String> {
    let mut files = vec![SourceFile::new(path, text)];
    if path != "kurant.yaml" {
        files.push(SourceFile::new("kurant.yaml", "timezone: UTC\n"));
    }
    let found = compile(&files);
    let help = found
        .diagnostics
        .iter()
        .filter(|found| found.message.contains(STRANGER))
        .find_map(|found| found.help.as_deref()?.strip_prefix("known here: "))
        .unwrap_or_else(|| panic!("{text}: {:?}", found.diagnostics));
    let (help, _) = help.split_once(';').unwrap_or((help, ""));
    let mut keys: Vec<String> = help
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys
}

/// The keys that a schema has at a path of keys.
fn declared(file: &str, path: &[&str]) -> Vec<String> {
    let text = super::files()
        .into_iter()
        .find(|(name, _)| *name == file)
        .expect("a schema")
        .1;
    let root: Value = serde_json::from_str(&text).expect("JSON");
    let mut at = &root;
    for key in path {
        at = inner(at, key);
    }
    at["properties"]
        .as_object()
        .unwrap_or_else(|| panic!("{path:?}: {at}"))
        .keys()
        .cloned()
        .collect()
}

/// What stands under a key, whether it is one, a list, or by name.
fn inner<'v>(at: &'v Value, key: &str) -> &'v Value {
    let found = match key {
        "*" => &at["additionalProperties"],
        "step" => return &at["definitions"]["steps"]["items"],
        _ => &at["properties"][key],
    };
    let object = |value: &'v Value| {
        value.get("properties").is_some()
            || value
                .get("additionalProperties")
                .is_some_and(Value::is_object)
    };
    let alternatives = found["anyOf"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let lists = [found, &found["items"]];
    lists
        .into_iter()
        .chain(alternatives)
        .find(|value| object(value))
        .unwrap_or(found)
}

#[test]
fn every_mapping_has_the_keys_that_its_reader_knows() {
    let journey = |rest: &str| format!("journey: a\n{rest}\n");
    let with = |rest: &str| journey(&format!("trigger: {{ manual: true }}\nsteps: [ {rest} ]"));
    let test = |rest: &str| format!("test: a\njourney: a\ncustomer: {{ id: a }}\n{rest}\n");
    let cases: Vec<(&str, &str, Vec<&str>, String)> = vec![
        ("journey", "journeys/a.yaml", vec![], journey("trigger: { manual: true }\nsteps: [ { exit: a } ]\nzzzz9: 1")),
        ("journey", "journeys/a.yaml", vec!["entry"], journey("entry: { zzzz9: 1 }")),
        ("journey", "journeys/a.yaml", vec!["goal"], journey("goal: { event: a, zzzz9: 1 }")),
        ("journey", "journeys/a.yaml", vec!["trigger", "date"], journey("trigger: { date: { of: customer.a, every: year, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["trigger", "inactive"], journey("trigger: { inactive: { since: customer.a, for: 1d, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "wait"], with("{ wait: { for: 1d, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "window"], with("{ send: sms, template: a, window: { from: \"09:00\", to: \"10:00\", zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "score"], with("{ score: { add: 1, because: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "task"], with("{ task: { title: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "assign"], with("{ assign: { pool: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "coupon"], with("{ coupon: { codes: a, as: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "emit"], with("{ emit: { type: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "webhook"], with("{ webhook: { url: \"https://a\", zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "start"], with("{ start: { journey: a, zzzz9: 1 } }")),
        ("journey", "journeys/a.yaml", vec!["step", "split", "*"], with("{ split: { a: { weight: 1, steps: [], zzzz9: 1 } } }")),
        ("workspace", "kurant.yaml", vec![], "timezone: UTC\nzzzz9: 1\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["quiet_hours"], "timezone: UTC\nquiet_hours: { from: \"21:00\", to: \"09:00\", zzzz9: 1 }\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["frequency_caps"], "timezone: UTC\nfrequency_caps: [ { category: marketing, max: 1, per: 1d, zzzz9: 1 } ]\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["channels", "*"], "timezone: UTC\nchannels: { a: { kind: smtp, host: a, from: a@b.example, zzzz9: 1 } }\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["pools", "*"], "timezone: UTC\npools: { a: { people: [a], zzzz9: 1 } }\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["guard"], "timezone: UTC\nguard: { zzzz9: 1 }\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["webhooks"], "timezone: UTC\nwebhooks: { kind: http, secret: \"${env:A}\", zzzz9: 1 }\n".to_owned()),
        ("workspace", "kurant.yaml", vec!["tracking"], "timezone: UTC\ntracking: { zzzz9: 1 }\n".to_owned()),
        ("provider", "channels/a.yaml", vec![], "zzzz9: 1\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["login"], "login: { zzzz9: 1 }\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["answers"], "answers: [ { means: later, zzzz9: 1 } ]\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["callback"], "callback: { zzzz9: 1 }\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["callback", "verify"], "callback: { verify: { by: address, zzzz9: 1 } }\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["callback", "message"], "callback: { message: { id: a, zzzz9: 1 } }\n".to_owned()),
        ("provider", "channels/a.yaml", vec!["callback", "statuses"], "callback: { statuses: [ { zzzz9: 1 } ] }\n".to_owned()),
        ("profile", "profile.yaml", vec!["updates"], "updates: [ { event: a, set: { a: 1 }, zzzz9: 1 } ]\n".to_owned()),
        ("test", "journeys/a.test.yaml", vec!["events"], test("events: [ { at: 2026-01-01T00:00:00Z, type: a, zzzz9: 1 } ]")),
    ];
    for (schema, path, keys, text) in cases {
        assert_eq!(
            known(path, &text),
            declared(&format!("schemas/{schema}.json"), &keys),
            "{text}"
        );
    }
}

#[test]
fn every_verb_and_every_option_of_a_step_is_declared() {
    let declared = declared("schemas/journey.json", &["step"]);
    for verb in crate::parse::VERBS {
        assert!(declared.iter().any(|key| key == verb), "{verb}");
    }
    let beside = [
        "id",
        "title",
        "when",
        "then",
        "else",
        "template",
        "data",
        "to",
        "fallback",
        "fallback_after",
        "window",
        "valid_for",
        "on_late",
        "on_cap",
    ];
    assert_eq!(declared.len(), crate::parse::VERBS.len() + beside.len());
}

#[test]
fn the_files_in_schemas_are_those_that_are_generated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in super::files() {
        if option_env!("KURANT_WRITE_SCHEMAS").is_some() {
            std::fs::write(root.join(path), &text).expect("the folder can be written to");
        }
        let kept = std::fs::read_to_string(root.join(path)).unwrap_or_default();
        assert_eq!(
            kept, text,
            "{path} is not as generated: run this test with KURANT_WRITE_SCHEMAS=1"
        );
    }
}
