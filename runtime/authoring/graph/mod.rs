//! A journey as a picture: Mermaid and DOT for pages and tools, SVG to look at.
//!
//! A journey is a list of steps with branches inside, so it has a layout of its own accord: every step is a row, every branch
//! a column beside the others, and after the branches the columns come together again.

mod dot;
mod label;
mod mermaid;
mod svg;

#[cfg(test)]
mod tests;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

use kurant_engine::definition::{Journey, OnError, OnStop, Step, Verb};

/// How many characters of a condition or a title a box shows.
const LONGEST_LABEL: usize = 44;

/// A journey's boxes and arrows.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The journey's title, or its id.
    pub title: String,
    /// The boxes, in the order of the file.
    pub nodes: Vec<Node>,
    /// The arrows.
    pub edges: Vec<Edge>,
}

/// One box.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it stands for.
    pub kind: Kind,
    /// What it says, line by line.
    pub lines: Vec<String>,
    /// The middle of its column, in columns from the left.
    pub column: f64,
    /// Its row, from the top.
    pub row: usize,
}

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What starts the journey.
    Trigger,
    /// A message.
    Send,
    /// Time that passes.
    Wait,
    /// Ways that part.
    Choice,
    /// Anything else that is done.
    Action,
    /// The end, or what leads there early.
    End,
    /// Success that is counted.
    Goal,
}

/// One arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The box that it leaves, by its place in [`Graph::nodes`].
    pub from: usize,
    /// The box that it leads to.
    pub to: usize,
    /// What stands beside it; empty = nothing.
    pub label: String,
    /// Whether it leads back to the beginning of a loop.
    pub back: bool,
}

/// Draws a journey: its triggers, its steps, its ends.
pub fn graph(journey: &Journey) -> Graph {
    let width = width(&journey.steps).max(journey.triggers.len() as f64);
    let mut drawing = Drawing {
        nodes: Vec::new(),
        edges: Vec::new(),
    };
    let mut open = Vec::new();
    for (index, trigger) in journey.triggers.iter().enumerate() {
        let column = width * (index as f64 + 0.5) / journey.triggers.len() as f64;
        let node = drawing.node(Kind::Trigger, label::trigger(trigger), column, 0);
        open.push((node, String::new()));
    }
    if let Some(audience) = &journey.audience {
        let lines = vec!["audience".to_owned(), label::short(&audience.source)];
        let node = drawing.node(Kind::Choice, lines, width / 2.0, 1);
        drawing.connect(open, node);
        open = vec![(node, "yes".to_owned())];
    }
    let mut row = 1 + usize::from(journey.audience.is_some());
    if let Some(lines) = label::entry(&journey.entry) {
        let node = drawing.node(Kind::Choice, lines, width / 2.0, row);
        drawing.connect(open, node);
        open = vec![(node, String::new())];
        row += 1;
    }
    let (row, open) = drawing.steps(&journey.steps, 0.0, width, row, open);
    if !open.is_empty() {
        let end = drawing.node(Kind::End, vec!["completed".to_owned()], width / 2.0, row);
        drawing.connect(open, end);
    }
    let aside = journey
        .exits
        .iter()
        .map(|exit| (Kind::End, label::exit(exit)));
    let goal = journey
        .goal
        .iter()
        .map(|goal| (Kind::Goal, label::goal(goal)));
    for (index, (kind, lines)) in goal.chain(aside).enumerate() {
        drawing.node(kind, lines, width + 0.5, index + 1);
    }
    let title = journey.title.clone().unwrap_or_else(|| journey.id.clone());
    Graph {
        title,
        nodes: drawing.nodes,
        edges: drawing.edges,
    }
}

/// Arrows that lead nowhere yet: from which box, with which label.
type Open = Vec<(usize, String)>;

struct Drawing {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Drawing {
    fn node(&mut self, kind: Kind, lines: Vec<String>, column: f64, row: usize) -> usize {
        self.nodes.push(Node {
            kind,
            lines,
            column,
            row,
        });
        self.nodes.len() - 1
    }

