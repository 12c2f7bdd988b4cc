//! `then: send: best`, `trigger: event: order.paid`: a mapping that begins on the line of its key.

use super::block::last_of;
use super::{Mend, Scene};
use crate::yaml::edits::Edit;
use crate::yaml::line::Line;
use crate::yaml::value::is_word;

/// Keys under which steps stand.
const STEPS: [&str; 5] = ["then", "else", "steps", "otherwise", "on_error"];
/// Keys under which a mapping stands, and never text.
const MAPPINGS: [&str; 14] = [
    "trigger", "goal", "entry", "data", "vars", "wait", "wait_for", "task", "coupon", "emit",
    "webhook", "start", "repeat", "assign",
];
/// Keys that begin a step, or stand beside its branches.
const BESIDE: [&str; 9] = [
    "id",
    "title",
    "when",
    "then",
    "else",
    "if",
    "wait_for",
    "choose",
    "otherwise",
];

/// A mapping, or a step, beside the key that it should stand below.
pub(super) fn mapping(scene: &Scene<'_>) -> Option<Mend> {
    let line = &scene.line;
    let key = scene.text.get(line.key.clone()?)?;
    let value = scene.text.get(line.value.clone())?;
    let (word, rest) = value.split_once(": ")?;
    if !is_word(word) {
        return None;
    }
    let (message, help) = if STEPS.contains(&key) {
        (
            "a step cannot begin on the line of its branch",
            format!("write `{key}:`, and below it, indented, `- {value}`"),
        )
    } else if MAPPINGS.contains(&key) {
        (
            "a mapping cannot begin on its key's own line",
            format!("write `{key}: {{ {word}: {} }}`", rest.trim()),
        )
    } else {
        return None;
    };
    let range = match STEPS.contains(&key) {
        true => line.value.start..end_of_step(scene.text, line),
        false => line.value.start..last_of(scene.text, line),
    };
    let report = scene.error("mapping-beside-key", line.value.clone(), message);
    Some(Mend {
        report: report.help(help),
        edits: vec![Edit::broken(range)],
    })
}

/// The end of a step whose options stand deeper than the branch, or right below it.
fn end_of_step(text: &str, line: &Line) -> usize {
    let mut end = last_of(text, line);
    while let Some(next) = Line::at(text, end).next(text) {
        let key = next.key.clone().and_then(|key| text.get(key)).unwrap_or("");
        let option = next.indent == line.column() && next.content == next.range.start + next.indent;
        if !option || key.is_empty() || BESIDE.contains(&key) {
            break;
        }
        end = last_of(text, &next);
    }
    end
}
