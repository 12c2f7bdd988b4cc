//! What a workspace promises, in plain values: the checker knows no journey by itself.

use std::collections::BTreeMap;

/// What has to be true of every history of a workspace.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) sums: Vec<Sum>,
    pub(super) journeys: Vec<Journey>,
    /// How often a command may be handed over, by its route.
    pub(super) routes: BTreeMap<&'static str, Bound>,
}

/// An attribute that is a sum over events.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    pub(super) attribute: &'static str,
    pub(super) over: Over,
}

/// What is summed up.
#[derive(Debug, Clone)]
pub(super) enum Over {
    /// One for each event of a type.
    Events(&'static str),
    /// A field of events of a type.
    Field(&'static str, &'static str),
    /// One for each event that a step of a journey emits.
    Emitted(&'static str, &'static str),
}

/// A journey.
#[derive(Debug, Clone)]
pub(super) struct Journey {
    pub(super) name: &'static str,
    /// The type of event that starts it.
    pub(super) starts: &'static str,
    pub(super) entry: Entry,
    /// The ways through it.
    pub(super) paths: Vec<Path>,
    /// Reasons for which it may end anywhere on its way.
    pub(super) cut_short: Vec<&'static str>,
    pub(super) timers: Vec<Timer>,
    pub(super) forks: Vec<Fork>,
}

/// Who enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Every event starts an enrollment of its own.
    Each,
    /// The first event of a customer does, the others don't.
    Once,
    /// Any event does, unless the customer is inside.
    OneAtATime,
}

/// A way through a journey: the steps that do something, in order.
#[derive(Debug, Clone)]
pub(super) struct Path {
    /// The version of the journey that has it.
    pub(super) version: u32,
    pub(super) steps: Vec<&'static str>,
}

/// A step that comes only once a wait is over.
#[derive(Debug, Clone)]
pub(super) struct Timer {
    /// The wait's place in the file.
    pub(super) place: &'static str,
    pub(super) then: &'static str,
}

/// A wait that ends in one of two ways.
#[derive(Debug, Clone)]
pub(super) struct Fork {
    /// The wait's place in the file.
    pub(super) place: &'static str,
    /// What follows when it is answered.
    pub(super) answered: &'static str,
    /// What follows when it is not.
    pub(super) timeout: &'static str,
}

/// How often a command may be handed over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// So many times at the most without a stop.
    pub(super) at_rest: usize,
    /// So many more for each stop.
    pub(super) each_stop: usize,
    /// So many commands may be in the air when a worker is stopped.
    pub(super) in_the_air: usize,
}

impl Bound {
    /// Exactly once, whatever happens.
    pub(super) const ONCE: Self = Self {
        at_rest: 1,
        each_stop: 0,
        in_the_air: 0,
    };
}
