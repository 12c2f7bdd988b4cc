//! Every script of the workspace, each with what it sees and what its value must be.

use std::collections::BTreeMap;

use kurant_engine::definition::{Computed, Exit, Journey, Script, TriggerKind, Verb};

use super::scope::{Scope, open};
use super::script::{Wanted, check as one, shape_of};
use super::shape::{Owner, Shape};
use super::walk::{StepAt, Walk};
use super::world::World;
use super::{set_values, unknown_segment};
use crate::source::FileId;

/// Checks them all.
pub(super) fn check(world: &World<'_>, walks: &[Walk<'_>]) {
    if let Some(segments) = &world.parsed.segments {
        let scope = world.declared.in_segment();
        for segment in &segments.item {
            one(
                world,
                segments.file,
                &segment.condition,
                &scope,
                Wanted::Condition,
            );
        }
    }
    if let Some(profile) = &world.parsed.profile {
        for (index, update) in profile.item.iter().enumerate() {
            let scope = world.declared.in_profile(&update.event);
            set_values::attributes(
                world,
                profile.file,
                &format!("updates[{index}].set"),
                &update.set,
                &scope,
            );
        }
    }
    for walk in walks {
        let mut scope = world
            .declared
            .in_journey(walk.journey, vars(world, walk, walks));
        if scope.event.is_err() && is_doubtful(world, walk) {
            // What starts the journey is mistaken: what would be at hand once it is mended nobody knows.
            scope.event = Ok(Shape::Any);
            scope.trigger = Some(Shape::Any);
        }
        door(world, walk, &scope);
        for at in &walk.steps {
            let mut scope = match &at.awaited {
                Some(types) => scope.with_event(world.declared.event(types)),
                None => scope.clone(),
            };
            scope.round = at.round;
            step(world, walk.file, at, &scope);
        }
    }
}

/// Whether one of the triggers that are no events has a mistake of its own.
fn is_doubtful(world: &World<'_>, walk: &Walk<'_>) -> bool {
    walk.triggers(world).into_iter().any(|(place, trigger)| {
        let is_event = matches!(trigger.kind, TriggerKind::Event { .. });
        let segment = trigger.kind.segment();
        let is_unknown =
            segment.is_some_and(|name| unknown_segment::problem(world, name).is_some());
        !is_event
            && (is_unknown
                || world
                    .diagnostics
                    .touches_within(world.span(walk.file, &place)))
    })
}

/// Triggers, audience, entry, exits, goal, pilot and constants.
fn door(world: &World<'_>, walk: &Walk<'_>, scope: &Scope) {
    let (file, journey) = (walk.file, walk.journey);
    let of_event =
        |kind: &String| scope.with_event(world.declared.event(std::slice::from_ref(kind)));
    for trigger in &journey.triggers {
        if let TriggerKind::Event {
            event,
            filter: Some(filter),
            ..
        } = &trigger.kind
        {
            one(world, file, filter, &of_event(event), Wanted::Condition);
        }
    }
    for condition in journey.audience.iter().chain(&journey.pilot) {
        one(world, file, condition, scope, Wanted::Condition);
    }
    if let Some(key) = &journey.entry.key {
        one(world, file, key, scope, Wanted::Value);
    }
    for exit in &journey.exits {
        match exit {
            Exit::Event {
                event,
                filter: Some(filter),
                ..
            } => {
                one(world, file, filter, &of_event(event), Wanted::Condition);
            }
            Exit::When { when, .. } => {
                one(world, file, when, scope, Wanted::Condition);
            }
            Exit::Event { .. } => {}
        }
    }
    if let Some(goal) = &journey.goal {
        let scope = of_event(&goal.event);
        goal.filter
            .iter()
            .for_each(|filter| drop(one(world, file, filter, &scope, Wanted::Condition)));
        goal.value
            .iter()
            .for_each(|value| drop(one(world, file, value, &scope, Wanted::Number)));
    }
    fields(world, file, &journey.vars, scope);
}

fn step(world: &World<'_>, file: FileId, at: &StepAt<'_>, scope: &Scope) {
    let script = |script: &Script, wanted| drop(one(world, file, script, scope, wanted));
    if let Some(when) = &at.step.when {
        script(when, Wanted::Condition);
    }
    match &at.step.verb {
        Verb::Send(send) => {
            fields(world, file, &send.data, scope);
            send.to
                .iter()
                .for_each(|to| computed(world, file, to, scope));
        }
        Verb::Wait(wait) => {
            wait.since
                .iter()
                .chain(&wait.until)
                .for_each(|moment| script(moment, Wanted::Moment));
        }
        Verb::WaitFor(wait) => {
            for awaited in &wait.any {
                let scope =
                    scope.with_event(world.declared.event(std::slice::from_ref(&awaited.event)));
                awaited
                    .filter
                    .iter()
                    .for_each(|filter| drop(one(world, file, filter, &scope, Wanted::Condition)));
            }
            wait.until
                .iter()
                .chain(&wait.since)
                .for_each(|moment| script(moment, Wanted::Moment));
        }
        Verb::Choose(choose) => {
            choose
                .branches
                .iter()
                .filter_map(|branch| branch.when.as_ref())
                .for_each(|when| script(when, Wanted::Condition));
        }
        Verb::If(branches) => script(&branches.condition, Wanted::Condition),
        Verb::Run(run) => script(&run.script, Wanted::Map),
        Verb::Start(start) => fields(world, file, &start.vars, scope),
        // Inside of the loop's condition a round is going on already.
        Verb::Repeat(repeat) => {
            let scope = Scope {
                round: true,
                ..scope.clone()
            };
            repeat
                .condition
                .iter()
                .for_each(|condition| drop(one(world, file, condition, &scope, Wanted::Condition)));
        }
        Verb::Coupon(coupon) => coupon
            .until
            .iter()
            .for_each(|moment| script(moment, Wanted::Moment)),
        other => effect(world, file, &at.place, other, scope),
    }
}

