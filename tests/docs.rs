//! Every snippet of the pages is run: YAML is checked in a copy of the sample workspace, commands are executed, JSON is parsed.
//!
//! A fenced block says in its info string what it is: `yaml journey`, `yaml steps`, `yaml trigger`, `yaml test`, `yaml kurant`, `yaml provider`,
//! `yaml profile`, `yaml segments`, `rhai condition`, `json`, `sh run` (a page's blocks share one folder), and `text output`
//! (each line must have come from the block of commands above; `...` stands for anything).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const KURANT: &str = env!("CARGO_BIN_EXE_kurant");
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs",
    "examples",
];
const WORKSPACE: &[&str] = &[
    "examples",
    "kurant.yaml",
    "profile.yaml",
    "segments.yaml",
    "journeys",
    "rhai-lib",
    "schemas",
    "templates",
];

struct Snippet {
    page: String,
    line: usize,
    info: String,
    text: String,
}

impl Snippet {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        inside.sort();
        inside.iter().for_each(|path| pages(path, found));
    } else if path.extension().is_some_and(|extension| extension == "md") {
        found.push(path.to_owned());
    }
}

fn snippets_of(page: &str, text: &str) -> Vec<Snippet> {
    let mut found = Vec::new();
    let mut open: Option<Snippet> = None;
    for (at, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Snippet {
                    page: page.to_owned(),
                    line: at + 1,
                    info: info.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(snippet), None) => snippet.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    found
}

fn snippets(kinds: &[&str]) -> Vec<Snippet> {
    let mut files = Vec::new();
    PAGES
        .iter()
        .for_each(|page| pages(&root().join(page), &mut files));
    let all = files.iter().flat_map(|file| {
        let page = file.strip_prefix(root()).unwrap().display().to_string();
        // A template's front matter is not a page.
        if page.contains("/templates/") {
            Vec::new()
        } else {
            snippets_of(&page, &fs::read_to_string(file).unwrap())
        }
    });
    all.filter(|snippet| kinds.contains(&snippet.info.as_str()))
        .collect()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// A copy of the sample workspace; what its tests hold is not wanted here.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    WORKSPACE
        .iter()
        .for_each(|part| copy(&root().join(part), &folder.path().join(part)));
    folder
}

fn kurant(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(KURANT)
        .args(arguments)
        .arg("--workspace")
        .arg(folder)
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

/// The id of the journey that a file holds.
fn journey_id(text: &str) -> Option<&str> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("journey:"))?;
    line.split_whitespace().next()
}

/// The ids of the sample's journeys.
fn sample_journeys(folder: &Path) -> BTreeSet<String> {
    let groups = fs::read_dir(folder.join("journeys")).unwrap();
    let files = groups.flat_map(|group| fs::read_dir(group.unwrap().path()).into_iter().flatten());
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    texts
        .filter_map(|text| journey_id(&text).map(str::to_owned))
        .collect()
}

/// Takes away the sample's journey with this id, and the tests that know its steps.
fn without_journey(folder: &Path, id: &str) {
    for group in fs::read_dir(folder.join("journeys")).unwrap() {
        let group = group.unwrap().path();
        let files = fs::read_dir(&group)
            .into_iter()
            .flatten()
            .map(|file| file.unwrap().path());
        let same = files.filter(|file| journey_id(&fs::read_to_string(file).unwrap()) == Some(id));
        same.for_each(|file| fs::remove_file(file).unwrap());
    }
}

/// A whole journey for a snippet that is a part of one.
fn whole(snippet: &Snippet, id: &str) -> String {
    let indented = || {
        snippet
            .text
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
    };
    match snippet.info.as_str() {
        "yaml steps" => format!(
            "journey: {id}\nstatus: live\ntrigger: {{ event: order.paid }}\nsteps:\n{}",
            indented()
        ),
        "yaml trigger" => format!(
            "journey: {id}\nstatus: live\n{}steps:\n  - exit: enough\n",
            snippet.text
        ),
        _ => snippet.text.clone(),
    }
}

#[test]
fn every_journey_in_the_pages_is_without_mistakes() {
    let mut left: Vec<(Snippet, String, String)> = Vec::new();
    for (number, snippet) in snippets(&["yaml journey", "yaml steps", "yaml trigger"])
        .into_iter()
        .enumerate()
    {
        let text = whole(&snippet, &format!("snippet-{number}"));
        let id = journey_id(&text)
            .unwrap_or_else(|| panic!("{}: no `journey:`", snippet.place()))
            .to_owned();
        left.push((snippet, id, text));
    }
    assert!(left.len() > 20, "the pages have lost their snippets");
    // A journey that stands in several pages is checked in several rounds.
    while !left.is_empty() {
        let folder = workspace();
        let mut taken = BTreeSet::new();
        let (now, later) = left
            .into_iter()
            .partition::<Vec<_>, _>(|(_, id, _)| taken.insert(id.clone()));
        for (snippet, id, text) in &now {
            without_journey(folder.path(), id);
            let name = snippet.place().replace(['/', ':', '.'], "-");
            fs::write(folder.path().join(format!("journeys/{name}.yaml")), text).unwrap();
        }
        let output = kurant(folder.path(), &["check"]);
        assert!(output.status.success(), "{}", said(&output));
        left = later;
    }
}

