//! The reverse of an occasion: which anchors can fire in a stretch of time.
//!
//! A store keeps one row per customer and anchor, by what the customer's clock shows at the anchor. Here a rule says which of those rows
//! may fire after one instant and up to another, so that a firing is a range read, and an edited offset changes no row.

use chrono::{Datelike, NaiveTime};

use super::local::add_days;
use super::occasion::{DateRule, Every, Feb29, InactiveRule};
use super::{DAY, Date, HOUR, Instant, Local, Offset, Time, Zone, first_instant_of, resolve};

/// Farther than this from a moment no clock change has a say in it: the longest that a zone ever skipped, and an hour.
const CLOCK_CHANGE: i64 = DAY + HOUR;

/// A month and a day, without a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

/// A part of the day; `from` belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Times {
    /// The first time of day.
    pub from: Time,
    /// The first time that doesn't belong to it any more; `None` = to the end of the day.
    pub until: Option<Time>,
}

impl Times {
    /// The whole day.
    pub const ALL: Self = Self {
        from: NaiveTime::MIN,
        until: None,
    };

    /// Whether the time lies in it.
    #[must_use]
    pub fn contains(&self, time: Time) -> bool {
        self.from <= time && self.until.is_none_or(|until| time < until)
    }
}

/// A range of anchors, by what the customer's clock shows at the anchor (a date's 00:00).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Anchors from one local date-time until before another.
    Moments {
        /// The first.
        from: Local,
        /// The first that doesn't belong to it any more.
        until: Local,
    },
    /// Anchors of any year, from one month and day to another, both in it and in one year.
    MonthDays {
        /// The first.
        from: MonthDay,
        /// The last.
        to: MonthDay,
        /// At which times of those days.
        times: Times,
    },
    /// Anchors of any month, from one day to another, both in it.
    Days {
        /// The first, from 1.
        from: u32,
        /// The last, up to 31.
        to: u32,
        /// At which times of those days.
        times: Times,
    },
}

impl Source {
    /// Whether an anchor at which the clock shows `local` is among them.
    #[must_use]
    pub fn contains(&self, local: Local) -> bool {
        match self {
            Self::Moments { from, until } => *from <= local && local < *until,
            Self::MonthDays { from, to, times } => {
                let day = MonthDay {
                    month: local.month(),
                    day: local.day(),
                };
                *from <= day && day <= *to && times.contains(local.time())
            }
            Self::Days { from, to, times } => {
                (*from..=*to).contains(&local.day()) && times.contains(local.time())
            }
        }
    }
}

impl DateRule {
    /// Ranges, none of which overlaps another, that hold every anchor that can fire after `after` and up to `upto` in the zone. They may hold
    /// a few that don't: each is to be asked with [`DateRule::latest_at_or_before`]. Empty, if no firing can lie there.
    #[must_use]
    pub fn sources(&self, after: Instant, upto: Instant, zone: Zone) -> Vec<Source> {
        let pieces = pieces(&self.offset, self.at, after, upto, zone);
        if pieces.is_empty() {
            return Vec::new();
        }
        match self.every {
            Every::Once => moments(&pieces),
            Every::Year => self.month_days(&pieces),
            Every::Month => days_of_month(&pieces),
        }
    }

    fn month_days(&self, pieces: &[Piece]) -> Vec<Source> {
        let mut slots = Slots::<366>::new();
        for (date, times) in dates_of(pieces, DAYS_TO_29_FEBRUARY) {
            slots.mark(slot_of(date.month(), date.day()), times);
            // A 29 February that this year lacks falls on the day before or after.
            let stand_in = match self.feb29 {
                Feb29::Feb28 => (2, 28),
                Feb29::Mar1 => (3, 1),
                Feb29::Skip => continue,
            };
            if (date.month(), date.day()) == stand_in && !date.leap_year() {
                slots.mark(slot_of(2, 29), times);
            }
        }
        let month_day = |slot: usize| {
            let date = add_days(LEAP_YEAR, i64::try_from(slot).unwrap_or_default());
            MonthDay {
                month: date.month(),
                day: date.day(),
            }
        };
        slots.runs(|from, to, times| Source::MonthDays {
            from: month_day(from),
            to: month_day(to),
            times,
        })
    }
}

impl InactiveRule {
    /// Ranges, none of which overlaps another, that hold every anchor that can fire after `after` and up to `upto` in the zone. They may hold
    /// a few that don't: each is to be asked with [`InactiveRule::firing`]. Empty, if no firing can lie there.
    #[must_use]
    pub fn sources(&self, after: Instant, upto: Instant, zone: Zone) -> Vec<Source> {
        moments(&pieces(&self.for_.forward(), self.at, after, upto, zone))
    }
}

/// In so many days every month and day comes round, the 29th of February too, about 1900 and 2100.
const DAYS_TO_29_FEBRUARY: usize = 9 * 366;

/// The first day of a year that has a 29 February.
const LEAP_YEAR: Date = Date::from_ymd_opt(2024, 1, 1).expect("the first of January exists");

