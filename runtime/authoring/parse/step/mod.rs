//! The steps of a journey: each a mapping with exactly one verb.

mod assign;
mod choose;
mod coupon;
mod emit;
mod exit;
mod if_else;
mod repeat;
mod run;
mod score;
mod send;
mod set;
mod split;
mod start;
mod tag;
mod task;
mod wait;
mod wait_for;
mod webhook;
mod words;

pub(super) use set::attribute_key;
pub(crate) use words::{BESIDE_VERBS, VERBS};

use std::cell::RefCell;
use std::collections::HashMap;

use kurant_engine::definition::{Step, Verb};

use super::Context;
use super::context::{name, text};
use crate::diagnostic::{Diagnostic, Problem};
use crate::source::Span;
use crate::yaml::{Entry, MapReader, Node};

/// The steps of one journey being read.
pub(super) struct Steps<'a> {
    /// The file.
    pub(super) context: &'a Context<'a>,
    /// Whether the journey is live, so that some steps need an id.
    live: bool,
    /// Where each id stands first.
    ids: RefCell<HashMap<String, Span>>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(context: &'a Context<'a>, live: bool) -> Self {
        Self {
            context,
            live,
            ids: RefCell::default(),
        }
    }

    /// A step's id, unless it stands twice.
    fn id(&self, node: &Node) -> Result<String, Problem> {
        let id = name(node)?;
        let earlier = self.ids.borrow().get(&id).copied();
        if let Some(earlier) = earlier {
            let report = Diagnostic::error(
                "duplicate-id",
                node.span,
                format!("another step is called `{id}` already"),
            );
            self.context.diagnostics.push(
                report
                    .help("give one of them another id")
                    .label(earlier, "here"),
            );
        } else {
            self.ids.borrow_mut().insert(id.clone(), node.span);
        }
        Ok(id)
    }
}

/// What a verb's reader gets: the steps, the step's mapping with what stands beside the verb, and the verb's own entry.
struct At<'r, 'n> {
    steps: &'r Steps<'r>,
    context: &'r Context<'r>,
    map: &'r mut MapReader<'n>,
    entry: &'n Entry,
}

impl<'r, 'n: 'r> At<'r, 'n> {
    /// What stands after the verb; nothing is reported, with what it should look like.
    fn value(&self, example: &str) -> Option<&'n Node> {
        if self.entry.value.is_null() {
            let key = &self.entry.key;
            let problem = Problem::new("missing-value", format!("`{}` has no value", key.text));
            let help = match self.entry.value.followed_by_comment() {
                Some(_) => "what stands after the `#` is a comment; if it is the value, put it in single quotes".to_owned(),
                None => format!("write it like `{example}`"),
            };
            self.context.report(key.span, problem.help(help));
            return None;
        }
        Some(&self.entry.value)
    }

    /// The mapping after the verb.
    fn inside(&self, what: &'static str, example: &str) -> Option<MapReader<'r>> {
        let node = self.value(example)?;
        if node.as_map().is_none() && !node.is_broken() {
            let problem = Problem::wrong_type(format!("expected {what}, found {}", node.what()));
            self.context.report(
                node.head(),
                problem.help(format!("write it like `{example}`")),
            );
            return None;
        }
        self.context.open(node, what)
    }

    /// The mapping after the verb, where people write only the most important of it: `right` says how that is written.
    fn inside_not_text(
        &self,
        what: &'static str,
        example: &str,
        right: impl Fn(&str) -> String,
    ) -> Option<MapReader<'r>> {
        let node = self.value(example)?;
        if let Some(scalar) = node.as_scalar() {
            let message = format!(
                "expected a mapping after `{}`, found {}",
                self.entry.key.text,
                node.what()
            );
            let problem =
                Problem::wrong_type(message).help(format!("write `{}`", right(&scalar.text)));
            self.context.report(node.span, problem);
            return None;
        }
        self.inside(what, example)
    }

    /// A branch beside the verb.
    fn branch(&mut self, key: &'static str) -> Option<Vec<Step>> {
        self.map.optional(key).map(|node| list(self.steps, node))
    }

    fn keep<T>(&self, node: &Node, result: Result<T, Problem>) -> Option<T> {
        self.context.diagnostics.keep(node.span, result)
    }
}

