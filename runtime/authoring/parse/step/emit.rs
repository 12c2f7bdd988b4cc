//! `emit: { type, data }`.

use kurant_engine::definition::Emit;

use super::At;
use crate::parse::computed::fields;
use crate::parse::context::event_type;

pub(super) fn read(at: At<'_, '_>) -> Option<Emit> {
    let mut map = at.inside_not_text("an emitted event", "emit: { type: lead.warm }", |text| {
        format!("emit: {{ type: {text} }}")
    })?;
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
