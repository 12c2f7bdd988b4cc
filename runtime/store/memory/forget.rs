//! Forgets what is old.

use std::collections::HashMap;
use std::sync::Arc;

use kurant_engine::action::ActionStatus;
use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use serde_json::json;

use super::tables::Tables;
use crate::forget::{Needed, strip};
use crate::{Kept, LogSums, Old, OutboxState, Stored, Walked};

/// How many there were of what was forgotten.
#[derive(Debug, Default)]
pub(super) struct Forgotten {
    pub(super) seen: u64,
    pub(super) done: u64,
    pub(super) sent: u64,
    pub(super) entered: u64,
    pub(super) left: u64,
    pub(super) commands: u64,
    /// Events that are in no history: of those who were erased, and those that are too old.
    pub(super) events: u64,
    /// The number of the last entry of the log whose bodies are gone.
    pub(super) bare: i64,
}

impl Tables {
    pub(super) fn in_history(&self, events: &[Arc<Event>]) -> Vec<Key> {
        let known = |event: &&Arc<Event>| {
            if self.forgotten.seen == 0 {
                return false;
            }
            let own = self.events.get(&event.customer);
            own.is_some_and(|own| {
                own.values()
                    .any(|old| old.time == event.time && old.identity() == event.identity())
            })
        };
        events
            .iter()
            .filter(known)
            .map(|event| event.identity())
            .collect()
    }

    pub(super) fn forget(&mut self, old: Old, before: Instant, limit: usize) -> u64 {
        match old {
            Old::Repeats => {
                let mut oldest: Vec<(Instant, Key)> =
                    self.seen.iter().map(|(key, (_, at))| (*at, *key)).collect();
                oldest.retain(|(at, _)| *at < before);
                oldest.sort();
                oldest.truncate(limit);
                for (_, key) in &oldest {
                    self.seen.remove(key);
                }
                self.forgotten.seen += oldest.len() as u64;
                oldest.len() as u64
            }
            Old::Log => self.forget_log(before, limit),
            Old::Bodies => self.forget_bodies(before, limit),
            Old::Letters => {
                let letters = self.rejected.iter().filter(|(_, own)| own.at < before);
                let letters: Vec<i64> = letters.map(|(n, _)| *n).take(limit).collect();
                self.rejected.retain(|n, _| !letters.contains(n));
                let mut left = limit;
                let kept = self.outbox.len();
                self.outbox.retain(|row| {
                    let given_up = matches!(row.state, OutboxState::Dead | OutboxState::InDoubt);
                    let gone = given_up && row.due < before && left > 0;
                    left -= usize::from(gone);
                    !gone
                });
                let commands = (kept - self.outbox.len()) as u64;
                self.forgotten.commands += commands;
                letters.len() as u64 + commands
            }
            Old::Taken => {
                let old = self.taken.values().filter(|own| own.at < before);
                let mut old: Vec<_> = old
                    .map(|own| (own.at, own.route.clone(), own.name.clone()))
                    .collect();
                old.sort();
                old.truncate(limit);
                let gone = old.len() as u64;
                for (_, route, name) in old {
                    self.taken.remove(&(route, name));
                }
                gone
            }
            Old::Counts => 0,
        }
    }

    /// The latest entry stays, as it does in the others.
    fn forget_log(&mut self, before: Instant, limit: usize) -> u64 {
        let first = limit.min(self.log.len().saturating_sub(1));
        let newer = self.log.split_off(first);
        let (old, young): (Vec<_>, Vec<_>) = std::mem::replace(&mut self.log, newer)
            .into_iter()
            .partition(|entry| entry.clock < before);
        for action in old.iter().flat_map(|entry| &entry.actions) {
            let is_done = action.status == ActionStatus::Sent;
            self.forgotten.done += 1;
            let noted = |what: bool| u64::from(is_done && what);
            self.forgotten.sent += noted(!LogSums::STAY.contains(&&*action.action));
            self.forgotten.entered += noted(action.action == "enter");
            self.forgotten.left += noted(action.action == "exit");
        }
        self.log.splice(0..0, young);
        old.len() as u64
    }

    /// The entries stay.
    fn forget_bodies(&mut self, before: Instant, limit: usize) -> u64 {
        let bare = self.forgotten.bare;
        let next = self.log.iter_mut().filter(|entry| entry.n > bare);
        let mut passed = 0;
        for entry in next.take(limit) {
            if entry.clock >= before {
                break;
            }
            strip(&mut entry.actions);
            self.forgotten.bare = entry.n;
            passed += 1;
        }
        passed
    }

    pub(super) fn forget_history(
        &mut self,
        before: Instant,
        kept: &[Kept],
        after: Option<&str>,
        limit: usize,
    ) -> Walked {
        let ids = self.people.keys();
        let ids: Vec<_> = ids
            .filter(|id| after.is_none_or(|after| &***id > after))
            .take(limit)
            .cloned()
            .collect();
        let people: Vec<Stored> = ids.iter().filter_map(|id| self.load(id, &[])).collect();
        let needed = Needed::of(kept, &people);
        let mut left = limit;
        for id in &ids {
            let Some(own) = self.events.get_mut(id) else {
                continue;
            };
            let mut latest = HashMap::new();
            for (place, event) in own.iter() {
                latest.insert(event.kind.clone(), *place);
            }
            own.retain(|place, event| {
                let is_latest = latest.get(&event.kind) == Some(place);
                let data = json!(event.data).to_string();
                let stays = event.time >= before || needed.holds(event, &data, is_latest);
                if stays || left == 0 {
                    return true;
                }
                left -= 1;
                false
            });
        }
        let gone = (limit - left) as u64;
        self.forgotten.events += gone;
        let is_through = ids.len() < limit;
        let next = match left {
            0 => after.map(Into::into).or(Some("".into())),
            _ if is_through => None,
            _ => ids.last().cloned(),
        };
        Walked { gone, next }
    }
}