/// Reads a list of steps; one that cannot be read is reported and keeps its place, so that the others keep theirs.
pub(super) fn list(steps: &Steps<'_>, node: &Node) -> Vec<Step> {
    if let Some(dash) = dashed(node) {
        let problem = Problem::new(
            "missing-space",
            "a space is missing after the `-` of a list item",
        );
        let help = format!("write `- {}: ...`", dash.key.text.trim_start_matches('-'));
        steps.context.report(dash.key.span, problem.help(help));
        return Vec::new();
    }
    if node.as_map().is_some() {
        let problem = Problem::wrong_type("expected a list of steps, found a mapping")
            .help("begin each step with `- `");
        steps.context.report(node.head(), problem);
        return one(steps, node).into_iter().collect();
    }
    let items = steps.context.items(node, "a list of steps").iter();
    items
        .map(|item| one(steps, item).unwrap_or_else(unread))
        .collect()
}

/// The first key of a mapping that is `-send`.
fn dashed(node: &Node) -> Option<&Entry> {
    let mut entries = node.as_map()?.iter();
    entries.find(|entry| entry.key.text.starts_with('-'))
}

/// A step that stands beside a `steps:` without a value. `exit` and `start` may be meant as the journey's own.
pub(super) fn beside(journey: &Node) -> Option<&Entry> {
    let is_empty = journey.get("steps").is_some_and(Node::is_null);
    let mut entries = journey.as_map().filter(|_| is_empty)?.iter();
    entries.find(|entry| {
        let key = entry.key.text.as_str();
        VERBS.contains(&key) && !matches!(key, "exit" | "start")
    })
}

/// Stands for a step that could not be read and has been reported.
fn unread() -> Step {
    Step {
        id: None,
        title: None,
        when: None,
        verb: Verb::Set(Vec::new()),
    }
}

fn one(steps: &Steps<'_>, node: &Node) -> Option<Step> {
    let context = steps.context;
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!("expected a step, found {}", node.what()));
        context.report(node.span, problem.help(words::for_text(&scalar.text)));
        return None;
    }
    let mut map = context.open(node, "a step")?;
    let id = map.read("id", |node| steps.id(node));
    let title = map.read("title", text);
    let when = map.read("when", |node| context.script(node));
    let written: Vec<&str> = node
        .as_map()
        .unwrap_or(&[])
        .iter()
        .map(|entry| entry.key.text.as_str())
        .collect();
    if let Some((span, problem)) = words::no_verb(node) {
        context.report(span, problem);
        return None;
    }
    words::teach(&mut map, &written);
    let (word, entry) = map.exactly_one(words::VERBS)?;
    words::teach_options(&mut map, word);
    let verb = verb(
        word,
        At {
            steps,
            context,
            map: &mut map,
            entry,
        },
    );
    let has_id = map.has("id");
    map.finish();
    let verb = verb?;
    if steps.live && !has_id && !node.damaged && needs_id(&verb) {
        let report = Diagnostic::error(
            "missing-id",
            entry.key.span,
            format!("this `{word}` needs an `id`, since the journey is live"),
        );
        context.diagnostics.push(
            report.help("add `id: NAME`: people inside are found by it when the journey changes"),
        );
    }
    Some(Step {
        id,
        title,
        when,
        verb,
    })
}

fn verb(word: &str, at: At<'_, '_>) -> Option<Verb> {
    match word {
        "send" => send::read(at).map(Verb::Send),
        "wait" => wait::read(at).map(Verb::Wait),
        "wait_for" => wait_for::read(at).map(Verb::WaitFor),
        "choose" => choose::read(at).map(Verb::Choose),
        "if" => if_else::read(at).map(Verb::If),
        "split" => split::read(at).map(Verb::Split),
        "set" => set::read(at).map(Verb::Set),
        "tag" => tag::read(at).map(Verb::Tag),
        "untag" => tag::read(at).map(Verb::Untag),
        "score" => score::read(at).map(Verb::Score),
        "task" => task::read(at).map(Verb::Task),
        "assign" => assign::read(at).map(Verb::Assign),
        "coupon" => coupon::read(at).map(Verb::Coupon),
        "emit" => emit::read(at).map(Verb::Emit),
        "webhook" => webhook::read(at).map(Verb::Webhook),
        "run" => run::read(at).map(Verb::Run),
        "start" => start::read(at).map(Verb::Start),
        "repeat" => repeat::read(at).map(Verb::Repeat),
        _ => exit::read(at).map(Verb::Exit),
    }
}

/// Whether people inside must be found at this step again when a live journey is edited.
fn needs_id(verb: &Verb) -> bool {
    matches!(
        verb,
        Verb::Send(_) | Verb::Wait(_) | Verb::WaitFor(_) | Verb::Split(_) | Verb::Task(_)
    )
}
