//! A point on the time line, in milliseconds.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::offsets::offset_at;
use super::{DAY, Date, Error, HOUR, Local, MINUTE, SECOND, Zone};

/// A point in time: milliseconds since the Unix epoch. Read and written as RFC 3339 text, written in UTC. It never leaves the years 1 to 9999:
/// arithmetic stops there (saturates), so that every instant has a date in every zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

impl Instant {
    /// The first instant of the year 1, in UTC.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The last millisecond of the year 9999, in UTC.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The instant so many milliseconds after the Unix epoch, kept within [`Instant::MIN`] and [`Instant::MAX`].
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant so many milliseconds later (earlier, if negative), within the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// What a clock on the wall shows in the zone.
    #[must_use]
    pub fn local(self, zone: Zone) -> Local {
        wall(self.0 + self.offset_millis(zone))
    }

    /// The date in the zone.
    #[must_use]
    pub fn date(self, zone: Zone) -> Date {
        self.local(zone).date()
    }

    /// How many milliseconds the zone's clock is ahead of UTC.
    #[must_use]
    pub(super) fn offset_millis(self, zone: Zone) -> i64 {
        offset_at(self.0.div_euclid(SECOND), zone) * SECOND
    }

    /// What a clock in UTC shows.
    #[must_use]
    pub(super) fn utc(self) -> Local {
        wall(self.0)
    }

    /// Reads RFC 3339: `2026-11-22T10:00:00+02:00`, `2026-11-22T08:00:00.250Z`. Digits finer than a millisecond are cut off.
    ///
    /// # Errors
    /// [`Error::Instant`], with what is wrong in the text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse_rfc3339(text.as_bytes()).map_err(|reason| Error::Instant {
            text: text.to_owned(),
            reason,
        })
    }
}

/// What a clock shows so many milliseconds after it showed the beginning of 1970.
fn wall(millis: i64) -> Local {
    // Instants and offsets are far inside chrono's range; the epoch never shows.
    DateTime::from_timestamp_millis(millis)
        .unwrap_or_default()
        .naive_utc()
}

/// Reads the digits `from..to` as a number.
fn digits(bytes: &[u8], from: usize, to: usize) -> Option<u32> {
    bytes.get(from..to)?.iter().try_fold(0_u32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn parse_rfc3339(bytes: &[u8]) -> Result<Instant, &'static str> {
    let number = |from, to| digits(bytes, from, to).ok_or("a digit is missing");
    let mark = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    if !(mark(4, b"-") && mark(7, b"-")) {
        return Err("it does not begin with a date");
    }
    let year = i32::try_from(number(0, 4)?).unwrap_or_default();
    let date = NaiveDate::from_ymd_opt(year, number(5, 7)?, number(8, 10)?)
        .ok_or("there is no such day")?;
    if bytes.len() == 10 {
        return Err("the time is missing");
    }
    if !(mark(10, b"Tt ") && mark(13, b":") && mark(16, b":")) {
        return Err("the time is not `hours:minutes:seconds`");
    }
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // A leap second is the first of the next minute.
    if second > 60 || NaiveTime::from_hms_opt(hour, minute, second.min(59)).is_none() {
        return Err("there is no such time");
    }
    let (fraction, rest) = fraction_of_second(bytes, 19)?;
    let days = i64::from(date.num_days_from_ce()) - 719_163;
    let millis = days * DAY
        + i64::from(hour) * HOUR
        + i64::from(minute) * MINUTE
        + i64::from(second) * SECOND
        + fraction
        - offset_from_utc(bytes, rest)?;
    if !(Instant::MIN.0..=Instant::MAX.0).contains(&millis) {
        return Err("it lies outside the years 1 to 9999");
    }
    Ok(Instant(millis))
}

/// The milliseconds of `.123456` at `from`, if any, and where the text goes on.
fn fraction_of_second(bytes: &[u8], from: usize) -> Result<(i64, usize), &'static str> {
    if bytes.get(from) != Some(&b'.') {
        return Ok((0, from));
    }
    let count = bytes[from + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 {
        return Err("digits are missing after the point");
    }
    let digit = |place: usize| {
        if place < count {
            i64::from(bytes[from + 1 + place] - b'0')
        } else {
            0
        }
    };
    Ok((digit(0) * 100 + digit(1) * 10 + digit(2), from + 1 + count))
}

/// The milliseconds ahead of UTC that `Z` or `+02:00` at `from` gives.
fn offset_from_utc(bytes: &[u8], from: usize) -> Result<i64, &'static str> {
    let sign = match bytes.get(from) {
        Some(b'Z' | b'z') if bytes.len() == from + 1 => return Ok(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        None => return Err("the offset from UTC is missing at the end"),
        Some(_) => return Err("the end is not an offset from UTC"),
    };
    let (hours, minutes) = (
        digits(bytes, from + 1, from + 3),
        digits(bytes, from + 4, from + 6),
    );
    match (hours, minutes) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59))
            if bytes.len() == from + 6 && bytes[from + 3] == b':' =>
        {
            Ok(sign * (i64::from(hours) * HOUR + i64::from(minutes) * MINUTE))
        }
        _ => Err("the end is not an offset from UTC"),
    }
}

