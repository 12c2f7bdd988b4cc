//! Mistakes that people make, in `tests/fixtures/mistakes/`: each folder is laid over `tests/fixtures/base/`, and its `expected.txt`
//! lists everything that is found, one finding a line: `FILE:LINE:COLUMN CODE | PART OF THE HELP`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Compiled, SourceFile, compile, is_read};

const EXPECTED: &str = "expected.txt";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// The files of a folder by their paths inside it.
fn files(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{path}/"), found);
        } else {
            found.insert(path, fs::read_to_string(entry.path()).expect("text"));
        }
    }
}

fn compiled(files: BTreeMap<String, String>) -> Compiled {
    let files: Vec<SourceFile> = files
        .into_iter()
        .filter(|(path, _)| is_read(path))
        .map(|(path, text)| SourceFile::new(path, text))
        .collect();
    compile(&files)
}

/// Every finding as `FILE:LINE:COLUMN CODE` and its help.
fn findings(compiled: &Compiled) -> Vec<(String, String)> {
    let one = |found: &crate::diagnostic::Diagnostic| {
        let at = compiled.sources.place(found.span);
        let path = compiled.sources.path(found.span.file);
        let place = format!("{path}:{}:{} {}", at.line, at.column, found.code);
        (place, found.help.clone().unwrap_or_default())
    };
    compiled.diagnostics.iter().map(one).collect()
}

#[test]
fn the_workspace_that_the_mistakes_are_made_in_has_none() {
    let mut base = BTreeMap::new();
    files(&fixtures().join("base"), "", &mut base);
    let compiled = compiled(base);
    assert_eq!(findings(&compiled), []);
    assert!(compiled.definitions.is_some());
}

#[test]
fn every_mistake_is_found_at_its_place_with_its_advice() {
    let mut base = BTreeMap::new();
    files(&fixtures().join("base"), "", &mut base);
    let mut wrong = String::new();
    let mut names: Vec<PathBuf> = fs::read_dir(fixtures().join("mistakes"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    assert!(names.len() >= 60, "only {} mistakes", names.len());
    for folder in names {
        let mut over = BTreeMap::new();
        files(&folder, "", &mut over);
        let expected = over.remove(EXPECTED).expect("expected.txt");
        let mut all = base.clone();
        all.extend(over);
        let found = findings(&compiled(all));
        let expected: Vec<(&str, &str)> = expected
            .lines()
            .map(|line| line.split_once(" | ").expect("a help after ` | `"))
            .collect();
        let fits = expected.len() == found.len()
            && expected
                .iter()
                .zip(&found)
                .all(|((place, part), (at, help))| place == at && help.contains(part));
        if !fits {
            let name = folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let list: Vec<String> = found
                .iter()
                .map(|(at, help)| format!("    {at} | {help}"))
                .collect();
            wrong.push_str(&format!(
                "{name}: found\n{}\n  expected\n{}\n",
                list.join("\n"),
                expected
                    .iter()
                    .map(|(place, part)| format!("    {place} | {part}"))
                    .collect::<Vec<_>>()
                    .join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_file_that_lacks_any_line_is_no_panic_and_hides_no_other_file() {
    let mut base = BTreeMap::new();
    files(&fixtures().join("base"), "", &mut base);
    let several = fixtures().join("mistakes/several-files");
    for path in ["journeys/j.yaml", "kurant.yaml", "segments.yaml"] {
        let whole = fs::read_to_string(several.join(path)).expect("text");
        let lines: Vec<&str> = whole.lines().collect();
        for left_out in 0..lines.len() {
            let mut all = base.clone();
            files(&several, "", &mut all);
            let mut text = lines.clone();
            text.remove(left_out);
            all.insert(path.to_owned(), text.join("\n"));
            let found = findings(&compiled(all));
            for other in ["journeys/j.yaml", "kurant.yaml", "segments.yaml"]
                .iter()
                .filter(|other| **other != path)
            {
                assert!(
                    found.iter().any(|(at, _)| at.starts_with(other)),
                    "{path} without line {left_out} hides {other}: {found:?}"
                );
            }
        }
    }
}
