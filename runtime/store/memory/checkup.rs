//! Whether what is stored adds up.

use kurant_engine::action::ActionStatus;
use kurant_engine::calendar::Instant;

use super::tables::Tables;
use crate::{Audited, Checkup, LogSums, Pulse, Sums, Waiting};

impl Tables {
    pub(super) fn checkup(&self) -> Checkup {
        let is_stray = |place: &&(_, _)| !self.people.contains_key(&place.0);
        Checkup {
            strays: self.enrollments.keys().filter(is_stray).count() as u64,
            ..Checkup::default()
        }
    }

    pub(super) fn pulse(&self, now: Instant) -> Pulse {
        let wakes = self.people.values().filter_map(|own| own.person.wake_at());
        let due: Vec<Instant> = wakes.filter(|at| *at <= now).collect();
        let mut outbox: Vec<Waiting> = Vec::new();
        for row in self.outbox.iter().filter(|row| !row.state.leaves()) {
            let is_it = |own: &&mut Waiting| own.route == row.route && own.state == row.state;
            match outbox.iter_mut().find(is_it) {
                Some(own) => own.count += 1,
                None => outbox.push(Waiting {
                    route: row.route.clone(),
                    state: row.state,
                    count: 1,
                }),
            }
        }
        outbox.sort();
        Pulse {
            due: due.len() as u64,
            first_due: due.into_iter().min(),
            outbox,
            letters: self.rejected.len() as u64,
        }
    }

    pub(super) fn sums(&self, with_log: bool) -> Sums {
        let done = |verbs: &dyn Fn(&str) -> bool| {
            let lines = self.log.iter().flat_map(|entry| &entry.actions);
            let lines = lines.filter(|own| own.status == ActionStatus::Sent && verbs(&own.action));
            lines.count() as u64
        };
        let inside = self.enrollments.values().filter(|row| row.ended.is_none());
        let log = with_log.then(|| LogSums {
            sent: done(&|verb| !LogSums::STAY.contains(&verb)) + self.forgotten.sent,
            commands: self.outbox.len() as u64 + self.forgotten.commands,
            entered: done(&|verb| verb == "enter") + self.forgotten.entered,
            left: done(&|verb| verb == "exit") + self.forgotten.left,
            inside: inside.count() as u64,
        });
        let kept: u64 = self.events.values().map(|own| own.len() as u64).sum();
        let history = kept + self.forgotten.events;
        Sums {
            seen: self.seen.len() as u64 + self.forgotten.seen,
            history,
            log,
        }
    }

    pub(super) fn audit(&self, after: Option<&str>, limit: usize) -> Vec<Audited> {
        let people = self.people.iter();
        let later = people.filter(|(id, _)| after.is_none_or(|after| &***id > after));
        let page = later.take(limit).map(|(id, stored)| {
            let rows = self.enrollments.iter().filter(|((own, _), _)| own == id);
            Audited {
                id: id.clone(),
                person: Ok(Box::new(stored.person.clone())),
                wake_at: stored.person.wake_at(),
                slot: None,
                enrollments: rows.map(|(_, row)| row.clone()).collect(),
            }
        });
        page.collect()
    }
}
