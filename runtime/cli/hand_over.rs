//! Whether what was decided has left: the log says what was to be done, the outbox what became of it.

use std::collections::HashMap;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Zone;
use kurant_engine::id::Key;
use kurant_engine::input::Trace;
use kurant_engine::value::Value;
use kurant_runner::{DROPPED, Steering};
use kurant_store::{Error, InOutbox, OutboxState, Store};
use serde_json::{Value as Json, json};

use crate::reason;

/// The verbs of actions that leave the outbox; all others are done once they are decided.
const LEAVING: [&str; 9] = [
    "send", "task", "assign", "set", "tag", "untag", "score", "emit", "webhook",
];
/// What the log is told when an operator has something tried again that was given up.
pub(crate) const TRIED_AGAIN: &str = "tried_again";

/// What became of one action on its way out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HandOver {
    /// It was taken on the other side.
    Done,
    /// It is on its way this very moment.
    UnderWay,
    /// It stands in the outbox until it is tried, or tried again.
    Waits(InOutbox),
    /// It was given up.
    GivenUp(String),
    /// Nobody knows whether it was taken.
    InDoubt(String),
    /// It must not leave any more.
    Withdrawn(String),
    /// An operator let go of it.
    Dropped,
}

/// What became of many actions, by their keys.
#[derive(Debug, Default)]
pub(crate) struct HandOvers(HashMap<Key, HandOver>);

impl HandOvers {
    /// Asks a store about these actions. What has left the outbox is told by what happened to it, oldest first: as far as that is
    /// given.
    pub(crate) async fn of<'a>(
        store: &dyn Store,
        actions: impl Iterator<Item = &'a Action>,
        happened: impl Iterator<Item = &'a Trace>,
    ) -> Result<Self, Error> {
        let keys: Vec<Key> = actions
            .filter(|own| leaves(own))
            .map(|own| own.key)
            .collect();
        let mut known: HashMap<Key, HandOver> =
            keys.iter().map(|key| (*key, HandOver::Done)).collect();
        let mut tell = |trace: &Trace| {
            let key = trace.values.get("key").and_then(Value::as_text);
            let key = key.and_then(|key| key.parse().ok());
            let own = key.and_then(|key: Key| known.get_mut(&key));
            if let (Some(own), Some(told)) = (own, by_trace(trace)) {
                *own = told;
            }
        };
        happened.for_each(&mut tell);
        Steering::on(store).untold().await?.iter().for_each(tell);
        for row in store.in_outbox(&keys).await? {
            known.insert(row.key, by_row(row));
        }
        Ok(Self(known))
    }

    /// What became of an action; none for one that has nowhere to go.
    pub(crate) fn get(&self, action: &Action) -> Option<&HandOver> {
        self.0.get(&action.key).filter(|_| leaves(action))
    }
}

fn leaves(action: &Action) -> bool {
    action.status == ActionStatus::Sent && LEAVING.contains(&action.action.as_str())
}

fn by_trace(trace: &Trace) -> Option<HandOver> {
    let reason = trace.reason.clone().unwrap_or_default();
    Some(match trace.what.as_str() {
        "gave_up" => HandOver::GivenUp(reason),
        "in_doubt" => HandOver::InDoubt(reason),
        "not_sent" => HandOver::Withdrawn(reason),
        DROPPED => HandOver::Dropped,
        TRIED_AGAIN => HandOver::Done,
        _ => return None,
    })
}

fn by_row(row: InOutbox) -> HandOver {
    let reason = row.reason.clone().unwrap_or_default();
    match row.state {
        _ if row.is_withdrawn && row.state != OutboxState::Claimed => {
            HandOver::Withdrawn("withdrawn".to_owned())
        }
        OutboxState::Dead => HandOver::GivenUp(reason),
        OutboxState::InDoubt => HandOver::InDoubt(reason),
        OutboxState::Pending => HandOver::Waits(row),
        OutboxState::Claimed => HandOver::UnderWay,
        OutboxState::Accepted | OutboxState::Skipped => HandOver::Done,
    }
}

