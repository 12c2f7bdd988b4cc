//! One line of YAML, taken apart by eye: where a reader of the file would see the key, the colon and the value.

use std::ops::Range;

/// A line and its parts, in bytes of the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From its first character to before its line break.
    pub(super) range: Range<usize>,
    /// Where its first character that is no space, tab or `- ` stands: the column it is indented to.
    pub(super) content: usize,
    /// Spaces and tabs before anything else.
    pub(super) indent: usize,
    /// The key before the first `: `, if there is one.
    pub(super) key: Option<Range<usize>>,
    /// The value: what follows the colon, or the whole content if there is no key; without a comment and the spaces around.
    pub(super) value: Range<usize>,
}

impl Line {
    /// The line that holds `byte`.
    pub(super) fn at(text: &str, byte: usize) -> Line {
        let byte = text.floor_char_boundary(byte.min(text.len()));
        let start = text[..byte].rfind('\n').map_or(0, |at| at + 1);
        let end = text[byte..].find('\n').map_or(text.len(), |at| byte + at);
        let end = start + text[start..end].trim_end_matches('\r').len();
        let mut content = skip_blanks(text, start, end);
        let indent = content - start;
        while text[content..end].starts_with("- ") {
            content = skip_blanks(text, content + 2, end);
        }
        let key = key(text, content..end);
        let from = match &key {
            Some(key) => skip_blanks(text, colon_after(text, key.end) + 1, end),
            None => content,
        };
        let value = from..value_end(text, from, end);
        Line {
            range: start..end,
            content,
            indent,
            key,
            value,
        }
    }

    /// The line after this one, if there is one.
    pub(super) fn next(&self, text: &str) -> Option<Line> {
        let break_at = text[self.range.end..].find('\n')? + self.range.end;
        (break_at + 1 < text.len()).then(|| Line::at(text, break_at + 1))
    }

    /// The nearest line before this one that is neither blank nor a comment.
    pub(super) fn previous(&self, text: &str) -> Option<Line> {
        let mut line = Line::at(text, self.range.start.checked_sub(1)?);
        while line.is_idle(text) {
            line = Line::at(text, line.range.start.checked_sub(1)?);
        }
        Some(line)
    }

    /// Blank, or a comment only.
    pub(super) fn is_idle(&self, text: &str) -> bool {
        let content = text[self.range.clone()].trim_start();
        content.is_empty() || content.starts_with('#')
    }

    /// How far the content stands from the line's start, in bytes.
    pub(super) fn column(&self) -> usize {
        self.content - self.range.start
    }

    /// The whole line with its line break.
    pub(super) fn whole(&self, text: &str) -> Range<usize> {
        let end = text[self.range.end..]
            .find('\n')
            .map_or(text.len(), |at| self.range.end + at + 1);
        self.range.start..end
    }
}

fn skip_blanks(text: &str, from: usize, end: usize) -> usize {
    let from = from.min(end);
    from + text[from..end]
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count()
}

fn colon_after(text: &str, from: usize) -> usize {
    text[from..].find(':').map_or(text.len(), |at| from + at)
}

/// The key, if the line has one: all before the first colon that a blank or the line's end follows, outside of a quoted key.
fn key(text: &str, line: Range<usize>) -> Option<Range<usize>> {
    let content = &text[line.clone()];
    let quote = content.chars().next().filter(|c| matches!(c, '"' | '\''));
    let skip = match quote {
        Some(quote) => content[1..].find(quote)? + 2,
        None if content.starts_with(['[', '{', '#', '|', '>', '!', '&', '*']) => return None,
        None => 0,
    };
    let colon = content.match_indices(':').map(|(at, _)| at).find(|at| {
        *at >= skip
            && content[at + 1..]
                .chars()
                .next()
                .is_none_or(|c| matches!(c, ' ' | '\t'))
    })?;
    let key = content[..colon].trim_end();
    let sound = !key.is_empty() && !key.contains(" #") && (quote.is_none() || key.len() == skip);
    sound.then(|| line.start..line.start + key.len())
}

/// Where the value ends: before a ` #` that stands outside of quotes and brackets, else at the line's end.
pub(super) fn value_end(text: &str, from: usize, end: usize) -> usize {
    let from = from.min(end);
    let value = &text[from..end];
    let mut open = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    let mut cut = value.len();
    for (at, c) in value.char_indices() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some(c),
            (None, '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '(' | '[' | '{') => open.push(c),
            (None, ')' | ']' | '}') => {
                open.pop();
            }
            (None, '#')
                if before.is_whitespace() && open.is_empty() && is_comment(&value[at + 1..]) =>
            {
                cut = at;
                break;
            }
            _ => {}
        }
        before = c;
    }
    from + value[..cut].trim_end().len()
}

/// `# like this`, as people write comments, and not `#1`.
fn is_comment(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t', '#', '-', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_seen_as_its_author_sees_it() {
        for (text, key, value) in [
            ("when: !has_tag(\"x\")  # staff", "when", "!has_tag(\"x\")"),
            ("  - send: email", "send", "email"),
            ("title: Sale: now", "title", "Sale: now"),
            ("  - - a: b", "a", "b"),
            ("\"a: b\": c", "\"a: b\"", "c"),
            ("url: http://x:80/#a", "url", "http://x:80/#a"),
            ("send:email", "", "send:email"),
            ("when: has_tag(\"a # b\") # c", "when", "has_tag(\"a # b\")"),
            ("title: it's # c", "title", "it's"),
            ("title: @Order #12 # c", "title", "@Order #12"),
            ("steps:", "steps", ""),
            ("steps: # none", "steps", ""),
            ("", "", ""),
        ] {
            let line = Line::at(text, text.len());
            assert_eq!(line.key.map_or("", |range| &text[range]), key, "{text}");
            assert_eq!(&text[line.value], value, "{text}");
        }
    }
}
