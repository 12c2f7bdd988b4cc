//! What people get wrong, and what they are told: one case is a file after `=== PATH`, then after `>>>` each finding as
//! `line:column code message / help`.

use super::language::read;

struct Case {
    path: String,
    text: String,
    told: Vec<String>,
}

fn cases(data: &str) -> Vec<Case> {
    let one = |block: &str| {
        let (path, rest) = block.split_once('\n').expect("a path");
        let (text, told) = match rest.strip_prefix(">>>\n") {
            Some(told) => ("", told),
            None => rest.rsplit_once("\n>>>\n").expect("a line `>>>`"),
        };
        let text = if text.is_empty() {
            String::new()
        } else {
            format!("{text}\n")
        };
        Case {
            path: path.to_owned(),
            text,
            told: told.lines().map(str::to_owned).collect(),
        }
    };
    data.split("=== ")
        .filter(|block| !block.is_empty())
        .map(one)
        .collect()
}

/// Runs the cases of one file and lists those that are told otherwise.
fn differences(data: &str) -> String {
    let mut all = String::new();
    for Case { path, text, told } in cases(data) {
        let got = read(&[(path.as_str(), text.as_str())]).findings;
        assert!(!got.is_empty(), "{path}:\n{text}");
        if got != told {
            all.push_str(&format!("=== {path}\n{text}>>>\n{}\n", got.join("\n")));
        }
    }
    all
}

#[test]
fn steps_get_their_advice() {
    assert_eq!(differences(include_str!("mistakes/steps.txt")), "");
}

#[test]
fn journeys_get_their_advice() {
    assert_eq!(differences(include_str!("mistakes/journeys.txt")), "");
}

#[test]
fn the_files_of_a_workspace_get_their_advice() {
    assert_eq!(differences(include_str!("mistakes/workspace.txt")), "");
}

#[test]
fn tests_of_journeys_get_their_advice() {
    assert_eq!(differences(include_str!("mistakes/scenarios.txt")), "");
}

#[test]
fn a_folder_without_kurant_yaml_is_no_workspace() {
    let found = crate::compile(&[]);
    assert!(found.definitions.is_none());
    assert_eq!(found.diagnostics[0].code, "no-workspace");
}

#[test]
fn two_journeys_of_one_name_are_told_apart() {
    let text = "journey: a\ntrigger: { manual: true }\nsteps: [ { exit: done } ]\n";
    let found = read(&[("journeys/one.yaml", text), ("journeys/two.yaml", text)]);
    assert_eq!(
        found.findings,
        [
            "1:10 duplicate-journey another journey is called `a` already / give one of them another id"
        ]
    );
}
