//! What a simulation did, in numbers.

use std::collections::{BTreeMap, HashMap};

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::id::Key;

/// How often each kind of thing was done.
#[derive(Debug, Default)]
pub(super) struct Summary {
    counts: HashMap<u64, (Kind, u64)>,
    goals: HashMap<String, Goals>,
}

/// How often a journey's goal was reached, and by whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Goals {
    /// Entries of customers who are treated.
    pub(super) treated: u64,
    /// How many of these reached the goal.
    pub(super) reached: u64,
    /// Entries of customers who are held out.
    pub(super) held_out: u64,
    /// How many of these reached the goal all the same.
    pub(super) reached_anyway: u64,
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

    /// Counts an entry into a journey that has a goal or holds customers out.
    pub(super) fn entered(&mut self, journey: &str, held_out: bool) {
        let goals = self.goals_of(journey);
        if held_out {
            goals.held_out += 1;
        } else {
            goals.treated += 1;
        }
    }

    /// Counts a goal.
    pub(super) fn reached(&mut self, journey: &str, held_out: bool) {
        let goals = self.goals_of(journey);
        if held_out {
            goals.reached_anyway += 1;
        } else {
            goals.reached += 1;
        }
    }

    fn goals_of(&mut self, journey: &str) -> &mut Goals {
        self.goals.entry(journey.to_owned()).or_default()
    }

    /// Adds the numbers of another world.
    pub(super) fn add(&mut self, other: &Self) {
        for (journey, goals) in &other.goals {
            let own = self.goals_of(journey);
            own.treated += goals.treated;
            own.reached += goals.reached;
            own.held_out += goals.held_out;
            own.reached_anyway += goals.reached_anyway;
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

    /// Who reached a journey's goal; none when it has neither a goal nor customers that are held out, or nobody entered.
    pub(super) fn goals(&self, journey: &str) -> Option<Goals> {
        self.goals.get(journey).copied()
    }

    /// All kinds with their numbers, by journey and step.
    pub(super) fn kinds(&self) -> BTreeMap<&Kind, u64> {
        self.counts
            .values()
            .map(|(kind, count)| (kind, *count))
            .collect()
    }
}
