//! The house rules that no compiler keeps: sizes, headers, words, and who may depend on whom.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of one `.rs` file at the most.
const LINES_A_FILE: usize = 600;
/// Lines of one function at the most.
const LINES_A_FUNCTION: usize = 70;

/// What nobody leaves behind in a program; spelt apart so that this file may hold them.
const NOT_IN_CODE: &[(&str, &str)] = &[
    (concat!("to", "do!("), "finish it"),
    (concat!("unimple", "mented!("), "finish it"),
    (concat!("db", "g!("), "take it out"),
    (
        concat!("#[ign", "ore"),
        "make it fast enough to run, or take it out",
    ),
    (concat!("FIX", "ME"), "mend it"),
    (concat!("XX", "X "), "mend it"),
];

/// Words of other products, and ours.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("workflow", "journey"),
    ("workflows", "journeys"),
    ("canvas", "journey"),
    ("flowchart", "journey"),
    ("contacts", "customers"),
    ("subscriber", "customer"),
    ("subscribers", "customers"),
    ("automations", "journeys"),
    (concat!("st", "ub"), "the thing itself"),
];

/// A crate, its manifest, and what must not stand in it.
const MAY_NOT_DEPEND: &[(&str, &str, &[&str])] = &[
    ("engine", "runtime/engine/Cargo.toml", PURE),
    ("authoring", "runtime/authoring/Cargo.toml", PURE),
    (
        "store",
        "runtime/store/Cargo.toml",
        &[
            "kurant-runner",
            "kurant-authoring",
            "kurant-console",
            "axum",
            "lapin",
        ],
    ),
    (
        "runner",
        "runtime/runner/Cargo.toml",
        &["kurant-authoring", "kurant-console", "sqlx"],
    ),
    (
        "console",
        "runtime/console/Cargo.toml",
        &["kurant-runner", "kurant-authoring", "sqlx", "lapin"],
    ),
];

/// What would let I/O, a runtime or the network into a pure crate.
const PURE: &[&str] = &[
    "tokio",
    "sqlx",
    "axum",
    "lapin",
    "reqwest",
    "lettre",
    "kurant-store",
    "kurant-runner",
    "kurant-console",
];

/// Names of modules that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common", "helper", "helpers", "misc", "types", "util", "utils",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below the root with this extension, build products aside, in order.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|own| own == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Whether the file holds nothing but tests: their tables may be long, and they need no header.
fn is_test(path: &Path) -> bool {
    let within = path.strip_prefix(root()).unwrap_or(path);
    within
        .iter()
        .skip(1)
        .any(|part| part == "tests" || part == "tests.rs")
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Functions of formatted source: first line, name and length, the closing brace being the first line that is as deep.
fn functions(text: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let (closing, declared) = (format!("{indent}}}"), format!("{indent})"));
        let is_end = |other: &str| {
            other == closing || (other.starts_with(&declared) && other.ends_with(';'))
        };
        let ends_at_once = line.trim_end().ends_with('}') || line.trim_end().ends_with(';');
        let length = if ends_at_once {
            1
        } else {
            lines[at..]
                .iter()
                .position(|other| is_end(other))
                .map_or(lines.len() - at, |end| end + 1)
        };
        found.push((at + 1, name.to_owned(), length));
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(&name[..name.find(['(', '<'])?])
}

/// Whether the word stands in the line by itself, in any case.
fn has_word(line: &str, word: &str) -> bool {
    line.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .any(|own| own == word)
}

/// Names under `[dependencies]` of a manifest, and under those of a target.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']').ends_with("dependencies")
                && !section.starts_with("dev-");
        } else if inside && let Some(end) = line.find(['.', '=', ' ']) {
            names.push(line[..end].to_owned());
        }
    }
    names
}

