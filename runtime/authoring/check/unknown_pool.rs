//! # `unknown-pool`
//!
//! **What it does.** Reports a pool that `kurant.yaml` does not name in `assign`; and warns of a task's `for` that is nearly, but not
//! quite, the name of a pool or of a person in one. Anybody else there is taken for a person whom the CRM knows.
//!
//! **Why it matters.** Nobody would get the customer, or the task.
//!
//! **Example.** `assign: { pool: salse }`
//!
//! **Write instead.** `assign: { pool: sales }`, or name the pool in `kurant.yaml`: `pools: { salse: [olena] }`.

use kurant_engine::definition::{TaskFor, Verb, Workspace};

use super::walk::Walk;
use super::world::{World, advice, close};
use crate::diagnostic::Diagnostic;

/// All assignments and tasks.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    let Some(workspace) = world.parsed.workspace.as_ref().map(|file| &file.item) else {
        return;
    };
    for walk in walks {
        for at in &walk.steps {
            let found = match &at.step.verb {
                Verb::Assign(assign) => Some(("assign.pool", &assign.pool, false)),
                Verb::Task(task) => match &task.assignee {
                    TaskFor::Person(name) | TaskFor::Pool(name) => Some(("task.for", name, true)),
                    TaskFor::Owner => None,
                },
                _ => None,
            };
            let Some((key, name, people_too)) = found else {
                continue;
            };
            let known = known(workspace, people_too);
            if name.is_empty()
                || known.contains(&name.as_str())
                || world.has_key("kurant.yaml", &format!("pools.{name}"))
            {
                continue;
            }
            let span = world.span(walk.file, &format!("{}.{key}", at.place));
            if !people_too {
                let help = advice(
                    name,
                    known,
                    "name it in `kurant.yaml`: `pools: { sales: [olena, taras] }`",
                );
                world.push(
                    Diagnostic::error("unknown-pool", span, format!("there is no pool `{name}`"))
                        .help(help),
                );
            } else if let Some(meant) = close(name, known.into_iter().chain(["owner"])) {
                let report = Diagnostic::warning(
                    "unknown-pool",
                    span,
                    format!("`{name}` is neither a pool nor a person of one"),
                );
                world.push(report.help(format!("did you mean `{meant}`?")));
            }
        }
    }
}

fn known(workspace: &Workspace, people_too: bool) -> Vec<&str> {
    let pools = workspace.pools.iter().map(|pool| pool.name.as_str());
    let people = workspace
        .pools
        .iter()
        .filter(|_| people_too)
        .flat_map(|pool| &pool.people)
        .map(String::as_str);
    pools.chain(people).collect()
}
