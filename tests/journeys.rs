//! The sample workspaces: no mistakes, every journey with its tests, and every test able to fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const KURANT: &str = env!("CARGO_BIN_EXE_kurant");
/// Tests of one journey, at the least: the happy way, the way out, the awkward case.
const TESTS_OF_A_JOURNEY: usize = 3;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn workspaces() -> Vec<PathBuf> {
    let examples = fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    std::iter::once(root())
        .chain(examples.filter(|path| path.join("kurant.yaml").exists()))
        .collect()
}

fn kurant(workspace: &Path, command: &str) -> Output {
    Command::new(KURANT)
        .args([command, "--workspace"])
        .arg(workspace)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn the_sample_workspaces_have_no_mistakes() {
    for workspace in workspaces() {
        let output = kurant(&workspace, "check");
        assert!(
            output.status.success(),
            "{}\n{}",
            workspace.display(),
            said(&output)
        );
    }
}

#[test]
fn the_sample_journeys_do_what_their_tests_say() {
    for workspace in workspaces() {
        let output = kurant(&workspace, "test");
        assert!(
            output.status.success(),
            "{}\n{}",
            workspace.display(),
            said(&output)
        );
    }
}

#[test]
fn every_journey_of_the_shop_has_its_tests() {
    let all = files(&root().join("journeys"));
    let (tests, journeys): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|file| file.to_string_lossy().ends_with(".test.yaml"));
    let tests: Vec<String> = tests
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for journey in journeys {
        let text = fs::read_to_string(&journey).unwrap();
        let id = text
            .lines()
            .find_map(|line| line.strip_prefix("journey: "))
            .unwrap()
            .to_owned();
        let names = |test: &&String| {
            let line = test
                .lines()
                .find_map(|line| line.strip_prefix("journey: "))
                .unwrap_or_default();
            line.trim_matches(['[', ']'])
                .split(", ")
                .any(|own| own == id)
        };
        let count = tests.iter().filter(names).count();
        assert!(
            count >= TESTS_OF_A_JOURNEY,
            "{id} has {count} tests: add the happy way, the way out, the awkward case"
        );
    }
}

#[test]
fn a_journey_that_changes_fails_its_test() {
    let folder = tempfile::tempdir().unwrap();
    let from = root().join("examples/first-journey");
    for file in files(&from) {
        let to = folder.path().join(file.strip_prefix(&from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
    let journey = folder.path().join("journeys/thank-you.yaml");
    let text = fs::read_to_string(&journey).unwrap();
    fs::write(&journey, text.replace("10:00", "11:00")).unwrap();
    let output = kurant(folder.path(), "test");
    assert!(!output.status.success(), "{}", said(&output));
}
