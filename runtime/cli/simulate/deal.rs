//! Deals events to their worlds.

use std::sync::Arc;

use kurant_engine::calendar::Instant;
use kurant_engine::decode::Error as DecodeError;
use kurant_engine::definition::{Schema, Undeclared};
use kurant_engine::event::Event;
use kurant_engine::world::Seen;

use super::refused::Refused;
use crate::kinds;

/// Events as they were read, each with the number of its world, or why it is refused.
pub(super) type Read = Vec<Result<(usize, Event), DecodeError>>;

/// Events by world, to be taken in.
#[derive(Default)]
pub(super) struct Hand {
    pub(super) events: Vec<Vec<Event>>,
    /// When the last of them happens.
    pub(super) latest: Option<Instant>,
}

/// Lets each event through once, and none after the end.
pub(super) struct Dealer {
    until: Instant,
    worlds: usize,
    schema: Arc<Schema>,
    /// The types that came so far, whether a schema declares them, and how often those came that none does.
    kinds: Vec<(String, bool, u64)>,
    seen: Seen,
    /// How many events were dealt.
    pub(super) taken: u64,
    /// How many are dated at or after the end.
    pub(super) later: u64,
    pub(super) refused: Refused,
}

impl Dealer {
    /// A dealer to so many worlds who stops before `until`.
    pub(super) fn new(
        until: Instant,
        worlds: usize,
        schema: Arc<Schema>,
        refused: Refused,
    ) -> Self {
        Self {
            until,
            worlds,
            schema,
            kinds: Vec::new(),
            seen: Seen::default(),
            taken: 0,
            later: 0,
            refused,
        }
    }

    /// Deals what was read.
    pub(super) fn deal(&mut self, read: Vec<Read>) -> Hand {
        let mut hand = Hand {
            events: (0..self.worlds).map(|_| Vec::new()).collect(),
            latest: None,
        };
        for event in read.into_iter().flatten() {
            match event {
                Ok((shard, event)) => {
                    hand.latest = hand.latest.max(Some(event.time));
                    self.deal_one(shard, event, &mut hand);
                }
                Err(error) => self.refused.event(&error),
            }
        }
        hand
    }

    /// Counts an event of a type that no schema declares.
    fn look_at(&mut self, kind: &str) {
        let known = self.kinds.iter_mut().find(|(own, _, _)| own == kind);
        match known {
            Some((_, true, _)) => {}
            Some((_, false, count)) => *count += 1,
            None => {
                let declared = self.schema.events.contains_key(kind);
                self.kinds
                    .push((kind.to_owned(), declared, u64::from(!declared)));
            }
        }
    }

    /// Tells of types that no schema declares, with what was probably meant.
    pub(super) fn tell_undeclared(&self) {
        for (kind, _, count) in self.kinds.iter().filter(|(_, declared, _)| !declared) {
            let name = Undeclared::Type(kind.clone());
            eprintln!("{}", kinds::told(&name, *count, &self.schema));
        }
    }

    fn deal_one(&mut self, shard: usize, event: Event, hand: &mut Hand) {
        if event.time >= self.until {
            self.later += 1;
        } else if !self.seen.is_new(event.identity()) {
            self.refused.repeated();
        } else {
            self.taken += 1;
            self.look_at(&event.kind);
            if event.is_about_the_team() {
                hand.events
                    .iter_mut()
                    .for_each(|events| events.push(event.clone()));
            } else {
                hand.events[shard].push(event);
            }
        }
    }
}
