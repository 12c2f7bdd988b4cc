//! A workspace's files in, definitions and diagnostics out.
//!
//! The texts are passed in: whoever calls reads the disk, or a browser's editor, or a bundle.

use std::collections::BTreeSet;

use kurant_engine::definition::Definitions;

use crate::check;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::encoding::{self, Encoding};
use crate::lower;
use crate::parse::{self, Parsed};
use crate::places::Places;
use crate::scenario::Scenario;
use crate::source::{FileId, Sources};

/// One file of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path within the workspace, with `/`: `journeys/retail/welcome.yaml`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// How it was saved.
    pub encoding: Encoding,
}

impl SourceFile {
    /// A file with its path within the workspace and its text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            encoding: Encoding::Utf8,
        }
    }

    /// A file with its path within the workspace and its bytes, in whatever way it was saved.
    pub fn from_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        let (text, encoding) = encoding::decoded(bytes);
        Self {
            path: path.into(),
            text,
            encoding,
        }
    }
}

/// What came of a workspace's files.
#[derive(Debug)]
pub struct Compiled {
    /// Ready for a catalog; none when there is any error.
    pub definitions: Option<Definitions>,
    /// What is whole where something is not: the journeys whose own files have no error. None when there is no error at all, or
    /// one in a file that all journeys share.
    pub whole: Option<Definitions>,
    /// Everything found, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The journeys' tests that could be read.
    pub scenarios: Vec<Scenario>,
    /// Where each name and each script stands.
    pub places: Places,
    /// The texts.
    pub sources: Sources,
}

impl Compiled {
    /// Whether an error was found in a file.
    pub fn is_broken(&self, file: FileId) -> bool {
        self.diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error && found.span.file == file)
    }

    /// How many errors there are; warnings do not count.
    pub fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count()
    }
}

/// Compiles a workspace. Every mistake of every file is reported; with any error there are no definitions.
pub fn compile(files: &[SourceFile]) -> Compiled {
    let diagnostics = Diagnostics::new();
    let (parsed, places, sources) = parse::parse(files, &diagnostics);
    check::run(&parsed, &places, &sources, &diagnostics);
    let definitions = if diagnostics.has_errors() {
        None
    } else {
        lower::lower(&parsed)
    };
    let diagnostics = diagnostics.into_sorted(&sources);
    let whole = match definitions {
        Some(_) => None,
        None => whole(&parsed, &diagnostics, &sources),
    };
    let Parsed { scenarios, .. } = parsed;
    Compiled {
        definitions,
        whole,
        diagnostics,
        scenarios,
        places,
        sources,
    }
}

/// What is wrong with a condition about a customer that stands in none of a workspace's files: on a command line, say, and `name`
/// is what it is called there. What is wrong with the files themselves is not told.
pub fn condition(files: &[SourceFile], name: &str, text: &str) -> (Vec<Diagnostic>, Sources) {
    let (parsed, _, mut sources) = parse::parse(files, &Diagnostics::new());
    let file = sources.add(name, text);
    let diagnostics = Diagnostics::new();
    check::condition(&parsed, &sources, file, &diagnostics);
    (diagnostics.into_sorted(&sources), sources)
}

/// The definitions without the journeys that have errors. Templates stay: which channels they are for is known, and nobody renders them.
fn whole(parsed: &Parsed, found: &[Diagnostic], sources: &Sources) -> Option<Definitions> {
    let errors = found
        .iter()
        .filter(|found| found.severity == Severity::Error);
    let broken: BTreeSet<FileId> = errors.map(|found| found.span.file).collect();
    let is_own = |file: &FileId| {
        let path = sources.path(*file);
        path.starts_with("journeys/") || path.starts_with("templates/")
    };
    if !broken.iter().all(is_own) {
        return None;
    }
    let mut rest = parsed.clone();
    rest.journeys.retain(|own| !broken.contains(&own.file));
    lower::lower(&rest)
}

/// The environment whose settings a file holds, by its path: `staging` of `kurant.staging.yaml`, which is laid over `kurant.yaml`
/// wherever it is among the files.
pub fn environment_of(path: &str) -> Option<&str> {
    parse::environment_of(path)
}

/// Whether a path within a workspace is one that [`compile`] reads; all other files need not be loaded.
pub fn is_read(path: &str) -> bool {
    parse::kind_of(path).is_some()
}

/// What a folder beside `kurant.yaml` was meant to be called: `journeys` for `Journeys`. [`compile`] says so of the files in it.
pub fn right_folder(name: &str) -> Option<&'static str> {
    parse::right_folder(name)
}

/// The path that [`compile`] would read a file under that is called nearly so: `kurant.yaml` for `Kurant.yml`.
pub fn right_name(path: &str) -> Option<String> {
    parse::right_name(path).filter(|right| right != path)
}
