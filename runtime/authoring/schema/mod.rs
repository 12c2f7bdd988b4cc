//! JSON Schemas of the files that people write, so that an editor completes keys, shows what they mean and marks slips.
//!
//! One table of keys per kind of file. `check` says far more than a schema can; these only help while writing.

mod channel;
mod journey;
mod provider;
mod shape;
mod step;
mod test_file;
#[cfg(test)]
mod tests;
mod workspace;

use serde_json::{Map, Value, json};
use shape::{Key, object};

/// The schema files by their paths within a workspace, with their JSON texts.
pub fn files() -> Vec<(&'static str, String)> {
    [
        (
            "schemas/journey.json",
            document("A journey", &journey::keys(), true),
        ),
        (
            "schemas/test.json",
            document("A journey's test", &test_file::keys(), false),
        ),
        (
            "schemas/workspace.json",
            document("A workspace: kurant.yaml", &workspace::keys(), false),
        ),
        (
            "schemas/provider.json",
            document(
                "A provider by HTTP: channels/NAME.yaml",
                &provider::keys(),
                false,
            ),
        ),
        (
            "schemas/profile.json",
            document(
                "Which events change which attributes: profile.yaml",
                &workspace::profile(),
                false,
            ),
        ),
        (
            "schemas/segments.json",
            document(
                "Named conditions: segments.yaml",
                &workspace::segments(),
                false,
            ),
        ),
    ]
    .into_iter()
    .map(|(path, schema)| (path, format!("{schema:#}\n")))
    .collect()
}

/// One file's schema.
fn document(title: &str, keys: &[Key], steps: bool) -> Value {
    let mut schema = Map::new();
    schema.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    schema.insert("title".to_owned(), json!(title));
    if let Value::Object(own) = object(keys) {
        schema.extend(own);
    }
    if steps {
        let step = object(&step::keys());
        schema.insert(
            "definitions".to_owned(),
            json!({ "steps": { "type": "array", "items": step } }),
        );
    }
    Value::Object(schema)
}
