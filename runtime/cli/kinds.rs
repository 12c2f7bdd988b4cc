//! Types of events, and fields, that no schema declares, as people are told of them.

use kurant_authoring::suggest::nearest;
use kurant_engine::definition::{Schema, Undeclared};

/// The declared type that was probably meant.
pub(crate) fn meant(kind: &str, schema: &Schema) -> Option<String> {
    let known = schema.events.keys().map(String::as_str);
    nearest(kind, known).map(str::to_owned)
}

/// What is to be done about time zones that are none.
pub(crate) const ZONES: &str =
    "the workspace's clock holds for them; write an IANA name, like `Europe/Kyiv`";
/// How many names are told; the others are counted.
const TOLD: usize = 10;

/// Each of these names, as far as they are few.
pub(crate) fn all(names: &[(Undeclared, u64)], schema: &Schema) -> Vec<String> {
    let few = names.iter().take(TOLD);
    let mut lines: Vec<String> = few
        .map(|(name, count)| told(name, *count, schema))
        .collect();
    if names.len() > TOLD {
        let more = names.len() - TOLD;
        lines.push(format!(
            "{more} more names that no schema declares; `kurant status --json` has them"
        ));
    }
    lines
}

/// How many came, what that means, and what was probably meant.
pub(crate) fn told(name: &Undeclared, count: u64, schema: &Schema) -> String {
    let events = if count == 1 { "event" } else { "events" };
    let (what, known, advice) = match name {
        Undeclared::Type(kind) => (
            format!(
                "{count} {events} of the type `{kind}`, which has no schema: no journey can start by it"
            ),
            schema.events.keys().collect::<Vec<_>>(),
            format!("declare it in schemas/events/{kind}.json, if a journey is to know it"),
        ),
        Undeclared::Field { kind, name } => {
            let fields = schema.events.get(kind).unwrap_or(&schema.customer);
            (
                format!(
                    "{count} {events} of the type `{kind}` with the field `{name}`, which its schema does not declare: no condition can ask for it"
                ),
                fields.keys().collect(),
                format!("declare it in schemas/events/{kind}.json, if a journey is to know it"),
            )
        }
        Undeclared::Attribute(name) => (
            format!(
                "{count} {events} with the attribute `{name}` of the customer, which is not declared: no condition can ask for it"
            ),
            schema.customer.keys().collect(),
            "declare it in schemas/customer.json, if a journey is to know it".to_owned(),
        ),
        Undeclared::Zone => (
            format!("{count} {events} with a `timezone` of the customer that is no time zone"),
            Vec::new(),
            ZONES.to_owned(),
        ),
    };
    let word = match name {
        Undeclared::Type(name) | Undeclared::Attribute(name) | Undeclared::Field { name, .. } => {
            name
        }
        Undeclared::Zone => "",
    };
    match nearest(word, known.into_iter().map(String::as_str)) {
        Some(meant) => format!("{what}; did you mean `{meant}`?"),
        None => format!("{what}; {advice}"),
    }
}
