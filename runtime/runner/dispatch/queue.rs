//! Commands that are tried again leave one after the other for each customer and route: none overtakes another.

use std::collections::HashSet;

use kurant_engine::id::CustomerId;
use kurant_store::Outgoing;

use crate::channel::{HandedOver, again};

/// Whose commands they are, and which way they go.
type Queue = (String, CustomerId);

fn queue(row: &Outgoing) -> Queue {
    (row.route.clone(), row.command.customer.clone())
}

/// The first command of each queue, and those behind them.
pub(super) fn first_of_each(rows: Vec<Outgoing>) -> (Vec<Outgoing>, Vec<Outgoing>) {
    let mut begun = HashSet::new();
    rows.into_iter().partition(|row| begun.insert(queue(row)))
}

/// Of those behind, the ones whose turn may come: where one was not taken, the others go back to wait for it.
pub(super) fn still_moving(behind: Vec<Outgoing>, done: &mut HandedOver) -> Vec<Outgoing> {
    let held: HashSet<Queue> = done.retried.iter().cloned().collect();
    let (waiting, moving): (Vec<_>, Vec<_>) = behind
        .into_iter()
        .partition(|row| held.contains(&queue(row)));
    for row in waiting {
        let reason = "queued: an earlier command of this customer is tried again".to_owned();
        done.settle(&row, again(&row, row.due, reason));
    }
    moving
}
