//! The reference: a store in memory, written as simply as can be. What it does is what every store has to do.

mod checkup;
mod coupon;
mod erase;
mod export;
mod forget;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kurant_engine::calendar::Instant;
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::NO_COUPON;
use kurant_engine::stock::Coded;

use self::tables::Tables;
use crate::{
    AnchorRange, Audited, Batch, By, Checkup, CodeRow, EnrollmentRow, Entry, Error, Export,
    GivenUp, InOutbox, Inside, Kept, Letter, LogPage, LogPlace, Old, OutboxState, Outgoing,
    PoolLevel, PoolSums, Pulse, Queue, Rejected, Reply, Seen, Share, Sought, Store, Stored, Sums,
    Taken, Totals, Turn, Waiting, Walked, Worker,
};

/// A store in memory; it ends with the process.
#[derive(Default)]
pub struct Memory {
    tables: Mutex<Tables>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply<'s, T: Send + 's>(
        &'s self,
        work: impl FnOnce(&mut Tables) -> Result<T, Error>,
    ) -> Reply<'s, T> {
        let done = work(&mut self.tables());
        Box::pin(std::future::ready(done))
    }
}

impl Store for Memory {
    fn load<'s>(&'s self, ids: &'s [CustomerId], kept: &'s [Kept]) -> Reply<'s, Vec<Stored>> {
        self.reply(|tables| {
            let ids: BTreeSet<&CustomerId> = ids.iter().collect();
            Ok(ids
                .into_iter()
                .filter_map(|id| tables.load(id, kept))
                .collect())
        })
    }

    fn seen<'s>(&'s self, identities: &'s [Key]) -> Reply<'s, Vec<Seen>> {
        self.reply(|tables| {
            let identities: BTreeSet<Key> = identities.iter().copied().collect();
            let found = |identity| {
                tables.seen.get(&identity).map(|(body, _)| Seen {
                    identity,
                    body: *body,
                })
            };
            Ok(identities.into_iter().filter_map(found).collect())
        })
    }

    fn in_history<'s>(&'s self, events: &'s [Arc<Event>]) -> Reply<'s, Vec<Key>> {
        self.reply(|tables| Ok(tables.in_history(events)))
    }

    fn forget(&self, old: Old, before: Instant, limit: usize) -> Reply<'_, u64> {
        self.reply(|tables| Ok(tables.forget(old, before, limit)))
    }

    fn forget_history<'s>(
        &'s self,
        before: Instant,
        kept: &'s [Kept],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Walked> {
        self.reply(|tables| Ok(tables.forget_history(before, kept, after, limit)))
    }

    fn commit_in_turn(&self, batch: Batch, turn: Turn) -> Reply<'_, ()> {
        Box::pin(async move {
            turn.comes().await?;
            self.reply(|tables| tables.commit(batch)).await
        })
    }

    fn due(
        &self,
        upto: Instant,
        limit: usize,
        share: Share,
    ) -> Reply<'_, Vec<(Instant, CustomerId)>> {
        self.reply(|tables| {
            let wakes = tables
                .people
                .iter()
                .filter_map(|(id, stored)| Some((stored.person.wake_at()?, id.clone())));
            let mut due: Vec<_> = wakes
                .filter(|(wake, id)| *wake <= upto && share.holds(id))
                .collect();
            due.sort();
            due.truncate(limit);
            Ok(due)
        })
    }

    fn next_wake(&self, share: Share) -> Reply<'_, Option<Instant>> {
        self.reply(|tables| {
            let own = tables.people.iter().filter(|(id, _)| share.holds(id));
            Ok(own.filter_map(|(_, stored)| stored.person.wake_at()).min())
        })
    }

    fn zones<'s>(&'s self, attribute: &'s str, by: By) -> Reply<'s, Vec<String>> {
        self.reply(|tables| {
            let series = tables.anchors.get(&(attribute.to_owned(), by));
            let zones: BTreeSet<&String> = series
                .into_iter()
                .flatten()
                .map(|((zone, _, _), _)| zone)
                .collect();
            Ok(zones.into_iter().cloned().collect())
        })
    }

    fn anchored<'s>(
        &'s self,
        attribute: &'s str,
        by: By,
        ranges: &'s [AnchorRange],
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<(CustomerId, Instant)>> {
        self.reply(|tables| {
            let series = tables.anchors.get(&(attribute.to_owned(), by));
            let inside = |zone: &str, at: i64| {
                ranges
                    .iter()
                    .any(|range| range.zone == zone && range.contains(at))
            };
            let found = series
                .into_iter()
                .flatten()
                .filter(|((zone, at, customer), _)| {
                    inside(zone, *at) && after.is_none_or(|after| **customer > *after)
                });
            let found: BTreeSet<_> = found
                .map(|((_, _, customer), since)| (customer.clone(), *since))
                .collect();
            Ok(found.into_iter().take(limit).collect())
        })
    }

    fn customers<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<CustomerId>> {
        self.reply(|tables| {
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let later = tables.people.range::<str, _>((from, Bound::Unbounded));
            Ok(later.take(limit).map(|(id, _)| id.clone()).collect())
        })
    }

    fn members<'s>(
        &'s self,
        journey: Option<&'s str>,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        self.reply(|tables| {
            let inside = |row: &&EnrollmentRow| {
                row.ended.is_none()
                    && journey.is_none_or(|journey| *row.journey == *journey)
                    && after.is_none_or(|after| *row.customer > *after)
            };
            let ids: BTreeSet<CustomerId> = tables
                .enrollments
                .values()
                .filter(inside)
                .map(|row| row.customer.clone())
                .collect();
            Ok(ids.into_iter().take(limit).collect())
        })
    }

    fn turned_away<'s>(
        &'s self,
        after: Option<&'s str>,
        limit: usize,
    ) -> Reply<'s, Vec<CustomerId>> {
        self.reply(|tables| {
            let has_left = |row: &&EnrollmentRow| {
                row.reason.as_deref() == Some(NO_COUPON)
                    && after.is_none_or(|own| *row.customer > *own)
            };
            let rows = tables.enrollments.values().filter(has_left);
            let ids: BTreeSet<CustomerId> = rows.map(|row| row.customer.clone()).collect();
            Ok(ids.into_iter().take(limit).collect())
        })
    }

    fn outbox(&self, state: OutboxState, upto: Instant, limit: usize) -> Reply<'_, Vec<Outgoing>> {
        self.reply(|tables| {
            let open = |row: &&Outgoing| row.state == state && row.due <= upto && !state.is_final();
            let mut rows: Vec<Outgoing> = tables.outbox.iter().filter(open).cloned().collect();
            rows.sort_by_key(|row| row.due);
            rows.truncate(limit);
            Ok(rows)
        })
    }

    fn routes_waiting(&self, now: Instant) -> Reply<'_, Vec<String>> {
        self.reply(|tables| {
            let may_be_claimed = |row: &&Outgoing| match row.state {
                OutboxState::Pending => true,
                OutboxState::Claimed => row.lease.is_some_and(|lease| lease <= now),
                _ => false,
            };
            let waiting = tables.outbox.iter().filter(may_be_claimed);
            let routes: BTreeSet<_> = waiting.map(|row| row.route.clone()).collect();
            Ok(routes.into_iter().collect())
        })
    }

    fn reclaim<'s>(
        &'s self,
        route: &'s str,
        now: Instant,
        lease: Instant,
        limit: usize,
    ) -> Reply<'s, Vec<Outgoing>> {
        self.reply(|tables| {
            let claims = tables.claimable(route, now, limit).into_iter();
            let claim = |place: usize| {
                let row = &mut tables.outbox[place];
                row.state = OutboxState::Claimed;
                row.attempt += 1;
                row.lease = Some(lease);
                row.clone()
            };
            Ok(claims.map(claim).collect())
        })
    }

    fn retried(&self, limit: usize) -> Reply<'_, Vec<Queue>> {
        self.reply(|tables| {
            let retried = tables.outbox.iter().filter(|row| row.is_retried());
            let places = retried.map(|row| (row.route.clone(), row.command.customer.clone()));
            let places: BTreeSet<_> = places.collect();
            Ok(places.into_iter().take(limit).collect())
        })
    }

    fn given_up(&self, after: i64, limit: usize) -> Reply<'_, Vec<GivenUp>> {
        self.reply(|tables| {
            let is_one =
                |row: &Outgoing| matches!(row.state, OutboxState::Dead | OutboxState::InDoubt);
            let rows = (1..).zip(&tables.outbox);
            let rows = rows.filter(|(n, row)| *n > after && is_one(row));
            let given_up = rows.map(|(n, row)| GivenUp {
                n,
                outgoing: row.clone(),
                reason: tables.reasons.get(&row.command.key).cloned(),
            });
            Ok(given_up.take(limit).collect())
        })
    }

    fn in_outbox<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<InOutbox>> {
        self.reply(|tables| {
            let own = |row: &&Outgoing| keys.contains(&row.command.key);
            Ok(tables.in_outbox(own))
        })
    }

    fn commands<'s>(&'s self, keys: &'s [Key]) -> Reply<'s, Vec<Outgoing>> {
        self.reply(|tables| {
            let open = tables.outbox.iter().filter(|row| !row.state.leaves());
            let own = open.filter(|row| keys.contains(&row.command.key));
            Ok(own.cloned().collect())
        })
    }

    fn taken<'s>(&'s self, route: &'s str, names: &'s [String]) -> Reply<'s, Vec<Taken>> {
        self.reply(|tables| {
            let place = |name: &String| (route.to_owned(), name.clone());
            let own = names
                .iter()
                .filter_map(|name| tables.taken.get(&place(name)));
            Ok(own.cloned().collect())
        })
    }

    fn outbox_of<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<InOutbox>> {
        self.reply(|tables| {
            let own = |row: &&Outgoing| *row.command.customer == *customer;
            Ok(tables.in_outbox(own))
        })
    }

    fn letters_after(&self, after: i64, limit: usize) -> Reply<'_, Vec<Letter>> {
        self.reply(|tables| {
            let later = tables.rejected.range(after + 1..);
            let letters = later.map(|(n, rejected)| Letter {
                n: *n,
                rejected: rejected.clone(),
            });
            Ok(letters.take(limit).collect())
        })
    }

    fn lease<'s>(
        &'s self,
        name: &'s str,
        worker: &'s str,
        now: Instant,
        until: Instant,
    ) -> Reply<'s, bool> {
        self.reply(|tables| {
            let holder = tables.leases.get(name);
            let is_free = holder.is_none_or(|(own, until)| own == worker || *until <= now);
            if is_free {
                tables
                    .leases
                    .insert(name.to_owned(), (worker.to_owned(), until));
            }
            Ok(is_free)
        })
    }

    fn marks<'s>(&'s self, prefix: &'s str) -> Reply<'s, Vec<(String, String)>> {
        self.reply(|tables| {
            let marks = tables
                .marks
                .iter()
                .filter(|(name, _)| name.starts_with(prefix));
            Ok(marks
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect())
        })
    }

    fn publish<'s>(&'s self, definitions: &'s Definitions, _: Instant) -> Reply<'s, ()> {
        self.reply(|tables| {
            tables.versions.extend(
                definitions
                    .journeys
                    .iter()
                    .map(|version| (version.hash, version.clone())),
            );
            tables.definitions = Some(definitions.clone());
            Ok(())
        })
    }

    fn definitions(&self) -> Reply<'_, Option<Definitions>> {
        self.reply(|tables| Ok(tables.definitions.clone()))
    }

    fn pinned(&self) -> Reply<'_, Vec<Version>> {
        self.reply(|tables| {
            let held: BTreeSet<Key> = tables.enrollments.values().map(|row| row.version).collect();
            Ok(held
                .iter()
                .filter_map(|hash| tables.versions.get(hash).cloned())
                .collect())
        })
    }

    fn latest<'s>(&'s self, customer: &'s str, limit: usize) -> Reply<'s, Vec<Entry>> {
        self.reply(|tables| {
            let entries = tables.log.iter().rev();
            let own = entries.filter(|entry| *entry.customer == *customer);
            Ok(own.take(limit).cloned().collect())
        })
    }

    fn log<'s>(
        &'s self,
        customer: Option<&'s str>,
        after: LogPlace,
        _settled: Instant,
        limit: usize,
    ) -> Reply<'s, LogPage> {
        self.reply(|tables| {
            let is_own = |entry: &&Entry| customer.is_none_or(|own| *entry.customer == *own);
            let entries = tables.log.iter().filter(|entry| entry.n > after.0);
            let entries = entries.filter(is_own).take(limit).cloned();
            Ok(LogPage::of(after, entries.collect()))
        })
    }

    fn log_place(&self, at: Instant) -> Reply<'_, LogPlace> {
        self.reply(|tables| {
            let before = tables.log.iter().take_while(|entry| entry.clock < at);
            Ok(before
                .last()
                .map_or(LogPlace::default(), |entry| LogPlace(entry.n)))
        })
    }

    fn done(&self, after: LogPlace) -> Reply<'_, u64> {
        self.reply(|tables| {
            let later = tables.log.iter().filter(|entry| entry.n > after.0);
            Ok(later.map(|entry| entry.actions.len() as u64).sum())
        })
    }

    fn workers(&self) -> Reply<'_, Vec<Worker>> {
        // Nobody else can reach this process's memory.
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn enrollments<'s>(&'s self, customer: &'s str) -> Reply<'s, Vec<EnrollmentRow>> {
        self.reply(|tables| {
            let mut rows: Vec<EnrollmentRow> = tables
                .enrollments
                .values()
                .filter(|row| *row.customer == *customer)
                .cloned()
                .collect();
            rows.sort_by_key(|row| (row.entered, row.id));
            Ok(rows)
        })
    }

    fn export<'s>(&'s self, customer: &'s str) -> Reply<'s, Export> {
        self.reply(|tables| tables.export(customer))
    }

    fn codes<'s>(
        &'s self,
        pool: &'s str,
        from: Instant,
        share: Share,
        limit: usize,
    ) -> Reply<'s, Vec<Coded>> {
        self.reply(|tables| Ok(tables.codes_left(pool, from, share, limit)))
    }

    fn codes_found<'s>(&'s self, sought: Sought<'s>, limit: usize) -> Reply<'s, Vec<CodeRow>> {
        self.reply(|tables| Ok(tables.codes_found(sought, limit)))
    }

    fn pool_sums(&self, now: Instant, since: Instant) -> Reply<'_, Vec<PoolSums>> {
        self.reply(|tables| Ok(tables.pool_sums(now, since)))
    }

    fn pool_level<'s>(
        &'s self,
        pool: &'s str,
        now: Instant,
        since: Instant,
    ) -> Reply<'s, PoolLevel> {
        self.reply(|tables| Ok(tables.pool_level(pool, now, since)))
    }

    fn put_codes_aside<'s>(&'s self, pool: &'s str, at: Instant, limit: usize) -> Reply<'s, u64> {
        self.reply(|tables| Ok(tables.put_codes_aside(pool, at, limit)))
    }

    fn withdraw_codes<'s>(&'s self, pool: &'s str, limit: usize) -> Reply<'s, u64> {
        self.reply(|tables| Ok(tables.withdraw_codes(pool, limit)))
    }

    fn inside(&self) -> Reply<'_, Vec<Inside>> {
        self.reply(|tables| {
            let mut counts: BTreeMap<(String, Key, Option<u32>), u64> = BTreeMap::new();
            for row in tables
                .enrollments
                .values()
                .filter(|row| row.ended.is_none())
            {
                *counts
                    .entry((row.journey.to_string(), row.version, row.node))
                    .or_default() += 1;
            }
            let inside = |((journey, version, node), count)| Inside {
                journey,
                version,
                node,
                count,
            };
            Ok(counts.into_iter().map(inside).collect())
        })
    }

    fn waiting(&self) -> Reply<'_, Vec<Waiting>> {
        self.reply(|tables| {
            let mut counts: BTreeMap<(String, OutboxState), u64> = BTreeMap::new();
            for row in &tables.outbox {
                *counts.entry((row.route.clone(), row.state)).or_default() += 1;
            }
            Ok(counts
                .into_iter()
                .map(|((route, state), count)| Waiting {
                    route,
                    state,
                    count,
                })
                .collect())
        })
    }

    fn rejected<'s>(&'s self, origin: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Rejected>> {
        self.reply(|tables| {
            let rows = tables
                .rejected
                .values()
                .filter(|row| origin.is_none_or(|origin| row.origin == origin));
            let mut rows: Vec<Rejected> = rows.cloned().collect();
            if origin.is_some() {
                rows.sort_by_key(|row| row.line);
            }
            rows.truncate(limit);
            Ok(rows)
        })
    }

    fn letters(&self) -> Reply<'_, u64> {
        self.reply(|tables| Ok(tables.rejected.len() as u64))
    }

    fn totals(&self) -> Reply<'_, Totals> {
        self.reply(|tables| {
            let size = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
            Ok(Totals {
                customers: size(tables.people.len()),
                events: size(tables.seen.len()) + tables.forgotten.seen,
                actions: tables
                    .log
                    .iter()
                    .map(|entry| entry.actions.len() as u64)
                    .sum::<u64>()
                    + tables.forgotten.done,
                rejected: size(tables.rejected.len()),
            })
        })
    }

    fn pulse(&self, now: Instant) -> Reply<'_, Pulse> {
        self.reply(|tables| Ok(tables.pulse(now)))
    }

    fn checkup(&self, _now: Instant, _whole: bool) -> Reply<'_, Checkup> {
        self.reply(|tables| Ok(tables.checkup()))
    }

    fn sums(&self, with_log: bool) -> Reply<'_, Sums> {
        self.reply(|tables| Ok(tables.sums(with_log)))
    }

    fn audit<'s>(&'s self, after: Option<&'s str>, limit: usize) -> Reply<'s, Vec<Audited>> {
        self.reply(|tables| Ok(tables.audit(after, limit)))
    }
}
