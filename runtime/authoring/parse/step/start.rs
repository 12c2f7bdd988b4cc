//! `start: { journey, vars }`.

use kurant_engine::definition::Start;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::computed::fields;
use crate::parse::context::kebab_id;

pub(super) fn read(at: At<'_, '_>) -> Option<Start> {
    let node = at.value("start: { journey: onboarding }")?;
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!(
            "expected a mapping after `start`, found {}",
            node.what()
        ));
        at.context.report(
            node.span,
            problem.help(format!("write `start: {{ journey: {} }}`", scalar.text)),
        );
        return None;
    }
    let mut map = at.inside("a start", "start: { journey: onboarding }")?;
    map.synonyms(&[
        ("id", "journey"),
        ("name", "journey"),
        ("data", "vars"),
        ("with", "vars"),
        ("variables", "vars"),
    ]);
    let journey = map.need("journey", kebab_id);
    let vars = map.read("vars", |node| fields(at.context, node));
    map.finish();
    Some(Start {
        journey: journey.unwrap_or_default(),
        vars: vars.unwrap_or_default(),
    })
}
