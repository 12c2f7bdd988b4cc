//! A journey's steps as numbered nodes, each knowing what comes next.
//!
//! A node's number is its step's place in the order of reading, from 0. Enrollments keep such numbers, so the numbering must
//! never change: an enrollment ends on the version it began with, under every later Kurant.

use std::sync::Arc;

use crate::definition::Computed;
use crate::definition::{
    Assign, Coupon, Emit, OnError, OnStop, Repeat, Run, Score, Script, Send, Split, Start, Step,
    Task, Verb, Wait, WaitFor, Webhook,
};

/// The number that stands for "past the last step".
pub const END: u32 = u32::MAX;

/// The steps of one version.
#[derive(Debug, Clone, Default)]
pub struct Program {
    nodes: Vec<Node>,
}

/// One step, ready to be reached.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its id, or its place in the file when it has none.
    pub name: Arc<str>,
    /// Its place in the file: `steps[2].then[0]`.
    pub path: Arc<str>,
    /// False = passed over.
    pub when: Option<Script>,
    /// What it does.
    pub op: Op,
    /// What comes after it.
    pub next: u32,
    /// The `repeat`s around it, the innermost last.
    pub repeats: Vec<u32>,
}

/// What a node does; branches are node numbers.
#[derive(Debug, Clone)]
pub enum Op {
    /// `send`, with what follows when it comes too late or over a cap.
    Send {
        /// The step.
        send: Box<Send>,
        /// What follows when it comes too late.
        late: u32,
        /// What follows when a cap stands in the way.
        capped: u32,
    },
    /// `wait`.
    Wait(Wait),
    /// `wait_for`.
    WaitFor {
        /// The step.
        wait: Box<WaitFor>,
        /// What follows the event.
        then: u32,
        /// What follows the timeout.
        otherwise: u32,
    },
    /// `choose` and `if`: the first branch that holds.
    Choose(Vec<(Option<Script>, u32)>),
    /// `split`: name, weight and first node of each arm.
    Split(Vec<(String, u32, u32)>),
    /// `set`.
    Set(Vec<(String, Computed)>),
    /// `tag`.
    Tag(Computed),
    /// `untag`.
    Untag(Computed),
    /// `score`.
    Score(Score),
    /// `task`.
    Task(Task),
    /// `assign`.
    Assign(Assign),
    /// `coupon`.
    Coupon(Coupon),
    /// `emit`.
    Emit(Emit),
    /// `webhook`, with what follows when it fails for good.
    Webhook {
        /// The step.
        hook: Box<Webhook>,
        /// What follows its failure.
        failed: u32,
    },
    /// `run`.
    Run(Run),
    /// `start`.
    Start(Start),
    /// `repeat`, with the first node of its body.
    Repeat {
        /// As long as it holds.
        condition: Option<Script>,
        /// So often at the most.
        at_most: u32,
        /// The first node of its body.
        body: u32,
    },
    /// `exit`.
    Exit(String),
}

impl Op {
    /// The word that stands in YAML.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Wait(_) => "wait",
            Self::WaitFor { .. } => "wait_for",
            Self::Choose(_) => "choose",
            Self::Split(_) => "split",
            Self::Set(_) => "set",
            Self::Tag(_) => "tag",
            Self::Untag(_) => "untag",
            Self::Score(_) => "score",
            Self::Task(_) => "task",
            Self::Assign(_) => "assign",
            Self::Coupon(_) => "coupon",
            Self::Emit(_) => "emit",
            Self::Webhook { .. } => "webhook",
            Self::Run(_) => "run",
            Self::Start(_) => "start",
            Self::Repeat { .. } => "repeat",
            Self::Exit(_) => "exit",
        }
    }
}

impl Program {
    /// Numbers the steps of a journey.
    pub fn new(steps: &[Step]) -> Self {
        let mut program = Self::default();
        program.block(steps, "steps", END, &[]);
        program
    }

