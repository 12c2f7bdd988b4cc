//! Deals events to their worlds.

use kurant_engine::calendar::Instant;
use kurant_engine::decode::Error as DecodeError;
use kurant_engine::event::Event;
use kurant_engine::world::Seen;

use super::SHARDS;
use super::refused::Refused;

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
    seen: Seen,
    /// How many events were dealt.
    pub(super) taken: u64,
    /// How many are dated at or after the end.
    pub(super) later: u64,
    pub(super) refused: Refused,
}

impl Dealer {
    /// A dealer who stops before `until`.
    pub(super) fn new(until: Instant, refused: Refused) -> Self {
        Self {
            until,
            seen: Seen::default(),
            taken: 0,
            later: 0,
            refused,
        }
    }

    /// Deals what was read.
    pub(super) fn deal(&mut self, read: Vec<Read>) -> Hand {
        let mut hand = Hand {
            events: (0..SHARDS).map(|_| Vec::new()).collect(),
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

    fn deal_one(&mut self, shard: usize, event: Event, hand: &mut Hand) {
        if event.time >= self.until {
            self.later += 1;
        } else if !self.seen.is_new(event.identity()) {
            self.refused.repeated();
        } else {
            self.taken += 1;
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
