//! `set: { attribute: VALUE }`.

use kurant_engine::definition::Computed;

use super::At;
use crate::diagnostic::Problem;
use crate::parse::computed::some_fields;
use crate::yaml::Node;

pub(super) fn read(at: At<'_, '_>) -> Option<Vec<(String, Computed)>> {
    let node = at.value("set: { lifecycle: churned }")?;
    for entry in node.as_map().unwrap_or(&[]) {
        if let Some(problem) = attribute_key(&entry.key.text) {
            at.context.report(entry.key.span, problem);
        }
    }
    at.keep(node, set(&at, node))
}

fn set(at: &At<'_, '_>, node: &Node) -> Result<Vec<(String, Computed)>, Problem> {
    if let Some(scalar) = node.as_scalar()
        && let Some((name, value)) = scalar
            .text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
    {
        let problem = Problem::wrong_type(format!(
            "expected attributes and their values, found {}",
            node.what()
        ));
        let name = name.trim().trim_start_matches("customer.");
        return Err(problem.help(format!("write `set: {{ {name}: {} }}`", value.trim())));
    }
    some_fields(at.context, node)
}

/// What is wrong with a key of `set`, here and in `profile.yaml`.
pub(crate) fn attribute_key(key: &str) -> Option<Problem> {
    if let Some(name) = key.strip_prefix("customer.") {
        return Some(
            Problem::bad_value(format!(
                "`{key}` names the attribute with `customer.` before it"
            ))
            .help(format!("write `{name}`")),
        );
    }
    (key == "id").then(|| {
        Problem::bad_value("a customer's `id` never changes").help("set another attribute")
    })
}
