//! `emit: { type, data }`.

use kurant_engine::definition::Emit;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::computed::fields;
use crate::parse::context::event_type;

pub(super) fn read(at: At<'_, '_>) -> Option<Emit> {
    let node = at.value("emit: { type: lead.warm, data: { score: =customer.score } }")?;
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!(
            "expected a mapping after `emit`, found {}",
            node.what()
        ));
        at.context.report(
            node.span,
            problem.help(format!("write `emit: {{ type: {} }}`", scalar.text)),
        );
        return None;
    }
    let mut map = at.inside("an emitted event", "emit: { type: lead.warm }")?;
    map.synonyms(&[
        ("event", "type"),
        ("name", "type"),
        ("payload", "data"),
        ("fields", "data"),
        ("body", "data"),
    ]);
    let event = map.need("type", event_type);
    let data = map.read("data", |node| fields(at.context, node));
    map.finish();
    Some(Emit {
        event: event.unwrap_or_default(),
        data: data.unwrap_or_default(),
    })
}
