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

/// A copy of some folders and files of a workspace.
fn copy(from: &Path, parts: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in parts {
        let part = from.join(part);
        for file in if part.is_dir() {
            files(&part)
        } else {
            vec![part]
        } {
            let to = folder.path().join(file.strip_prefix(from).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, to).unwrap();
        }
    }
    folder
}

#[test]
fn the_demo_shows_a_year_of_messages_and_leaves_the_workspace_alone() {
    let parts = [
        "kurant.yaml",
        "profile.yaml",
        "segments.yaml",
        "journeys",
        "rhai-lib",
        "schemas",
        "templates",
    ];
    let folder = copy(&root(), &parts);
    let demo = [
        "demo",
        "--customers",
        "20",
        "--time-lapse",
        "365d/s",
        "--workspace",
    ];
    let output = Command::new(KURANT)
        .args(demo)
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shown
            .lines()
            .filter(|line| line.contains("send email"))
            .count()
            > 5,
        "{shown}"
    );
    let mut own: Vec<String> = fs::read_dir(folder.path().join(".kurant"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    own.sort();
    assert_eq!(own, ["demo"], "the demo keeps to its own folder");
}

#[test]
fn a_journey_that_changes_fails_its_test() {
    let folder = copy(&root().join("examples/first-journey"), &["."]);
    let journey = folder.path().join("journeys/thank-you.yaml");
    let text = fs::read_to_string(&journey).unwrap();
    fs::write(&journey, text.replace("10:00", "11:00")).unwrap();
    let output = kurant(folder.path(), "test");
    assert!(!output.status.success(), "{}", said(&output));
}