    /// The node with this number; none past the end.
    pub fn node(&self, number: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(number).ok()?)
    }

    /// The first node.
    pub fn first(&self) -> u32 {
        if self.nodes.is_empty() { END } else { 0 }
    }

    /// All nodes in the order of reading.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Numbers a list of steps and returns its first number, or `next` when it is empty.
    fn block(&mut self, steps: &[Step], path: &str, next: u32, repeats: &[u32]) -> u32 {
        let first = self.nodes.len() as u32;
        for (index, step) in steps.iter().enumerate() {
            let after = if index + 1 == steps.len() {
                next
            } else {
                self.nodes.len() as u32 + size(step)
            };
            self.step(step, &format!("{path}[{index}]"), after, repeats);
        }
        if steps.is_empty() { next } else { first }
    }

    fn step(&mut self, step: &Step, path: &str, next: u32, repeats: &[u32]) {
        let number = self.nodes.len();
        let path: Arc<str> = path.into();
        self.nodes.push(Node {
            name: step.id.as_deref().map_or_else(|| path.clone(), Into::into),
            path: path.clone(),
            when: step.when.clone(),
            op: Op::Exit(String::new()),
            next,
            repeats: repeats.to_vec(),
        });
        self.nodes[number].op = self.op(&step.verb, &path, number as u32, next, repeats);
    }

    fn op(&mut self, verb: &Verb, path: &str, number: u32, next: u32, repeats: &[u32]) -> Op {
        match verb {
            Verb::Send(send) => {
                let late = self.on_stop(&send.on_late, &format!("{path}.on_late"), next, repeats);
                let capped = self.on_stop(&send.on_cap, &format!("{path}.on_cap"), next, repeats);
                Op::Send {
                    send: Box::new(send.clone()),
                    late,
                    capped,
                }
            }
            Verb::Wait(wait) => Op::Wait(wait.clone()),
            Verb::WaitFor(wait) => {
                let then = self.block(&wait.then, &format!("{path}.then"), next, repeats);
                let otherwise = self.block(&wait.otherwise, &format!("{path}.else"), next, repeats);
                Op::WaitFor {
                    wait: Box::new(wait.clone()),
                    then,
                    otherwise,
                }
            }
            Verb::Choose(choose) => Op::Choose(
                choose
                    .branches
                    .iter()
                    .enumerate()
                    .map(|(index, branch)| {
                        let steps = format!("{path}.choose[{index}].steps");
                        (
                            branch.when.clone(),
                            self.block(&branch.steps, &steps, next, repeats),
                        )
                    })
                    .collect(),
            ),
            Verb::If(step) => {
                let then = self.block(&step.then, &format!("{path}.then"), next, repeats);
                let otherwise = self.block(&step.otherwise, &format!("{path}.else"), next, repeats);
                Op::Choose(vec![
                    (Some(step.condition.clone()), then),
                    (None, otherwise),
                ])
            }
            Verb::Split(split) => self.split(split, path, next, repeats),
            Verb::Repeat(repeat) => self.repeat(repeat, path, number, repeats),
            Verb::Webhook(hook) => {
                let failed = match &hook.on_error {
                    OnError::Steps(steps) => {
                        self.block(steps, &format!("{path}.on_error"), next, repeats)
                    }
                    OnError::Continue | OnError::Exit => next,
                };
                Op::Webhook {
                    hook: Box::new(hook.clone()),
                    failed,
                }
            }
            other => effect(other),
        }
    }

    fn split(&mut self, split: &Split, path: &str, next: u32, repeats: &[u32]) -> Op {
        let arms = split.arms.iter().map(|arm| {
            let steps = format!("{path}.split.{}.steps", arm.name);
            let first = self.block(&arm.steps, &steps, next, repeats);
            (arm.name.clone(), arm.weight, first)
        });
        Op::Split(arms.collect())
    }

    fn on_stop(&mut self, rule: &OnStop, path: &str, next: u32, repeats: &[u32]) -> u32 {
        match rule {
            OnStop::Steps(steps) => self.block(steps, path, next, repeats),
            OnStop::Skip | OnStop::Defer => next,
        }
    }

    fn repeat(&mut self, repeat: &Repeat, path: &str, number: u32, repeats: &[u32]) -> Op {
        let mut inside = repeats.to_vec();
        inside.push(number);
        let body = self.block(
            &repeat.steps,
            &format!("{path}.repeat.steps"),
            number,
            &inside,
        );
        Op::Repeat {
            condition: repeat.condition.clone(),
            at_most: repeat.at_most,
            body,
        }
    }
}

/// The verbs that hold no steps.
fn effect(verb: &Verb) -> Op {
    match verb {
        Verb::Set(fields) => Op::Set(fields.clone()),
        Verb::Tag(tags) => Op::Tag(tags.clone()),
        Verb::Untag(tags) => Op::Untag(tags.clone()),
        Verb::Score(score) => Op::Score(score.clone()),
        Verb::Task(task) => Op::Task(task.clone()),
        Verb::Assign(assign) => Op::Assign(assign.clone()),
        Verb::Coupon(coupon) => Op::Coupon(coupon.clone()),
        Verb::Emit(emit) => Op::Emit(emit.clone()),
        Verb::Run(run) => Op::Run(run.clone()),
        Verb::Start(start) => Op::Start(start.clone()),
        Verb::Exit(reason) => Op::Exit(reason.clone()),
        Verb::Send(_)
        | Verb::Wait(_)
        | Verb::WaitFor(_)
        | Verb::Choose(_)
        | Verb::If(_)
        | Verb::Split(_)
        | Verb::Repeat(_)
        | Verb::Webhook(_) => unreachable!("verbs that hold steps are numbered by `Program::op`"),
    }
}

/// How many numbers a step takes: its own and those of all steps inside.
fn size(step: &Step) -> u32 {
    1 + step
        .verb
        .blocks()
        .into_iter()
        .flatten()
        .map(size)
        .sum::<u32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{Branch, Choose};

    fn exit(reason: &str) -> Step {
        Step {
            id: None,
            title: None,
            when: None,
            verb: Verb::Exit(reason.to_owned()),
        }
    }

    #[test]
    fn steps_are_numbered_in_the_order_of_reading() {
        let choose = Step {
            id: Some("choose".to_owned()),
            title: None,
            when: None,
            verb: Verb::Choose(Choose {
                branches: vec![
                    Branch {
                        when: Some(Script::new("true", "")),
                        steps: vec![exit("a"), exit("b")],
                    },
                    Branch {
                        when: None,
                        steps: vec![],
                    },
                ],
            }),
        };
        let program = Program::new(&[choose, exit("c")]);
        let paths: Vec<&str> = program.nodes().iter().map(|node| &*node.path).collect();
        assert_eq!(
            paths,
            [
                "steps[0]",
                "steps[0].choose[0].steps[0]",
                "steps[0].choose[0].steps[1]",
                "steps[1]"
            ]
        );
        let next: Vec<u32> = program.nodes().iter().map(|node| node.next).collect();
        assert_eq!(next, [3, 2, 3, END]);
        let Op::Choose(branches) = &program.nodes()[0].op else {
            panic!("a choose")
        };
        assert_eq!([branches[0].1, branches[1].1], [1, 3]);
    }
}
