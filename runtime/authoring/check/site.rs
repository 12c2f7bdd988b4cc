//! Where a script stands, and the way from a place inside it to the place in the file.

use rhai::Position;

use crate::places::Places;
use crate::source::{FileId, Sources, Span};

/// A script's place: a value in a YAML file, or a whole file of `rhai-lib/`.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) file: FileId,
    /// The path of the value; none for a whole file.
    pub(super) place: Option<&'a str>,
    pub(super) places: &'a Places,
    pub(super) sources: &'a Sources,
}

impl Site<'_> {
    /// The place of what stands at a position, as far as the word goes on.
    pub(super) fn span(&self, position: Position) -> Span {
        let whole = || {
            self.place
                .and_then(|place| self.places.span(self.file, place))
                .unwrap_or(Span::file_start(self.file))
        };
        let Some(line) = position.line() else {
            return whole();
        };
        let column = position.position().unwrap_or(1);
        let start = match self.place {
            Some(place) => self
                .places
                .inside(self.sources, self.file, place, line, column),
            None => self.in_file(line, column),
        };
        start.map_or_else(whole, |start| self.word(start))
    }

    fn in_file(&self, line: usize, column: usize) -> Option<Span> {
        let text = self.sources.get(self.file)?.text();
        let start: usize = text
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum();
        let rest = text.get(start..)?;
        let (at, length) = rest
            .char_indices()
            .nth(column - 1)
            .map_or((rest.len(), 0), |(at, c)| (at, c.len_utf8()));
        Some(Span::new(self.file, start + at, start + at + length))
    }

    /// From the first character of a name, a number or a quoted text to its last.
    fn word(&self, start: Span) -> Span {
        let rest = self
            .sources
            .get(self.file)
            .and_then(|source| source.text().get(start.start..))
            .unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        let length = if let Some(inner) = line.strip_prefix('"') {
            inner.find('"').map_or(1, |end| end + 2)
        } else {
            line.find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(line.len())
        };
        Span::new(self.file, start.start, start.end.max(start.start + length))
    }
}