impl Instant {
    /// Appends the instant as it is displayed.
    pub(crate) fn write(self, out: &mut String) {
        let (text, length) = self.digits();
        out.push_str(std::str::from_utf8(&text[..length]).unwrap_or_default());
    }

    fn digits(self) -> ([u8; 24], usize) {
        let utc = self.utc();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |at: usize, width: usize, mut number: u32| {
            for place in (at..at + width).rev() {
                text[place] = b'0' + u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
            }
        };
        put(0, 4, u32::try_from(utc.year()).unwrap_or_default());
        put(5, 2, utc.month());
        put(8, 2, utc.day());
        put(11, 2, utc.hour());
        put(14, 2, utc.minute());
        put(17, 2, utc.second());
        let millis = utc.and_utc().timestamp_subsec_millis();
        put(20, 3, millis);
        if millis == 0 {
            text[19] = b'Z';
            return (text, 20);
        }
        (text, 24)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, length) = self.digits();
        f.pad(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Instant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant, like \"2026-11-22T10:00:00+02:00\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Instant, E> {
                Instant::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::testing::instant;

    #[test]
    fn instants_are_read_with_any_offset_and_written_in_utc() {
        for (text, written) in [
            ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"),
            ("2026-01-31t10:00:00z", "2026-01-31T10:00:00Z"),
            ("2026-01-31 10:00:00.5Z", "2026-01-31T10:00:00.500Z"),
            (
                "2026-01-31T10:00:00.123456789-00:30",
                "2026-01-31T10:30:00.123Z",
            ),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(instant(text).to_string(), written);
        }
    }

    #[test]
    fn what_is_not_an_instant_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "begin with a date"),
            ("tomorrow", "begin with a date"),
            ("2026-02-30T10:00:00Z", "no such day"),
            ("2026-02-20", "time is missing"),
            ("2026-02-20T10:00", "hours:minutes:seconds"),
            ("2026-02-20T24:00:00Z", "no such time"),
            ("2026-02-20T10:00:00", "offset from UTC is missing"),
            ("2026-02-20T10:00:00.Z", "digits are missing"),
            ("2026-02-20T10:00:00+2", "not an offset"),
            ("2026-02-20T10:00:00+02:00x", "not an offset"),
            ("0000-02-20T10:00:00Z", "outside"),
            ("9999-12-31T23:00:00-05:00", "outside"),
            ("２026-02-20T10:00:00Z", "begin with a date"),
        ] {
            let error = Instant::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_the_range() {
        assert_eq!(Instant::MAX.plus_millis(i64::MAX), Instant::MAX);
        assert_eq!(Instant::MIN.plus_millis(i64::MIN), Instant::MIN);
        for zone in chrono_tz::TZ_VARIANTS {
            assert!(Instant::MAX.local(zone) > Instant::MIN.local(zone));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_instant_survives_its_text_and_chrono_agrees(millis in Instant::MIN.0..=Instant::MAX.0) {
            let instant = Instant::from_millis(millis);
            let text = instant.to_string();
            prop_assert_eq!(Instant::parse(&text), Ok(instant));
            prop_assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().timestamp_millis(), millis);
            let json = serde_json::to_string(&instant).unwrap();
            prop_assert_eq!(serde_json::from_str::<Instant>(&json).unwrap(), instant);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
            let _ = Instant::parse(&text);
        }
    }
}