/// The verbs that do something with values and go on at once.
fn effect(world: &World<'_>, file: FileId, place: &str, verb: &Verb, scope: &Scope) {
    match verb {
        Verb::Set(values) => {
            set_values::attributes(world, file, &format!("{place}.set"), values, scope)
        }
        Verb::Emit(emit) => {
            set_values::data(world, file, &format!("{place}.emit.data"), emit, scope)
        }
        Verb::Tag(tags) | Verb::Untag(tags) => computed(world, file, tags, scope),
        Verb::Score(score) => computed(world, file, &score.because, scope),
        Verb::Task(task) => computed(world, file, &task.title, scope),
        Verb::Webhook(hook) => {
            fields(world, file, &hook.headers, scope);
            hook.body
                .iter()
                .for_each(|body| computed(world, file, body, scope));
        }
        _ => {}
    }
}

/// The scripts inside values whose names are the author's own.
pub(super) fn fields(
    world: &World<'_>,
    file: FileId,
    values: &[(String, Computed)],
    scope: &Scope,
) {
    values
        .iter()
        .for_each(|(_, value)| computed(world, file, value, scope));
}

pub(super) fn computed(world: &World<'_>, file: FileId, value: &Computed, scope: &Scope) {
    match value {
        Computed::Literal(_) => {}
        Computed::Expression(script) => drop(one(world, file, script, scope, Wanted::Value)),
        Computed::List(values) => values
            .iter()
            .for_each(|value| computed(world, file, value, scope)),
        Computed::Map(values) => fields(world, file, values, scope),
    }
}

/// What `vars` holds: all that anything in the journey, or the `start` of another, sets. What could not be read may set others.
pub(super) fn vars(world: &World<'_>, walk: &Walk<'_>, walks: &[Walk<'_>]) -> Shape {
    match vars_read(world, walk, walks) {
        Shape::Record(record) if walk.damaged => open(Owner::Vars, record.fields.clone()),
        whole => whole,
    }
}

/// What `vars` holds as far as the journey could be read.
pub(super) fn vars_read(world: &World<'_>, walk: &Walk<'_>, walks: &[Walk<'_>]) -> Shape {
    let anything = || open(Owner::Vars, BTreeMap::new());
    let scope = world.declared.in_journey(walk.journey, anything());
    let mut found: BTreeMap<String, Shape> = BTreeMap::new();
    let mut add = |name: &str, shape: Shape| {
        let shape = match found.remove(name) {
            Some(known) => known.or(shape),
            None => shape,
        };
        found.insert(name.to_owned(), shape);
    };
    let mut complete = true;
    let value = |value: &Computed| match value {
        Computed::Literal(value) => Shape::of_value(value),
        Computed::Expression(script) => shape_of(world, walk.file, script, &scope),
        _ => Shape::Any,
    };
    walk.journey
        .vars
        .iter()
        .for_each(|(name, constant)| add(name, value(constant)));
    for at in &walk.steps {
        match &at.step.verb {
            Verb::Coupon(coupon) => add(&coupon.variable, Shape::text()),
            Verb::Webhook(hook) => hook.save.iter().for_each(|name| add(name, Shape::Any)),
            Verb::Run(run) => match shape_of(world, walk.file, &run.script, &scope) {
                // What a step makes anew in each round may change its kind.
                Shape::Record(record) if !record.open => {
                    record.fields.keys().for_each(|name| add(name, Shape::Any))
                }
                _ => complete = false,
            },
            _ => {}
        }
    }
    for (name, _) in walks.iter().flat_map(|other| started(other, walk.journey)) {
        add(name, Shape::Any);
    }
    if complete {
        Shape::record(Owner::Vars, found)
    } else {
        open(Owner::Vars, found)
    }
}

/// The variables that a journey gives to one that it starts.
fn started<'w>(
    other: &'w Walk<'_>,
    journey: &Journey,
) -> impl Iterator<Item = &'w (String, Computed)> {
    let id = journey.id.clone();
    let starts = other
        .steps
        .iter()
        .filter_map(move |at| match &at.step.verb {
            Verb::Start(start) if start.journey == id => Some(&start.vars),
            _ => None,
        });
    starts.flatten()
}
