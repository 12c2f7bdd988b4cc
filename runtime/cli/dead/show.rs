//! What was given up, for people and for programs.

use kurant_engine::calendar::{Instant, Zone};
use serde_json::{Value, json};

use super::Dead;

/// One line for people; instants on the workspace's clock.
pub(super) fn text(dead: &Dead, zone: Zone) -> String {
    let clock = |at: Instant| at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let id = dead.id();
    match dead {
        Dead::Command(own) => {
            let (row, command) = (&own.outgoing, &own.outgoing.command);
            format!(
                "{id:<32}  {}  {:<8} {:<10} {:<24} {:<18} {:<16} after {} tries: {}",
                clock(row.due),
                row.state.word(),
                row.route,
                command.journey,
                command.step,
                command.customer,
                row.tries,
                own.reason.as_deref().unwrap_or("-"),
            )
        }
        Dead::Event(own) => {
            let own = &own.rejected;
            let (at, origin, line) = (clock(own.at), &own.origin, own.line);
            format!(
                "{id:<32}  {at}  rejected events     {origin}, line {line}: {}",
                own.reason
            )
        }
    }
}

/// One object for programs, without what is known of a customer.
pub(super) fn object(dead: &Dead) -> Value {
    match dead {
        Dead::Command(own) => {
            let (row, command) = (&own.outgoing, &own.outgoing.command);
            json!({
                "id": dead.id(), "state": row.state.word(), "route": row.route, "at": row.due, "attempts": row.tries,
                "reason": own.reason, "journey": command.journey, "step": command.step, "customer": command.customer,
                "made": command.at,
            })
        }
        Dead::Event(own) => {
            let own = &own.rejected;
            json!({
                "id": dead.id(), "state": "rejected", "route": "events", "at": own.at, "attempts": 1, "reason": own.reason,
                "origin": own.origin, "line": own.line,
            })
        }
    }
}

/// All of one, as it would leave or as it came.
pub(super) fn whole(dead: &Dead) -> Value {
    let mut object = object(dead);
    match dead {
        Dead::Command(own) => {
            object["command"] = serde_json::to_value(&own.outgoing.command).unwrap_or_default();
        }
        Dead::Event(own) => object["text"] = own.rejected.body.as_str().into(),
    }
    object
}