/// The place of a month and day in a leap year, from 0.
fn slot_of(month: u32, day: u32) -> usize {
    LEAP_YEAR
        .with_month(month)
        .and_then(|date| date.with_day(day))
        .map_or(0, |date| date.ordinal0() as usize)
}

/// Days that come round, each with the times that are asked for.
struct Slots<const COUNT: usize>([Option<Times>; COUNT]);

impl<const COUNT: usize> Slots<COUNT> {
    const fn new() -> Self {
        Self([None; COUNT])
    }

    /// A day that is asked for twice, at different times, is taken whole.
    fn mark(&mut self, slot: usize, times: Times) {
        if let Some(slot) = self.0.get_mut(slot) {
            *slot = Some(if slot.is_none_or(|known| known == times) {
                times
            } else {
                Times::ALL
            });
        }
    }

    /// The runs of days with equal times, by their first and last.
    fn runs(&self, source: impl Fn(usize, usize, Times) -> Source) -> Vec<Source> {
        let mut runs = Vec::new();
        let mut first = 0;
        for slot in 0..COUNT {
            if self.0.get(slot + 1).copied().flatten() != self.0[slot] || slot + 1 == COUNT {
                runs.extend(self.0[slot].map(|times| source(first, slot, times)));
                first = slot + 1;
            }
        }
        runs
    }
}

/// Days from `first` to `last`, both in it, at these times.
#[derive(Clone, Copy, Debug)]
struct Piece {
    first: Date,
    last: Date,
    times: Times,
}

impl Piece {
    fn dates(self) -> impl Iterator<Item = Date> {
        self.first
            .iter_days()
            .take_while(move |date| *date <= self.last)
    }
}

/// The dates of the pieces with their times: at most `count` of each piece, as they then come round again.
fn dates_of(pieces: &[Piece], count: usize) -> impl Iterator<Item = (Date, Times)> {
    pieces
        .iter()
        .flat_map(move |piece| piece.dates().take(count).map(|date| (date, piece.times)))
}

fn moments(pieces: &[Piece]) -> Vec<Source> {
    let midnight = |date: Date| date.and_time(NaiveTime::MIN);
    let mut ranges: Vec<(Local, Local)> = Vec::new();
    let mut push = |from: Local, until: Local| match ranges.last_mut() {
        Some((_, end)) if *end == from => *end = until,
        _ => ranges.push((from, until)),
    };
    for piece in pieces {
        if piece.times == Times::ALL {
            push(midnight(piece.first), midnight(add_days(piece.last, 1)));
            continue;
        }
        for date in piece.dates() {
            let until = piece
                .times
                .until
                .map_or(midnight(add_days(date, 1)), |until| date.and_time(until));
            push(date.and_time(piece.times.from), until);
        }
    }
    ranges
        .into_iter()
        .map(|(from, until)| Source::Moments { from, until })
        .collect()
}

/// The days of the month that `every: month` brings to the days of the pieces.
fn days_of_month(pieces: &[Piece]) -> Vec<Source> {
    let mut slots = Slots::<32>::new();
    // In two months every day of the month has come round, wherever one begins.
    for (date, times) in dates_of(pieces, 62) {
        // The last day of a month stands for those that the month lacks.
        let last = if add_days(date, 1).day() == 1 {
            31
        } else {
            date.day()
        };
        for day in date.day()..=last {
            slots.mark(day as usize, times);
        }
    }
    let day = |slot: usize| u32::try_from(slot).unwrap_or_default();
    slots.runs(|from, to, times| Source::Days {
        from: day(from),
        to: day(to),
        times,
    })
}

/// The days and times of occasions (or anchors) whose firing lies after `after` and up to `upto`.
fn pieces(
    offset: &Offset,
    at: Option<Time>,
    after: Instant,
    upto: Instant,
    zone: Zone,
) -> Vec<Piece> {
    if after >= upto {
        return Vec::new();
    }
    let millis = offset.millis();
    let fired = match at {
        None => whole_and_parts(after.plus_millis(-millis), upto.plus_millis(-millis), zone),
        Some(at) => {
            let Some((first, last)) = firing_days(at, after, upto, zone) else {
                return Vec::new();
            };
            if millis == 0 {
                vec![Piece {
                    first,
                    last,
                    times: Times::ALL,
                }]
            } else {
                let start = first_instant_of(first, zone).plus_millis(-1 - millis);
                let end = first_instant_of(add_days(last, 1), zone).plus_millis(-1 - millis);
                whole_and_parts(start, end, zone)
            }
        }
    };
    let origins = fired.into_iter().filter_map(|piece| {
        let (first, last) = (
            first_from(offset, piece.first),
            first_from(offset, add_days(piece.last, 1)),
        );
        (first < last).then(|| Piece {
            first,
            last: add_days(last, -1),
            ..piece
        })
    });
    origins.collect()
}

