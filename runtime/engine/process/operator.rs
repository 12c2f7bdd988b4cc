//! What an operator says about one customer: an enrollment ends, passes a step over, waits longer, goes on elsewhere.

use std::sync::Arc;

use super::Work;
use crate::catalog::program::{END, Node, Op};
use crate::catalog::{Catalog, Loaded};
use crate::enrollment::{Enrollment, Place, Round};
use crate::map::Map;
use crate::operator::{Act, Operator, Refusal, Stand};
use crate::person::Person;
use crate::value::Value;

/// Why an enrollment ended, and why a message was skipped: an operator's word.
const ENDED: &str = "ended_by_operator";
const SKIPPED: &str = "operator";

/// Why an operator's word about an enrollment can't be followed; none if it can.
pub fn refusal(catalog: &Catalog, person: &Person, stand: &Stand, act: &Act) -> Option<Refusal> {
    judged(catalog, person, stand, act).err()
}

/// What is known of an enrollment that may be steered.
struct Judged {
    index: usize,
    loaded: Arc<Loaded>,
    /// Where it goes on, if it moves.
    next: u32,
}

fn judged(catalog: &Catalog, person: &Person, stand: &Stand, act: &Act) -> Result<Judged, Refusal> {
    let mut enrollments = person.enrollments.iter();
    let index = enrollments
        .position(|own| own.id == stand.enrollment && !own.is_through())
        .ok_or(Refusal::NotInside)?;
    let enrollment = &person.enrollments[index];
    let loaded = catalog
        .shared_version(enrollment.version)
        .ok_or(Refusal::NoVersion)?;
    let judged = |next| Judged {
        index,
        loaded: loaded.clone(),
        next,
    };
    if matches!(act, Act::End | Act::Erase) {
        return Ok(judged(END));
    }
    // Past the last step only a fallback waits.
    let node = enrollment.node().ok_or(Refusal::OnlyFallback)?;
    if enrollment.stand() != stand.at {
        return Err(Refusal::MovedOn);
    }
    let node = loaded.program.node(node).ok_or(Refusal::NoVersion)?;
    match (act, &enrollment.place) {
        (Act::End | Act::Erase, _) => Ok(judged(END)),
        (Act::Skip, _) => Ok(judged(node.next)),
        (
            Act::Postpone { .. },
            Place::Waiting { .. }
            | Place::WaitingFor {
                deadline: Some(_), ..
            },
        ) => Ok(judged(END)),
        (Act::Postpone { .. }, Place::WaitingFor { .. }) => Err(Refusal::NoTimer),
        (Act::Postpone { .. }, _) => Err(Refusal::NoWait(node.op.word())),
        (Act::Move { step }, _) => target(&loaded, enrollment, step).map(judged),
    }
}

/// The number of a step that an enrollment may go on with. Inside the `then` of a `wait_for` stands what reads its answer.
fn target(loaded: &Loaded, enrollment: &Enrollment, step: &str) -> Result<u32, Refusal> {
    let mut nodes = (0..).zip(loaded.program.nodes());
    let (number, node) = nodes
        .find(|(_, node)| *node.name == *step || *node.path == *step)
        .ok_or(Refusal::NoSuchStep)?;
    let unanswered = (0..).zip(loaded.program.nodes()).find(|(around, wait)| {
        let is_inside = node
            .path
            .strip_prefix(&*wait.path)
            .is_some_and(|rest| rest.starts_with(".then["));
        let mut answers = enrollment.awaited.iter();
        matches!(wait.op, Op::WaitFor { .. })
            && is_inside
            && !answers.any(|answered| answered.node == *around)
    });
    match unanswered {
        Some((_, wait)) => Err(Refusal::NoAnswer(wait.name.clone())),
        None => Ok(number),
    }
}

