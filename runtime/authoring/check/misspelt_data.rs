//! # `misspelt-data`
//!
//! **What it does.** Reports a name in the `data` of a `send` that its template never reads, where the template reads one that is
//! nearly the same and that this `send` doesn't pass.
//!
//! **Why it matters.** Another `send` of the template may pass the right name, so that the template itself is fine: only whoever comes
//! by this step gets a message with an empty place.
//!
//! **Example.** `data: { titel: Hello }`, and `subject: {{ title }}` in the template
//!
//! **Write instead.** `data: { title: Hello }`

use std::collections::{HashMap, HashSet};

use kurant_engine::calendar::Zone;
use kurant_engine::definition::{Send, Verb};
use kurant_engine::template::environment;
use minijinja::Environment;

use super::walk::Walk;
use super::world::{World, close};
use crate::diagnostic::Problem;

/// All sends that pass anything. What no `send` passes is told where the template reads it.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let environment = environment(Zone::UTC);
    let mut passed: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (_, _, send) in sends(walks) {
        let names = send.data.iter().map(|(name, _)| name.as_str());
        passed.entry(&send.template).or_default().extend(names);
    }
    for (walk, place, send) in sends(walks) {
        let Some(read) = read(world, &environment, &send.template) else {
            continue;
        };
        let by_others = passed.get(send.template.as_str()).into_iter().flatten();
        let lacking: Vec<&str> = by_others
            .copied()
            .filter(|name| read.contains(*name) && !passes(send, name))
            .collect();
        for (name, _) in send.data.iter().filter(|(name, _)| !read.contains(name)) {
            if let Some(meant) = close(name, lacking.iter().copied()) {
                let message = format!("the template `{}` reads no `{name}`", send.template);
                let problem = Problem::new("misspelt-data", message);
                let span = world.key_span(walk.file, &format!("{place}.data.{name}"));
                world
                    .diagnostics
                    .report(span, problem.help(format!("did you mean `{meant}`?")));
            }
        }
    }
}

/// Every `send`, with its journey and its place.
fn sends<'w>(walks: &'w [Walk<'w>]) -> impl Iterator<Item = (&'w Walk<'w>, &'w str, &'w Send)> {
    let of = |walk: &'w Walk<'w>| walk.steps.iter().map(move |at| (walk, at));
    walks
        .iter()
        .flat_map(of)
        .filter_map(|(walk, at)| match &at.step.verb {
            Verb::Send(send) => Some((walk, at.place.as_str(), send)),
            _ => None,
        })
}

fn passes(send: &Send, name: &str) -> bool {
    send.data.iter().any(|(own, _)| own == name)
}

/// The names that a template reads, in whatever channel and language; none if not all of it can be read.
fn read(world: &World<'_>, environment: &Environment<'_>, name: &str) -> Option<HashSet<String>> {
    let files = world.parsed.templates.iter();
    let mut found = HashSet::new();
    for file in files.filter(|file| file.item.name == name) {
        let texts = file.item.front.values().chain([&file.item.body]);
        for text in texts {
            let template = environment.template_from_str(text).ok()?;
            found.extend(template.undeclared_variables(false));
        }
    }
    Some(found)
}
