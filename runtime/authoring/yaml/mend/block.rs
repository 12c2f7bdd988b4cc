//! Colons, dashes and signs that stand where none can.

use std::ops::Range;

use super::{Mend, Scene, beside, indent, quote, slashes};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::trap;
use crate::yaml::value::is_word;

/// A line with all lines that are indented deeper.
pub(super) fn whole(text: &str, line: &Line) -> Range<usize> {
    let mut end = line.whole(text).end;
    let mut current = line.clone();
    while let Some(next) = current
        .next(text)
        .filter(|next| next.is_idle(text) || next.indent > line.indent)
    {
        if !next.is_idle(text) {
            end = next.whole(text).end;
        }
        current = next;
    }
    line.range.start..end
}

/// The end of the last value in a line and those indented deeper.
pub(super) fn last_of(text: &str, line: &Line) -> usize {
    let range = whole(text, line);
    let last = range.start + text[range].trim_end().len();
    Line::at(text, last).value.end
}

/// A colon where no key can be: a value that holds `: `, a line indented too deep, or one before it that lacks its colon.
pub(super) fn mapping_value(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let own_colon = line.key.as_ref().is_none_or(|key| scene.at <= key.end);
    if !own_colon {
        return beside::mapping(scene).or_else(|| quote::whole_value(scene, line));
    }
    let before = line.previous(scene.text)?;
    if before.key.is_none() && before.column() == line.column() {
        return no_colon(scene, &before);
    }
    if before.key.is_none() {
        return quote::whole_value(scene, &before).or_else(|| no_colon(scene, &before));
    }
    if line.column() <= before.column() {
        return None;
    }
    indent::tight_dash(scene, &before).or_else(|| Some(indent::too_deep(scene, &before)))
}

/// A line that should be `key: value` and has no colon, or no space after it.
pub(super) fn no_colon(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
    if let Some(mend) = slashes::line(scene, line) {
        return Some(mend);
    }
    let content = scene.text.get(line.value.clone())?;
    if let Some((key, value)) = content.split_once(':').filter(|(key, _)| is_word(key)) {
        let colon = line.content + key.len();
        let report = scene
            .error(
                "missing-space",
                line.content..colon + 1,
                format!("a space is missing after `{key}:`"),
            )
            .help(format!("write `{key}: {}`", value.trim()));
        return Some(Mend {
            report,
            edits: vec![Edit::put(colon..colon + 1, ": ")],
        });
    }
    let mut words = content.splitn(2, char::is_whitespace);
    let (first, rest) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let report = scene.error(
        "missing-colon",
        line.value.clone(),
        format!("`{content}` has no colon, so it is no key with a value"),
    );
    let report = match (is_word(first), rest) {
        (true, "") => report.help(format!(
            "write `{first}: ...`; a list item begins with `- `"
        )),
        (true, rest) => report.help(format!(
            "write `{first}: {}`; if the line belongs to the one above, indent it deeper",
            rest.trim()
        )),
        _ => report
            .help("write `key: value`; if the line belongs to the one above, indent it deeper"),
    };
    Some(Mend {
        report,
        edits: vec![Edit::lost(whole(scene.text, line))],
    })
}

/// `key: - item`: a list cannot begin beside its key.
pub(super) fn list_beside_key(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let key = scene.text.get(line.key.clone()?)?;
    let value = scene
        .text
        .get(line.value.clone())
        .filter(|_| line.value.start <= scene.at)?;
    let item = value.strip_prefix('-')?.trim();
    let report = scene
        .error("list-beside-key", line.value.clone(), "a list cannot begin on its key's own line")
        .help(format!("write `{key}: [{item}]`, or the `- {item}` on the next line; if it is text, `{key}: {}`", trap::quoted(value)));
    let end = last_of(scene.text, line);
    Some(Mend {
        report,
        edits: vec![Edit::broken(line.value.start..end)],
    })
}

