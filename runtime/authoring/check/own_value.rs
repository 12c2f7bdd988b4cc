//! Values of the attributes that are known unasked, where they are written out: `timezone`, `consents`, `topics`.

use kurant_engine::value::Value;

use super::world::World;
use crate::diagnostic::Problem;
use crate::parse::zone_named;
use crate::source::FileId;

/// Reports what is wrong with an attribute's value that stands at a place.
pub(super) fn check(world: &World<'_>, file: FileId, place: &str, name: &str, value: &Value) {
    match (name, value) {
        ("timezone", Value::Text(zone)) => {
            if let Err(problem) = zone_named(zone) {
                world.diagnostics.report(world.span(file, place), problem);
            }
        }
        ("consents" | "topics", Value::Map(answers)) => {
            for (inside, answer) in answers.iter() {
                if let Some(problem) = neither(answer) {
                    let span = world.span(file, &format!("{place}.{inside}"));
                    world.diagnostics.report(span, problem);
                }
            }
        }
        _ => {}
    }
}

/// What is neither `true` nor `false`.
fn neither(answer: &Value) -> Option<Problem> {
    let words = match answer {
        Value::Bool(_) | Value::Null => return None,
        Value::Text(text) => match text.to_lowercase().as_str() {
            "yes" | "y" | "on" | "true" | "1" => "write `true`, without quotes",
            "no" | "n" | "off" | "false" | "0" => "write `false`, without quotes",
            _ => "write `true` or `false`",
        },
        _ => "write `true` or `false`",
    };
    let message = format!("`{answer}` is neither `true` nor `false`");
    Some(Problem::new("wrong-value", message).help(words))
}
