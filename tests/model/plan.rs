//! The steps of one version as a flat list in the order of reading; what comes next is looked for, not precomputed.

use kurant_engine::definition::{OnError, OnStop, Step, Verb, Version};

/// One version of a journey with its steps laid out.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) version: Version,
    pub(super) steps: Vec<Laid>,
}

/// A step with its place in the file.
#[derive(Debug, Clone)]
pub(super) struct Laid {
    pub(super) step: Step,
    pub(super) path: String,
    pub(super) parent: Option<usize>,
    pub(super) block: String,
    pub(super) position: usize,
}

impl Plan {
    pub(super) fn new(version: Version) -> Self {
        let mut steps = Vec::new();
        lay(&version.journey.steps, "steps", "steps", None, &mut steps);
        Self { version, steps }
    }

    /// The step's id, or its place.
    pub(super) fn name(&self, step: usize) -> String {
        let laid = &self.steps[step];
        laid.step.id.clone().unwrap_or_else(|| laid.path.clone())
    }

    fn find(&self, parent: Option<usize>, block: &str, position: usize) -> Option<usize> {
        self.steps.iter().position(|laid| {
            laid.parent == parent && laid.block == block && laid.position == position
        })
    }

    /// The first step of a block inside a step, or what comes after that step.
    pub(super) fn enter(&self, step: usize, block: &str) -> Option<usize> {
        self.find(Some(step), block, 0).or_else(|| self.after(step))
    }

    /// What comes after a step: its neighbour, or what comes after the step around it; a `repeat` is reached again.
    pub(super) fn after(&self, step: usize) -> Option<usize> {
        let laid = &self.steps[step];
        if let Some(next) = self.find(laid.parent, &laid.block, laid.position + 1) {
            return Some(next);
        }
        let parent = laid.parent?;
        match self.steps[parent].step.verb {
            Verb::Repeat(_) => Some(parent),
            _ => self.after(parent),
        }
    }

    /// The steps around a step with the block it stands in, innermost first.
    pub(super) fn around(&self, step: usize) -> Vec<(usize, &str)> {
        let laid = &self.steps[step];
        match laid.parent {
            Some(parent) => {
                let mut around = vec![(parent, laid.block.as_str())];
                around.extend(self.around(parent));
                around
            }
            None => Vec::new(),
        }
    }
}

fn lay(list: &[Step], block: &str, path: &str, parent: Option<usize>, steps: &mut Vec<Laid>) {
    for (position, step) in list.iter().enumerate() {
        let path = format!("{path}[{position}]");
        let own = steps.len();
        steps.push(Laid {
            step: step.clone(),
            path: path.clone(),
            parent,
            block: block.to_owned(),
            position,
        });
        for (block, list) in blocks(&step.verb) {
            lay(list, &block, &format!("{path}.{block}"), Some(own), steps);
        }
    }
}

/// The lists of steps inside a step with the words that stand before them.
fn blocks(verb: &Verb) -> Vec<(String, &[Step])> {
    match verb {
        Verb::Send(send) => [("on_late", &send.on_late), ("on_cap", &send.on_cap)]
            .into_iter()
            .filter_map(|(name, rule)| match rule {
                OnStop::Steps(steps) => Some((name.to_owned(), steps.as_slice())),
                OnStop::Skip | OnStop::Defer => None,
            })
            .collect(),
        Verb::WaitFor(wait) => vec![
            ("then".to_owned(), wait.then.as_slice()),
            ("else".to_owned(), wait.otherwise.as_slice()),
        ],
        Verb::If(step) => vec![
            ("then".to_owned(), step.then.as_slice()),
            ("else".to_owned(), step.otherwise.as_slice()),
        ],
        Verb::Choose(choose) => choose
            .branches
            .iter()
            .enumerate()
            .map(|(index, branch)| (format!("choose[{index}].steps"), branch.steps.as_slice()))
            .collect(),
        Verb::Split(split) => split
            .arms
            .iter()
            .map(|arm| (format!("split.{}.steps", arm.name), arm.steps.as_slice()))
            .collect(),
        Verb::Repeat(repeat) => vec![("repeat.steps".to_owned(), repeat.steps.as_slice())],
        Verb::Webhook(hook) => match &hook.on_error {
            OnError::Steps(steps) => vec![("on_error".to_owned(), steps.as_slice())],
            OnError::Continue | OnError::Exit => Vec::new(),
        },
        _ => Vec::new(),
    }
}
