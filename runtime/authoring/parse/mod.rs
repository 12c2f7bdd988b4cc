//! Text to definitions: every kind of file that a workspace holds, each with all of its mistakes.
//!
//! What could not be read is left out or left empty (a name that was reported is `""`), so that the checks of meaning see all
//! the rest; definitions are made of it only when nothing was reported.

mod broker;
mod calendar;
mod computed;
pub(crate) mod context;
mod entry;
mod journey;
mod json;
mod known;
mod library;
mod profile;
mod retention;
mod schema;
mod segments;
mod settings;
mod step;
mod templates;
mod trigger;
mod workspace;

#[cfg(test)]
mod tests;

use kurant_engine::definition::{
    Journey, Library, ProfileUpdate, Schema, Segment, Template, Workspace,
};

pub(crate) use calendar::instant;
pub(crate) use computed::literal;
pub(crate) use context::Context;
#[cfg(test)]
pub(crate) use step::VERBS;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::places::Places;
use crate::scenario::{self, Scenario};
use crate::source::{FileId, Sources, Span};
use crate::workspace::SourceFile;
use crate::yaml;

/// All that was read of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// `kurant.yaml`; none when it is missing or is no mapping.
    pub workspace: Option<InFile<Workspace>>,
    /// `profile.yaml`.
    pub profile: Option<InFile<Vec<ProfileUpdate>>>,
    /// `segments.yaml`.
    pub segments: Option<InFile<Vec<Segment>>>,
    /// `schemas/`, with what is known unasked.
    pub schema: Schema,
    /// `rhai-lib/`, by name.
    pub library: Vec<InFile<Library>>,
    /// `templates/`, by name, channel and locale.
    pub templates: Vec<InFile<Template>>,
    /// `journeys/`, by path.
    pub journeys: Vec<InFile<Journey>>,
    /// `*.test.yaml`, by path.
    pub scenarios: Vec<Scenario>,
}

/// What was read, and the file that it was read from.
#[derive(Debug, Clone)]
pub struct InFile<T> {
    /// The file.
    pub file: FileId,
    /// What was read.
    pub item: T,
    /// Whether something of it could not be read: what seems to be missing may stand there.
    pub damaged: bool,
}

/// The kinds of files that a workspace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Workspace,
    Profile,
    Segments,
    Journey,
    Scenario,
    Library,
    CustomerSchema,
    EventSchema,
    Template,
    /// A file that would be read under another name.
    Misnamed,
}

/// What a path within a workspace is; none when Kurant has no use for it.
pub(crate) fn kind_of(path: &str) -> Option<FileKind> {
    let folder = path.split('/').next().filter(|_| path.contains('/'));
    let kind = match (folder, path) {
        (None, "kurant.yaml") => FileKind::Workspace,
        (None, "profile.yaml") => FileKind::Profile,
        (None, "segments.yaml") => FileKind::Segments,
        (None, "kurant.yml" | "profile.yml" | "segments.yml") => FileKind::Misnamed,
        (Some("journeys"), _) if path.ends_with(".test.yaml") => FileKind::Scenario,
        (Some("journeys"), _) if meant_as_test(path).is_some() => FileKind::Misnamed,
        (Some("journeys"), _) if path.ends_with(".yaml") => FileKind::Journey,
        (Some("journeys"), _) if path.ends_with(".yml") => FileKind::Misnamed,
        (Some("rhai-lib"), _) if path.ends_with(".rhai") => FileKind::Library,
        (_, "schemas/customer.json") => FileKind::CustomerSchema,
        (Some("schemas"), _) if path.starts_with("schemas/events/") && path.ends_with(".json") => {
            FileKind::EventSchema
        }
        (Some("templates"), _) if !is_aside(path) => FileKind::Template,
        _ => return None,
    };
    Some(kind)
}

/// The name of a file that is a test by the look of its name, and isn't.
fn meant_as_test(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".yaml").or(path.strip_suffix(".yml"))?;
    let ends = [".tests", ".spec", ".test"];
    let stem = ends.iter().find_map(|end| stem.strip_suffix(end))?;
    Some(format!("{stem}.test.yaml"))
}

/// What an editor, a desktop or a reader keeps beside the files.
fn is_aside(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with('.') || part.starts_with("README") || part.ends_with('~'))
}

