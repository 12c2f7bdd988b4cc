//! Indentation, tabs, colons and dashes.

use std::ops::Range;

use super::{Mend, Scene, quote};
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

/// Tabs before a key: every line that has one is reported where its tabs begin, and read with two spaces for each.
pub(super) fn tabs(scene: &Scene<'_>) -> Option<Mend> {
    let mut edits = Vec::new();
    let mut first = None;
    let mut line = Some(Line::at(scene.text, 0));
    while let Some(current) = line {
        let indent = current.range.start..current.range.start + current.indent;
        if scene.text[indent.clone()].contains('\t') && !current.is_idle(scene.text) {
            first.get_or_insert(indent.start + scene.text[indent.clone()].find('\t').unwrap_or(0));
            edits.push(Edit::put(
                indent.clone(),
                scene.text[indent].replace('\t', "  "),
            ));
        }
        line = current.next(scene.text);
    }
    let at = first?;
    let more = match edits.len() {
        1 => String::new(),
        count => format!(" (and in {} more lines)", count - 1),
    };
    let report = scene
        .error(
            "tab-indentation",
            at..at + 1,
            format!("a tab stands in the indentation{more}, where YAML takes spaces only"),
        )
        .help("write two spaces for each tab");
    Some(Mend { report, edits })
}

/// A colon where no key can be: a value that holds `: `, a line indented too deep, or one before it that lacks its colon.
pub(super) fn mapping_value(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let own_colon = line.key.as_ref().is_none_or(|key| scene.at <= key.end);
    if !own_colon {
        return quote::whole_value(scene, line);
    }
    let before = line.previous(scene.text)?;
    if before.key.is_none() && before.column() == line.column() {
        return no_colon(scene, &before);
    }
    if before.key.is_none() {
        return quote::whole_value(scene, &before).or_else(|| no_colon(scene, &before));
    }
    (line.column() > before.column()).then(|| too_deep(scene, &before))
}

/// The line is indented deeper than the key before it, which has its value already.
fn too_deep(scene: &Scene<'_>, before: &Line) -> Mend {
    let line = &scene.line;
    let surplus = line.column() - before.column();
    let mut edits = Vec::new();
    let mut current = Some(line.clone());
    while let Some(line_now) =
        current.filter(|now| now.is_idle(scene.text) || now.indent >= line.indent)
    {
        if !line_now.is_idle(scene.text) {
            edits.push(Edit::put(
                line_now.range.start..line_now.range.start + surplus,
                "",
            ));
        }
        current = line_now.next(scene.text);
    }
    let key = name(scene.text, line);
    let sibling = name(scene.text, before);
    let message = format!(
        "`{key}` is indented deeper than `{sibling}` above it, which already has its value"
    );
    let report = scene
        .error("indentation", key_range(line), message)
        .help(format!(
            "begin `{key}` in column {}, right below `{sibling}`",
            before.column() + 1
        ));
    Mend { report, edits }
}

