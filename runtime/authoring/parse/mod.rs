//! Text to definitions: every kind of file that a workspace holds, each with all of its mistakes.
//!
//! What could not be read is left out or left empty (a name that was reported is `""`), so that the checks of meaning see all
//! the rest; definitions are made of it only when nothing was reported.

mod broker;
mod buttons;
mod calendar;
mod callback;
mod channel;
mod columns;
mod computed;
pub(crate) mod context;
mod coupon_pools;
mod deliver_only;
mod entry;
mod file_name;
mod folder_name;
mod http;
mod jinja;
mod journey;
mod json;
pub(crate) mod known;
mod library;
mod profile;
pub(crate) mod provider;
mod public;
mod retention;
mod returned;
mod schema;
mod segments;
mod settings;
mod step;
mod templates;
mod tracking;
mod trigger;
mod workspace;
mod zone;

#[cfg(test)]
mod tests;

use kurant_engine::definition::{
    Journey, Library, ProfileUpdate, Schema, Segment, Template, Workspace,
};

use kurant_engine::provider::Provider;

pub(crate) use calendar::{instant, zone_named};
pub use columns::{Column, Columns, ReadColumns};
pub(crate) use computed::literal;
pub(crate) use context::Context;
pub(crate) use file_name::{FileKind, environment_of, kind_of, right_name};
pub(crate) use folder_name::right_folder;
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
    /// `channels/`, by name.
    pub providers: Vec<InFile<Provider>>,
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

/// Reads every file of a workspace.
pub(crate) fn parse(files: &[SourceFile], diagnostics: &Diagnostics) -> (Parsed, Places, Sources) {
    let mut sources = Sources::new();
    let mut files: Vec<&SourceFile> = files.iter().collect();
    // Overlays last: what stands in the others has the same place with and without them.
    files.sort_by_key(|file| (environment_of(&file.path).is_some(), &file.path));
    let mut ids: Vec<(FileId, &str, FileKind)> = Vec::new();
    for file in files {
        if let Some(kind) = kind_of(&file.path) {
            let id = sources.add(file.path.as_str(), file.text.as_str());
            file.encoding.report(id, diagnostics);
            ids.push((id, &file.path, kind));
        }
    }
    let overlays = ids.extract_if(.., |(_, _, kind)| *kind == FileKind::Overlay);
    let overlays = overlays.map(|(id, ..)| id).collect();
    let mut reading = Reading {
        overlays,
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
    /// What is laid over `kurant.yaml`.
    overlays: Vec<FileId>,
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
            FileKind::Misnamed => self.misnamed(file, path, text),
            FileKind::Misplaced => self.misplaced(file, path),
            _ => self.yaml(file, path, kind),
        }
    }

    /// What `kurant.yaml` says with the overlays.
    fn laid_over(&self, base: yaml::Node) -> yaml::Node {
        let overlays = self.overlays.iter();
        let trees = overlays.filter_map(|file| yaml::read(self.sources, *file, self.diagnostics));
        trees.fold(base, yaml::laid_over)
    }

    fn yaml(&mut self, file: FileId, path: &str, kind: FileKind) {
        let before = self.diagnostics.len();
        let Some(root) = yaml::read(self.sources, file, self.diagnostics) else {
            return;
        };
        let root = match kind {
            FileKind::Workspace => self.laid_over(root),
            _ => root,
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
            FileKind::Journey if is_test(&root) => self.unnamed_test(file, path),
            FileKind::Journey => {
                let read = journey::read(&context, &root);
                self.parsed.journeys.extend(read.map(in_file(damaged())));
            }
            FileKind::Provider => {
                let read = provider::read(&context, provider_name(path), &root);
                let damaged = damaged();
                self.parsed.providers.extend(read.map(|item| InFile {
                    file,
                    item,
                    damaged,
                }));
            }
            FileKind::Scenario => self
                .parsed
                .scenarios
                .extend(scenario::read(&context, &root)),
            _ => {}
        }
    }
}

/// Whether what stands where a journey does is one's test.
fn is_test(root: &yaml::Node) -> bool {
    let has = |key: &str| root.get(key).is_some();
    has("test") && !has("trigger") && !has("steps")
}

/// The name of the provider that a file describes.
fn provider_name(path: &str) -> &str {
    let name = path.strip_prefix("channels/").unwrap_or(path);
    name.strip_suffix(".yaml").unwrap_or(name)
}
