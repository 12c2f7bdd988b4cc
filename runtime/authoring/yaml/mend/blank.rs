//! Blanks that look like spaces and are none, as they come from a copied page: no-break spaces before a key, a dash or a value.

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::yaml::edits::Edit;

/// What to read instead, and the one report for all of them; none when the file has none.
pub(in crate::yaml) fn blanks(text: &str, file: FileId) -> Option<(Diagnostic, Vec<Edit>)> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut lines = 0;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let before = found.len();
        found.extend(of_line(line).map(|range| start + range.start..start + range.end));
        lines += usize::from(found.len() > before);
        start += line.len();
    }
    let first = found.first()?.clone();
    let more = match lines {
        1 => String::new(),
        count => format!(" (and in {} more lines)", count - 1),
    };
    let report = Diagnostic::error(
        "no-space",
        Span::new(file, first.start, first.end),
        format!("this blank{more} looks like a space and is none, so YAML takes it for text"),
    );
    let edits = found.into_iter().map(|range| Edit::put(range, " "));
    Some((
        report.help("write spaces instead; such blanks come along when text is copied from a page"),
        edits.collect(),
    ))
}

/// Those before a line's text, after its dashes, and right after its first colon.
fn of_line(line: &str) -> impl Iterator<Item = Range<usize>> {
    let text = line
        .find(|c: char| !c.is_whitespace() && c != '-')
        .unwrap_or(0);
    let key = line[text..]
        .find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'))
        .map_or(text, |length| text + length);
    let value = line[key..].starts_with(':').then(|| {
        let rest = &line[key + 1..];
        key + 1..key + 1 + (rest.len() - rest.trim_start().len())
    });
    let places = [Some(0..text), value];
    places.into_iter().flatten().flat_map(move |place| {
        line[place.clone()]
            .char_indices()
            .filter(|(_, c)| c.is_whitespace() && !c.is_ascii())
            .map(|(at, c)| place.start + at..place.start + at + c.len_utf8())
            .collect::<Vec<_>>()
    })
}
