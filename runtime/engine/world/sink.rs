//! Where what was done goes.

use crate::action::Action;
use crate::id::CustomerId;
use crate::input::{Command, Trace};

/// Takes what a world does, in its order: by instant, then customer, then as made.
pub trait Sink {
    /// Something was done.
    fn action(&mut self, action: Action);

    /// Something would leave.
    fn command(&mut self, _command: Command) {}

    /// Something happened, with its why.
    fn trace(&mut self, _customer: &CustomerId, _trace: Trace) {}

    /// Whether the world should stop after the instant at hand.
    fn is_full(&self) -> bool {
        false
    }
}

/// Keeps everything: for tests, and for questions about a single customer.
#[derive(Debug, Default)]
pub struct Collected {
    /// What was done.
    pub actions: Vec<Action>,
    /// What happened, and to whom.
    pub trace: Vec<(CustomerId, Trace)>,
}

impl Sink for Collected {
    fn action(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn trace(&mut self, customer: &CustomerId, trace: Trace) {
        self.trace.push((customer.clone(), trace));
    }
}
