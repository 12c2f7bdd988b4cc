//! Names that are asked for and that neither the workspace nor the log knows: they are told, lest a slip pass for silence.

use std::collections::BTreeSet;

use kurant_engine::catalog::program::Op;
use kurant_engine::catalog::{Acting, Catalog, Loaded};
use kurant_engine::definition::{Definitions, Exit, Version};
use kurant_engine::input::FATES;
use kurant_runner::DROPPED;

use super::Args;
use super::line::{Line, Steps};
use crate::error::Error;
use crate::hand_over::TRIED_AGAIN;
use crate::reason;
use crate::workspace::likely;

/// How something may have ended.
const OUTCOMES: &[&str] = &[
    "sent",
    "skipped",
    "deferred",
    "enter",
    "exit",
    "goal",
    "not_entered",
    "waits",
    "answered",
    "timeout",
    "chose",
    "split",
    "passed_over",
    "too_late",
    "too_old",
    "fallback_cancelled",
    "suppressed",
    "consent_given",
    "consent_withdrawn",
    "missed",
    "ignored",
    "held",
    "resumed",
    "queued",
    "taken",
    "gave_up",
    "in_doubt",
    "not_sent",
    TRIED_AGAIN,
    DROPPED,
    "error",
];

/// The ways out that are no channel.
const OTHER_WAYS: [&str; 3] = ["crm", "events", "webhook"];

/// The names that nothing is known of so far.
pub(super) struct Sought<'a> {
    /// Of which journeys a step must be, if that is asked.
    within: &'a [String],
    journeys: Vec<&'a str>,
    steps: Vec<&'a str>,
    channels: Vec<&'a str>,
    outcomes: Vec<&'a str>,
    reasons: Vec<&'a str>,
    customer: Option<&'a str>,
    /// What there is to choose from.
    known_journeys: BTreeSet<String>,
    known_steps: BTreeSet<String>,
    known_channels: BTreeSet<String>,
    known_reasons: BTreeSet<String>,
}

impl<'a> Sought<'a> {
    /// What is asked for and is neither in the workspace nor in the versions that somebody is still inside of.
    pub(super) fn of(args: &'a Args, definitions: &Definitions, pinned: &[Version]) -> Self {
        let versions = || definitions.journeys.iter().chain(pinned);
        let known_journeys: BTreeSet<String> =
            versions().map(|own| own.journey.id.clone()).collect();
        let is_asked = |id: &String| args.journey.is_empty() || args.journey.contains(id);
        let (mut known_steps, mut places) = (BTreeSet::new(), BTreeSet::new());
        let mut known_reasons: BTreeSet<String> = reason::known().map(str::to_owned).collect();
        let channels = definitions.workspace.channels.iter();
        let channels = channels.map(|own| own.name.as_str()).chain(OTHER_WAYS);
        let known_channels: BTreeSet<String> = channels.map(str::to_owned).collect();
        let exits = versions().flat_map(|own| &own.journey.exits);
        known_reasons.extend(exits.map(|exit| match exit {
            Exit::Event { reason, .. } | Exit::When { reason, .. } => reason.clone(),
        }));
        // Definitions that don't load are no reason not to read the log.
        if let Ok(catalog) = Catalog::load(definitions, pinned, Acting::Live) {
            let loaded = versions().filter_map(|own| catalog.version(own.hash));
            for own in loaded {
                let ends = own
                    .program
                    .nodes()
                    .iter()
                    .filter_map(|node| match &node.op {
                        Op::Exit(reason) => Some(reason.clone()),
                        _ => None,
                    });
                known_reasons.extend(ends);
                if is_asked(&own.journey().id) {
                    note(own, &mut known_steps, &mut places);
                }
            }
        }
        let unknown = |asked: &'a [String], is_known: &dyn Fn(&String) -> bool| {
            let asked = asked.iter().filter(|name| !is_known(name));
            asked.map(String::as_str).collect()
        };
        Self {
            within: &args.journey,
            journeys: unknown(&args.journey, &|name| known_journeys.contains(name)),
            steps: unknown(&args.step, &|name| {
                known_steps.contains(name) || places.contains(name)
            }),
            channels: unknown(&args.channel, &|name| known_channels.contains(name)),
            outcomes: unknown(&args.outcome, &|name| {
                known_outcomes().any(|own| own == name)
            }),
            reasons: unknown(&args.reason, &|name| known_reasons.contains(name)),
            customer: args.customer.as_deref(),
            known_journeys,
            known_steps,
            known_channels,
            known_reasons,
        }
    }

    /// Looks at a line of the log: what stands there was once.
    pub(super) fn meet(&mut self, line: &Line<'_>, steps: &Steps) {
        self.journeys.retain(|name| line.journey != Some(name));
        let own = |id: &String| line.journey == Some(id);
        if self.within.is_empty() || self.within.iter().any(own) {
            self.steps.retain(|name| !steps.is_at(line, name));
        }
        self.channels.retain(|name| line.channel() != Some(name));
        self.outcomes.retain(|name| line.outcome != *name);
        self.reasons.retain(|name| line.reason != Some(name));
        // Lines of one customer are all that is read then.
        self.customer = None;
    }

    /// The customer that the log has nothing of, if one was asked for.
    pub(super) fn stranger(&self) -> Option<&'a str> {
        self.customer
    }

    /// Says which name is none.
    pub(super) fn end(&self) -> Result<(), Error> {
        let (what, name, known): (_, _, Vec<&str>) = if let Some(name) = self.journeys.first() {
            let known = self.known_journeys.iter().map(String::as_str);
            ("journey", name, known.collect())
        } else if let Some(name) = self.steps.first() {
            let known = self.known_steps.iter().map(String::as_str);
            ("step", name, known.collect())
        } else if let Some(name) = self.channels.first() {
            let known = self.known_channels.iter().map(String::as_str);
            ("channel", name, known.collect())
        } else if let Some(name) = self.outcomes.first() {
            ("outcome", name, known_outcomes().collect())
        } else if let Some(name) = self.reasons.first() {
            let known = self.known_reasons.iter().map(String::as_str);
            ("reason", name, known.collect())
        } else {
            return Ok(());
        };
        let message = format!("there is no {what} `{name}`, here or in the log");
        Err(Error::usage(message).hint(likely(name, &known)))
    }
}

/// How something may have ended, and what may have come back of it.
fn known_outcomes() -> impl Iterator<Item = &'static str> {
    OUTCOMES.iter().copied().chain(FATES)
}

/// Notes the steps of a version: those with an id by it, all by their place.
fn note(loaded: &Loaded, names: &mut BTreeSet<String>, places: &mut BTreeSet<String>) {
    for node in loaded.program.nodes() {
        if node.name != node.path {
            names.insert(node.name.to_string());
        }
        places.insert(node.path.to_string());
    }
}
