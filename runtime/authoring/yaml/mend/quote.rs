//! Values that need quotes, and quotes that went wrong.

use super::{Mend, Scene, slashes};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::trap;

/// The whole value of a line that needs quotes; `None` when nothing about it is a trap.
pub(super) fn whole_value(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
    if let Some(mend) = slashes::behind(scene, line) {
        return Some(mend);
    }
    let value = scene.text.get(line.value.clone())?;
    let reason = trap::reason(value)?;
    if let Some(condition) = trap::without_colon(value) {
        let colon = line.value.end - 1;
        let report = scene
            .error(
                "stray-colon",
                colon..line.value.end,
                "no colon stands at the end of a condition",
            )
            .help(format!(
                "take the colon away: `{}`",
                scene.rewritten(line, condition)
            ));
        return Some(Mend {
            report,
            edits: vec![Edit::put(line.value.clone(), condition.to_owned())],
        });
    }
    Some(put_in_quotes(scene, line, value, &reason))
}

fn put_in_quotes(scene: &Scene<'_>, line: &Line, value: &str, reason: &str) -> Mend {
    let (range, whole) = with_continuation(scene.text, line, value);
    let quoted = trap::quoted(trap::meant(&whole));
    let report = scene
        .error("quote-needed", line.value.clone(), reason)
        .help(format!("write `{}`", scene.rewritten(line, &quoted)));
    Mend {
        report,
        edits: vec![Edit::put(range, quoted)],
    }
}

/// The value with the lines that continue it: those indented deeper than its key that are no keys and items themselves.
fn with_continuation(text: &str, line: &Line, value: &str) -> (std::ops::Range<usize>, String) {
    let mut range = line.value.clone();
    let mut whole = value.to_owned();
    let mut current = line.clone();
    while let Some(next) = current.next(text) {
        let item = text[next.range.start + next.indent..].starts_with("- ");
        if next.is_idle(text) || next.indent <= line.column() || next.key.is_some() || item {
            break;
        }
        range.end = next.value.end;
        whole.push(' ');
        whole.push_str(&text[next.value.clone()]);
        current = next;
    }
    (range, whole)
}

/// A tag: `!has_tag("x")` is a condition without its quotes, `!!str 5` a tag indeed.
pub(super) fn tag(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let token_end = scene.text[scene.at..]
        .find(char::is_whitespace)
        .map_or(scene.text.len(), |len| scene.at + len);
    let token = &scene.text[scene.at..token_end];
    let alone = scene.at == line.value.start && token_end >= line.value.end;
    let real =
        token.starts_with("!!") || token.starts_with("!<") || (alone && opens_block(scene, line));
    if !real && scene.flow.is_some() {
        return super::flow::cut_inside(scene);
    }
    if !real && scene.at == line.value.start {
        return whole_value(scene, line);
    }
    let report = scene
        .error(
            "yaml-tag",
            scene.at..token_end,
            format!("`{token}` is a tag to YAML, and the language has none"),
        )
        .help(format!(
            "take `{token}` away; where text is wanted, every value is text"
        ));
    Some(Mend {
        report,
        edits: vec![Edit::put(scene.at..token_end, "")],
    })
}

/// Whether the lines below are the value: deeper ones, or items at the key's own indentation.
fn opens_block(scene: &Scene<'_>, line: &Line) -> bool {
    let mut next = line.next(scene.text);
    while let Some(below) = next {
        if !below.is_idle(scene.text) {
            let item = scene.text[below.range.start + below.indent..].starts_with("- ");
            let deeper = below.indent > line.column();
            return (deeper && (item || below.key.is_some()))
                || (item && below.indent == line.column());
        }
        next = below.next(scene.text);
    }
    false
}

/// A quote at `start` that is not closed on its line.
pub(super) fn unclosed(scene: &Scene<'_>, start: usize) -> Option<Mend> {
    let line = Line::at(scene.text, start);
    let quote = scene.text[start..].chars().next()?;
    let is_inside = scene.flow.is_some_and(|open| open < start);
    let end = match is_inside {
        true => super::flow::text_end(scene.text, start, line.range.end),
        false => scene.text[..line.range.end].trim_end().len(),
    };
    let end = end.max(start + 1);
    let inside = scene.text.get(start + 1..end)?;
    let (with, shown) = if inside.contains(quote) {
        let quoted = trap::quoted(&scene.text[start..end]);
        (Edit::put(start..end, quoted.clone()), quoted)
    } else {
        (
            Edit::put(end..end, quote.to_string()),
            format!("{quote}{inside}{quote}"),
        )
    };
    let shown = if start == line.value.start {
        scene.rewritten(&line, &shown)
    } else {
        shown
    };
    let report = scene
        .error(
            "unclosed-quote",
            start..end,
            format!("the quote {quote} that opens here is not closed on its line"),
        )
        .help(format!("write `{shown}`"));
    Some(Mend {
        report,
        edits: vec![with],
    })
}

/// Something stands behind a text in quotes: either the value needs quotes around all of it, or an earlier quote was never closed.
pub(super) fn trailing(scene: &Scene<'_>) -> Option<Mend> {
    if let Some(start) =
        pending_quote(scene).filter(|start| Line::at(scene.text, *start).range != scene.line.range)
    {
        return unclosed(scene, start);
    }
    if scene.flow.is_some() {
        return super::flow::fault(scene);
    }
    whole_value(scene, &scene.line)
}

/// The quote that opens the value which the parser was about to read.
fn pending_quote(scene: &Scene<'_>) -> Option<usize> {
    let rest = &scene.text[scene.pending..];
    let value = rest.trim_start_matches([' ', '\t', ':', '-', ',', '[', '{', '\n', '\r']);
    value
        .starts_with(['"', '\''])
        .then(|| scene.pending + rest.len() - value.len())
}

/// `"\d"`: a backslash in double quotes begins an escape, and this is none.
pub(super) fn bad_escape(scene: &Scene<'_>) -> Option<Mend> {
    let start = scene.text[scene.at..]
        .starts_with('"')
        .then_some(scene.at)
        .or_else(|| pending_quote(scene))?;
    let line = Line::at(scene.text, start);
    let bytes = scene.text.as_bytes();
    let mut end = start + 1;
    while end < line.range.end && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    let inside = scene.text.get(start + 1..end)?;
    let escape = inside.match_indices('\\').map(|(at, _)| at).find(|at| {
        !inside[at + 1..].starts_with([
            '\\', '"', '/', 'n', 't', 'r', '0', 'a', 'b', 'e', 'f', 'v', ' ', 'N', '_', 'L', 'P',
        ])
    });
    let at = start + 1 + escape.unwrap_or(0);
    let sign: String = scene.text[at..].chars().take(2).collect();
    let quoted = format!("'{}'", inside.replace('\'', "''"));
    let shown = if start == line.value.start {
        scene.rewritten(&line, &quoted)
    } else {
        quoted.clone()
    };
    let report = scene
        .error(
            "bad-escape",
            at..at + sign.len(),
            format!("`{sign}` means nothing in double quotes"),
        )
        .help(format!(
            "single quotes take a backslash as it is: `{shown}`"
        ));
    Some(Mend {
        report,
        edits: vec![Edit::put(start..(end + 1).min(line.range.end), quoted)],
    })
}
