//! Hands many things over to one place, so many at once, and those of one customer one after the other.
//!
//! It ends in good time: what has not begun by then goes back and is claimed again, so that a slow place holds nobody up and
//! no claim runs out. For the same reason a kill leaves only so many of which the store doesn't know how they went.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Reply;
use kurant_engine::provider::NamedBy;
use kurant_store::{OutboxState, Outgoing, Queue, Settled};

use super::backoff::while_away;
use super::breaker::Breaker;
use super::outcome::Outcome;
use super::{HandedOver, again, known_as, put_back, queued};
use crate::clock::Stopwatch;

/// After so long nothing more is begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(5);
/// No hand-over takes longer.
const LONGEST: Duration = Duration::from_secs(50);
/// So many are begun at the most.
pub(crate) const MOST_BEGUN: usize = 100;

/// How a place wants to be treated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manners {
    /// So many at once.
    pub(crate) at_once: usize,
    /// How long a message is tried after its moment, in milliseconds.
    pub(crate) valid_for: i64,
    /// By which name it tells of messages later, if it does.
    pub(crate) tells_by: Option<NamedBy>,
}

impl Manners {
    /// The name by which it will tell of what it took.
    fn name(&self, row: &Outgoing, outcome: &Outcome) -> Option<String> {
        match self.tells_by.filter(|_| outcome.is_taken())? {
            NamedBy::Key => Some(row.command.key.to_string()),
            NamedBy::Id => outcome.name(),
        }
    }
}

/// Something to be handed over, with its row of the outbox.
pub(crate) type Parcel<T> = (Outgoing, T);

/// How many of those that are tried again a place would take now.
pub(crate) fn room(breaker: &Breaker) -> usize {
    breaker.room(MOST_BEGUN)
}

/// Hands these over with `send`, and says how each went.
pub(crate) async fn hand_over<T, F>(
    parcels: Vec<Parcel<T>>,
    manners: Manners,
    breaker: &Breaker,
    now: Instant,
    send: impl Fn(T) -> F,
) -> HandedOver
where
    F: Future<Output = Outcome>,
{
    let round = Round {
        watch: Stopwatch::start(),
        begun: AtomicUsize::new(0),
        most: room(breaker),
    };
    let (round, send) = (&round, &send);
    let lane = |parcels: Vec<Parcel<T>>| async move {
        let (mut done, mut is_held) = (HandedOver::default(), false);
        for (row, what) in parcels {
            let settled = if is_held {
                queued(&row)
            } else if breaker.is_open() {
                let reason = "away: others before it were not taken".to_owned();
                again(&row, while_away(&row, now), reason)
            } else if round.runs_out(&row, now) {
                let reason = "queued: its claim would run out".to_owned();
                again(&row, row.due, reason)
            } else if round.is_over() {
                put_back(&row)
            } else {
                let outcome = send(what).await;
                breaker.note(&outcome);
                if let Some(name) = outcome.name() {
                    done.note_name(&row, name, now);
                }
                if outcome.is_bounce() {
                    done.note_bounce(&row, now);
                }
                if let Outcome::Answered(answer) = &outcome {
                    let reply = Reply::Value(answer.clone());
                    done.answers.insert(row.command.key, reply);
                }
                let name = manners.name(&row, &outcome);
                Settled {
                    taken: name.map(|name| known_as(&row, name, now)),
                    ..outcome.settle(&row, now, manners.valid_for)
                }
            };
            is_held |= settled.state == OutboxState::Pending;
            done.note(&row, settled, now);
        }
        done
    };
    let lanes = stream::iter(lanes(parcels)).map(lane);
    let mut done = HandedOver::default();
    let mut ended = lanes.buffer_unordered(manners.at_once.max(1));
    while let Some(own) = ended.next().await {
        done.add(own);
    }
    done
}

/// One call of the above.
struct Round {
    watch: Stopwatch,
    begun: AtomicUsize,
    /// So many are begun at the most.
    most: usize,
}

impl Round {
    /// Whether nothing more is to be begun; else one more is.
    fn is_over(&self) -> bool {
        self.begun.fetch_add(1, Ordering::Relaxed) >= self.most
            || self.watch.passed() > BEGINS_WITHIN
    }

    /// Whether somebody else may claim it before the longest hand-over is over.
    fn runs_out(&self, row: &Outgoing, began: Instant) -> bool {
        let passed = self.watch.passed() + LONGEST;
        let millis = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        row.lease
            .is_some_and(|lease| lease.millis_since(began) < millis)
    }
}

/// The parcels of each customer, in their order.
fn lanes<T>(parcels: Vec<Parcel<T>>) -> Vec<Vec<Parcel<T>>> {
    let mut places: HashMap<Queue, usize> = HashMap::new();
    let mut lanes: Vec<Vec<Parcel<T>>> = Vec::new();
    for parcel in parcels {
        let place = *places.entry(parcel.0.queue()).or_insert(lanes.len());
        if place == lanes.len() {
            lanes.push(Vec::new());
        }
        lanes[place].push(parcel);
    }
    lanes
}