    fn connect(&mut self, open: Open, to: usize) {
        let edges = open.into_iter().map(|(from, label)| Edge {
            from,
            to,
            label,
            back: false,
        });
        self.edges.extend(edges);
    }

    /// Draws steps below each other in the columns from `left` on; the next free row, and what leads on from there.
    fn steps(
        &mut self,
        steps: &[Step],
        left: f64,
        width: f64,
        mut row: usize,
        mut open: Open,
    ) -> (usize, Open) {
        for step in steps {
            let node = self.node(
                label::kind(&step.verb),
                label::step(step),
                left + width / 2.0,
                row,
            );
            self.connect(std::mem::take(&mut open), node);
            (row, open) = self.branches(step, node, left, width, row + 1);
            if step.when.is_some() {
                open.push((node, "passed over".to_owned()));
            }
        }
        (row, open)
    }

    /// Draws what is inside a step, beside each other.
    fn branches(
        &mut self,
        step: &Step,
        node: usize,
        left: f64,
        width: f64,
        row: usize,
    ) -> (usize, Open) {
        if let Verb::Exit(_) = step.verb {
            return (row, Vec::new());
        }
        let branches = branches(&step.verb);
        let total: f64 = branches.iter().map(|(_, steps)| self::width(steps)).sum();
        let mut left = left + (width - total) / 2.0;
        let mut last = row;
        let mut open = Vec::new();
        for (label, steps) in branches {
            let own = self::width(steps);
            let (end, exits) = self.steps(steps, left, own, row, vec![(node, label)]);
            left += own;
            last = last.max(end);
            if matches!(step.verb, Verb::Repeat(_)) && !steps.is_empty() {
                let back = |(from, label)| Edge {
                    from,
                    to: node,
                    label,
                    back: true,
                };
                self.edges.extend(exits.into_iter().map(back));
            } else {
                open.extend(exits);
            }
        }
        (last, open)
    }
}

/// How many columns steps need.
fn width(steps: &[Step]) -> f64 {
    let of = |step: &Step| {
        branches(&step.verb)
            .iter()
            .map(|(_, steps)| width(steps))
            .sum::<f64>()
    };
    steps.iter().map(of).fold(1.0, f64::max)
}

/// The ways that lead on from a step, each with its label and the steps on it.
fn branches(verb: &Verb) -> Vec<(String, &[Step])> {
    let none: &[Step] = &[];
    match verb {
        Verb::Send(send) => {
            let mut ways = vec![(String::new(), none)];
            for (label, rule) in [("too late", &send.on_late), ("capped", &send.on_cap)] {
                if let OnStop::Steps(steps) = rule {
                    ways.push((label.to_owned(), steps));
                }
            }
            ways
        }
        Verb::WaitFor(wait) => vec![
            ("in time".to_owned(), &*wait.then),
            ("too late".to_owned(), &*wait.otherwise),
        ],
        Verb::Choose(choose) => {
            let label = |branch: &kurant_engine::definition::Branch| match &branch.when {
                Some(when) => label::short(&when.source),
                None => "otherwise".to_owned(),
            };
            let mut ways: Vec<_> = choose
                .branches
                .iter()
                .map(|branch| (label(branch), &*branch.steps))
                .collect();
            if choose.branches.iter().all(|branch| branch.when.is_some()) {
                ways.push(("none".to_owned(), none));
            }
            ways
        }
        Verb::If(fork) => vec![
            ("yes".to_owned(), &*fork.then),
            ("no".to_owned(), &*fork.otherwise),
        ],
        Verb::Split(split) => split
            .arms
            .iter()
            .map(|arm| (format!("{} ({})", arm.name, arm.weight), &*arm.steps))
            .collect(),
        Verb::Repeat(repeat) => vec![
            ("again".to_owned(), &*repeat.steps),
            ("then".to_owned(), none),
        ],
        Verb::Webhook(hook) => match &hook.on_error {
            OnError::Steps(steps) => vec![(String::new(), none), ("error".to_owned(), &**steps)],
            _ => vec![(String::new(), none)],
        },
        _ => vec![(String::new(), none)],
    }
}
