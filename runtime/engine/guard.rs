//! Whether a journey does more in a while than the workspace allows: more people enter, or more messages leave. The runner
//! holds such a journey; `simulate` and `test` tell of it and go on.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use crate::action::{Action, ActionStatus};
use crate::calendar::{Instant, MINUTE};
use crate::definition::{Guard, Rate};

/// What the guard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// People who enter.
    Entries,
    /// Messages that leave.
    Messages,
}

impl Counted {
    /// What an action counts as; what was not done counts as nothing.
    pub fn of(action: &Action) -> Option<Self> {
        match (action.status, action.action.as_str()) {
            (ActionStatus::Sent, "enter") => Some(Self::Entries),
            (ActionStatus::Sent, "send") => Some(Self::Messages),
            _ => None,
        }
    }

    /// How many are allowed.
    fn allowed(self, guard: &Guard) -> Rate {
        match self {
            Self::Entries => guard.enter,
            Self::Messages => guard.send,
        }
    }
}

/// A journey did more than it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// What was too much.
    pub counted: Counted,
    /// How much there was, within the time of what is allowed.
    pub count: u64,
    /// What is allowed.
    pub allowed: Rate,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.counted {
            Counted::Entries => "people entered",
            Counted::Messages => "messages left",
        };
        let (most, minutes) = (self.allowed.count, span(self.allowed));
        write!(
            f,
            "more than {most} {what} within {minutes} min, over the `guard` in kurant.yaml"
        )
    }
}

/// What journeys did of late.
#[derive(Debug, Default)]
pub struct Watch {
    journeys: BTreeMap<Arc<str>, [Lately; 2]>,
}

impl Watch {
    /// Counts an action; whether its journey is over what is allowed now.
    pub fn count(&mut self, guard: &Guard, action: &Action) -> Option<Over> {
        let counted = Counted::of(action)?;
        self.add(guard, &action.journey, counted, minute(action.at), 1)
    }

    /// Counts several of one minute, which is numbered from 1970 on. An earlier minute than the last one counts as the last.
    fn add(
        &mut self,
        guard: &Guard,
        journey: &Arc<str>,
        counted: Counted,
        minute: i64,
        number: u64,
    ) -> Option<Over> {
        let allowed = counted.allowed(guard);
        let both = match self.journeys.get_mut(journey) {
            Some(both) => both,
            None => self.journeys.entry(journey.clone()).or_default(),
        };
        let count = both[counted as usize].add(minute, number, span(allowed));
        (count > allowed.count).then_some(Over {
            counted,
            count,
            allowed,
        })
    }

    /// Begins to count a journey anew.
    pub fn forget(&mut self, journey: &str) {
        self.journeys.remove(journey);
    }

    /// Begins to count all journeys anew.
    pub fn forget_all(&mut self) {
        self.journeys.clear();
    }
}

/// How often something happened, by minute.
#[derive(Debug, Default)]
struct Lately {
    minutes: VecDeque<(i64, u64)>,
    sum: u64,
}

impl Lately {
    /// Counts some, and says how many there were within so many minutes.
    fn add(&mut self, minute: i64, number: u64, span: i64) -> u64 {
        match self.minutes.back_mut() {
            Some((last, count)) if *last >= minute => *count += number,
            _ => self.minutes.push_back((minute, number)),
        }
        self.sum += number;
        while let Some((first, count)) = self.minutes.front().copied()
            && first <= minute - span
        {
            self.sum -= count;
            self.minutes.pop_front();
        }
        self.sum
    }
}

/// Where and how far a journey went over what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// When it was over for the first time, to the minute: from here on it would be held.
    pub first: Instant,
    /// When there was most.
    pub worst: Over,
}

/// Journeys that went over what is allowed, for those who tell of it and go on.
#[derive(Debug)]
pub struct Report {
    guard: Guard,
    watch: Watch,
    found: BTreeMap<(Arc<str>, Counted), Excess>,
}

impl Report {
    /// Nothing was done yet.
    pub fn new(guard: Guard) -> Self {
        Self {
            guard,
            watch: Watch::default(),
            found: BTreeMap::new(),
        }
    }

    /// Counts what several worlds did within the same time, after all that was counted before.
    pub fn add(&mut self, tallies: impl IntoIterator<Item = Tally>) {
        let mut minutes: BTreeMap<(i64, Counted, Arc<str>), u64> = BTreeMap::new();
        for one in tallies.into_iter().flat_map(|tally| tally.counts) {
            *minutes
                .entry((one.minute, one.counted, one.journey))
                .or_default() += one.number;
        }
        for ((minute, counted, journey), number) in minutes {
            let over = self
                .watch
                .add(&self.guard, &journey, counted, minute, number);
            if let Some(over) = over {
                self.note(journey, minute, over);
            }
        }
    }