impl Work<'_> {
    /// Does what an operator says, as far as it can be done, and writes down who said so and why.
    pub(crate) fn operate(&mut self, operator: &Operator) {
        self.set_now(self.clock);
        if operator.act == Act::Erase {
            self.erase(self.clock, said(operator));
            return;
        }
        for stand in &operator.about {
            match judged(self.catalog, self.person, stand, &operator.act) {
                Ok(judged) => self.steer(operator, &judged),
                Err(refusal) => self.trace_unsteered(operator, stand, &refusal),
            }
            self.follow_up();
        }
    }

    fn steer(&mut self, operator: &Operator, judged: &Judged) {
        let Judged {
            index,
            loaded,
            next,
        } = judged;
        let index = *index;
        self.trace_steered(operator, loaded, index);
        match &operator.act {
            Act::End => {
                let own = &self.person.enrollments[index];
                let (journey, key) = (own.journey.clone(), own.key.clone());
                // Whoever is taken out is not taken in again by what waited in line behind.
                let queue = &mut self.person.queue;
                queue.retain(|queued| queued.journey != journey || queued.key != key);
                self.end(index, ENDED);
            }
            Act::Skip => self.go_on_elsewhere(loaded, index, *next),
            Act::Erase => {}
            Act::Postpone { until } => match &mut self.person.enrollments[index].place {
                Place::Waiting { due, .. } => *due = *until,
                Place::WaitingFor { deadline, .. } => *deadline = Some(*until),
                _ => {}
            },
            Act::Move { .. } => {
                self.tell_unsent(loaded, index);
                if let Some(node) = loaded.program.node(*next) {
                    self.begin_rounds(index, node);
                }
                self.person.enrollments[index].moved += 1;
                self.go_on_elsewhere(loaded, index, *next);
            }
        }
    }

    /// Goes on with another step than the one that is due; unless that lets exit.
    fn go_on_elsewhere(&mut self, loaded: &Loaded, index: usize, next: u32) {
        self.tell_unsent(loaded, index);
        self.person.enrollments[index].held = false;
        if !self.exit_when(loaded, index) {
            self.go_on(loaded, index, next);
        }
    }

    /// A message where it stands that doesn't leave gets the line that says so.
    fn tell_unsent(&mut self, loaded: &Loaded, index: usize) {
        let Place::Sending { node, .. } = self.person.enrollments[index].place else {
            return;
        };
        let key = self.action_key(index, node, 0);
        self.settle(loaded, index, (node, 0), key, SKIPPED);
        self.person.enrollments[index].place = Place::At { node };
    }

    /// Around a step that is moved to, each repeat goes on with the round that it is in, else with the first.
    fn begin_rounds(&mut self, index: usize, node: &Node) {
        let rounds = &mut self.person.enrollments[index].rounds;
        let round_of = |repeat: &u32| {
            let known = rounds.iter().find(|own| own.node == *repeat);
            known.copied().unwrap_or(Round {
                node: *repeat,
                round: 1,
            })
        };
        *rounds = node.repeats.iter().map(round_of).collect();
    }

    fn trace_steered(&mut self, operator: &Operator, loaded: &Loaded, index: usize) {
        let mut values = said(operator);
        match &operator.act {
            Act::Postpone { until } => drop(values.insert("until", Value::Instant(*until))),
            Act::Move { step } => drop(values.insert("to", Value::text(&**step))),
            Act::End | Act::Skip | Act::Erase => {}
        }
        let (node, word) = (self.person.enrollments[index].node(), operator.act.word());
        self.trace_at(loaded, index, node, "steered", Some(word), values);
    }

    fn trace_unsteered(&mut self, operator: &Operator, stand: &Stand, refusal: &Refusal) {
        if !self.catalog.traces() {
            return;
        }
        let mut enrollments = self.person.enrollments.iter();
        let own = enrollments.find(|own| own.id == stand.enrollment);
        let mut values = said(operator);
        values.insert("act", Value::text(operator.act.word()));
        self.changes.note(crate::input::Trace {
            clock: self.clock,
            at: self.now,
            journey: own.map(|own| own.journey.clone()),
            enrollment: Some(stand.enrollment),
            place: None,
            what: "not_steered".to_owned(),
            reason: Some(refusal.word().to_owned()),
            values,
            after: 0,
        });
    }
}

/// Who said so, and why.
fn said(operator: &Operator) -> Map {
    let mut values = Map::new();
    values.insert("order", Value::text(operator.order.as_str()));
    values.insert("by", Value::text(operator.by.as_str()));
    if !operator.why.is_empty() {
        values.insert("why", Value::text(operator.why.as_str()));
    }
    values
}
