//! Short names for the calendar's own tests.

use super::{Date, Instant, Local, Time, Zone, parse_date, parse_time};

/// The zones in which every rule is tried: east and west, half hours, gaps at midnight, a skipped day, summer time turned over.
pub(super) const ZONES: [Zone; 12] = [
    Zone::Europe__Kyiv,
    Zone::America__New_York,
    Zone::Africa__Cairo,
    Zone::Australia__Lord_Howe,
    Zone::Pacific__Apia,
    Zone::Asia__Kathmandu,
    Zone::Europe__London,
    Zone::America__Sao_Paulo,
    Zone::Pacific__Auckland,
    Zone::UTC,
    Zone::Asia__Tehran,
    Zone::Africa__Casablanca,
];

pub(super) const KYIV: Zone = Zone::Europe__Kyiv;

pub(super) fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn date(text: &str) -> Date {
    parse_date(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn time(text: &str) -> Time {
    parse_time(text).unwrap_or_else(|error| panic!("{error}"))
}

/// `2026-11-22 10:00` as a clock on the wall shows it.
pub(super) fn local(text: &str) -> Local {
    let (day, clock) = text.split_once(' ').unwrap_or((text, "00:00"));
    date(day).and_time(time(clock))
}
