//! Whether elements are MJML's, closed in their order, and not too deep: its parser forgives what mail programs don't, and follows
//! elements however deep they go.

use std::ops::Range;

use super::{DEEPEST, ELEMENTS, What, Wrong};

/// Elements of HTML that have no end.
const WITHOUT_END: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// A tag as it is written.
struct Tag<'t> {
    name: &'t str,
    place: Range<usize>,
    closes: bool,
    /// It ends with `/>`.
    is_alone: bool,
}

/// Looks at all tags.
pub(super) fn check(letter: &str) -> Result<(), Wrong> {
    let mut open: Vec<Tag<'_>> = Vec::new();
    let (mut from, mut has_root) = (0, false);
    while let Some(tag) = next(letter, &mut from) {
        let wrong = |what| {
            Err(Wrong {
                place: tag.place.clone(),
                what,
            })
        };
        let name = tag.name;
        if open.is_empty() && !tag.closes && (has_root || name != "mjml") {
            return wrong(What::NoRoot);
        }
        has_root = true;
        if name == "mj-include" {
            return wrong(What::Include);
        }
        // Attributes for all elements of a name stand under that name, whatever it is.
        let is_ours = name.starts_with("mj-") || name == "mjml";
        if is_ours && !ELEMENTS.contains(&name) {
            return wrong(What::Unknown(name.to_owned()));
        }
        if tag.closes {
            match open.pop() {
                Some(last) if last.name == name => {}
                last => {
                    let last = last.map(|last| last.name.to_owned());
                    return wrong(What::Crossed(name.to_owned(), last));
                }
            }
        } else if !tag.is_alone && !WITHOUT_END.contains(&name) {
            if open.len() >= DEEPEST {
                return wrong(What::Deep);
            }
            open.push(tag);
        }
    }
    match open.pop() {
        Some(tag) => Err(Wrong {
            place: tag.place,
            what: What::Unclosed(tag.name.to_owned()),
        }),
        None if has_root => Ok(()),
        None => Err(Wrong {
            place: 0..0,
            what: What::NoRoot,
        }),
    }
}

/// The next tag from a place on, which moves behind it. Comments and declarations are passed over.
fn next<'t>(letter: &'t str, from: &mut usize) -> Option<Tag<'t>> {
    loop {
        let start = *from + letter[*from..].find('<')?;
        let rest = &letter[start..];
        if rest.starts_with("<!--") {
            *from = start + rest.find("-->").map_or(rest.len(), |end| end + 3);
            continue;
        }
        if rest.starts_with("<![CDATA[") {
            *from = start + rest.find("]]>").map_or(rest.len(), |end| end + 3);
            continue;
        }
        let closes = rest.starts_with("</");
        let name = &rest[1 + usize::from(closes)..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        let length = name.find(|c| !is_part(c)).unwrap_or(name.len());
        let end = end_of(rest);
        *from = start + end;
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some(Tag {
                name: &name[..length],
                place: start..start + end,
                closes,
                is_alone: rest[..end].ends_with("/>"),
            });
        }
        if !rest.starts_with("<!") && !rest.starts_with("<?") {
            *from = start + 1;
        }
    }
}

/// Where a tag ends: at the first `>` outside quotes.
fn end_of(tag: &str) -> usize {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    tag.len()
}
