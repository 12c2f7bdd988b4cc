//! From what was read, and found right, to definitions: each journey at its version.

mod functions;
#[cfg(test)]
mod tests;
mod tokens;
mod version;

use std::collections::BTreeSet;

use kurant_engine::definition::{Definitions, Journey, OnError, OnStop, Step, TaskFor, Verb};
use kurant_engine::provider::Provider;

use crate::parse::Parsed;
use crate::provider::Named;
use functions::Functions;

/// Makes definitions of a workspace in which nothing wrong was found; none when there is no `kurant.yaml`.
pub(crate) fn lower(parsed: &Parsed) -> Option<Definitions> {
    let workspace = parsed.workspace.as_ref()?.item.clone();
    let pools: BTreeSet<&str> = workspace
        .pools
        .iter()
        .map(|pool| pool.name.as_str())
        .collect();
    let library: Vec<_> = parsed
        .library
        .iter()
        .map(|file| file.item.clone())
        .collect();
    let functions = Functions::of(&library);
    let journeys = parsed.journeys.iter().map(|journey| {
        let mut journey = journey.item.clone();
        name_pools(&mut journey, &pools);
        version::version(journey, &functions)
    });
    Some(Definitions {
        journeys: journeys.collect(),
        schema: parsed.schema.clone(),
        profile: parsed
            .profile
            .as_ref()
            .map(|file| file.item.clone())
            .unwrap_or_default(),
        segments: parsed
            .segments
            .as_ref()
            .map(|file| file.item.clone())
            .unwrap_or_default(),
        templates: parsed
            .templates
            .iter()
            .map(|file| file.item.clone())
            .collect(),
        providers: providers(parsed),
        library,
        workspace,
    })
}

/// The providers that channels name: those of the workspace, and those that come along.
fn providers(parsed: &Parsed) -> Vec<Provider> {
    let workspace = parsed.workspace.iter();
    let channels = workspace.flat_map(|file| &file.item.channels);
    let mut providers: Vec<Provider> = Vec::new();
    for named in channels.filter_map(|channel| Named::of(&channel.settings)) {
        let found = named.find(parsed);
        if let Some(provider) = found.filter(|own| !providers.contains(own)) {
            providers.push(provider.clone());
        }
    }
    providers
}

/// A task is for a pool when the workspace has one of that name, else for a person.
fn name_pools(journey: &mut Journey, pools: &BTreeSet<&str>) {
    each_step(&mut journey.steps, &mut |step| {
        if let Verb::Task(task) = &mut step.verb
            && let TaskFor::Person(name) = &mut task.assignee
            && pools.contains(name.as_str())
        {
            task.assignee = TaskFor::Pool(std::mem::take(name));
        }
    });
}

/// Visits every step, those inside others too.
fn each_step(steps: &mut [Step], visit: &mut dyn FnMut(&mut Step)) {
    for step in steps {
        visit(step);
        match &mut step.verb {
            Verb::Send(send) => {
                for rule in [&mut send.on_late, &mut send.on_cap] {
                    if let OnStop::Steps(inner) = rule {
                        each_step(inner, visit);
                    }
                }
            }
            Verb::WaitFor(wait) => {
                each_step(&mut wait.then, visit);
                each_step(&mut wait.otherwise, visit);
            }
            Verb::Choose(choose) => choose
                .branches
                .iter_mut()
                .for_each(|branch| each_step(&mut branch.steps, visit)),
            Verb::If(step) => {
                each_step(&mut step.then, visit);
                each_step(&mut step.otherwise, visit);
            }
            Verb::Split(split) => split
                .arms
                .iter_mut()
                .for_each(|arm| each_step(&mut arm.steps, visit)),
            Verb::Repeat(repeat) => each_step(&mut repeat.steps, visit),
            Verb::Webhook(hook) => {
                if let OnError::Steps(inner) = &mut hook.on_error {
                    each_step(inner, visit);
                }
            }
            _ => {}
        }
    }
}
