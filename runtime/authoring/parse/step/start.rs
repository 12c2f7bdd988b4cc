//! `start: { journey, vars }`.

use kurant_engine::definition::Start;

use super::At;
use crate::parse::computed::fields;
use crate::parse::context::kebab_id;

pub(super) fn read(at: At<'_, '_>) -> Option<Start> {
    let mut map = at.inside_not_text("a start", "start: { journey: onboarding }", |text| {
        format!("start: {{ journey: {text} }}")
    })?;
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
