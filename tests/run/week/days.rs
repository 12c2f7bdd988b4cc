//! Days and hours as a marketer means them, with nothing but chrono: none of the engine's calendar is used.

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, NaiveTime,
    SecondsFormat, TimeDelta, TimeZone, Utc, Weekday,
};
use chrono_tz::Tz;

/// A moment, whatever the clock on the wall shows.
pub(super) type Moment = DateTime<Utc>;

/// The moment at which a wall shows this: the earlier of two, and where there is none, later by what was left out.
pub(super) fn moment(wall: NaiveDateTime, zone: Tz) -> Moment {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(own) | MappedLocalTime::Ambiguous(own, _) => own.to_utc(),
        MappedLocalTime::None => moment(wall - TimeDelta::hours(3), zone) + TimeDelta::hours(3),
    }
}

/// What the wall shows.
pub(super) fn wall(at: Moment, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// The day on the wall.
pub(super) fn day(at: Moment, zone: Tz) -> NaiveDate {
    wall(at, zone).date()
}

/// A full hour of a day.
pub(super) fn at_hour(day: NaiveDate, hour: u32, zone: Tz) -> Moment {
    let hour = NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour");
    moment(day.and_time(hour), zone)
}

/// The same time of day, so many days on.
pub(super) fn days_on(at: Moment, days: u64, zone: Tz) -> Moment {
    moment(wall(at, zone) + Days::new(days), zone)
}

/// The same time of day, so many months on; a day that the month lacks is its last one.
pub(super) fn months_on(at: Moment, months: u32, zone: Tz) -> Moment {
    moment(wall(at, zone) + Months::new(months), zone)
}

/// The same time of day, so many days on that are neither Saturday nor Sunday.
pub(super) fn workdays_on(at: Moment, workdays: u32, zone: Tz) -> Moment {
    let mut wall = wall(at, zone);
    for _ in 0..workdays {
        wall = wall + Days::new(1);
        while matches!(wall.weekday(), Weekday::Sat | Weekday::Sun) {
            wall = wall + Days::new(1);
        }
    }
    moment(wall, zone)
}

/// Whose birthday is celebrated when in a year: 29 February is the 28th where there is none.
pub(super) fn birthday_in(year: i32, birthday: NaiveDate) -> NaiveDate {
    let last = NaiveDate::from_ymd_opt(year, 2, 28).expect("a day");
    birthday.with_year(year).unwrap_or(last)
}

/// As it is written in files.
pub(super) fn written(at: Moment) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A moment that is written down.
pub(super) fn read(text: &str) -> Moment {
    let read = DateTime::parse_from_rfc3339(text);
    read.unwrap_or_else(|error| panic!("{text}: {error}"))
        .to_utc()
}
