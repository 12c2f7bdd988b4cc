//! Time as a marketer means it: instants, durations, waits, occasions, windows and schedules.
//!
//! Everything here is a pure function of its arguments: the instant, the customer's zone and the rule. The law of the wall clock is
//! one for the whole calendar: a local time in the spring gap moves forward by the gap's length, one that exists twice is the earlier.

mod anchor;
mod duration;
mod duration_text;
mod elapsed;
mod error;
mod hours;
mod instant;
mod local;
mod occasion;
mod offsets;
mod schedule;
mod schedule_field;
mod source;
mod time_of_day;
mod wait;
mod weekdays;
mod window;

pub use chrono::Weekday;
pub use chrono_tz::Tz as Zone;

pub use anchor::Anchor;
pub use duration::{Duration, LONGEST_DAYS, Offset};
pub use elapsed::{
    Unit, days_reach, days_since, first_instant_of_calendar_days, months_reach, months_since,
    years_reach, years_since,
};
pub use error::Error;
pub use hours::WorkHours;
pub use instant::Instant;
pub use local::{first_instant_of, parse_zone, resolve};
pub use occasion::{DateRule, Every, Feb29, Firing, InactiveRule};
pub use schedule::Schedule;
pub use source::{MonthDay, Source, Times};
pub use time_of_day::{format_time, parse_date, parse_time};
pub use wait::WaitRule;
pub use weekdays::{Weekdays, weekday_name};
pub use window::{DayWindow, QuietHours, SendWindow};

/// A calendar date, without a zone.
pub type Date = chrono::NaiveDate;
/// A time of day on somebody's clock.
pub type Time = chrono::NaiveTime;
/// What a clock on the wall shows: a date and a time, without a zone.
pub type Local = chrono::NaiveDateTime;

/// Milliseconds in one second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in twenty-four hours (a calendar day may be shorter or longer).
pub const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod testing;
