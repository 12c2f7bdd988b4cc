//! A journey's test: customers, events, the clock, and what is expected to come of it.
//!
//! The file `NAME.test.yaml` becomes a [`Scenario`] of plain data; whoever runs it needs no YAML. Everything that may fail
//! carries its span, so that a failure points at the line that was not met.

mod read;
#[cfg(test)]
mod tests;

use kurant_engine::calendar::Instant;
pub use kurant_engine::catalog::Reply;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use crate::source::{FileId, Span};

pub(crate) use read::{ACTIONS, read};

/// One test file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it shows, in the author's words: `test:`.
    pub test: String,
    /// The file that it was read from.
    pub file: FileId,
    /// Where `test:` stands, for what concerns the test as a whole.
    pub span: Span,
    /// The journeys that run in it; the others of the workspace don't.
    pub journeys: Vec<Named>,
    /// Who is known when the clock starts; at least one.
    pub customers: Vec<Person>,
    /// Where the clock starts: `at:`.
    pub start: Instant,
    /// What happens, in the order written; it need not be the order of time.
    pub events: Vec<Happening>,
    /// Where the clock stops; this instant does not belong to the run.
    pub until: Instant,
    /// What has to come of it.
    pub expect: Expect,
    /// What web hooks reply.
    pub answers: Vec<Answer>,
}

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A customer as written: `id` and attributes, `consents` and `topics` among them, as in a customers file.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The customer's id.
    pub id: String,
    /// All that was written, `id` included; texts are not yet read as dates or instants.
    pub attributes: Map,
    /// Where it stands.
    pub span: Span,
}

/// An event as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// When it happens and arrives.
    pub at: Instant,
    /// Its type.
    pub kind: String,
    /// To whom: the event's `customer`, else the test's only customer.
    pub customer: String,
    /// Its id, if the author gave one (the same `source` and `id` twice is the same event); else derived from its index.
    pub id: Option<String>,
    /// Its source, if the author gave one.
    pub source: Option<String>,
    /// Its data; texts are not yet read as dates or instants.
    pub data: Map,
    /// Where it stands.
    pub span: Span,
}

/// What has to come of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// `expect`: all that the customer would notice (sends, tasks, exits other than `completed`), in this order.
    All(Vec<Expected>),
    /// `expect_some`: these, in this order, among whatever else.
    Some(Vec<Expected>),
}

impl Expect {
    /// The expectations, whichever kind they are.
    pub fn list(&self) -> &[Expected] {
        match self {
            Self::All(list) | Self::Some(list) => list,
        }
    }
}

/// One expected action. What is not written is not compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// When.
    pub at: Option<Instant>,
    /// What the clock on the wall showed that `at` was written by: `at` without its offset.
    pub clock: Option<String>,
    /// Which journey's; needed only to tell several apart.
    pub journey: Option<String>,
    /// Whose; needed only to tell several apart.
    pub customer: Option<String>,
    /// Of which step: its id, or its place in the file.
    pub step: Option<String>,
    /// The verb, or `enter`, `exit`, `goal`, as in the actions file's `action`. None when only a step is expected.
    pub action: Option<String>,
    /// What stands after the verb: the channel of `send`, the title of `task`, the reason of `exit`, the tag, the pool and so
    /// on. Null = not compared.
    pub what: Value,
    /// For `send`.
    pub template: Option<String>,
    /// The data, compared name by name; names that are not written are not compared.
    pub data: Option<Map>,
    /// `sent`, `skipped` or `deferred`. In `expect_some` only; `expect` lists what was done.
    pub status: Option<String>,
    /// Why it was skipped or deferred.
    pub reason: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// What a web hook replies when its step calls it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The id of the `webhook` step.
    pub step: String,
    /// One for each call, in turn; the last one also for all calls after it.
    pub replies: Vec<Reply>,
    /// Where it stands.
    pub span: Span,
}
