//! The steps of a journey, one after the other, each with its place and with what is at hand there.

use kurant_engine::definition::{Exit, Journey, OnError, OnStop, Step, Trigger, Verb};

use super::world::World;
use crate::parse::InFile;
use crate::source::FileId;

/// A journey and all of its steps.
pub(super) struct Walk<'a> {
    pub(super) file: FileId,
    pub(super) journey: &'a Journey,
    /// Whether something of it could not be read: what seems to be missing may stand there.
    pub(super) damaged: bool,
    /// Every step, in the order of reading.
    pub(super) steps: Vec<StepAt<'a>>,
    /// Every list of steps, with its place.
    pub(super) lists: Vec<(String, &'a [Step])>,
}

/// A step at its place.
pub(super) struct StepAt<'a> {
    pub(super) step: &'a Step,
    /// `steps[2].then[0]`.
    pub(super) place: String,
    /// The types of the event at hand inside a `wait_for`'s `then`; none = the trigger's.
    pub(super) awaited: Option<Vec<String>>,
    /// Whether it stands inside a `repeat`.
    pub(super) round: bool,
}

/// What is at hand inside a list of steps.
#[derive(Clone, Default)]
struct Inside {
    awaited: Option<Vec<String>>,
    round: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn of(file: &'a InFile<Journey>) -> Self {
        let mut walk = Self {
            file: file.file,
            journey: &file.item,
            damaged: file.damaged,
            steps: Vec::new(),
            lists: Vec::new(),
        };
        walk.list(&file.item.steps, "steps".to_owned(), &Inside::default());
        walk
    }

    fn list(&mut self, steps: &'a [Step], place: String, inside: &Inside) {
        for (index, step) in steps.iter().enumerate() {
            let place = format!("{place}[{index}]");
            self.steps.push(StepAt {
                step,
                place: place.clone(),
                awaited: inside.awaited.clone(),
                round: inside.round,
            });
            self.blocks(&step.verb, &place, inside);
        }
        self.lists.push((place, steps));
    }

    fn blocks(&mut self, verb: &'a Verb, place: &str, inside: &Inside) {
        match verb {
            Verb::Send(send) => {
                for (rule, key) in [(&send.on_late, "on_late"), (&send.on_cap, "on_cap")] {
                    if let OnStop::Steps(steps) = rule {
                        self.list(steps, format!("{place}.{key}"), inside);
                    }
                }
            }
            Verb::WaitFor(wait) => {
                let types = wait
                    .any
                    .iter()
                    .map(|awaited| awaited.event.clone())
                    .collect();
                let then = Inside {
                    awaited: Some(types),
                    ..inside.clone()
                };
                self.list(&wait.then, format!("{place}.then"), &then);
                self.list(&wait.otherwise, format!("{place}.else"), inside);
            }
            Verb::Choose(choose) => {
                for (index, branch) in choose.branches.iter().enumerate() {
                    let key = if branch.when.is_some() {
                        "steps"
                    } else {
                        "otherwise"
                    };
                    self.list(
                        &branch.steps,
                        format!("{place}.choose[{index}].{key}"),
                        inside,
                    );
                }
            }
            Verb::If(step) => {
                self.list(&step.then, format!("{place}.then"), inside);
                self.list(&step.otherwise, format!("{place}.else"), inside);
            }
            Verb::Split(split) => {
                for arm in &split.arms {
                    self.list(
                        &arm.steps,
                        format!("{place}.split.{}.steps", arm.name),
                        inside,
                    );
                }
            }
            Verb::Repeat(repeat) => {
                let round = Inside {
                    round: true,
                    ..inside.clone()
                };
                self.list(&repeat.steps, format!("{place}.repeat.steps"), &round);
            }
            Verb::Webhook(hook) => {
                if let OnError::Steps(steps) = &hook.on_error {
                    self.list(steps, format!("{place}.webhook.on_error"), inside);
                }
            }
            _ => {}
        }
    }

    /// The triggers with their places.
    pub(super) fn triggers(&self, world: &World<'_>) -> Vec<(String, &'a Trigger)> {
        let triggers = self.journey.triggers.iter().enumerate();
        triggers
            .map(|(index, trigger)| (world.item(self.file, "trigger", index), trigger))
            .collect()
    }

    /// The exits with their places.
    pub(super) fn exits(&self, world: &World<'_>) -> Vec<(String, &'a Exit)> {
        let exits = self.journey.exits.iter().enumerate();
        exits
            .map(|(index, exit)| (world.item(self.file, "exit", index), exit))
            .collect()
    }

    /// Every place that names the type of an event by itself, with the name.
    pub(super) fn event_names(&self, world: &World<'_>) -> Vec<(String, String)> {
        use kurant_engine::definition::TriggerKind;
        let mut found = Vec::new();
        for (place, trigger) in self.triggers(world) {
            if let TriggerKind::Event { event, .. } = &trigger.kind {
                found.push((format!("{place}.event"), event.clone()));
            }
        }
        for (place, exit) in self.exits(world) {
            if let Exit::Event { event, .. } = exit {
                found.push((format!("{place}.event"), event.clone()));
            }
        }
        found.extend(
            self.journey
                .goal
                .iter()
                .map(|goal| ("goal.event".to_owned(), goal.event.clone())),
        );
        for at in &self.steps {
            match &at.step.verb {
                Verb::WaitFor(wait) => {
                    for (index, awaited) in wait.any.iter().enumerate() {
                        let place = awaited_place(world, self.file, &at.place, index);
                        found.push((format!("{place}.event"), awaited.event.clone()));
                    }
                }
                Verb::Emit(emit) => {
                    found.push((format!("{}.emit.type", at.place), emit.event.clone()))
                }
                _ => {}
            }
        }
        found
    }
}

/// The place of an event that is waited for: the `wait_for` itself, or an item of its `any`.
fn awaited_place(world: &World<'_>, file: FileId, place: &str, index: usize) -> String {
    let item = format!("{place}.wait_for.any[{index}]");
    if world.stands(file, &item) {
        item
    } else {
        format!("{place}.wait_for")
    }
}
