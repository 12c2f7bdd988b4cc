//! What every action of an enrollment has in common: its key, its line in the log, its command, what its scripts see.

use std::sync::Arc;

use super::Work;
use crate::action::{Action, ActionStatus};
use crate::catalog::Loaded;
use crate::catalog::program::Node;
use crate::enrollment::Enrollment;
use crate::id::Key;
use crate::input::{Command, Effect};
use crate::map::Map;
use crate::script::{self, Frame};
use crate::value::Value;

impl<'w> Work<'w> {
    /// The version that an enrollment ends on.
    pub(crate) fn loaded_of(&self, index: usize) -> Option<Arc<Loaded>> {
        self.catalog
            .shared_version(self.person.enrollments[index].version)
    }

    /// What the scripts of an enrollment see where it stands.
    pub(crate) fn frame_of(&self, loaded: &Loaded, index: usize) -> Frame {
        let node = self.person.enrollments[index].node();
        node.map_or_else(
            || self.frame_without_step(loaded, index),
            |node| self.frame_of_node(loaded, index, node),
        )
    }

    /// What the scripts of a step see.
    pub(crate) fn frame_of_node(&self, loaded: &Loaded, index: usize, number: u32) -> Frame {
        let mut frame = self.frame_without_step(loaded, index);
        let Some(node) = loaded.program.node(number) else {
            return frame;
        };
        let enrollment = &self.person.enrollments[index];
        if let Some(event) = awaited_around(loaded, enrollment, node) {
            frame.event = Some(event);
        }
        frame.round = node
            .repeats
            .last()
            .map(|repeat| round_of(enrollment, *repeat));
        frame
    }

    fn frame_without_step(&self, loaded: &Loaded, index: usize) -> Frame {
        let mut frame = self.frame(self.person.enrollments[index].trigger.event.as_ref());
        frame.enrollment = Some(index);
        super::set_journey(&mut frame, loaded.journey());
        frame
    }

    /// The idempotency key of an action of the current step: the same in every run.
    pub(crate) fn action_key(&self, index: usize, number: u32, action: u32) -> Key {
        self.action_key_in(index, number, &self.rounds(index), action)
    }

    /// The idempotency key of an action of a step, made in these rounds of the repeats around it.
    pub(crate) fn action_key_in(
        &self,
        index: usize,
        number: u32,
        rounds: &[u32],
        action: u32,
    ) -> Key {
        let numbers = [&[number], rounds, &[action]].concat();
        self.person.enrollments[index].id.within("action", &numbers)
    }

    /// The rounds of the repeats around the current step. Before them, for whoever was moved, how often: a step that is come to
    /// again by an operator's word does something new.
    pub(crate) fn rounds(&self, index: usize) -> Vec<u32> {
        let enrollment = &self.person.enrollments[index];
        let moved = Some(enrollment.moved).filter(|moved| *moved > 0);
        let rounds = enrollment.rounds.iter().map(|round| round.round);
        moved.into_iter().chain(rounds).collect()
    }

    /// The line of an action that is done.
    pub(crate) fn action(
        &self,
        index: usize,
        node: &Node,
        key: Key,
        verb: &str,
        data: Map,
    ) -> Action {
        let enrollment = &self.person.enrollments[index];
        Action {
            at: self.now,
            journey: enrollment.journey.clone(),
            step: Some(node.name.clone()),
            customer: self.person.customer.id.clone(),
            enrollment: enrollment.id,
            action: verb.into(),
            channel: None,
            template: None,
            data,
            key,
            status: ActionStatus::Sent,
            reason: None,
        }
    }

    /// Asks for something that must leave after the commit.
    pub(crate) fn command(
        &mut self,
        index: usize,
        node: &Node,
        key: Key,
        what: impl FnOnce(&Self) -> Effect,
    ) {
        if !self.catalog.commands() {
            return;
        }
        let enrollment = &self.person.enrollments[index];
        let command = Command {
            key,
            customer: self.person.customer.id.clone(),
            journey: enrollment.journey.clone(),
            step: node.name.clone(),
            at: self.now,
            planned: self.was_due,
            what: what(self),
        };
        self.changes.commands.push(command);
    }

    /// What a template sees.
    pub(crate) fn context(&self, index: usize, frame: &Frame, data: &Map) -> Map {
        let enrollment = &self.person.enrollments[index];
        let customer = self.person.customer.seen(self.now);
        let mut context = Map::new();
        context.insert("customer", Value::Map(customer));
        context.insert("data", Value::Map(data.clone()));
        context.insert("vars", Value::Map(enrollment.vars.clone()));
        if let Some(event) = &frame.event {
            context.insert("event", Value::Map(event.data.clone()));
        }
        let mut trigger = Map::new();
        trigger.insert("kind", Value::text(enrollment.trigger.kind.as_str()));
        trigger.insert("time", Value::Instant(enrollment.trigger.time));
        trigger.insert(
            "date",
            enrollment.trigger.date.map_or(Value::Null, Value::Date),
        );
        trigger.insert(
            "since",
            enrollment.trigger.since.clone().unwrap_or_default(),
        );
        context.insert("trigger", Value::Map(trigger));
        context
    }

    /// Ends an enrollment whose script failed. Always none, for use with `?`-like returns.
    pub(crate) fn fail<T>(
        &mut self,
        loaded: &Loaded,
        index: usize,
        place: &str,
        error: &script::Error,
    ) -> Option<T> {
        self.trace_error(loaded, Some(index), place, error);
        self.leave(index, "error");
        None
    }
}

/// The event that the innermost `wait_for` around a step was answered by, if the step stands in its `then`.
fn awaited_around(
    loaded: &Loaded,
    enrollment: &Enrollment,
    node: &Node,
) -> Option<Arc<crate::event::Event>> {
    let around = enrollment.awaited.iter().filter(|answered| {
        let wait = loaded.program.node(answered.node);
        wait.is_some_and(|wait| {
            node.path
                .strip_prefix(&*wait.path)
                .is_some_and(|rest| rest.starts_with(".then["))
        })
    });
    around
        .max_by_key(|answered| answered.node)
        .map(|answered| answered.event.clone())
}

/// Which round of a `repeat` an enrollment is in.
pub(crate) fn round_of(enrollment: &Enrollment, repeat: u32) -> u32 {
    enrollment
        .rounds
        .iter()
        .find(|round| round.node == repeat)
        .map_or(0, |round| round.round)
}
