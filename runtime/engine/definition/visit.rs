//! Walks over every script of a journey, in the order in which they stand in the file.

use super::{Computed, Exit, Journey, OnError, OnStop, Script, Step, TriggerKind, Verb};

/// What a visitor does with each script.
type Visit<'v, 's> = &'v mut dyn FnMut(&'s mut Script);

impl Journey {
    /// Calls `visit` with every script of the journey.
    pub fn for_each_script_mut<'s>(&'s mut self, visit: &mut dyn FnMut(&'s mut Script)) {
        for trigger in &mut self.triggers {
            if let TriggerKind::Event {
                filter: Some(filter),
                ..
            } = &mut trigger.kind
            {
                visit(filter);
            }
        }
        self.audience.iter_mut().for_each(&mut *visit);
        self.entry.key.iter_mut().for_each(&mut *visit);
        for exit in &mut self.exits {
            match exit {
                Exit::Event { filter, .. } => filter.iter_mut().for_each(&mut *visit),
                Exit::When { when, .. } => visit(when),
            }
        }
        if let Some(goal) = &mut self.goal {
            goal.filter.iter_mut().for_each(&mut *visit);
            goal.value.iter_mut().for_each(&mut *visit);
        }
        self.pilot.iter_mut().for_each(&mut *visit);
        computed_fields(&mut self.vars, visit);
        steps(&mut self.steps, visit);
    }
}

impl Computed {
    /// Calls `visit` with every script inside the value.
    pub fn for_each_script_mut<'s>(&'s mut self, visit: &mut dyn FnMut(&'s mut Script)) {
        match self {
            Self::Literal(_) => {}
            Self::Expression(script) => visit(script),
            Self::List(values) => values
                .iter_mut()
                .for_each(|value| value.for_each_script_mut(visit)),
            Self::Map(fields) => computed_fields(fields, visit),
        }
    }
}

fn computed_fields<'s>(fields: &'s mut [(String, Computed)], visit: Visit<'_, 's>) {
    for (_, value) in fields {
        value.for_each_script_mut(visit);
    }
}

fn steps<'s>(list: &'s mut [Step], visit: Visit<'_, 's>) {
    for step in list {
        step.when.iter_mut().for_each(&mut *visit);
        verb(&mut step.verb, visit);
    }
}

fn on_stop<'s>(rule: &'s mut OnStop, visit: Visit<'_, 's>) {
    if let OnStop::Steps(list) = rule {
        steps(list, visit);
    }
}

fn verb<'s>(verb: &'s mut Verb, visit: Visit<'_, 's>) {
    match verb {
        Verb::Send(send) => {
            computed_fields(&mut send.data, visit);
            send.to
                .iter_mut()
                .for_each(|to| to.for_each_script_mut(visit));
            on_stop(&mut send.on_late, visit);
            on_stop(&mut send.on_cap, visit);
        }
        Verb::Wait(wait) => {
            wait.since.iter_mut().for_each(&mut *visit);
            wait.until.iter_mut().for_each(&mut *visit);
        }
        Verb::WaitFor(wait) => {
            for awaited in &mut wait.any {
                awaited.filter.iter_mut().for_each(&mut *visit);
            }
            wait.until.iter_mut().for_each(&mut *visit);
            wait.since.iter_mut().for_each(&mut *visit);
            steps(&mut wait.then, visit);
            steps(&mut wait.otherwise, visit);
        }
        Verb::Choose(choose) => {
            for branch in &mut choose.branches {
                branch.when.iter_mut().for_each(&mut *visit);
                steps(&mut branch.steps, visit);
            }
        }
        Verb::If(step) => {
            visit(&mut step.condition);
            steps(&mut step.then, visit);
            steps(&mut step.otherwise, visit);
        }
        Verb::Split(split) => split
            .arms
            .iter_mut()
            .for_each(|arm| steps(&mut arm.steps, visit)),
        Verb::Repeat(repeat) => {
            repeat.condition.iter_mut().for_each(&mut *visit);
            steps(&mut repeat.steps, visit);
        }
        other => effect(other, visit),
    }
}

/// The verbs that do something and go on at once.
fn effect<'s>(verb: &'s mut Verb, visit: Visit<'_, 's>) {
    match verb {
        Verb::Set(fields) => computed_fields(fields, visit),
        Verb::Tag(tags) | Verb::Untag(tags) => tags.for_each_script_mut(visit),
        Verb::Score(score) => score.because.for_each_script_mut(visit),
        Verb::Task(task) => task.title.for_each_script_mut(visit),
        Verb::Coupon(coupon) => coupon.until.iter_mut().for_each(&mut *visit),
        Verb::Emit(emit) => computed_fields(&mut emit.data, visit),
        Verb::Webhook(hook) => {
            computed_fields(&mut hook.headers, visit);
            hook.body
                .iter_mut()
                .for_each(|body| body.for_each_script_mut(visit));
            if let OnError::Steps(list) = &mut hook.on_error {
                steps(list, visit);
            }
        }
        Verb::Run(run) => visit(&mut run.script),
        Verb::Start(start) => computed_fields(&mut start.vars, visit),
        _ => {}
    }
}
