//! What people get wrong, and what they are told.

use super::language::{compiled, findings};

#[test]
fn a_folder_without_kurant_yaml_is_no_workspace() {
    let found = crate::compile(&[]);
    assert!(found.definitions.is_none());
    assert_eq!(found.diagnostics[0].code, "no-workspace");
}

#[test]
fn a_key_that_is_misspelt_is_reported_once() {
    let found = compiled(&[(
        "journeys/a.yaml",
        "journey: a\ntriger: { event: x }\nsteps: [ { exit: done } ]\n",
    )]);
    assert_eq!(
        findings(&found),
        ["2:1 unknown-key a journey has no `triger` / did you mean `trigger`?"]
    );
}
