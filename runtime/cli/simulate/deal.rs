//! Deals events to their worlds.

use kurant_engine::calendar::Instant;
use kurant_engine::decode::Error as DecodeError;
use kurant_engine::event::Event;
use kurant_engine::world::Seen;

use super::Period;
use super::came::Came;
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
    period: Period,
    worlds: usize,
    seen: Seen,
    /// How many events were dealt.
    pub(super) taken: u64,
    /// How many are dated at or after the end.
    pub(super) later: u64,
    pub(super) refused: Refused,
    /// The types that came.
    pub(super) came: Came,
}

impl Dealer {
    /// A dealer to so many worlds who stops at the end of the period.
    pub(super) fn new(period: Period, worlds: usize, refused: Refused) -> Self {
        Self {
            period,
            worlds,
            came: Came::default(),
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

    fn deal_one(&mut self, shard: usize, event: Event, hand: &mut Hand) {
        if event.time >= self.period.until {
            self.later += 1;
        } else if !self.seen.is_new(event.identity()) {
            self.refused.repeated();
        } else {
            self.taken += 1;
            let is_within = event.time >= self.period.from;
            self.came.count(&event.kind, is_within);
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
