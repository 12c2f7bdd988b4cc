//! Values within Markdown: whatever they hold, they are text and no marks.
//!
//! Each sign, letter and digit that Markdown or HTML might read is written as a character of a private plane of Unicode, which no alphabet
//! uses and Markdown takes for a letter. Once the text is read, they become what they were. Nothing has to be counted or kept aside for it, and a value may stand
//! anywhere: in a heading, in a piece of code, in a link's address, where it is a part of the address and can't be more than that.

use std::fmt::Write as _;

use super::SCHEMES;

/// Where the signs stand meanwhile: the beginning of a private plane (Unicode, section 23.5), U+F0000 to U+F007F.
const PLANE: u32 = 0xF_0000;
/// Where a value ends.
const END: char = '\u{F0080}';

/// Stands where Jinja stood. As many bytes as the shortest of it has.
const JINJA: char = '\u{F0081}';

/// A letter as long as it was, with nothing to be filled in: whatever it is, it may be anything.
pub(super) fn without_jinja(letter: &str) -> String {
    let mut out = String::with_capacity(letter.len());
    let mut rest = letter;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        let ends = match from.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => "",
        };
        let length = match ends {
            "" => 1,
            ends => from.find(ends).map_or(from.len(), |end| end + ends.len()),
        };
        out.push_str(before);
        if length < JINJA.len_utf8() {
            out.push_str(&from[..length]);
        } else {
            out.push(JINJA);
            // Lines stay lines.
            let hidden = from[JINJA.len_utf8()..length].bytes();
            out.extend(hidden.map(|byte| if byte == b'\n' { '\n' } else { 'x' }));
        }
        rest = &from[length..];
    }
    out + rest
}

/// Whether a part of it was Jinja.
pub(super) fn is_filled_in(text: &str) -> bool {
    text.contains(JINJA)
}

/// A value, to be filled into Markdown. What an address begins with is left: in `<{{ url }}>` Markdown looks for it.
pub fn shielded(value: &str) -> String {
    let scheme = scheme_of(value);
    let rest = value[scheme.len()..].chars().map(behind);
    scheme.chars().chain(rest).chain([END]).collect()
}

/// What of an address that a letter may lead to says how to go there; nothing of any other text.
fn scheme_of(text: &str) -> &str {
    let mut schemes = SCHEMES.iter().filter_map(|scheme| text.get(..scheme.len()));
    let own = schemes.find(|own| {
        SCHEMES
            .iter()
            .any(|scheme| own.eq_ignore_ascii_case(scheme))
    });
    own.unwrap_or("")
}

/// The text as it was before any value in it was shielded.
pub fn unshielded(text: &str) -> String {
    text.chars().filter(|c| *c != END).map(before).collect()
}

/// Where a link leads. A value that an address begins with stands as it is, but for blanks; one further on is a part of it, whatever signs
/// of addresses it holds (RFC 3986, section 2.1).
pub(super) fn address(link: &str) -> String {
    let mut out = String::with_capacity(link.len());
    let mut parts = link.split(END).peekable();
    let mut is_first = true;
    while let Some(part) = parts.next() {
        let is_value = parts.peek().is_some();
        let own = &part[scheme_of(part).len()..];
        let begins = std::mem::take(&mut is_first) && !own.chars().any(|c| c.is_ascii());
        for c in part.chars() {
            let own = before(c);
            let stays = if is_value && begins {
                !own.is_ascii_whitespace()
            } else {
                own == c
                    || own.is_ascii_alphanumeric()
                    || matches!(own, '-' | '.' | '_' | '~' | '/' | ':')
            };
            if stays {
                out.push(own);
            } else {
                let _ = write!(out, "%{:02X}", u32::from(own));
            }
        }
    }
    out
}

/// A text with values as it stands between the quotes of an attribute, or between elements.
pub(super) fn attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in unshielded(text).chars() {
        escape(&mut out, c);
    }
    out
}

/// HTML of the template with values in it: the HTML stays, the values are escaped.
pub(super) fn in_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    for c in html.chars().filter(|c| *c != END) {
        match before(c) {
            own if own == c || own.is_ascii_alphanumeric() => out.push(own),
            // Also a blank, which would end an attribute without quotes.
            own => {
                let _ = write!(out, "&#{};", u32::from(own));
            }
        }
    }
    out
}

fn behind(c: char) -> char {
    let own = c.is_ascii().then(|| char::from_u32(PLANE + u32::from(c)));
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
