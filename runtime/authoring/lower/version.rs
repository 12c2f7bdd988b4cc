//! A journey's version: the hash of what it does.

use std::collections::BTreeMap;

use kurant_engine::definition::{Journey, Library, Status, Version};
use kurant_engine::id::Key;

use super::each_step;
use super::functions::Functions;

/// Changed when the same text comes to mean something else, so that people inside do not go on under another meaning.
const LANGUAGE: &str = "kurant journey 1";

/// Gives a journey its version and the library functions that it reaches.
pub(super) fn version(journey: Journey, functions: &Functions<'_>) -> Version {
    let bare = bare(journey.clone());
    let mut scripts = Vec::new();
    let mut walked = bare.clone();
    walked.for_each_script_mut(&mut |script| scripts.push(script.source.clone()));
    let library: Vec<Library> = functions
        .reached(scripts.iter().map(String::as_str))
        .into_iter()
        .collect();
    let mut parts = vec![LANGUAGE.to_owned(), canonical(&bare)];
    for file in &library {
        parts.push(file.name.clone());
        parts.push(file.source.clone());
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Version {
        hash: Key::of(&parts),
        journey,
        library,
    }
}

/// The journey without what makes no version: titles, who answers for it, whether it is live, and where its scripts stand.
fn bare(mut journey: Journey) -> Journey {
    journey.title = None;
    journey.owner = None;
    journey.status = Status::Draft;
    each_step(&mut journey.steps, &mut |step| step.title = None);
    journey.for_each_script_mut(&mut |script| {
        script.place.clear();
        script.source.truncate(script.source.trim_end().len());
    });
    journey
}

/// JSON with the names of every object in order, whatever order the structs have theirs in.
fn canonical(journey: &Journey) -> String {
    match serde_json::to_value(journey) {
        Ok(value) => sorted(value).to_string(),
        // Plain data with text keys always has a JSON form.
        Err(error) => error.to_string(),
    }
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let ordered: BTreeMap<String, serde_json::Value> = map
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            serde_json::Value::Object(ordered.into_iter().collect())
        }
        serde_json::Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
