//! What a workspace sets up, looked up by name; and what every rule needs to report.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::definition::{Journey, LETTERS, Template, TriggerKind};
use kurant_engine::script::Reader;
use rhai::AST;

use super::scope::Declared;
use super::site::Site;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::parse::known::OF_CUSTOMERS;
use crate::parse::{InFile, Parsed};
use crate::places::Places;
use crate::source::{FileId, Sources, Span};
use crate::suggest::{either, nearest};

/// Everything that the rules look at.
pub(super) struct World<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) places: &'a Places,
    pub(super) sources: &'a Sources,
    pub(super) diagnostics: &'a Diagnostics,
    pub(super) declared: Declared<'a>,
    pub(super) reader: Reader,
    /// The files of `rhai-lib/` that are Rhai, by name.
    pub(super) library: BTreeMap<&'a str, AST>,
    customer_schema_read: bool,
    /// Where a file of the workspace stands.
    files: BTreeMap<&'a str, FileId>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        parsed: &'a Parsed,
        places: &'a Places,
        sources: &'a Sources,
        diagnostics: &'a Diagnostics,
    ) -> Self {
        let files: BTreeMap<&str, FileId> = sources
            .iter()
            .map(|(id, source)| (source.path(), id))
            .collect();
        let schema_read = files
            .get("schemas/customer.json")
            .is_none_or(|file| !diagnostics.touches(*file));
        Self {
            parsed,
            places,
            sources,
            diagnostics,
            declared: Declared::new(&parsed.schema, schema_read),
            reader: Reader::new(parsed.library.iter().map(|file| file.item.name.as_str())),
            library: BTreeMap::new(),
            customer_schema_read: schema_read,
            files,
        }
    }

    /// Whether the workspace has such a file, read or not.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether all attributes of customers are known: their schema could be read, or there is none.
    pub(super) fn customer_schema_read(&self) -> bool {
        self.customer_schema_read
    }

    /// Whether an event type is known. One whose schema could not be read has been reported.
    pub(super) fn knows_event(&self, kind: &str) -> bool {
        kind.is_empty()
            || OF_CUSTOMERS.contains(&kind)
            || self.parsed.schema.events.contains_key(kind)
            || self.has_file(&format!("schemas/events/{kind}.json"))
    }

    /// Whether a key stands in a file of the workspace, however its value was read; true when the file could not be read at all.
    pub(super) fn has_key(&self, path: &str, place: &str) -> bool {
        let Some(file) = self.files.get(path) else {
            return false;
        };
        self.places.span(*file, "").is_none() || self.places.key(*file, place).is_some()
    }

    /// The channels, in the workspace's order; none when they could not be read.
    pub(super) fn channels(&self) -> Option<Vec<&'a str>> {
        let workspace = self.parsed.workspace.as_ref()?;
        let is_unread = workspace.damaged && workspace.item.channels.is_empty();
        if is_unread && self.places.key(workspace.file, "channels").is_some() {
            return None;
        }
        Some(
            workspace
                .item
                .channels
                .iter()
                .map(|channel| channel.name.as_str())
                .collect(),
        )
    }

    /// The names of the segments.
    pub(super) fn segments(&self) -> Vec<&'a str> {
        self.parsed
            .segments
            .iter()
            .flat_map(|file| &file.item)
            .map(|segment| segment.name.as_str())
            .collect()
    }

    /// The names of the templates, each once.
    pub(super) fn templates(&self) -> BTreeSet<&'a str> {
        self.parsed
            .templates
            .iter()
            .map(|file| file.item.name.as_str())
            .collect()
    }

    /// A journey by its id.
    pub(super) fn journey(&self, id: &str) -> Option<&'a InFile<Journey>> {
        self.parsed.journeys.iter().find(|file| file.item.id == id)
    }

    /// Whether a journey can be started by hand or by another.
    pub(super) fn is_manual(journey: &Journey) -> bool {
        journey
            .triggers
            .iter()
            .any(|trigger| trigger.kind == TriggerKind::Manual)
    }

    /// Where a value stands. One under a misspelt key stands where what is around it does; the file's start is the last resort.
    pub(super) fn span(&self, file: FileId, place: &str) -> Span {
        std::iter::successors(Some(place), |place| around(place))
            .find_map(|place| self.places.span(file, place))
            .unwrap_or(Span::file_start(file))
    }

    /// The key of a value; the value where it has none.
    pub(super) fn key_span(&self, file: FileId, place: &str) -> Span {
        self.places
            .key(file, place)
            .unwrap_or_else(|| self.span(file, place))
    }

    /// Whether a value stands at a place.
    pub(super) fn stands(&self, file: FileId, place: &str) -> bool {
        self.places.span(file, place).is_some()
    }

    /// The path of an item: of a list, or of a single value that stands for one.
    pub(super) fn item(&self, file: FileId, place: &str, index: usize) -> String {
        let item = format!("{place}[{index}]");
        if self.stands(file, &item) {
            item
        } else {
            place.to_owned()
        }
    }

    /// The place of a script.
    pub(super) fn site<'s>(&'s self, file: FileId, place: Option<&'s str>) -> Site<'s> {
        Site {
            file,
            place,
            places: self.places,
            sources: self.sources,
        }
    }

    /// Whether what goes to a channel leaves by SMTP.
    pub(super) fn is_mailed(&self, channel: &str) -> bool {
        let mut workspace = self.parsed.workspace.iter();
        workspace.any(|file| file.item.is_mailed(channel))
    }

    /// Whether letters go by a channel.
    pub(super) fn takes_letters(&self, channel: &str) -> bool {
        channel == LETTERS || self.is_mailed(channel)
    }

    /// Where the body of a template begins in its file.
    pub(super) fn body_of(&self, template: &InFile<Template>) -> usize {
        let source = self.sources.get(template.file);
        let text = source.map_or("", |source| source.text());
        text.rfind(&template.item.body).unwrap_or(0)
    }

    pub(super) fn push(&self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// The path of what a value stands in.
fn around(place: &str) -> Option<&str> {
    place.get(..place.rfind(['.', '['])?)
}

/// What to write instead of a name that nothing sets up: the nearest one that exists, else those that exist, else how to set it up.
pub(super) fn advice<'n>(
    word: &str,
    known: impl IntoIterator<Item = &'n str>,
    otherwise: &str,
) -> String {
    /// How many names are listed at the most.
    const LISTED: usize = 12;
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if known.is_empty() || known.len() > LISTED => otherwise.to_owned(),
        None => format!("known here: {}; or {otherwise}", either(known)),
    }
}

/// The nearest known name, if one is near enough.
pub(super) fn close<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    nearest(word, known)
}
