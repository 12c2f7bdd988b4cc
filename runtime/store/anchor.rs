//! Anchors: what date and inactivity triggers reckon from, kept so that a firing is a range read.

use chrono::{Datelike, Timelike};
use kurant_engine::calendar::{Anchor, DAY, Instant, Local, MonthDay, Source, Time, Zone};
use kurant_engine::id::CustomerId;

/// By which part of the moment anchors are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The whole moment: `inactive`, and dates that come once.
    Moment,
    /// Month and day: dates that come every year.
    MonthDay,
    /// The day of the month: dates that come every month.
    Day,
}

/// One anchor of one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnchorRow {
    /// The attribute's name.
    pub attribute: String,
    /// By which part it is kept.
    pub by: By,
    /// The customer's clock, as an IANA name.
    pub zone: String,
    /// What that clock shows, as a number that [`By`] gives its sense.
    pub at: i64,
    /// The customer.
    pub customer: CustomerId,
    /// What was due up to here was handled when the attribute was set.
    pub since: Instant,
}

/// A stretch of anchors of one attribute in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorRange {
    /// The customers' clock, as an IANA name.
    pub zone: String,
    /// The first number.
    pub from: i64,
    /// The first that doesn't belong to it any more.
    pub until: i64,
    /// Only those at or after this time of day, in milliseconds.
    pub time_from: i64,
    /// Only those before this time of day, in milliseconds.
    pub time_until: i64,
}

impl By {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Moment => "moment",
            Self::MonthDay => "month_day",
            Self::Day => "day",
        }
    }

    /// The number in databases that keep a number.
    pub(crate) fn number_in_store(self) -> i16 {
        match self {
            Self::Moment => 0,
            Self::MonthDay => 1,
            Self::Day => 2,
        }
    }

    /// The number of what a clock shows.
    pub fn number(self, local: Local) -> i64 {
        match self {
            Self::Moment => local.and_utc().timestamp_millis(),
            Self::MonthDay => month_day(local.month(), local.day()) + millis(local.time()),
            Self::Day => i64::from(local.day()) * DAY + millis(local.time()),
        }
    }

    /// By which part a range of the calendar's reads.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Moments { .. } => Self::Moment,
            Source::MonthDays { .. } => Self::MonthDay,
            Source::Days { .. } => Self::Day,
        }
    }
}

impl AnchorRow {
    /// The row of a customer's attribute.
    pub fn new(
        attribute: &str,
        by: By,
        anchor: Anchor,
        zone: Zone,
        customer: CustomerId,
        since: Instant,
    ) -> Self {
        let at = by.number(anchor.local(zone));
        Self {
            attribute: attribute.to_owned(),
            by,
            zone: zone.name().to_owned(),
            at,
            customer,
            since,
        }
    }
}

impl AnchorRange {
    /// The range of numbers for a range of the calendar's.
    pub fn new(source: &Source, zone: &str) -> Self {
        let (from, until, times) = match source {
            Source::Moments { from, until } => {
                (By::Moment.number(*from), By::Moment.number(*until), None)
            }
            Source::MonthDays { from, to, times } => {
                let number = |day: &MonthDay| month_day(day.month, day.day);
                (number(from), number(to) + DAY, Some(times))
            }
            Source::Days { from, to, times } => (
                i64::from(*from) * DAY,
                i64::from(*to) * DAY + DAY,
                Some(times),
            ),
        };
        let time_from = times.map_or(0, |times| millis(times.from));
        let time_until = times.and_then(|times| times.until).map_or(DAY, millis);
        Self {
            zone: zone.to_owned(),
            from,
            until,
            time_from,
            time_until,
        }
    }

    /// Whether a row's number lies in it.
    pub fn contains(&self, at: i64) -> bool {
        let time = at.rem_euclid(DAY);
        self.from <= at && at < self.until && self.time_from <= time && time < self.time_until
    }
}

fn month_day(month: u32, day: u32) -> i64 {
    i64::from(month * 100 + day) * DAY
}

fn millis(time: Time) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000 + i64::from(time.nanosecond() / 1_000_000)
}