    fn note(&mut self, journey: Arc<str>, minute: i64, over: Over) {
        let excess = self
            .found
            .entry((journey, over.counted))
            .or_insert_with(|| Excess {
                first: Instant::from_millis(minute * MINUTE),
                worst: over.clone(),
            });
        if over.count > excess.worst.count {
            excess.worst = over;
        }
    }

    /// What went over, by journey.
    pub fn found(&self) -> impl Iterator<Item = (&str, &Excess)> {
        self.found
            .iter()
            .map(|((journey, _), excess)| (&**journey, excess))
    }
}

/// What one world did and is not in the [`Report`] yet, by minute.
#[derive(Debug, Default)]
pub struct Tally {
    counts: VecDeque<Count>,
}

#[derive(Debug)]
struct Count {
    minute: i64,
    journey: Arc<str>,
    counted: Counted,
    number: u64,
}

impl Tally {
    /// Counts an action, which comes at or after all those before.
    pub fn count(&mut self, action: &Action) {
        let Some(counted) = Counted::of(action) else {
            return;
        };
        let minute = minute(action.at);
        let own = self
            .counts
            .iter_mut()
            .rev()
            .take_while(|own| own.minute == minute)
            .find(|own| own.counted == counted && own.journey == action.journey);
        match own {
            Some(own) => own.number += 1,
            None => self.counts.push_back(Count {
                minute,
                journey: action.journey.clone(),
                counted,
                number: 1,
            }),
        }
    }

    /// Takes out the minutes that were over at an instant.
    #[must_use]
    pub fn take(&mut self, until: Instant) -> Self {
        let end = self
            .counts
            .partition_point(|own| own.minute < minute(until));
        let later = self.counts.split_off(end);
        Self {
            counts: std::mem::replace(&mut self.counts, later),
        }
    }
}

fn minute(at: Instant) -> i64 {
    at.millis().div_euclid(MINUTE)
}

/// The minutes that a rate is counted over.
fn span(rate: Rate) -> i64 {
    (rate.per / MINUTE).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::HOUR;
    use crate::id::Key;
    use crate::map::Map;

    fn action(word: &str, minute: i64) -> Action {
        Action {
            at: Instant::from_millis(minute * MINUTE + 1),
            journey: "j".into(),
            step: None,
            customer: "c1".into(),
            enrollment: Key::of(&["e"]),
            action: word.into(),
            channel: None,
            template: None,
            data: Map::new(),
            key: Key::of(&["k"]),
            status: ActionStatus::Sent,
            reason: None,
        }
    }

    fn guard(enter: u64, send: u64) -> Guard {
        let hourly = |count| Rate { count, per: HOUR };
        Guard {
            enter: hourly(enter),
            send: hourly(send),
        }
    }

    #[test]
    fn only_what_happened_within_the_time_counts() {
        let (mut watch, guard) = (Watch::default(), guard(2, 9));
        let mut over = |minute| watch.count(&guard, &action("enter", minute)).is_some();
        let found = [0, 30, 59, 60, 89, 90, 200].map(&mut over);
        assert_eq!(found, [false, false, true, true, true, true, false]);
    }

    #[test]
    fn entries_and_messages_are_counted_apart_and_what_was_not_done_is_not() {
        let (mut watch, guard) = (Watch::default(), guard(1, 1));
        let skipped = Action {
            status: ActionStatus::Skipped,
            ..action("send", 0)
        };
        for action in [
            action("enter", 0),
            skipped,
            action("exit", 0),
            action("send", 0),
        ] {
            assert_eq!(watch.count(&guard, &action), None);
        }
        let over = watch
            .count(&guard, &action("send", 1))
            .map(|over| over.to_string());
        let told = "more than 1 messages left within 60 min, over the `guard` in kurant.yaml";
        assert_eq!(over.as_deref(), Some(told));
    }

    #[test]
    fn worlds_that_are_counted_apart_are_over_together() {
        let mut worlds = [Tally::default(), Tally::default()];
        for minute in [0, 0, 10, 70] {
            worlds[0].count(&action("send", minute));
        }
        for minute in [5, 10, 10, 71] {
            worlds[1].count(&action("send", minute));
        }
        let mut report = Report::new(guard(9, 3));
        // In two parts, one of which ends within a minute.
        let until = Instant::from_millis(10 * MINUTE + 2);
        report.add(worlds.each_mut().map(|tally| tally.take(until)));
        assert_eq!(report.found().count(), 0);
        report.add(worlds);
        let found: Vec<_> = report.found().collect();
        let [("j", excess)] = found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(excess.first, Instant::from_millis(10 * MINUTE));
        assert_eq!(excess.worst.count, 6);
    }
}
