//! From a place inside of a value's text back to the file: where in the YAML does the seventh character of this condition stand?
//!
//! Quotes, escapes and folded lines make the two differ. The text and the source are walked side by side.

use std::ops::Range;

use super::node::{Node, Scalar, Style};
use crate::source::{Sources, Span};

impl Node {
    /// The place in the file of a stretch of this value's text (in bytes of the text). The whole value, if it is no single value.
    pub fn inside(&self, sources: &Sources, stretch: Range<usize>) -> Span {
        let (Some(scalar), Some(source)) = (self.as_scalar(), sources.get(self.span.file)) else {
            return self.span;
        };
        let written = source.slice(self.span);
        let indent = self.span.start
            - source.text()[..self.span.start]
                .rfind('\n')
                .map_or(0, |at| at + 1);
        let walk = Walk {
            written,
            scalar,
            indent,
        };
        let start = walk.byte(stretch.start);
        let end = walk.byte(stretch.end).max(start);
        Span::new(
            self.span.file,
            self.span.start + start,
            self.span.start + end,
        )
    }

    /// The place in the file of a line and a column of this value's text, both from 1 and the column in characters, as script engines
    /// report them: one character, or none at the text's end.
    pub fn inside_at(&self, sources: &Sources, line: usize, column: usize) -> Span {
        let text = self.as_scalar().map_or("", |scalar| &scalar.text);
        let start: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let rest = text.get(start..).unwrap_or("");
        let mut chars = rest.char_indices().skip(column.saturating_sub(1));
        let (from, len) = chars
            .next()
            .map_or((rest.len(), 0), |(at, c)| (at, c.len_utf8()));
        self.inside(sources, start + from..start + from + len)
    }
}

struct Walk<'a> {
    written: &'a str,
    scalar: &'a Scalar,
    /// The column of the value's first byte: a block's lines begin there.
    indent: usize,
}

impl Walk<'_> {
    /// The byte of the source at which the byte `until` of the text stands.
    fn byte(&self, until: usize) -> usize {
        let text = self.scalar.text.as_str();
        let until = text.floor_char_boundary(until.min(text.len()));
        // Mostly the text stands in the file as it is.
        if let Some(at) = self.written.find(text) {
            return at + until;
        }
        let mut at = match self.scalar.style {
            Style::Single | Style::Double => 1,
            Style::Plain | Style::Block => 0,
        };
        let mut read = 0;
        while read < until && at < self.written.len() {
            let (text_step, source_step) = self.step(&text[read..], &self.written[at..]);
            read += text_step;
            at += source_step;
        }
        at.min(self.written.len())
    }

    /// How many bytes of the text and of the source belong together next. The source's step is never 0.
    fn step(&self, text: &str, source: &str) -> (usize, usize) {
        let (Some(wanted), Some(found)) = (text.chars().next(), source.chars().next()) else {
            return (0, source.len().max(1));
        };
        match self.scalar.style {
            Style::Double if found == '\\' => return escape(wanted, source),
            Style::Single if source.starts_with("''") => return (1, 2),
            _ => {}
        }
        let folds =
            matches!(found, '\n' | '\r') || (found.is_whitespace() && blank_to_the_end(source));
        if folds && wanted.is_whitespace() {
            return self.line_break(text, source);
        }
        let text_step = if wanted == found {
            wanted.len_utf8()
        } else {
            0
        };
        (text_step, found.len_utf8())
    }

    fn line_break(&self, text: &str, source: &str) -> (usize, usize) {
        if self.scalar.style == Style::Block {
            let line = source.find('\n').map_or(source.len(), |at| at + 1);
            let blanks = source[line..].bytes().take_while(|b| *b == b' ').count();
            return (1, line + blanks.min(self.indent));
        }
        let blanks = source.len() - source.trim_start().len();
        let breaks = text.bytes().take_while(|b| *b == b'\n').count();
        (breaks.max(1), blanks)
    }
}

fn blank_to_the_end(source: &str) -> bool {
    let line = source.split('\n').next().unwrap_or("");
    line.trim().is_empty() && line.len() < source.len()
}

fn escape(wanted: char, source: &str) -> (usize, usize) {
    let sign = source.chars().nth(1).unwrap_or('\\');
    let len = match sign {
        'x' => 4,
        'u' => 6,
        'U' => 10,
        // An escaped line break is no part of the text.
        '\n' | '\r' => return (0, 1 + source[1..].len() - source[1..].trim_start().len()),
        sign => 1 + sign.len_utf8(),
    };
    (wanted.len_utf8(), len.min(source.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::yaml::read;

    /// Finds `~` in the text of the value under `a`, and gives where it stands in the file and what stands there.
    fn find(yaml: &str) -> (usize, usize, String) {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", yaml);
        let root = read(&sources, file, &Diagnostics::new()).expect("readable");
        let node = root.get("a").expect("a value");
        let at = node.text().expect("text").find('~').expect("the sign");
        let span = node.inside(&sources, at..at + 1);
        let place = sources.place(span);
        (place.line, place.column, sources.slice(span).to_owned())
    }

    #[test]
    fn a_place_in_the_text_leads_to_the_place_in_the_file() {
        for (yaml, line, column) in [
            ("a: x ~ y\n", 1, 6),
            ("a: 'x ~ y'\n", 1, 7),
            ("a: 'it''s ~ y'\n", 1, 11),
            ("a: \"\\\"x\\\" ~ y\"\n", 1, 11),
            ("a: \"\\u0041 \\x41 ~\"\n", 1, 17),
            ("a: x &&\n  y ~ z\n", 2, 5),
            ("a: x\n\n  y ~ z\n", 3, 5),
            ("a: 'x\n  y ''~'\n", 2, 7),
            ("a: \"x \\\n   y ~\"\n", 2, 6),
            ("a: |\n  x\n  y ~\n", 3, 5),
            ("a: |\n  x\n\n    y ~\n", 4, 7),
            ("a: >\n  x\n  y ~\n", 3, 5),
            ("a: >-\n  x\n\n  y\n  z ~\n", 5, 5),
            ("a: |-\r\n  x\r\n  y ~\r\n", 3, 5),
            ("a: !has ~\n", 1, 9),
            ("a: \"він \\\"~\"\n", 1, 11),
        ] {
            assert_eq!(find(yaml), (line, column, "~".to_owned()), "{yaml}");
        }
    }

    #[test]
    fn a_line_and_column_of_a_script_lead_there_too() {
        let mut sources = Sources::new();
        let file = sources.add("a.yaml", "a: |\n  let x = 1;\n  x + жy\n");
        let root = read(&sources, file, &Diagnostics::new()).expect("readable");
        let node = root.get("a").expect("a value");
        let span = node.inside_at(&sources, 2, 6);
        assert_eq!(
            (
                sources.place(span).line,
                sources.place(span).column,
                sources.slice(span)
            ),
            (3, 8, "y")
        );
        let past = node.inside_at(&sources, 9, 9);
        assert!(past.start <= sources.get(file).expect("added").text().len());
    }
}