/// The days on which `at` lies after `after` and up to `upto`.
fn firing_days(at: Time, after: Instant, upto: Instant, zone: Zone) -> Option<(Date, Date)> {
    let moment = |day: Date| resolve(day.and_time(at), zone);
    // A skipped day is fired on the next, so one more is looked at on each side.
    let mut first = add_days(after.date(zone), -1);
    while moment(first) <= after {
        first = add_days(first, 1);
    }
    let mut last = add_days(upto.date(zone), 1);
    while moment(last) > upto {
        last = add_days(last, -1);
    }
    (first <= last).then_some((first, last))
}

/// What the clock may show at the moments after `after` and up to `upto`, or would show but for a gap: whole days, and parts of the first and last.
fn whole_and_parts(after: Instant, upto: Instant, zone: Zone) -> Vec<Piece> {
    let offsets = |instant: Instant| {
        [-CLOCK_CHANGE, 0, CLOCK_CHANGE].map(|near| instant.plus_millis(near).offset_millis(zone))
    };
    let lowest = offsets(after).into_iter().min().unwrap_or_default();
    let highest = offsets(upto).into_iter().max().unwrap_or_default();
    let from = after.plus_millis(1).plus_millis(lowest).utc();
    let until = upto.plus_millis(1).plus_millis(highest).utc();
    let (first, last) = (from.date(), until.date());
    let part = |day, from, until| Piece {
        first: day,
        last: day,
        times: Times { from, until },
    };
    let mut pieces = Vec::new();
    if first == last {
        pieces.push(part(first, from.time(), Some(until.time())));
        return pieces;
    }
    let mut whole = first;
    if from.time() > NaiveTime::MIN {
        pieces.push(part(first, from.time(), None));
        whole = add_days(first, 1);
    }
    if whole < last {
        pieces.push(Piece {
            first: whole,
            last: add_days(last, -1),
            times: Times::ALL,
        });
    }
    if until.time() > NaiveTime::MIN {
        pieces.push(part(last, NaiveTime::MIN, Some(until.time())));
    }
    pieces
}

/// The first date from which the offset leads to `day` or later. The offset never turns the order of dates round, so it can be searched for.
fn first_from(offset: &Offset, day: Date) -> Date {
    if offset.duration.is_elapsed_only() {
        return day;
    }
    let reach = offset.duration.at_most_millis() / DAY + 2;
    let (mut low, mut high) = if offset.negative {
        (0, reach)
    } else {
        (-reach, 0)
    };
    while low < high {
        let middle = low + (high - low).div_euclid(2);
        if offset.from_date(add_days(day, middle)) >= day {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    add_days(day, low)
}

#[cfg(test)]
pub(super) mod strategies {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::date;
    use crate::calendar::{Anchor, Duration};

    pub(in super::super) fn any_duration() -> impl Strategy<Value = Duration> {
        let days = prop_oneof![3 => Just(0_u32), 1 => 0_u32..400];
        let workdays = prop_oneof![5 => Just(0_u32), 1 => 0_u32..12];
        let millis = prop_oneof![3 => Just(0_i64), 1 => 0_i64..100 * HOUR];
        (prop_oneof![Just(0_u32), 0_u32..40], days, workdays, millis).prop_map(
            |(months, days, workdays, millis)| Duration {
                months,
                days,
                workdays,
                millis,
            },
        )
    }

    pub(in super::super) fn any_time() -> impl Strategy<Value = Option<Time>> {
        prop::option::of(
            (0_u32..24, prop::sample::select(vec![0_u32, 1, 30, 59]))
                .prop_map(|(hour, minute)| Time::from_hms_opt(hour, minute, 0).unwrap()),
        )
    }

    pub(in super::super) fn any_rule() -> impl Strategy<Value = DateRule> {
        let every = prop::sample::select(vec![Every::Year, Every::Month, Every::Once]);
        let feb29 = prop::sample::select(vec![Feb29::Feb28, Feb29::Mar1, Feb29::Skip]);
        (every, any_duration(), any::<bool>(), any_time(), feb29).prop_map(
            |(every, duration, negative, at, feb29)| {
                let offset = if negative {
                    duration.backward()
                } else {
                    duration.forward()
                };
                DateRule {
                    every,
                    offset,
                    at,
                    feb29,
                }
            },
        )
    }

    pub(in super::super) fn any_anchor() -> impl Strategy<Value = Anchor> {
        let month_ends = vec![
            "2004-02-29",
            "2009-05-31",
            "2010-02-28",
            "2011-03-01",
            "2011-12-30",
            "2012-01-31",
            "1999-12-31",
        ];
        prop_oneof![
            1 => prop::sample::select(month_ends).prop_map(|day| Anchor::Date(date(day))),
            2 => (0_i64..22_000).prop_map(|days| Anchor::Date(add_days(date("1970-01-01"), days))),
            2 => (0_i64..2_000_000_000).prop_map(|seconds| Anchor::Instant(Instant::from_millis(seconds * 1_000))),
        ]
    }
}

#[cfg(test)]
mod tests;