/// Reads every file of a workspace.
pub(crate) fn parse(files: &[SourceFile], diagnostics: &Diagnostics) -> (Parsed, Places, Sources) {
    let mut sources = Sources::new();
    let mut files: Vec<&SourceFile> = files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let ids: Vec<(FileId, &str, FileKind)> = files
        .iter()
        .filter_map(|file| kind_of(&file.path).map(|kind| (file, kind)))
        .map(|(file, kind)| {
            (
                sources.add(file.path.as_str(), file.text.as_str()),
                file.path.as_str(),
                kind,
            )
        })
        .collect();
    let mut reading = Reading {
        parsed: Parsed::default(),
        places: Places::default(),
        sources: &sources,
        diagnostics,
    };
    let mut schemas = schema::Files::default();
    for (file, path, kind) in ids {
        reading.file(file, path, kind, &mut schemas);
    }
    let Reading {
        mut parsed, places, ..
    } = reading;
    parsed.schema = schemas.finish();
    if parsed.workspace.is_none() && !diagnostics.has_errors() {
        diagnostics.push(no_workspace());
    }
    journey::report_twins(&parsed.journeys, &places, diagnostics);
    (parsed, places, sources)
}

fn no_workspace() -> Diagnostic {
    Diagnostic::error("no-workspace", Span::default(), "there is no `kurant.yaml` here")
        .help("run Kurant in the folder that holds it, or write one that begins with `workspace: NAME` and `timezone: Europe/Kyiv`")
}

struct Reading<'a> {
    parsed: Parsed,
    places: Places,
    sources: &'a Sources,
    diagnostics: &'a Diagnostics,
}

impl Reading<'_> {
    fn file(&mut self, file: FileId, path: &str, kind: FileKind, schemas: &mut schema::Files) {
        let text = self.sources.get(file).map_or("", |source| source.text());
        match kind {
            FileKind::Library => {
                self.parsed
                    .library
                    .extend(library::read(file, path, text, self.diagnostics))
            }
            FileKind::Template => {
                self.parsed
                    .templates
                    .extend(templates::read(file, path, text, self.diagnostics))
            }
            FileKind::CustomerSchema | FileKind::EventSchema => {
                schemas.add(file, path, text, self.diagnostics)
            }
            FileKind::Misnamed => {
                let right = meant_as_test(path)
                    .unwrap_or_else(|| format!("{}.yaml", path.trim_end_matches(".yml")));
                let message = match path.ends_with(".yml") {
                    true => "this file is not read: its name ends in `.yml`",
                    false => "this file is not read: the name of a test ends in `.test.yaml`",
                };
                let report = Diagnostic::error("file-name", Span::file_start(file), message);
                self.diagnostics
                    .push(report.help(format!("name it `{right}`")));
            }
            _ => self.yaml(file, kind),
        }
    }

    fn yaml(&mut self, file: FileId, kind: FileKind) {
        let before = self.diagnostics.len();
        let Some(root) = yaml::read(self.sources, file, self.diagnostics) else {
            return;
        };
        self.places.add(file, &root);
        let context = Context::new(&root, file, self.diagnostics);
        let in_file = |damaged| {
            move |item| InFile {
                file,
                item,
                damaged,
            }
        };
        let damaged = || self.diagnostics.len() > before;
        match kind {
            FileKind::Workspace => {
                let read = workspace::read(&context, &root);
                self.parsed.workspace = read.map(|item| InFile {
                    file,
                    item,
                    damaged: damaged(),
                });
            }
            FileKind::Profile => {
                let read = profile::read(&context, &root);
                self.parsed.profile = read.map(|item| InFile {
                    file,
                    item,
                    damaged: damaged(),
                });
            }
            FileKind::Segments => {
                let read = segments::read(&context, &root);
                self.parsed.segments = read.map(|item| InFile {
                    file,
                    item,
                    damaged: damaged(),
                });
            }
            FileKind::Journey => {
                let read = journey::read(&context, &root);
                self.parsed.journeys.extend(read.map(in_file(damaged())));
            }
            FileKind::Scenario => self
                .parsed
                .scenarios
                .extend(scenario::read(&context, &root)),
            _ => {}
        }
    }
}
