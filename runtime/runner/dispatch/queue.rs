//! Commands that are tried again leave one after the other for each customer and route: none overtakes another.

use std::collections::HashSet;

use kurant_store::{Outgoing, Queue};

use crate::channel::{HandedOver, queued};

/// The first command of each queue, and those behind them.
pub(super) fn first_of_each(rows: Vec<Outgoing>) -> (Vec<Outgoing>, Vec<Outgoing>) {
    let mut begun = HashSet::new();
    rows.into_iter().partition(|row| begun.insert(row.queue()))
}

/// Of those behind, the ones whose turn may come: where one was not taken, the others go back to wait for it.
pub(super) fn still_moving(behind: Vec<Outgoing>, done: &mut HandedOver) -> Vec<Outgoing> {
    let held: HashSet<Queue> = done.retried.iter().cloned().collect();
    let (waiting, moving): (Vec<_>, Vec<_>) = behind
        .into_iter()
        .partition(|row| held.contains(&row.queue()));
    for row in waiting {
        done.settle(&row, queued(&row));
    }
    moving
}
