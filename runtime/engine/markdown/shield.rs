//! Values within Markdown: whatever they hold, they are text and no marks.
//!
//! Each sign that Markdown might read is written as a character of a private plane of Unicode, which no alphabet uses and Markdown takes
//! for a letter. Once the text is read, they become what they were. Nothing has to be counted or kept aside for it, and a value may stand
//! anywhere: in a heading, in a link's address, in a piece of code.

use std::fmt::Write as _;

/// Where the signs stand meanwhile: the beginning of a private plane (Unicode, section 23.5), U+F0000 to U+F007F.
const PLANE: u32 = 0xF_0000;

/// A value, to be filled into Markdown.
pub fn shielded(value: &str) -> String {
    value.chars().map(behind).collect()
}

/// The text as it was before any value in it was shielded.
pub fn unshielded(text: &str) -> String {
    text.chars().map(before).collect()
}

/// A text with values as it stands between the quotes of an attribute, or between elements.
pub(super) fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        escape(&mut out, before(c));
    }
    out
}

/// HTML of the template with values in it: the HTML stays, the values are escaped.
pub(super) fn in_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for c in html.chars() {
        match before(c) {
            own if own == c => out.push(c),
            own => escape(&mut out, own),
        }
    }
    out
}

/// Addresses keep the signs that make one: in `<{{ url }}>` Markdown looks for them.
fn behind(c: char) -> char {
    let is_mark = c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, ':' | '/');
    let own = is_mark.then(|| char::from_u32(PLANE + u32::from(c)));
    own.flatten().unwrap_or(c)
}

fn before(c: char) -> char {
    let own = u32::from(c).checked_sub(PLANE);
    let own = own.and_then(|own| u8::try_from(own).ok());
    own.filter(u8::is_ascii).map_or(c, char::from)
}

fn escape(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' | '\'' => {
            // A number is understood by every program.
            let _ = write!(out, "&#{};", u32::from(c));
        }
        c => out.push(c),
    }
}
