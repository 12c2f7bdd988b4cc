//! What was done, in the words of the actions file: one object a line, in time order.

use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calendar::Instant;
use crate::id::{CustomerId, Key};
use crate::map::Map;

/// One line of the actions file and of the execution log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The logical instant.
    pub at: Instant,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The step's id, or its place in the file when it has none; none for `enter` and `exit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    /// The customer.
    pub customer: CustomerId,
    /// The enrollment.
    pub enrollment: Key,
    /// The verb, or `enter`, `exit`.
    pub action: CompactString,
    /// For `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<CompactString>,
    /// For `send`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<CompactString>,
    /// What the action was done with.
    #[serde(default)]
    pub data: Map,
    /// The idempotency key: the same for the same action in every run.
    pub key: Key,
    /// How it went.
    pub status: ActionStatus,
    /// Why it was skipped or deferred, or why the enrollment ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CompactString>,
}

/// How an action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Done.
    Sent,
    /// Not done, with a reason.
    Skipped,
    /// Not done yet, with a reason; a second line follows when it is settled.
    Deferred,
}
