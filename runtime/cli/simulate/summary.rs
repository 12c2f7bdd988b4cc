//! What a simulation did, in numbers.

use std::collections::{BTreeMap, HashMap};

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::definition::Journey;
use kurant_engine::id::Key;

use super::goals::{Counted, Goals};

/// How often each kind of thing was done.
#[derive(Debug, Default)]
pub(super) struct Summary {
    counts: HashMap<u64, (Kind, u64)>,
    goals: HashMap<String, Goals>,
}

/// Actions that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    /// The journey's id.
    pub(super) journey: String,
    /// The step's; empty for `enter` and `exit`.
    pub(super) step: String,
    /// The verb.
    pub(super) action: String,
    /// Of a send.
    pub(super) channel: String,
    /// How it went.
    pub(super) status: &'static str,
    /// Why, when it wasn't done, or the exit's.
    pub(super) reason: String,
}

impl Summary {
    /// Counts an action.
    pub(super) fn count(&mut self, action: &Action) {
        let reason = match (action.status, &*action.action) {
            (ActionStatus::Sent, "exit") | (ActionStatus::Skipped | ActionStatus::Deferred, _) => {
                action.reason.as_deref()
            }
            (ActionStatus::Sent, _) => None,
        };
        let texts = [
            &action.journey,
            action.step.as_deref().unwrap_or_default(),
            &action.action,
            action.channel.as_deref().unwrap_or_default(),
            action.status.word(),
            reason.unwrap_or_default(),
        ];
        // Looked up by a hash, so that counting makes no texts.
        let counted = self
            .counts
            .entry(Key::of(&texts).short())
            .or_insert_with(|| {
                let [journey, step, verb, channel, _, reason] = texts.map(str::to_owned);
                (
                    Kind {
                        journey,
                        step,
                        action: verb,
                        channel,
                        status: action.status.word(),
                        reason,
                    },
                    0,
                )
            });
        counted.1 += 1;
    }

    /// Counts a customer who entered a journey that has a goal, or reached it.
    pub(super) fn measure(&mut self, journey: &Journey, customer: &str, what: Counted) {
        if !self.goals.contains_key(&journey.id) {
            self.goals.insert(journey.id.clone(), Goals::new(journey));
        }
        if let Some(goals) = self.goals.get_mut(&journey.id) {
            goals.count(journey, customer, what);
        }
    }

    /// Adds the numbers of another world.
    pub(super) fn add(&mut self, other: &Self) {
        for (journey, goals) in &other.goals {
            match self.goals.get_mut(journey) {
                Some(own) => own.add(goals),
                None => drop(self.goals.insert(journey.clone(), goals.clone())),
            }
        }
        for (hash, (kind, count)) in &other.counts {
            self.counts
                .entry(*hash)
                .or_insert_with(|| (kind.clone(), 0))
                .1 += count;
        }
    }

    /// How many actions there were.
    pub(super) fn total(&self) -> u64 {
        self.counts.values().map(|(_, count)| count).sum()
    }

    /// Who reached a journey's goal; none when it has no goal, or nobody entered.
    pub(super) fn goals(&self, journey: &str) -> Option<&Goals> {
        self.goals.get(journey)
    }

    /// All kinds with their numbers, by journey and step.
    pub(super) fn kinds(&self) -> BTreeMap<&Kind, u64> {
        self.counts
            .values()
            .map(|(kind, count)| (kind, *count))
            .collect()
    }
}
