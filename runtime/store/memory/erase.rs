//! Forgets one customer.

use std::sync::Arc;

use kurant_engine::erased::{self, pseudonym, word};
use kurant_engine::id::CustomerId;

use super::tables::Tables;
use crate::erasure::{Erasure, REASON};
use crate::{OutboxState, Stored};

impl Tables {
    /// Whether the state that is to go is there.
    pub(super) fn may_erase(&self, erasure: &Erasure) -> bool {
        let known = self.people.get(&erasure.customer);
        known.map_or(0, |known| known.revision) == erasure.revision
    }

    pub(super) fn erase(&mut self, erasure: &Erasure) {
        let id = &erasure.customer;
        self.people.remove(id);
        let at = self.erased.entry(id.clone()).or_insert(erasure.at);
        *at = erasure.at.max(*at);
        let events = self.events.remove(id).map_or(0, |own| own.len() as u64);
        self.forgotten.events += events;
        self.enrollments.retain(|(own, _), _| own != id);
        self.taken.retain(|_, own| own.customer != *id);
        for series in self.anchors.values_mut() {
            series.retain(|(_, _, own), _| own != id);
        }
        let own = self
            .outbox
            .iter_mut()
            .filter(|row| row.command.customer == *id);
        for row in own {
            if row.state == OutboxState::Pending {
                row.state = OutboxState::Skipped;
            }
            row.command = erased::command(&row.command);
            row.is_withdrawn = true;
            if let Some(reason) = self.reasons.remove(&row.command.key)
                && let Some(code) = word(&reason)
            {
                self.reasons.insert(row.command.key, code);
            }
        }
        self.erase_holder(id);
        for letter in self.rejected.values_mut() {
            if erasure.holds(&letter.body) {
                letter.body = String::new();
                letter.reason = REASON.to_owned();
            }
        }
        for entry in self.log.iter_mut().filter(|own| own.customer == *id) {
            entry.customer = pseudonym(id);
            let (actions, traces) = (
                std::mem::take(&mut entry.actions),
                std::mem::take(&mut entry.traces),
            );
            entry.actions = actions.into_iter().map(erased::action).collect();
            entry.traces = traces.into_iter().map(erased::trace).collect();
        }
    }

    /// Whether somebody is gone: erased, and not back.
    pub(super) fn is_gone(&self, id: &CustomerId) -> bool {
        self.erased.contains_key(id) && !self.people.contains_key(id)
    }

    /// Whether a new customer was erased after the state was decided on.
    pub(super) fn is_erased_since(&self, stored: &Stored) -> bool {
        let own = &stored.person.customer;
        let at = self.erased.get(&own.id);
        stored.revision == 1 && at.is_some_and(|at| own.erased.is_none_or(|own| *at > own))
    }

    /// Somebody who was erased.
    pub(super) fn tombstone(&self, id: &CustomerId) -> Option<Stored> {
        let at = self.erased.get(id)?;
        Some(Stored::erased(Arc::clone(id), *at))
    }
}
