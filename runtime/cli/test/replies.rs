//! What web hooks reply in a test.

use kurant_authoring::scenario::Scenario;
use kurant_engine::catalog::Reply;
use kurant_engine::definition::{Definitions, OnError, OnStop, Step, Verb};

/// The replies of a test, by the addresses that the named steps call.
pub(super) fn replies(definitions: &Definitions, scenario: &Scenario) -> Vec<(String, Vec<Reply>)> {
    let mut replies = Vec::new();
    for answer in &scenario.answers {
        for version in &definitions.journeys {
            visit(&version.journey.steps, &mut |step| {
                if let Verb::Webhook(hook) = &step.verb
                    && step.id.as_deref() == Some(&*answer.step)
                {
                    replies.push((hook.url.clone(), answer.replies.clone()));
                }
            });
        }
    }
    replies
}

/// Calls `see` with every step, those inside others too.
fn visit(steps: &[Step], see: &mut dyn FnMut(&Step)) {
    for step in steps {
        see(step);
        match &step.verb {
            Verb::Send(send) => {
                for rule in [&send.on_late, &send.on_cap] {
                    if let OnStop::Steps(steps) = rule {
                        visit(steps, see);
                    }
                }
            }
            Verb::WaitFor(wait) => {
                visit(&wait.then, see);
                visit(&wait.otherwise, see);
            }
            Verb::Choose(choose) => choose
                .branches
                .iter()
                .for_each(|branch| visit(&branch.steps, see)),
            Verb::If(branches) => {
                visit(&branches.then, see);
                visit(&branches.otherwise, see);
            }
            Verb::Split(split) => split.arms.iter().for_each(|arm| visit(&arm.steps, see)),
            Verb::Repeat(repeat) => visit(&repeat.steps, see),
            Verb::Webhook(hook) => {
                if let OnError::Steps(steps) = &hook.on_error {
                    visit(steps, see);
                }
            }
            _ => {}
        }
    }
}
