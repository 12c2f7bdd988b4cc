//! Types of events that no schema declares, as people are told of them.

use kurant_authoring::suggest::nearest;
use kurant_engine::definition::Schema;

/// How many came, what that means, and what was probably meant.
pub(crate) fn told(kind: &str, count: u64, schema: &Schema) -> String {
    let known = schema.events.keys().map(String::as_str);
    let meant = match nearest(kind, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("declare it in schemas/events/{kind}.json, if a journey is to know it"),
    };
    let events = if count == 1 { "event" } else { "events" };
    format!(
        "{count} {events} of the type `{kind}`, which has no schema: no journey can start by it; {meant}"
    )
}
