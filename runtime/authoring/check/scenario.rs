//! # Names in tests
//!
//! **What it does.** Holds every `*.test.yaml` against the workspace: its journeys (`unknown-journey`), the steps that it expects
//! (`unknown-step`), its events (`unknown-event`, `unknown-field`) and the attributes of its customers (`unknown-attribute`).
//!
//! **Why it matters.** A test with a misspelt name tests nothing, or fails for the wrong reason.
//!
//! **Example.** `expect: [ { step: nein, send: email } ]`
//!
//! **Write instead.** `expect: [ { step: nine, send: email } ]`

use kurant_engine::map::Map;

use super::walk::Walk;
use super::world::{World, advice};
use super::{unknown_attribute, unknown_field, unknown_journey};
use crate::diagnostic::Problem;
use crate::scenario::{Expect, Scenario};

/// All tests.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    for scenario in &world.parsed.scenarios {
        for named in &scenario.journeys {
            if let Some(problem) = unknown_journey::problem(world, &named.name) {
                world.diagnostics.report(named.span, problem);
            }
        }
        customers(world, scenario);
        events(world, scenario);
        steps(world, walks, scenario);
    }
}

fn customers(world: &World<'_>, scenario: &Scenario) {
    for (index, person) in scenario.customers.iter().enumerate() {
        let place = world.item(scenario.file, "customers", index);
        let place = if world.stands(scenario.file, &place) {
            place
        } else {
            "customer".to_owned()
        };
        attributes(world, scenario, &place, &person.attributes);
    }
}

fn attributes(world: &World<'_>, scenario: &Scenario, place: &str, attributes: &Map) {
    for (name, _) in attributes.iter() {
        if let Some(problem) = unknown_attribute::of_name(world, name) {
            world.diagnostics.report(
                world.key_span(scenario.file, &format!("{place}.{name}")),
                problem,
            );
        }
    }
}

fn events(world: &World<'_>, scenario: &Scenario) {
    for (index, event) in scenario.events.iter().enumerate() {
        let place = format!("events[{index}]");
        if let Some(problem) = super::unknown_event::problem(world, &event.kind) {
            world
                .diagnostics
                .report(world.span(scenario.file, &format!("{place}.type")), problem);
        }
        let Some(fields) = world.parsed.schema.events.get(&event.kind) else {
            continue;
        };
        for (name, value) in event.data.iter() {
            let place = format!("{place}.data.{name}");
            match value {
                // Events may bring attributes along.
                kurant_engine::value::Value::Map(brought) if name == "customer" => {
                    attributes(world, scenario, &place, brought)
                }
                _ if fields.contains_key(name) => {}
                _ => {
                    let known = fields.keys().map(String::as_str);
                    world.diagnostics.report(
                        world.key_span(scenario.file, &place),
                        unknown_field::summed(name, &event.kind, known),
                    );
                }
            }
        }
    }
}

fn steps(world: &World<'_>, walks: &[Walk<'_>], scenario: &Scenario) {
    let tested: Vec<&Walk<'_>> = walks
        .iter()
        .filter(|walk| {
            scenario
                .journeys
                .iter()
                .any(|named| named.name == walk.journey.id)
        })
        .collect();
    // What could not be read may hold the step.
    if tested.len() < scenario.journeys.len() || tested.iter().any(|walk| walk.damaged) {
        return;
    }
    let ids: Vec<&str> = tested
        .iter()
        .flat_map(|walk| &walk.steps)
        .filter_map(|at| at.step.id.as_deref())
        .collect();
    let places: Vec<&str> = tested
        .iter()
        .flat_map(|walk| &walk.steps)
        .map(|at| at.place.as_str())
        .collect();
    let key = match &scenario.expect {
        Expect::All(_) => "expect",
        Expect::Some(_) => "expect_some",
    };
    let expected = scenario
        .expect
        .list()
        .iter()
        .enumerate()
        .filter_map(|(index, one)| Some((format!("{key}[{index}].step"), one.step.as_deref()?)));
    let answered = scenario
        .answers
        .iter()
        .map(|answer| (format!("answers.{}", answer.step), answer.step.as_str()));
    for (place, step) in expected.chain(answered) {
        if ids.contains(&step) || places.contains(&step) {
            continue;
        }
        let problem = Problem::new("unknown-step", format!("the journey has no step `{step}`"));
        let span = if place.starts_with("answers") {
            world.key_span(scenario.file, &place)
        } else {
            world.span(scenario.file, &place)
        };
        world.diagnostics.report(
            span,
            problem.help(advice(
                step,
                ids.iter().copied(),
                "a step is called by its `id`",
            )),
        );
    }
}
