//! Indentation: tabs, lines too deep or not deep enough, list items that YAML reads as something else.

use std::ops::Range;

use super::block::{key_range, name, whole};
use super::{Mend, Scene};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::value::is_word;

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

/// The line is indented deeper than the key before it, which has its value already.
pub(super) fn too_deep(scene: &Scene<'_>, before: &Line) -> Mend {
    let line = &scene.line;
    let surplus = line.column() - before.column();
    let edits = shifted(scene, line, line.indent - surplus);
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

/// `-send: email`: without a space behind it the dash begins no item.
pub(super) fn tight_dash(scene: &Scene<'_>, line: &Line) -> Option<Mend> {
    let key = line.key.clone()?;
    let word = scene.text.get(key.clone())?.strip_prefix('-')?;
    if !is_word(word) || scene.edits.moves(key.start) {
        return None;
    }
    let value = &scene.text[line.value.clone()];
    let report = scene
        .error(
            "missing-space",
            key.start..key.start + 1,
            "a space is missing after the `-` of a list item",
        )
        .help(format!("write `- {word}: {value}`"));
    Some(Mend {
        report,
        edits: vec![Edit::put(key.start + 1..key.start + 1, " ")],
    })
}

/// A line whose indentation fits none of those above it.
pub(super) fn indentation(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    if line.is_idle(scene.text) {
        return None;
    }
    let above = line.previous(scene.text);
    let tight = |line: &Line| tight_dash(scene, line);
    if let Some(mend) = tight(line).or_else(|| tight(above.as_ref()?)) {
        return Some(mend);
    }
    let dash = is_item(scene.text, line);
    let own = line.indent;
    let above = open_above(scene, line);
    if above.is_empty() {
        return None;
    }
    let place = if dash {
        own_start(line)..own_start(line) + 1
    } else {
        key_range(line)
    };
    if let Some(level) = above.iter().find(|level| level.column == own) {
        return match (dash, level.dash) {
            (true, false) => Some(item_beside_keys(scene, level, &above)),
            (false, true) => {
                let message = format!(
                    "`{}` stands where the next list item is expected",
                    name(scene.text, line)
                );
                let report = scene
                    .error("indentation", place, message)
                    .help("begin it with `- `, or indent it as deep as the keys of the item above");
                Some(Mend {
                    report,
                    edits: vec![Edit::lost(region(scene.text, line))],
                })
            }
            _ => None,
        };
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
    let near = match dash {
        true => nearest_dash(&above, own),
        false => above.iter().find(|level| !level.dash),
    };
    let edits = match near.filter(|level| level.column.abs_diff(own) == 1) {
        Some(level) => shifted(scene, line, level.column),
        None => vec![Edit::lost(region(scene.text, line))],
    };
    Some(Mend { report, edits })
}

/// Moves a line to another column, and with it all that follow at its indentation or deeper.
fn shifted(scene: &Scene<'_>, line: &Line, column: usize) -> Vec<Edit> {
    let lines = std::iter::successors(Some(line.clone()), |line| line.next(scene.text));
    lines
        .take_while(|now| now.is_idle(scene.text) || now.indent >= line.indent)
        .filter(|now| !now.is_idle(scene.text) && !scene.edits.moves(now.range.start))
        .map(|now| {
            let start = now.range.start;
            match column.checked_sub(line.indent) {
                Some(more) => Edit::put(start..start, " ".repeat(more)),
                None => Edit::put(start..start + line.indent - column, ""),
            }
        })
        .collect()
}

/// A line and all that follow at its indentation or deeper: where it fits nowhere, neither do they. In the first column only those that are deeper.
fn region(text: &str, line: &Line) -> Range<usize> {
    if line.indent == 0 {
        return whole(text, line);
    }
    let lines = std::iter::successors(Some(line.clone()), |line| line.next(text));
    let end = lines
        .take_while(|now| now.is_idle(text) || now.indent >= line.indent)
        .filter(|now| !now.is_idle(text))
        .last()
        .map_or(line.range.end, |last| last.whole(text).end);
    line.range.start..end
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
            let help = format!(
                "begin it in column {}, as `{}` above",
                item.column + 1,
                item.name
            );
            let block = whole(scene.text, line);
            let mut edits = shifted(scene, line, item.column);
            edits.retain(|edit| edit.range.start < block.end);
            Mend {
                report: report.help(help),
                edits,
            }
        }
        None => Mend {
            report: report.help("indent the item deeper than the key that it belongs to"),
            edits: vec![Edit::lost(region(scene.text, line))],
        },
    }
}

/// A column at which something above the line still stands open.
struct Level {
    column: usize,
    dash: bool,
    name: String,
}

/// What stands open above a line, the innermost first, in the columns that the mending has given the lines.
fn open_above(scene: &Scene<'_>, line: &Line) -> Vec<Level> {
    let text = scene.text;
    let mut levels: Vec<Level> = Vec::new();
    let mut current = line.previous(text);
    let mut least = usize::MAX;
    while let Some(above) = current.filter(|_| least > 0) {
        current = above.previous(text);
        let Some(moved) = scene.edits.moved(above.range.start, above.content) else {
            continue;
        };
        let dash = is_item(text, &above);
        let content = above.column().saturating_add_signed(moved);
        let indent = above.indent.saturating_add_signed(moved);
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
    }
    levels
}

fn is_item(text: &str, line: &Line) -> bool {
    text[own_start(line)..].starts_with("- ")
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
    match nearest_dash(&open_above(scene, line), line.indent) {
        Some(level) => Some(Mend {
            report: report.help(format!(
                "begin it in column {}, as `{}` above",
                level.column + 1,
                level.name
            )),
            edits: shifted(scene, line, level.column),
        }),
        None => Some(Mend {
            report: report.help("take the text above away, or put all of it in quotes"),
            edits: vec![Edit::lost(region(scene.text, line))],
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

fn own_start(line: &Line) -> usize {
    line.range.start + line.indent
}
