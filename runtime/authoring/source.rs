//! The texts that are read: each with its path as people know it, and the way from a byte to a line and a column.

/// Names one text of a [`Sources`] set. The default is the first file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(u32);

/// A stretch of bytes in one file; `end` is the first byte that no longer belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// First byte past the end.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to, and not including, `end`.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Self {
            file,
            start,
            end: end.max(start),
        }
    }

    /// The place before a file's first character, for what is wrong with the file as a whole.
    pub fn file_start(file: FileId) -> Self {
        Self::new(file, 0, 0)
    }

    /// The smallest span that holds both; the file is that of `self`.
    pub fn to(self, other: Span) -> Self {
        Self::new(
            self.file,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }

    /// Whether the byte lies inside.
    pub fn holds(self, byte: usize) -> bool {
        self.start <= byte && byte < self.end
    }
}

/// A place as people count it: both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One text and its path.
#[derive(Debug, Clone)]
pub struct Source {
    path: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    fn new(path: String, text: String) -> Self {
        // A byte-order mark is no character of the text: columns count without it.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            path,
            text,
            line_starts,
        }
    }

    /// The path as it is shown.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text, without a byte-order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte; a byte inside a character counts as that character, one past the end as the end.
    pub fn place(&self, byte: usize) -> Place {
        let byte = self.text.floor_char_boundary(byte.min(self.text.len()));
        let line = self.line_starts.partition_point(|start| *start <= byte);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        Place {
            line,
            column: self.text[start..byte].chars().count() + 1,
        }
    }

    /// The line (from 1) without its line break; empty when there is no such line.
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
        else {
            return "";
        };
        let end = self
            .line_starts
            .get(line)
            .copied()
            .unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
    }

    /// The text under a span; empty when the span lies outside.
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start..span.end.min(self.text.len()))
            .unwrap_or("")
    }
}

/// Every text of one reading, in the order they were added.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

impl Sources {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the path that is shown to people (relative to the workspace, with `/`).
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source::new(path.into(), text.into()));
        id
    }

    /// One text; `None` for an id of another set.
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(id.0 as usize)
    }

    /// Every text with its id.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    /// The path of a file; empty for an id of another set.
    pub fn path(&self, id: FileId) -> &str {
        self.get(id).map_or("", Source::path)
    }

    /// Where a span begins.
    pub fn place(&self, span: Span) -> Place {
        self.get(span.file)
            .map_or(Place { line: 1, column: 1 }, |source| {
                source.place(span.start)
            })
    }

    /// The text under a span; empty when it lies outside.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.file).map_or("", |source| source.slice(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "\u{feff}назва: так\nb: 1\r\nc");
        let source = sources.get(id).expect("added");
        let at = |needle: &str| source.place(source.text().find(needle).expect("in the text"));
        assert_eq!(at("назва"), Place { line: 1, column: 1 });
        assert_eq!(at("так"), Place { line: 1, column: 8 });
        assert_eq!(at("1"), Place { line: 2, column: 4 });
        assert_eq!(at("c"), Place { line: 3, column: 1 });
        assert_eq!(source.line(2), "b: 1");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn a_place_past_the_end_or_inside_a_character_is_no_panic() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", "я");
        let source = sources.get(id).expect("added");
        assert_eq!(source.place(1), Place { line: 1, column: 1 });
        assert_eq!(source.place(99), Place { line: 1, column: 2 });
        assert_eq!(source.slice(Span::new(id, 1, 99)), "");
    }
}
