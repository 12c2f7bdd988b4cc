//! What is handed over again is judged again: meanwhile somebody may have held it back, or the customer may have said no.

use std::collections::{HashMap, HashSet};

use kurant_engine::calendar::{Instant, SECOND};
use kurant_engine::id::CustomerId;
use kurant_engine::process::{Again, again};
use kurant_store::{OutboxState, Outgoing, Settled};

use super::Runner;
use super::stopped::Stopped;
use crate::channel::{HandedOver, again as later, not_any_more};
use crate::error::Error;

/// How often what is held back is looked at.
const LOOK: i64 = 10 * SECOND;

impl Runner {
    /// Of these commands, those that may leave; and what becomes of the others.
    pub(super) async fn judged(
        &mut self,
        claimed: Vec<Outgoing>,
        now: Instant,
    ) -> Result<(Vec<Outgoing>, HandedOver), Error> {
        // Of the others nothing is asked but whether their journeys are held back.
        let messages = claimed.iter().filter(|row| row.command.is_message());
        let ids: HashSet<CustomerId> = messages.map(|row| row.command.customer.clone()).collect();
        let ids: Vec<CustomerId> = ids.into_iter().collect();
        let people = self.store.load(&ids, &[]).await?;
        let stopped = self.stopped.clone();
        let judged = self.decider.with(move |state| {
            let people: HashMap<&CustomerId, _> = people
                .iter()
                .map(|stored| (&stored.person.customer.id, &stored.person))
                .collect();
            let judge = |row: Outgoing| {
                let person = people.get(&row.command.customer).copied();
                let verdict = match ended(&row, &stopped) {
                    Some(why) => Again::Never(why),
                    None => again(&state.catalog, person, &row.command, now),
                };
                (row, verdict)
            };
            claimed.into_iter().map(judge).collect::<Vec<_>>()
        });
        let (mut leaving, mut done) = (Vec::new(), HandedOver::default());
        let mut held = HashSet::new();
        for (row, verdict) in judged.await? {
            let queue = row.queue();
            let settled: Settled = match verdict {
                _ if held.contains(&queue) => {
                    let reason = "queued: an earlier command of this customer waits".to_owned();
                    later(&row, row.due, reason)
                }
                Again::Leaves => {
                    leaving.push(row);
                    continue;
                }
                Again::Waits { until, reason } => {
                    let due = until.unwrap_or(now.plus_millis(LOOK));
                    later(&row, due, reason.to_owned())
                }
                Again::Never(reason) => not_any_more(&row, reason),
            };
            if settled.state == OutboxState::Pending {
                held.insert(queue);
            }
            done.note(&row, settled, now);
        }
        Ok((leaving, done))
    }
}

/// Why a command must not leave any more: by what the engine has decided since, or by an operator's word.
fn ended(row: &Outgoing, stopped: &Stopped) -> Option<&'static str> {
    if row.is_withdrawn {
        return Some("withdrawn");
    }
    let by_order = row.command.ends_with_enrollment() && stopped.holds(&row.command);
    by_order.then_some("stopped")
}