#[test]
fn no_file_and_no_function_is_longer_than_one_can_hold_in_mind() {
    let mut complaints = Vec::new();
    for path in files("rs") {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        if lines > LINES_A_FILE {
            complaints.push(format!(
                "{}: {lines} lines, {LINES_A_FILE} at the most",
                shown(&path)
            ));
        }
        for (line, name, length) in functions(&text) {
            if length > LINES_A_FUNCTION && !is_test(&path) {
                complaints.push(format!(
                    "{}:{line}: `{name}` has {length} lines, {LINES_A_FUNCTION} at the most",
                    shown(&path)
                ));
            }
        }
    }
    none(&complaints);
}

#[test]
fn the_length_of_a_function_is_measured_to_its_own_brace() {
    let text = "impl A {\n    pub(crate) fn long(\n        a: u8,\n    ) {\n        if a {\n        }\n    }\n}\nfn short() {}\n";
    assert_eq!(
        functions(text),
        [(2, "long".to_owned(), 6), (9, "short".to_owned(), 1)]
    );
}

#[test]
fn every_module_says_in_its_first_line_what_it_is() {
    let headless = files("rs").into_iter().filter(|path| {
        let is_test = path
            .iter()
            .any(|part| part == "tests" || part == "tests.rs");
        !is_test && !fs::read_to_string(path).unwrap().starts_with("//!")
    });
    none(
        &headless
            .map(|path| format!("{}: begins without `//!`", shown(&path)))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let empty = files("rs").into_iter().filter(|path| {
        let own = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = path
            .parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned());
        EMPTY_NAMES.contains(&&*own) || folder.is_some_and(|name| EMPTY_NAMES.contains(&&*name))
    });
    none(
        &empty
            .map(|path| format!("{}: name what is inside", shown(&path)))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_unfinished_is_left_in_the_code() {
    let mut complaints = Vec::new();
    for path in files("rs") {
        for (at, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for (word, advice) in NOT_IN_CODE.iter().filter(|(word, _)| line.contains(word)) {
                complaints.push(format!("{}:{}: `{word}`: {advice}", shown(&path), at + 1));
            }
        }
    }
    none(&complaints);
}

#[test]
fn what_people_read_uses_the_words_of_the_glossary() {
    let mut complaints = Vec::new();
    for path in files("md")
        .into_iter()
        .chain(files("yaml"))
        .filter(|path| !path.ends_with("docs/glossary.md"))
    {
        for (at, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for (word, ours) in OTHER_WORDS.iter().filter(|(word, _)| has_word(line, word)) {
                complaints.push(format!("{}:{}: `{word}`: say {ours}", shown(&path), at + 1));
            }
        }
    }
    none(&complaints);
}

#[test]
fn no_crate_depends_on_what_it_may_not_know() {
    let mut complaints = Vec::new();
    for (name, manifest, forbidden) in MAY_NOT_DEPEND {
        let Ok(text) = fs::read_to_string(root().join(manifest)) else {
            continue;
        };
        for own in dependencies(&text)
            .iter()
            .filter(|own| forbidden.contains(&own.as_str()))
        {
            complaints.push(format!("{manifest}: {name} may not depend on {own}"));
        }
    }
    none(&complaints);
}

#[test]
fn dependencies_are_read_from_every_section_but_the_tests() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\ntokio.workspace = true\n[dev-dependencies]\nsqlx = \"1\"\n[target.'cfg(unix)'.dependencies]\naxum = \"1\"\n";
    assert_eq!(dependencies(manifest), ["tokio", "axum"]);
}

#[test]
fn no_test_file_is_forgotten() {
    let main = fs::read_to_string(root().join("tests/main.rs")).unwrap();
    let mut complaints = Vec::new();
    for entry in fs::read_dir(root().join("tests")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_module =
            path.extension().is_some_and(|own| own == "rs") || path.join("mod.rs").exists();
        if is_module
            && name != "main"
            && !main
                .lines()
                .any(|line| line.trim_start_matches("pub ") == format!("mod {name};"))
        {
            complaints.push(format!(
                "tests/{name}: not a module of tests/main.rs, so it never runs"
            ));
        }
    }
    none(&complaints);
}