/// `%YAML 1.2`.
pub(super) fn directive(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let report = scene
        .error(
            "yaml-directive",
            line.range.clone(),
            "a line that begins with `%` is a directive to YAML, and the language has none",
        )
        .help("take the line away; if it is text, put it in single quotes");
    Some(Mend {
        report,
        edits: vec![Edit::put(line.whole(scene.text), "")],
    })
}

/// `"text"# comment`.
pub(super) fn tight_comment(scene: &Scene<'_>) -> Option<Mend> {
    let hash = scene.at + scene.text[scene.at..].find('#')?;
    let report = scene
        .error("missing-space", hash..hash + 1, "a space is missing before `#`")
        .help("write a space before the `#` of a comment; if it belongs to the value, put all of it in quotes");
    Some(Mend {
        report,
        edits: vec![Edit::put(hash..hash, " ")],
    })
}

/// A comment between two lines of one value.
pub(super) fn comment_between(scene: &Scene<'_>) -> Option<Mend> {
    let above = scene.line.previous(scene.text);
    let lines = [
        Some(scene.line.clone()),
        above.clone(),
        above.and_then(|line| line.next(scene.text)),
    ];
    let comment = lines.into_iter().flatten().find_map(|line| {
        let rest = &scene.text[line.value.end..line.range.end];
        let hash = rest.find('#').map(|at| line.value.end + at)?;
        (!scene.edits.moves(hash)).then_some(hash..line.range.end)
    })?;
    let report = scene
        .error("lost-to-comment", comment.clone(), "this comment cuts the value in two")
        .help("put the comment above the value; if the `#` belongs to it, put the whole value in single quotes");
    Some(Mend {
        report,
        edits: vec![Edit::put(comment, "")],
    })
}

/// A character that cannot be seen.
pub(super) fn control_character(scene: &Scene<'_>) -> Option<Mend> {
    let sign = scene.text[scene.at..].chars().next()?;
    let report = scene
        .error(
            "control-character",
            scene.at..scene.at + sign.len_utf8(),
            format!(
                "an invisible character (U+{:04X}) stands here",
                u32::from(sign)
            ),
        )
        .help("delete it; it often comes along when text is pasted");
    Some(Mend {
        report,
        edits: vec![Edit::put(scene.at..scene.at + sign.len_utf8(), "")],
    })
}

/// Something after the end of what the file holds.
pub(super) fn stray(scene: &Scene<'_>) -> Option<Mend> {
    let report = scene
        .error(
            "yaml-syntax",
            scene.line.content..scene.line.range.end,
            "the file's content ended above this line",
        )
        .help("write the whole file as `key: value` lines that begin in the first column");
    Some(Mend {
        report,
        edits: vec![Edit::lost(scene.line.range.start..scene.text.len())],
    })
}

pub(super) fn key_range(line: &Line) -> Range<usize> {
    line.key.clone().unwrap_or_else(|| line.value.clone())
}

pub(super) fn name(text: &str, line: &Line) -> String {
    text.get(key_range(line)).unwrap_or("").to_owned()
}

/// A sign before a key or a dash that has no business there, such as a slip of the finger: `,send: email`.
pub(super) fn stray_sign(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let content = scene.text.get(line.content..line.range.end)?;
    let sign = content
        .chars()
        .next()
        .filter(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '"' | '\''))?;
    let rest = &content[sign.len_utf8()..];
    let key = rest
        .trim_start()
        .split_once(':')
        .map(|(key, _)| key)
        .filter(|key| is_word(key));
    let followed = key.or_else(|| rest.trim_start().starts_with("- ").then_some("- "))?;
    let range = line.content..line.content + sign.len_utf8();
    let report = scene
        .error(
            "stray-sign",
            range.clone(),
            format!("`{sign}` stands before `{followed}`, where YAML has another use for it"),
        )
        .help(format!("take the `{sign}` away"));
    // A sign typed into the line moves it, one typed over a space does not: the line is put where its neighbour stands.
    let blanks = rest.len() - rest.trim_start().len();
    let with = if blanks == 0 { "" } else { " " };
    Some(Mend {
        report,
        edits: vec![Edit::put(range, with)],
    })
}