impl HandOver {
    /// For people; instants on a clock.
    pub(crate) fn text(&self, zone: Zone) -> String {
        match self {
            Self::Done => "handed over".to_owned(),
            Self::UnderWay => "is being handed over".to_owned(),
            Self::Waits(row) => waits(row, zone),
            Self::GivenUp(why) => format!("given up: {why}"),
            Self::InDoubt(why) => {
                format!(
                    "in doubt: {}",
                    why.strip_prefix("in doubt: ").unwrap_or(why)
                )
            }
            Self::Withdrawn(why) => format!("withdrawn: {}", reason::words(why).unwrap_or(why)),
            Self::Dropped => "given up, and dropped by an operator".to_owned(),
        }
    }

    /// For programs.
    pub(crate) fn object(&self) -> Json {
        match self {
            Self::Done => json!({ "state": "handed_over" }),
            Self::UnderWay => json!({ "state": "under_way" }),
            Self::Waits(row) => json!({
                "state": "waits", "why": row.reason, "route": row.route, "tries": row.tries, "next": row.due,
            }),
            Self::GivenUp(why) => json!({ "state": "given_up", "why": why }),
            Self::InDoubt(why) => json!({ "state": "in_doubt", "why": why }),
            Self::Withdrawn(why) => json!({ "state": "withdrawn", "why": why }),
            Self::Dropped => json!({ "state": "dropped" }),
        }
    }

    /// Whether it stands where it was meant to get.
    pub(crate) fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

fn waits(row: &InOutbox, zone: Zone) -> String {
    let next = row.due.local(zone).format("%Y-%m-%d %H:%M:%S");
    let Some(reason) = row.reason.as_deref() else {
        return format!("waits: its turn is at {next}");
    };
    let why = reason::way(reason, &row.route);
    let tries = match row.tries {
        0 if reason.starts_with("queued") => return format!("waits: {why}"),
        0 => return format!("waits: {why}; tried again at {next}"),
        1 => "tried once".to_owned(),
        tries => format!("tried {tries} times"),
    };
    format!("waits: {why}; {tries}, next at {next}")
}

#[cfg(test)]
mod tests {
    use kurant_engine::calendar::Instant;

    use super::*;

    fn row(state: OutboxState, reason: Option<&str>, attempt: u32) -> InOutbox {
        InOutbox {
            key: Key::of(&["k"]),
            route: "email".into(),
            state,
            due: Instant::from_millis(3_000),
            tries: attempt,
            reason: reason.map(Into::into),
            is_withdrawn: false,
        }
    }

    #[test]
    fn what_waits_says_why_how_often_it_was_tried_and_when_it_is_again() {
        for (reason, attempt, told) in [
            (
                Some("away: it says 535 5.7.8"),
                3,
                "waits: the server of `email` does not let us in: it says 535 5.7.8; tried 3 times, next at 1970-01-01 03:00:03",
            ),
            (
                Some("away: connection refused"),
                0,
                "waits: the server of `email` can't be reached: connection refused; tried again at 1970-01-01 03:00:03",
            ),
            (
                Some("not now: the mail server says 451 4.7.1"),
                1,
                "waits: the server of `email` did not take it: the mail server says 451 4.7.1; tried once, next at 1970-01-01 03:00:03",
            ),
            (
                Some("queued: an earlier command of this customer is tried again"),
                0,
                "waits: an earlier command of this customer is tried again",
            ),
            (None, 0, "waits: its turn is at 1970-01-01 03:00:03"),
        ] {
            let own = by_row(row(OutboxState::Pending, reason, attempt));
            assert_eq!(own.text(Zone::Europe__Kyiv), told);
        }
    }

    #[test]
    fn what_will_never_leave_is_not_said_to_have_been_handed_over() {
        let withdrawn = InOutbox {
            is_withdrawn: true,
            ..row(OutboxState::Dead, Some("refused: no"), 1)
        };
        for (row, told) in [
            (
                row(OutboxState::Dead, Some("refused: no"), 1),
                "given up: refused: no",
            ),
            (
                row(OutboxState::InDoubt, Some("in doubt: it hung up"), 1),
                "in doubt: it hung up",
            ),
            (
                withdrawn,
                "withdrawn: its enrollment had ended, or a fallback took its place",
            ),
        ] {
            assert_eq!(by_row(row).text(Zone::UTC), told);
        }
    }
}
