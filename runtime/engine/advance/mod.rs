//! Moves an enrollment on: step after step, until one of them lets time pass. One file a kind of step.

mod assign;
mod branch;
mod crm;
mod out;
mod repeat;
mod vars;
mod wait;

use crate::action::ActionStatus;
use crate::calendar::Instant;
use crate::catalog::Loaded;
use crate::catalog::program::{Node, Op};
use crate::definition::Script;
use crate::enrollment::{Place, TurnedAway};
use crate::input::NO_COUPON;
use crate::map::Map;
use crate::process::{BACKLOG, Work, pool_of};
use crate::script;

/// How many steps one input may move an enrollment on. Loops are bounded by `at_most`; loops within loops by this.
const MAX_STEPS: u32 = 10_000;

/// Why an action for somebody in the control group is skipped.
const CONTROL: &str = "control";

/// What a step does to the one who stands at it.
pub(crate) enum Flow {
    /// Goes on with this step.
    Next(u32),
    /// Stays, until something happens.
    Stay(Place),
    /// Ends.
    End(String),
}

impl Work<'_> {
    /// Goes on with a step, and those after it.
    pub(crate) fn go_on(&mut self, loaded: &Loaded, index: usize, number: u32) {
        let mut number = number;
        for _ in 0..MAX_STEPS {
            if !self.person.enrollments[index].is_active() {
                return;
            }
            let Some(node) = loaded.program.node(number) else {
                self.complete(index);
                return;
            };
            self.person.enrollments[index].place = Place::At { node: number };
            if self.is_paused(index) {
                self.hold(loaded, index, Some(number));
                return;
            }
            match self.step(loaded, index, number, node) {
                Ok(Flow::Next(next)) => number = next,
                Ok(Flow::Stay(place)) => {
                    self.person.enrollments[index].place = place;
                    return;
                }
                Ok(Flow::End(reason)) => {
                    self.leave(index, &reason);
                    let is_dry = reason == NO_COUPON && pool_of(&node.op).is_some();
                    self.person.enrollments[index].turned_away = is_dry.then_some(TurnedAway {
                        node: number,
                        was_due: self.was_due,
                    });
                    return;
                }
                Err(error) => {
                    self.fail::<()>(loaded, index, &node.path, &error);
                    return;
                }
            }
        }
        let mut values = Map::new();
        values.insert("steps", i64::from(MAX_STEPS).into());
        self.trace_at(
            loaded,
            index,
            Some(number),
            "error",
            Some("too_many_steps"),
            values,
        );
        self.leave(index, "error");
    }

    fn step(
        &mut self,
        loaded: &Loaded,
        index: usize,
        number: u32,
        node: &Node,
    ) -> Result<Flow, script::Error> {
        if let Some(when) = &node.when
            && !self.within_repeat(index, number)
        {
            let frame = self.frame_of_node(loaded, index, number);
            if !self.holds(loaded, when, &frame)? {
                self.trace_at(
                    loaded,
                    index,
                    Some(number),
                    "passed_over",
                    Some("when"),
                    Map::new(),
                );
                return Ok(Flow::Next(node.next));
            }
        }
        if let Some(reason) = self.passes_by(index, &node.op) {
            return Ok(self.pass_by(index, number, node, reason));
        }
        match &node.op {
            Op::Wait(wait) => self.wait(loaded, index, number, node, wait),
            Op::WaitFor {
                wait,
                then,
                otherwise,
            } => self.wait_for(loaded, index, number, wait, (*then, *otherwise)),
            Op::Choose(branches) => self.choose(loaded, index, number, node, branches),
            Op::Split(arms) => Ok(self.split(loaded, index, number, node, arms)),
            Op::Repeat {
                condition,
                at_most,
                body,
            } => self.repeat(
                loaded,
                index,
                number,
                node,
                condition.as_ref(),
                *at_most,
                *body,
            ),
            Op::Run(run) => self.run(loaded, index, number, node, run),
            Op::Exit(reason) => Ok(Flow::End(reason.clone())),
            Op::Send { .. } => Ok(Flow::Stay(to_be_handed_over(
                number,
                self.now,
                self.was_due,
            ))),
            Op::Set(fields) => self.set(loaded, index, number, node, fields),
            Op::Tag(tags) => self.tag(loaded, index, number, node, tags, true),
            Op::Untag(tags) => self.tag(loaded, index, number, node, tags, false),
            Op::Score(score) => self.score(loaded, index, number, node, score),
            Op::Task(task) => self.task(loaded, index, number, node, task),
            Op::Assign(assign) => Ok(self.assign(index, number, node, assign)),
            Op::Coupon(coupon) => self.coupon(loaded, index, number, node, coupon),
            Op::Emit(emit) => self.emit_event(loaded, index, number, node, emit),
            Op::Webhook { hook, failed } => {
                self.webhook(loaded, index, number, node, (hook, *failed))
            }
            Op::Start(start) => self.start(loaded, index, number, node, start),
        }
    }

    /// Why an action is skipped, if it is: in the control group each, for those who come late each that somebody else hears of.
    fn passes_by(&self, index: usize, op: &Op) -> Option<&'static str> {
        let is_action =
            reaches_out(op) || matches!(op, Op::Set(_) | Op::Tag(_) | Op::Untag(_) | Op::Score(_));
        if is_action && self.person.enrollments[index].control {
            return Some(CONTROL);
        }
        (self.is_late() && reaches_out(op)).then_some(BACKLOG)
    }

    /// Customers of the control group, and those who come late, pass the same steps, and the action is skipped.
    fn pass_by(&mut self, index: usize, number: u32, node: &Node, reason: &str) -> Flow {
        let key = self.action_key(index, number, 0);
        let mut action = self.action(index, node, key, node.op.word(), Map::new());
        action.status = ActionStatus::Skipped;
        action.reason = Some(reason.into());
        if let Op::Send { send, .. } = &node.op {
            action.template = Some(send.template.as_str().into());
            if let crate::definition::Channel::Named(channel) = &send.channel {
                action.channel = Some(channel.as_str().into());
            }
            // Such a send counts as made, so that the goal is counted over the same time in both groups.
            if reason == CONTROL {
                self.person.enrollments[index].last_send = Some(self.now);
            }
        }
        self.changes.actions.push(action);
        Flow::Next(node.next)
    }
}

/// Stands at a `send` that is due.
fn to_be_handed_over(node: u32, now: Instant, was_due: Instant) -> Place {
    Place::Sending {
        node,
        planned: now,
        was_due,
        due: now,
        deferred: None,
    }
}

/// Whether somebody outside hears of what a step does; what changes the profile only makes where one stands.
fn reaches_out(op: &Op) -> bool {
    match op {
        Op::Send { .. }
        | Op::Task(_)
        | Op::Assign(_)
        | Op::Coupon(_)
        | Op::Emit(_)
        | Op::Webhook { .. }
        | Op::Start(_) => true,
        Op::Wait(_)
        | Op::WaitFor { .. }
        | Op::Choose(_)
        | Op::Split(_)
        | Op::Repeat { .. }
        | Op::Run(_)
        | Op::Exit(_)
        | Op::Set(_)
        | Op::Tag(_)
        | Op::Untag(_)
        | Op::Score(_) => false,
    }
}

/// A script that gave another kind of value than its step needs.
fn unexpected(script: &Script, wanted: &str, got: &str) -> script::Error {
    script::Error {
        kind: script::ErrorKind::WrongResult,
        place: script.place.clone(),
        line: 0,
        column: 0,
        message: format!("it gives {got}, and the step needs {wanted}"),
        help: None,
    }
}