#[test]
fn every_settings_file_in_the_pages_is_without_mistakes() {
    let provider = snippets(&["yaml provider"]).pop().expect("a provider").text;
    for snippet in snippets(&[
        "yaml kurant",
        "yaml provider",
        "yaml profile",
        "yaml segments",
    ]) {
        let folder = workspace();
        fs::create_dir_all(folder.path().join("channels")).unwrap();
        fs::write(folder.path().join("channels/own.yaml"), &provider).unwrap();
        let name = match snippet.info.as_str() {
            "yaml provider" => "channels/own.yaml".to_owned(),
            info => info.replace("yaml ", "") + ".yaml",
        };
        fs::write(folder.path().join(name), &snippet.text).unwrap();
        let output = kurant(folder.path(), &["check"]);
        assert!(
            output.status.success(),
            "{}\n{}",
            snippet.place(),
            said(&output)
        );
    }
}

#[test]
fn every_condition_in_the_pages_is_without_mistakes() {
    let folder = workspace();
    for snippet in snippets(&["rhai condition"]) {
        for (number, condition) in snippet.text.lines().enumerate() {
            let id = format!(
                "{}-{number}",
                snippet.page.replace(['/', '.'], "-").to_lowercase()
            );
            let text = format!(
                "journey: {id}\nstatus: live\ntrigger: {{ event: order.paid }}\naudience: '{condition}'\nsteps:\n  - exit: enough\n"
            );
            fs::write(folder.path().join(format!("journeys/{id}.yaml")), text).unwrap();
        }
    }
    let output = kurant(folder.path(), &["check"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn every_journey_test_in_the_pages_passes() {
    let folder = workspace();
    let mut known = sample_journeys(folder.path());
    for snippet in snippets(&["yaml journey"]) {
        let id = journey_id(&snippet.text).unwrap_or_default().to_owned();
        let path = folder.path().join(format!("journeys/{id}.yaml"));
        if known.insert(id) {
            fs::write(path, &snippet.text).unwrap();
        }
    }
    for snippet in snippets(&["yaml test"]) {
        let name = snippet.place().replace(['/', ':', '.'], "-");
        fs::write(
            folder.path().join(format!("journeys/{name}.test.yaml")),
            &snippet.text,
        )
        .unwrap();
    }
    let output = kurant(folder.path(), &["test"]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn every_piece_of_json_in_the_pages_is_json() {
    for snippet in snippets(&["json"]) {
        for line in snippet.text.lines() {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
            assert!(parsed.is_ok(), "{}: {parsed:?}", snippet.place());
        }
    }
}

#[test]
fn every_command_in_the_pages_does_what_the_page_shows() {
    let mut folder = (String::new(), workspace());
    let mut output = String::new();
    for snippet in snippets(&["sh run", "sh fails", "text output"]) {
        if snippet.page != folder.0 {
            folder = (snippet.page.clone(), workspace());
        }
        if snippet.info == "text output" {
            let shown = snippet
                .text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty() && *line != "...");
            let missing: Vec<&str> = shown.filter(|line| !output.contains(line)).collect();
            assert!(
                missing.is_empty(),
                "{}: the page shows {missing:#?}, the commands said\n{output}",
                snippet.place()
            );
            continue;
        }
        let script = format!(
            "PATH={}:$PATH\n{}",
            Path::new(KURANT).parent().unwrap().display(),
            snippet.text
        );
        let ran = Command::new("bash")
            .args(["-euc", &script])
            .current_dir(folder.1.path())
            .output()
            .unwrap();
        output = said(&ran);
        assert_eq!(
            ran.status.success(),
            snippet.info == "sh run",
            "{}\n{output}",
            snippet.place()
        );
    }
}

#[test]
fn no_block_in_the_pages_goes_unchecked() {
    let known = [
        "yaml journey",
        "yaml steps",
        "yaml trigger",
        "yaml test",
        "yaml kurant",
        "yaml provider",
        "yaml profile",
        "yaml segments",
        "rhai condition",
        "json",
        "sh run",
        "sh fails",
        "text output",
        "text",
        "sh",
        "",
    ];
    let mut files = Vec::new();
    PAGES
        .iter()
        .for_each(|page| pages(&root().join(page), &mut files));
    for file in files
        .iter()
        .filter(|file| !file.to_string_lossy().contains("/templates/"))
    {
        for snippet in snippets_of(
            &file.display().to_string(),
            &fs::read_to_string(file).unwrap(),
        ) {
            assert!(
                known.contains(&snippet.info.as_str()),
                "{}: `{}` is no kind of block",
                snippet.place(),
                snippet.info
            );
        }
    }
}
