//! Journeys that events start, and that no event of a test could.

use std::collections::BTreeMap;

use kurant_authoring::scenario::{Happening, Scenario};
use kurant_authoring::suggest::either;
use kurant_engine::definition::{Definitions, Journey, TriggerKind};

/// By their ids, what they wait for and what the test has.
pub(super) fn unheard(definitions: &Definitions, scenario: &Scenario) -> BTreeMap<String, String> {
    let journeys = definitions.journeys.iter().map(|version| &version.journey);
    journeys
        .filter_map(|journey| Some((journey.id.clone(), why(journey, scenario)?)))
        .collect()
}

fn why(journey: &Journey, scenario: &Scenario) -> Option<String> {
    let types: Option<Vec<&str>> = journey
        .triggers
        .iter()
        .map(|trigger| match &trigger.kind {
            TriggerKind::Event { event, .. } => Some(event.as_str()),
            _ => None,
        })
        .collect();
    let types = types?;
    let is_awaited = |event: &&Happening| types.contains(&event.kind.as_str());
    let heard: Vec<&Happening> = scenario.events.iter().filter(is_awaited).collect();
    let Some(first) = heard.first() else {
        let wanted = either(types.iter().copied());
        let mut own: Vec<&str> = scenario.events.iter().map(|event| &*event.kind).collect();
        own.sort_unstable();
        own.dedup();
        return Some(match own.is_empty() {
            true => format!("{} waits for {wanted}, the test has no events", journey.id),
            false => {
                let own = own.iter().map(|kind| format!("`{kind}`"));
                let own = own.collect::<Vec<_>>().join(", ");
                format!("{} waits for {wanted}, the test has {own}", journey.id)
            }
        });
    };
    let kind = &first.kind;
    if heard.iter().all(|event| event.at < scenario.start) {
        Some(format!(
            "the `{kind}` of the test lies before its `at`, and what lies there starts nothing"
        ))
    } else if heard.iter().all(|event| event.at >= scenario.until) {
        Some(format!(
            "the `{kind}` of the test lies at its `until` or later, and is not played"
        ))
    } else {
        None
    }
}
