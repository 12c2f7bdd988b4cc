//! Codes of coupon pools.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::calendar::Instant;
use kurant_engine::erased::pseudonym;
use kurant_engine::stock::Coded;
use serde_json::{Value, json};

use super::tables::Tables;
use crate::{Batch, CodeRow, Holder, PoolLevel, PoolSums, Share, Sought, coupon};

/// A code and its number.
pub(super) type Numbered = (i64, CodeRow);

/// Whether it can be given.
fn is_free(row: &CodeRow) -> bool {
    row.given.is_none() && row.aside.is_none()
}

impl Tables {
    /// Whether somebody else was given one of the codes, or it is there no more.
    pub(super) fn cannot_give(&self, batch: &Batch) -> bool {
        let mut fresh = BTreeSet::new();
        batch.codes_given.iter().any(|own| {
            let known = self.codes.get(&own.given.code);
            let is_free = |(_, row): &Numbered| row.pool == own.given.pool && is_free(row);
            // New ones are written first.
            let is_new = || {
                let mut new = batch.codes_new.iter();
                new.any(|new| new.code == own.given.code && new.pool == own.given.pool)
            };
            let can = known.map_or_else(is_new, is_free);
            !can || !fresh.insert(&own.given.code)
        })
    }

    pub(super) fn write_codes(&mut self, batch: &Batch) {
        for own in &batch.codes_new {
            if self.codes.contains_key(&own.code) {
                continue;
            }
            self.code_number += 1;
            let row = CodeRow {
                pool: own.pool.clone(),
                code: own.code.clone(),
                expires: own.expires,
                imported: batch.clock,
                aside: None,
                given: None,
            };
            self.codes.insert(own.code.clone(), (self.code_number, row));
        }
        for code in &batch.codes_released {
            if let Some((_, row)) = self.codes.get_mut(code) {
                row.aside = None;
            }
        }
        for own in &batch.codes_given {
            if let Some((_, row)) = self.codes.get_mut(&own.given.code) {
                row.given = Some(Holder {
                    at: own.given.at,
                    customer: own.customer.clone(),
                    journey: own.given.journey.clone(),
                    enrollment: own.given.enrollment,
                });
            }
        }
    }

    /// Those of a pool that can be given, those that expire first standing first.
    fn free(&self, pool: &str) -> Vec<&Numbered> {
        let own = self.codes.values().filter(|(_, row)| row.pool == pool);
        let mut free: Vec<&Numbered> = own.filter(|(_, row)| is_free(row)).collect();
        free.sort_by_key(|(n, row)| (coupon::stored(row.expires), *n));
        free
    }

    pub(super) fn codes_left(
        &self,
        pool: &str,
        from: Instant,
        share: Share,
        limit: usize,
    ) -> Vec<Coded> {
        let is_own = |n: i64| n % i64::from(share.of.max(1)) == i64::from(share.index);
        let free = self.free(pool).into_iter();
        let left = free.filter(|(n, row)| row.expires.is_none_or(|at| at >= from) && is_own(*n));
        left.take(limit)
            .map(|(n, row)| Coded {
                number: *n,
                code: row.code.as_str().into(),
                expires: row.expires,
            })
            .collect()
    }

    pub(super) fn codes_found(&self, sought: Sought<'_>, limit: usize) -> Vec<CodeRow> {
        let is_sought = |row: &&CodeRow| match sought {
            Sought::Codes(codes) => codes.contains(&row.code),
            Sought::Of(customer) => {
                let holder = row.given.as_ref();
                holder.is_some_and(|own| *own.customer == *customer)
            }
            Sought::Given(pool) => row.pool == pool && row.given.is_some(),
            Sought::Aside(pool, after) => {
                row.pool == pool && row.aside.is_some() && row.code.as_str() > after
            }
        };
        let rows = self.codes.values().map(|(_, row)| row);
        let mut rows: Vec<CodeRow> = rows.filter(is_sought).cloned().collect();
        if matches!(sought, Sought::Of(_) | Sought::Given(_)) {
            let given = |row: &CodeRow| row.given.as_ref().map(|own| own.at);
            // By code those of one moment stay as they are.
            rows.sort_by_key(|row| std::cmp::Reverse(given(row)));
        }
        rows.truncate(limit);
        rows
    }

    pub(super) fn pool_sums(&self, now: Instant, since: Instant) -> Vec<PoolSums> {
        let mut pools: BTreeMap<&str, PoolSums> = BTreeMap::new();
        for (_, row) in self.codes.values() {
            let sums = pools.entry(&row.pool).or_insert_with(|| PoolSums {
                pool: row.pool.clone(),
                left: 0,
                expired: 0,
                aside: 0,
                given: 0,
                lately: 0,
                first_expires: None,
                imported: row.imported,
            });
            sums.imported = sums.imported.max(row.imported);
            match &row.given {
                Some(holder) => {
                    sums.given += 1;
                    sums.lately += u64::from(holder.at >= since);
                }
                None if row.aside.is_some() => sums.aside += 1,
                None if row.expires.is_some_and(|at| at <= now) => sums.expired += 1,
                None => {
                    sums.left += 1;
                    let both = [sums.first_expires, row.expires];
                    sums.first_expires = both.into_iter().flatten().min();
                }
            }
        }
        pools.into_values().collect()
    }

    pub(super) fn pool_level(&self, pool: &str, now: Instant, since: Instant) -> PoolLevel {
        let sums = self.pool_sums(now, since);
        let own = sums.iter().find(|own| own.pool == pool);
        own.map_or_else(PoolLevel::default, |own| PoolLevel {
            left: own.left,
            aside: own.aside,
            lately: own.lately,
        })
    }

    pub(super) fn put_codes_aside(&mut self, pool: &str, at: Instant, limit: usize) -> u64 {
        let rows = self.codes.values_mut().map(|(_, row)| row);
        let free = rows.filter(|row| row.pool == pool && is_free(row) && row.imported <= at);
        let aside = free.take(limit).map(|row| row.aside = Some(at));
        aside.count() as u64
    }

    pub(super) fn withdraw_codes(&mut self, pool: &str, limit: usize) -> u64 {
        let rows = self.codes.values().map(|(_, row)| row);
        let own = rows.filter(|row| row.pool == pool && row.given.is_none());
        let gone: Vec<String> = own.take(limit).map(|row| row.code.clone()).collect();
        gone.iter().for_each(|code| drop(self.codes.remove(code)));
        gone.len() as u64
    }

    /// Who was given a code and is erased is known by another name.
    pub(super) fn erase_holder(&mut self, id: &str) {
        let rows = self.codes.values_mut();
        let holders = rows.filter_map(|(_, row)| row.given.as_mut());
        let own = holders.filter(|own| *own.customer == *id);
        own.for_each(|own| own.customer = pseudonym(id));
    }

    /// The rows of a customer, by the id or by what stands for it.
    pub(super) fn codes_of(&self, id: &str) -> Vec<Value> {
        let name = pseudonym(id);
        let mut own: Vec<(i64, Value)> = Vec::new();
        for (n, row) in self.codes.values() {
            let Some(holder) = &row.given else { continue };
            if *holder.customer == *id || holder.customer == name {
                let told = json!({
                    "n": n, "pool": row.pool, "code": row.code, "expires": coupon::stored(row.expires),
                    "imported": row.imported.millis(), "given": holder.at.millis(), "customer": holder.customer,
                    "journey": holder.journey, "enrollment": holder.enrollment,
                });
                own.push((*n, told));
            }
        }
        own.sort_by_key(|(n, _)| *n);
        own.into_iter().map(|(_, told)| told).collect()
    }
}
