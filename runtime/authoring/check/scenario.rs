//! # Names in tests
//!
//! **What it does.** Holds every `*.test.yaml` against the workspace: its journeys (`unknown-journey`), the steps that it expects
//! (`unknown-step`), channels (`unknown-channel`) and templates (`unknown-template`); its events (`unknown-event`, `unknown-field`) and the
//! attributes of its customers (`unknown-attribute`), with the values of both (`wrong-value`, `unknown-value`). Feedback is held against
//! the tested journeys too: the `step` and the `journey` whose message it answers.
//!
//! **Why it matters.** A test with a misspelt name tests nothing, or fails for the wrong reason.
//!
//! **Example.** `expect: [ { step: nein, send: email } ]`
//!
//! **Write instead.** `expect: [ { step: nine, send: email } ]`

use kurant_engine::definition::Type;
use kurant_engine::event::is_feedback;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::walk::Walk;
use super::world::{World, advice};
use super::{
    own_value, set_values, unknown_attribute, unknown_channel, unknown_field, unknown_journey,
};
use crate::diagnostic::Problem;
use crate::parse::known::OF_CUSTOMERS;
use crate::scenario::{Expect, Scenario};
use crate::source::FileId;

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
        fed_journeys(world, scenario);
        expectations(world, scenario);
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
    for (name, value) in attributes.iter() {
        let place = format!("{place}.{name}");
        if let Some(problem) = unknown_attribute::of_name(world, name) {
            let span = world.key_span(scenario.file, &place);
            world.diagnostics.report(span, problem);
        }
        if let Some(kind) = world.parsed.schema.customer.get(name) {
            typed(world, scenario.file, &place, kind, value);
        }
        own_value::check(world, scenario.file, &place, name, value);
        if let (Value::Map(channels), "consents") = (value, name) {
            for (channel, _) in channels.iter() {
                if let Some(problem) = unknown_channel::problem(world, channel) {
                    let span = world.key_span(scenario.file, &format!("{place}.{channel}"));
                    world.diagnostics.report(span, problem);
                }
            }
        }
    }
}

/// Holds a value against its type, and what is inside of it against what is declared there.
fn typed(world: &World<'_>, file: FileId, place: &str, kind: &Type, value: &Value) {
    match (kind, value) {
        (Type::Map(fields), Value::Map(map)) if !fields.is_empty() => {
            for (name, value) in map.iter() {
                let inside = format!("{place}.{name}");
                match fields.get(name) {
                    Some(kind) => typed(world, file, &inside, kind, value),
                    None => {
                        let path = place.rsplit('.').next().unwrap_or(place);
                        let known = fields.keys().map(String::as_str);
                        let problem = unknown_field::nested(name, path, known);
                        world
                            .diagnostics
                            .report(world.key_span(file, &inside), problem);
                    }
                }
            }
        }
        (Type::List(kind), Value::List(values)) => {
            for (index, value) in values.iter().enumerate() {
                typed(world, file, &format!("{place}[{index}]"), kind, value);
            }
        }
        _ => {
            if let Some(problem) = set_values::literal(kind, value) {
                world.diagnostics.report(world.span(file, place), problem);
            }
        }
    }
}

/// The channels and templates that are expected.
fn expectations(world: &World<'_>, scenario: &Scenario) {
    let key = match &scenario.expect {
        Expect::All(_) => "expect",
        Expect::Some(_) => "expect_some",
    };
    for (index, expected) in scenario.expect.list().iter().enumerate() {
        let place = |name: &str| format!("{key}[{index}].{name}");
        if expected.action.as_deref() == Some("send")
            && let Some(channel) = expected.what.as_text()
            && let Some(problem) = unknown_channel::problem(world, channel)
        {
            let problem = match channel {
                "best" => problem.help("name the channel that it leaves by, like `send: email`"),
                _ => problem,
            };
            let span = world.span(scenario.file, &place("send"));
            world.diagnostics.report(span, problem);
        }
        let known = world.templates();
        if let Some(template) = expected.template.as_deref()
            && !known.contains(template)
        {
            let message = format!("there is no template `{template}`");
            let help = advice(template, known, "a template is named by its folder");
            let problem = Problem::new("unknown-template", message).help(help);
            let span = world.span(scenario.file, &place("template"));
            world.diagnostics.report(span, problem);
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
                Value::Map(brought) if name == "customer" => {
                    attributes(world, scenario, &place, brought);
                    continue;
                }
                _ => {}
            }
            if OF_CUSTOMERS.contains(&event.kind.as_str()) {
                own_value::check(world, scenario.file, &place, name, value);
            }
            if let Some(kind) = fields.get(name) {
                typed(world, scenario.file, &place, kind, value);
                fed_back(world, scenario.file, &place, &event.kind, name, value);
            } else {
                let known = fields.keys().map(String::as_str);
                world.diagnostics.report(
                    world.key_span(scenario.file, &place),
                    unknown_field::summed(name, &event.kind, known),
                );
            }
        }
    }
}

/// The channel that a message came by, or that a consent is for.
fn fed_back(world: &World<'_>, file: FileId, place: &str, kind: &str, name: &str, value: &Value) {
    if name == "channel"
        && (kind.starts_with("message.") || kind == "consent.changed")
        && let Some(channel) = value.as_text()
        && let Some(problem) = unknown_channel::problem(world, channel)
    {
        world.diagnostics.report(world.span(file, place), problem);
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
    let fed = feedback(scenario, "step");
    for (place, step) in expected.chain(answered).chain(fed) {
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

/// What feedback says of the message or task that it answers, with the place.
fn feedback<'s>(
    scenario: &'s Scenario,
    name: &'s str,
) -> impl Iterator<Item = (String, &'s str)> + use<'s> {
    let events = scenario.events.iter().enumerate();
    events
        .filter(|(_, event)| is_feedback(&event.kind))
        .filter_map(move |(index, event)| {
            let named = event.data.get(name)?.as_text()?;
            Some((format!("events[{index}].data.{name}"), named))
        })
}

/// Feedback that names a journey which is not tested answers nothing.
fn fed_journeys(world: &World<'_>, scenario: &Scenario) {
    for (place, journey) in feedback(scenario, "journey") {
        let tested = || scenario.journeys.iter().map(|named| named.name.as_str());
        if tested().any(|own| own == journey) {
            continue;
        }
        let message = format!("the test has no journey `{journey}`");
        let help = advice(journey, tested(), "name it under the test's `journey`");
        world.diagnostics.report(
            world.span(scenario.file, &place),
            Problem::new("unknown-journey", message).help(help),
        );
    }
}
