//! When each customer needs to be looked at next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::calendar::Instant;

/// One alarm a customer, in a heap. A later alarm leaves the earlier entry where it is: when that comes up, it is put back
/// under the right instant. So the heap holds about one entry a customer, however often alarms move.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    heap: BinaryHeap<Reverse<(Instant, u32)>>,
    slots: Vec<Alarm>,
}

#[derive(Debug, Clone, Copy)]
struct Alarm {
    /// When to ring; [`Instant::MAX`] = never.
    rings: Instant,
    /// The earliest entry in the heap.
    entry: Instant,
}

impl Alarms {
    /// Sets a customer's only alarm.
    pub(super) fn set(&mut self, slot: u32, rings: Option<Instant>) {
        let index = slot as usize;
        if self.slots.len() <= index {
            self.slots.resize(
                index + 1,
                Alarm {
                    rings: Instant::MAX,
                    entry: Instant::MAX,
                },
            );
        }
        let alarm = &mut self.slots[index];
        alarm.rings = rings.unwrap_or(Instant::MAX);
        if alarm.rings < alarm.entry {
            alarm.entry = alarm.rings;
            self.heap.push(Reverse((alarm.rings, slot)));
        }
    }

    /// The first instant at which an alarm rings.
    pub(super) fn first(&mut self) -> Option<Instant> {
        loop {
            let Reverse((at, slot)) = *self.heap.peek()?;
            let alarm = self.slots[slot as usize];
            if alarm.entry == at && alarm.rings == at {
                return Some(at);
            }
            self.heap.pop();
            self.put_back(at, slot);
        }
    }

    /// Everybody whose alarm rings at `at` or before, in no order; these alarms are off then.
    pub(super) fn take(&mut self, at: Instant) -> Vec<u32> {
        let mut ringing = Vec::new();
        while self.first().is_some_and(|first| first <= at) {
            let Some(Reverse((_, slot))) = self.heap.pop() else {
                break;
            };
            self.slots[slot as usize] = Alarm {
                rings: Instant::MAX,
                entry: Instant::MAX,
            };
            ringing.push(slot);
        }
        ringing
    }

    /// After an entry that isn't right any more: a new one at the right instant, if it was the customer's own.
    fn put_back(&mut self, at: Instant, slot: u32) {
        let alarm = &mut self.slots[slot as usize];
        if alarm.entry != at {
            return;
        }
        alarm.entry = alarm.rings;
        if alarm.rings < Instant::MAX {
            self.heap.push(Reverse((alarm.rings, slot)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn an_alarm_rings_once_at_the_last_instant_it_was_set_to() {
        let mut alarms = Alarms::default();
        alarms.set(0, Some(at(10)));
        alarms.set(1, Some(at(20)));
        alarms.set(0, Some(at(30)));
        alarms.set(2, Some(at(5)));
        alarms.set(2, None);
        assert_eq!(alarms.first(), Some(at(20)));
        assert_eq!(alarms.take(at(20)), [1]);
        alarms.set(0, Some(at(25)));
        assert_eq!(alarms.take(at(29)), [0]);
        assert_eq!((alarms.take(at(99)), alarms.first()), (vec![], None));
    }

    #[test]
    fn alarms_that_move_do_not_pile_up() {
        let mut alarms = Alarms::default();
        for millis in 0..1_000 {
            alarms.set(0, Some(at(millis)));
        }
        assert_eq!(alarms.heap.len(), 1);
    }
}