/// A line that should be `key: value` and has no colon, or no space after it.
pub(super) fn no_colon(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
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

/// A line whose indentation fits none of those above it.
pub(super) fn indentation(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    if scene.at > line.content {
        return None;
    }
    let dash = scene.text[line.range.start + line.indent..].starts_with("- ");
    let own = line.indent;
    let above = open_above(scene.text, line);
    let lost = vec![Edit::lost(whole(scene.text, line))];
    let key = name(scene.text, line);
    let place = if dash {
        own_start(line)..own_start(line) + 1
    } else {
        key_range(line)
    };
    if let Some(level) = above.iter().find(|level| level.column == own) {
        let report = match (dash, level.dash) {
            (true, false) => return Some(item_beside_keys(scene, level, &above)),
            (false, true) => scene
                .error(
                    "indentation",
                    place,
                    format!("`{key}` stands where the next list item is expected"),
                )
                .help("begin it with `- `, or indent it as deep as the keys of the item above"),
            _ => return None,
        };
        return Some(Mend {
            report,
            edits: lost,
        });
    }
    let fits: Vec<String> = above
        .iter()
        .rev()
        .map(|level| format!("{} (as `{}`)", level.column, level.name))
        .collect();
    let spaces = if own == 1 {
        "1 space"
    } else {
        &format!("{own} spaces")
    };
    let message = format!("the indentation of {spaces} fits none of the lines above");
    let report = scene
        .error("indentation", place, message)
        .help(format!("indent it by {}", fits.join(" or ")));
    let near = above
        .iter()
        .filter(|level| level.dash == dash && level.column.abs_diff(own) == 1)
        .min_by_key(|level| level.column < own);
    let edits = match near {
        Some(level) => vec![Edit::put(
            line.range.start..own_start(line),
            " ".repeat(level.column),
        )],
        None => lost,
    };
    Some(Mend { report, edits })
}

/// A list item where only a key of the mapping can stand: its siblings are indented deeper, or it has none.
fn item_beside_keys(scene: &Scene<'_>, level: &Level, above: &[Level]) -> Mend {
    let line = &scene.line;
    let start = own_start(line);
    let message = format!(
        "a list item stands here, where only a key beside `{}` can",
        level.name
    );
    let report = scene.error("indentation", start..start + 1, message);
    match nearest_dash(above, line.indent) {
        Some(item) => {
            let deeper = " ".repeat(item.column.saturating_sub(line.indent));
            let block = whole(scene.text, line);
            let lines = std::iter::successors(Some(line.clone()), |line| line.next(scene.text));
            let edits = lines
                .take_while(|line| line.range.start < block.end)
                .filter(|line| !line.is_idle(scene.text))
                .map(|line| Edit::put(line.range.start..line.range.start, deeper.clone()))
                .collect();
            let help = format!(
                "begin it in column {}, as `{}` above",
                item.column + 1,
                item.name
            );
            Mend {
                report: report.help(help),
                edits,
            }
        }
        None => Mend {
            report: report.help("indent the item deeper than the key that it belongs to"),
            edits: vec![Edit::lost(whole(scene.text, line))],
        },
    }
}

/// A column at which something above the line still stands open.
struct Level {
    column: usize,
    dash: bool,
    name: String,
}

/// What stands open above a line, the innermost first.
fn open_above(text: &str, line: &Line) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let mut current = line.previous(text);
    let mut least = usize::MAX;
    while let Some(above) = current {
        let dash = text[above.range.start + above.indent..].starts_with("- ");
        let (content, indent) = (above.column(), above.indent);
        let name = name(text, &above);
        if content < least && (above.key.is_some() || !dash) {
            least = content;
            levels.push(Level {
                column: content,
                dash: false,
                name: name.clone(),
            });
        }
        if dash && indent < least {
            least = indent;
            levels.push(Level {
                column: indent,
                dash: true,
                name: format!("- {name}"),
            });
        }
        if least == 0 {
            break;
        }
        current = above.previous(text);
    }
    levels
}

/// A list item that YAML reads on as a part of the value above it.
pub(super) fn item_swallowed(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let start = own_start(line);
    let report = scene.error(
        "indentation",
        start..start + 1,
        "this list item is indented deeper than what stands above it, so YAML takes it as more of that text",
    );
    match nearest_dash(&open_above(scene.text, line), line.indent) {
        Some(level) => Some(Mend {
            report: report.help(format!(
                "begin it in column {}, as `{}` above",
                level.column + 1,
                level.name
            )),
            edits: vec![Edit::put(line.range.start..start, " ".repeat(level.column))],
        }),
        None => Some(Mend {
            report: report.help("take the text above away, or put all of it in quotes"),
            edits: vec![Edit::lost(whole(scene.text, line))],
        }),
    }
}

/// The list whose items begin nearest to a column.
fn nearest_dash(above: &[Level], column: usize) -> Option<&Level> {
    above
        .iter()
        .filter(|level| level.dash)
        .min_by_key(|level| level.column.abs_diff(column))
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

fn own_start(line: &Line) -> usize {
    line.range.start + line.indent
}

fn key_range(line: &Line) -> Range<usize> {
    line.key.clone().unwrap_or_else(|| line.value.clone())
}

fn name(text: &str, line: &Line) -> String {
    text.get(key_range(line)).unwrap_or("").to_owned()
}
