//! `buttons` in the front matter of a template: a list of `text` and `url`, one line a value, or short in brackets.
//!
//! As all of the front matter it is not read as YAML: `url: https://shop.example/{{ vars.code }}` is no YAML, and is what people write.

use std::collections::BTreeMap;

use kurant_engine::definition::Template;

use super::templates::unquoted;
use crate::suggest::nearest_or_synonym;

/// What is wrong, and what to write instead.
pub(super) type Wrong = (String, String);
/// Where a line stands in the file: its first byte, and the one behind its last.
pub(super) type At = (usize, usize);

/// The parts of a button.
const PARTS: [&str; 2] = ["text", "url"];
/// What people write for them.
const SYNONYMS: [(&str, &str); 8] = [
    ("title", "text"),
    ("label", "text"),
    ("caption", "text"),
    ("name", "text"),
    ("link", "url"),
    ("href", "url"),
    ("action", "url"),
    ("address", "url"),
];
const EXAMPLE: &str = "write `- text: Look at it`, and below it `  url: https://shop.example`";

/// One button as it is written.
struct Written {
    at: At,
    parts: BTreeMap<&'static str, String>,
    /// A line of it could not be read: what it lacks may be what stands there.
    is_damaged: bool,
}

/// The list as far as it has been read.
#[derive(Default)]
pub(super) struct Buttons {
    /// Whether the next line may belong to it.
    is_open: bool,
    list: Vec<Written>,
}

impl Buttons {
    /// The line `buttons:`, with what stands behind it.
    pub(super) fn begin(&mut self, value: &str, at: At) -> Result<(), Wrong> {
        if value.is_empty() {
            self.is_open = true;
            return Ok(());
        }
        let inner = value
            .strip_prefix('[')
            .and_then(|own| own.strip_suffix(']'));
        let inner = inner.ok_or_else(|| {
            let message = "`buttons` is a list".to_owned();
            (message, EXAMPLE.to_owned())
        })?;
        for own in split(inner) {
            self.short(own.trim(), at)?;
        }
        Ok(())
    }

    /// A line below `buttons:`; none if it doesn't belong to the list.
    pub(super) fn line(&mut self, line: &str, at: At) -> Option<Result<(), Wrong>> {
        if !self.is_open {
            return None;
        }
        let trimmed = line.trim();
        if let Some(rest) = trimmed.strip_prefix('-').map(str::trim) {
            if rest.starts_with('{') && !rest.starts_with("{{") {
                return Some(self.short(rest, at));
            }
            self.add(at);
            return Some(match rest.is_empty() {
                true => Ok(()),
                false => self.part(rest),
            });
        }
        if line.starts_with([' ', '\t']) {
            return Some(self.part(trimmed));
        }
        self.is_open = false;
        None
    }

    /// Puts what was read into the front matter; what is missing, with where.
    pub(super) fn close(self, front: &mut BTreeMap<String, String>) -> Vec<(At, Wrong)> {
        let mut wrong = Vec::new();
        if let Some(more) = self.list.get(Template::MOST_BUTTONS) {
            let message = format!("there are more than {} buttons", Template::MOST_BUTTONS);
            wrong.push((more.at, (message, "keep the first few".to_owned())));
        }
        for (number, mut own) in self.list.into_iter().enumerate() {
            for part in PARTS {
                match own.parts.remove(part) {
                    Some(value) => drop(front.insert(Template::button(number, part), value)),
                    None if own.is_damaged => {}
                    None => {
                        let message = format!("this button has no `{part}`");
                        wrong.push((own.at, (message, EXAMPLE.to_owned())));
                    }
                }
            }
        }
        wrong
    }

    fn add(&mut self, at: At) {
        self.list.push(Written {
            at,
            parts: BTreeMap::new(),
            is_damaged: false,
        });
    }

    /// `{ text: Look at it, url: https://shop.example }`
    fn short(&mut self, text: &str, at: At) -> Result<(), Wrong> {
        let inner = text.strip_prefix('{').and_then(|own| own.strip_suffix('}'));
        let inner = inner.ok_or_else(|| {
            let message = format!("`{text}` is no button");
            let help = "write `{ text: Look at it, url: https://shop.example }`".to_owned();
            (message, help)
        })?;
        self.add(at);
        split(inner)
            .into_iter()
            .try_for_each(|own| self.part(own.trim()))
    }

    /// `text: Look at it`
    fn part(&mut self, text: &str) -> Result<(), Wrong> {
        let read = self.read(text);
        if let (Err(_), Some(own)) = (&read, self.list.last_mut()) {
            own.is_damaged = true;
        }
        read
    }

    fn read(&mut self, text: &str) -> Result<(), Wrong> {
        let wrong = |message: String| (message, EXAMPLE.to_owned());
        let Some((key, value)) = text.split_once(':') else {
            return Err(wrong(format!(
                "`{text}` is neither `text` nor `url` of a button"
            )));
        };
        let (key, value) = (key.trim(), unquoted(value.trim()));
        let Some(part) = PARTS.into_iter().find(|own| *own == key) else {
            let help = match nearest_or_synonym(key, PARTS, &SYNONYMS) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "a button has `text` and `url`".to_owned(),
            };
            return Err((format!("a button has no `{key}`"), help));
        };
        let Some(own) = self.list.last_mut() else {
            return Err(wrong(format!("`{part}` stands before the first button")));
        };
        if value.is_empty() {
            return Err(wrong(format!("`{part}` has no value")));
        }
        match own.parts.insert(part, value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(wrong(format!("`{part}` stands here twice"))),
        }
    }
}

/// The parts between commas that stand in no brackets and no quotes. A quote begins where a value does.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    let (mut quote, mut before) = (None, ',');
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(own), _) if own == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if matches!(before, ':' | ',' | '{') => quote = Some(letter),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    parts.push(&text[start..]);
    parts.retain(|own| !own.trim().is_empty());
    parts
}
