//! JSON as a tree with places, so that a schema's mistakes are pointed at like those of YAML.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};
use crate::yaml::{Entry, Key, Kind, Node, Scalar, Style};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// Reads one JSON text; none, after a report, when it is no JSON.
pub(super) fn read(file: FileId, text: &str, diagnostics: &Diagnostics) -> Option<Node> {
    let mut reader = Reader { file, text, at: 0 };
    let read = reader.value(0).and_then(|node| {
        reader.blank();
        if reader.at < text.len() {
            Err(reader.wrong("something stands after the end of the value"))
        } else {
            Ok(node)
        }
    });
    read.map_err(|(span, message)| {
        let help = match message {
            "a comma is expected here" => "part the entries with commas",
            "a name in double quotes is expected here" => "JSON has no comments and no comma after the last entry; names stand in double quotes",
            _ => "write JSON: names and texts in double quotes, no comments, no comma after the last entry",
        };
        diagnostics.push(Diagnostic::error("json-syntax", span, message).help(help));
    })
    .ok()
}

type Fault = (Span, &'static str);

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, message: &'static str) -> Fault {
        (
            Span::new(
                self.file,
                self.at,
                self.at + self.peek().map_or(0, char::len_utf8),
            ),
            message,
        )
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn blank(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, wanted: char) -> bool {
        self.blank();
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn node(&self, start: usize, kind: Kind) -> Node {
        Node {
            span: Span::new(self.file, start, self.at),
            kind,
            comment: None,
            damaged: false,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        self.blank();
        if depth > MAX_DEPTH {
            return Err(self.wrong("this is nested too deeply"));
        }
        let start = self.at;
        match self.peek() {
            Some('{') => self.map(start, depth),
            Some('[') => self.list(start, depth),
            Some('"') => {
                let text = self.string()?;
                Ok(self.node(
                    start,
                    Kind::Scalar(Scalar {
                        text,
                        style: Style::Double,
                    }),
                ))
            }
            _ => self.word(start),
        }
    }

    fn map(&mut self, start: usize, depth: usize) -> Result<Node, Fault> {
        self.take('{');
        let mut entries: Vec<Entry> = Vec::new();
        if !self.take('}') {
            loop {
                let key = self.key()?;
                if entries.iter().any(|entry| entry.key.text == key.text) {
                    return Err((key.span, "this name stands here twice"));
                }
                if !self.take(':') {
                    return Err(self.wrong("a colon is expected here"));
                }
                let value = self.value(depth + 1)?;
                entries.push(Entry { key, value });
                if self.take('}') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.wrong("a comma is expected here"));
                }
            }
        }
        Ok(self.node(start, Kind::Map(entries)))
    }

    fn key(&mut self) -> Result<Key, Fault> {
        self.blank();
        let start = self.at;
        if self.peek() != Some('"') {
            return Err(self.wrong("a name in double quotes is expected here"));
        }
        let text = self.string()?;
        Ok(Key {
            span: Span::new(self.file, start, self.at),
            text,
        })
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Node, Fault> {
        self.take('[');
        let mut items = Vec::new();
        if !self.take(']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.take(']') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.wrong("a comma is expected here"));
                }
            }
        }
        Ok(self.node(start, Kind::List(items)))
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let mut escaped = false;
        let inner = self.text[start + 1..].char_indices().find(|(_, c)| {
            let end = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            end
        });
        let Some((length, _)) = inner else {
            return Err((
                Span::new(self.file, start, start + 1),
                "this text has no closing quote",
            ));
        };
        self.at = start + length + 2;
        serde_json::from_str(&self.text[start..self.at]).map_err(|_| {
            (
                Span::new(self.file, start, self.at),
                "this text holds an escape or a character that JSON does not know",
            )
        })
    }

    fn word(&mut self, start: usize) -> Result<Node, Fault> {
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        if serde_json::from_str::<serde_json::Value>(word).is_err() {
            self.at += end.max(1).min(rest.len());
            self.at = self.text.ceil_char_boundary(self.at);
            return Err((
                Span::new(self.file, start, self.at),
                "a value is expected here",
            ));
        }
        self.at += end;
        let kind = match word {
            "null" => Kind::Null,
            _ => Kind::Scalar(Scalar {
                text: word.to_owned(),
                style: Style::Plain,
            }),
        };
        Ok(self.node(start, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn fault(text: &str) -> (String, usize) {
        let mut sources = Sources::new();
        let file = sources.add("a.json", text);
        let diagnostics = Diagnostics::new();
        assert!(read(file, text, &diagnostics).is_none(), "{text}");
        let found = diagnostics.into_sorted(&sources).remove(0);
        (found.message, found.span.start)
    }

    #[test]
    fn values_have_their_places() {
        let mut sources = Sources::new();
        let text = "{\"a\": [1, \"\\u0456\", null],\n \"b\": true}";
        let file = sources.add("a.json", text);
        let node = read(file, text, &Diagnostics::new()).expect("json");
        let b = node.get("b").expect("b");
        assert_eq!(sources.slice(b.span), "true");
        let a = node.get("a").and_then(Node::as_list).expect("a list");
        assert_eq!(a[1].text(), Ok("і"));
        assert!(a[2].is_null());
    }

    #[test]
    fn mistakes_have_theirs() {
        assert_eq!(
            fault("{\"a\": 1,}"),
            ("a name in double quotes is expected here".to_owned(), 8)
        );
        assert_eq!(fault("{\"a\": 1 \"b\": 2}").1, 8);
        assert_eq!(
            fault("{\"a\": tru}"),
            ("a value is expected here".to_owned(), 6)
        );
        assert_eq!(fault("{\"a\": \"x").1, 6);
        assert_eq!(
            fault("{\"a\": 1, \"a\": 2}").0,
            "this name stands here twice"
        );
        assert_eq!(fault("").0, "a value is expected here");
        assert_eq!(fault(&"[".repeat(99)).0, "this is nested too deeply");
    }
}
