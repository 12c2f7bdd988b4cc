//! The texts of durations: `3d`, `9 months`, `1d 12h`, `P9M`, `-7d`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Duration, Error, HOUR, LONGEST_DAYS, MINUTE, Offset, SECOND};

const UNITS: &str = "write a number and a unit: `s`, `m` (minutes), `h`, `d`, `w`, `mo` (months) or `y`, like `15m`, `3d` or `9 months`";

/// The longest a number may be, in digits.
const MAX_DIGITS: usize = 9;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Workday,
    Month,
    Year,
}

/// Every word for a unit: short, singular, plural.
const WORDS: [(Unit, [&str; 3]); 8] = [
    (Unit::Second, ["s", "second", "seconds"]),
    (Unit::Minute, ["m", "minute", "minutes"]),
    (Unit::Hour, ["h", "hour", "hours"]),
    (Unit::Day, ["d", "day", "days"]),
    (Unit::Week, ["w", "week", "weeks"]),
    (Unit::Workday, ["workday", "workday", "workdays"]),
    (Unit::Month, ["mo", "month", "months"]),
    (Unit::Year, ["y", "year", "years"]),
];

/// One `number unit` of the text.
struct Part {
    number: u64,
    /// Thousandths; only seconds may have some.
    thousandths: u64,
    unit: Unit,
}

impl Duration {
    /// Reads a duration in any of its forms: `90s`, `36h`, `1d 12h`, `9 months`, `3 workdays`, `P9M`.
    ///
    /// # Errors
    /// [`Error::Duration`], with what to write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |advice: String| Error::Duration {
            text: text.to_owned(),
            advice,
        };
        let trimmed = text.trim();
        if let Some(rest) = trimmed.strip_prefix('-') {
            return Err(wrong(format!(
                "it can't be negative; write `{}`",
                rest.trim_start()
            )));
        }
        read(trimmed.strip_prefix('+').unwrap_or(trimmed)).map_err(wrong)
    }
}

impl Offset {
    /// Reads a duration that may have a sign before it: `-7d`, `2h`, `-P1M`.
    ///
    /// # Errors
    /// [`Error::Duration`], with what to write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        match trimmed.strip_prefix('-') {
            Some(rest) => read(rest.trim_start())
                .map(Duration::backward)
                .map_err(|advice| {
                    // What is to be written instead has the same sign.
                    let digits = rest
                        .trim_start()
                        .split(|c: char| !c.is_ascii_digit())
                        .next();
                    let own = digits.filter(|own| !own.is_empty());
                    Error::Duration {
                        text: text.to_owned(),
                        advice: own.map_or(advice.clone(), |own| {
                            advice.replace(&format!("`{own}"), &format!("`-{own}"))
                        }),
                    }
                }),
            None => Duration::parse(text).map(Duration::forward),
        }
    }
}

fn read(text: &str) -> Result<Duration, String> {
    if text.is_empty() {
        return Err(UNITS.to_owned());
    }
    let parts = match text.strip_prefix('P') {
        Some(iso) => read_iso(iso)?,
        None => read_words(text)?,
    };
    let mut seen = Vec::new();
    let mut duration = Duration::ZERO;
    for part in &parts {
        if seen.contains(&part.unit) {
            return Err(format!(
                "{} stand in it twice; add them up",
                WORDS[part.unit as usize].1[2]
            ));
        }
        seen.push(part.unit);
        add(&mut duration, part)
            .ok_or_else(|| format!("it is too long; at most {} years", LONGEST_DAYS / 366))?;
    }
    Ok(duration)
}

fn add(duration: &mut Duration, part: &Part) -> Option<()> {
    let number = u32::try_from(part.number).ok()?;
    let millis = |unit: i64| i64::from(number).checked_mul(unit);
    match part.unit {
        Unit::Second => {
            duration.millis += millis(SECOND)? + i64::try_from(part.thousandths).ok()?
        }
        Unit::Minute => duration.millis += millis(MINUTE)?,
        Unit::Hour => duration.millis += millis(HOUR)?,
        Unit::Day => duration.days = duration.days.checked_add(number)?,
        Unit::Week => duration.days = duration.days.checked_add(number.checked_mul(7)?)?,
        Unit::Workday => duration.workdays = number,
        Unit::Month => duration.months = duration.months.checked_add(number)?,
        Unit::Year => duration.months = duration.months.checked_add(number.checked_mul(12)?)?,
    }
    duration.is_not_too_long().then_some(())
}

/// The digits at the beginning, with an optional fraction, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
        .unwrap_or(text.len());
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        .then(|| text.split_at(end))
}

fn read_words(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (digits, after) = number(rest).ok_or_else(|| advice_for_stray(rest))?;
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        let unit = unit_of(word, digits)?;
        parts.push(part(digits, unit)?);
        rest = after.trim_start();
    }
    Ok(parts)
}

fn unit_of(word: &str, digits: &str) -> Result<Unit, String> {
    if let Some((unit, _)) = WORDS.iter().find(|(_, words)| words.contains(&word)) {
        return Ok(*unit);
    }
    let lower = word.to_ascii_lowercase();
    Err(match lower.as_str() {
        "" => format!(
            "the unit is missing; write `{digits}d` for days, `{digits}h` for hours or `{digits}m` for minutes"
        ),
        "m" => format!(
            "`M` may be minutes or months; write `{digits}m` for minutes or `{digits}mo` for months"
        ),
        "min" | "mins" => format!("write `{digits}m` for minutes"),
        "mon" | "mons" | "mth" | "mths" | "mos" => {
            format!("write `{digits}mo` or `{digits} months`")
        }
        "sec" | "secs" => format!("write `{digits}s`"),
        "hr" | "hrs" => format!("write `{digits}h`"),
        "wk" | "wks" => format!("write `{digits}w`"),
        "yr" | "yrs" => format!("write `{digits}y`"),
        "wd" | "bd" | "weekday" | "weekdays" | "business" | "working" => {
            format!("write `{digits} workdays`")
        }
        "q" | "quarter" | "quarters" => "write months, like `3 months`".to_owned(),
        "ms" | "millisecond" | "milliseconds" => {
            "the shortest unit is the second; write `1s`".to_owned()
        }
        _ => match WORDS
            .iter()
            .find(|(_, words)| words.contains(&lower.as_str()))
        {
            Some(_) => format!("write the unit in small letters: `{digits} {lower}`"),
            None => format!("`{word}` is not a unit; {UNITS}"),
        },
    })
}

fn advice_for_stray(rest: &str) -> String {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        ',' | '+' | '&' => {
            format!("leave out the `{first}`; write the parts one after the other, like `1d 12h`")
        }
        '-' => "one sign before the whole is enough, like `-1d 12h`".to_owned(),
        'p' => format!(
            "the ISO form has capital letters: `{}`",
            rest.to_ascii_uppercase()
        ),
        _ if rest.starts_with("and ") => {
            "leave out `and`; write the parts one after the other, like `1d 12h`".to_owned()
        }
        _ => UNITS.to_owned(),
    }
}

fn part(digits: &str, unit: Unit) -> Result<Part, String> {
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let shape =
        !whole.is_empty() && !digits.ends_with(['.', ',']) && !fraction.contains(['.', ',']);
    if !shape {
        return Err(format!("`{digits}` is not a number; {UNITS}"));
    }
    if !fraction.is_empty() && unit != Unit::Second {
        return Err(format!(
            "a part of a unit is written in a smaller one: {}",
            smaller(whole, fraction, unit)
        ));
    }
    if whole.len() > MAX_DIGITS {
        return Err(format!(
            "it is too long; at most {} years",
            LONGEST_DAYS / 366
        ));
    }
    if fraction.len() > 3 {
        return Err("at most three digits after the point of seconds".to_owned());
    }
    Ok(Part {
        number: whole.parse().unwrap_or_default(),
        thousandths: format!("{fraction:0<3}").parse().unwrap_or_default(),
        unit,
    })
}

/// `1.5h` in whole units, where that is exact; else an example.
fn smaller(whole: &str, fraction: &str, unit: Unit) -> String {
    let (many, small) = match unit {
        Unit::Minute => (60, "s"),
        Unit::Hour => (60, "m"),
        Unit::Day => (24, "h"),
        Unit::Week => (7, "d"),
        Unit::Year => (12, "mo"),
        _ => return "like `1 month 2w` for a month and a half".to_owned(),
    };
    let scale = 10_u64.pow(u32::try_from(fraction.len().min(MAX_DIGITS)).unwrap_or_default());
    let part = fraction
        .get(..MAX_DIGITS.min(fraction.len()))
        .and_then(|f| f.parse::<u64>().ok())
        .unwrap_or_default()
        * many;
    let big = WORDS[unit as usize].1[0];
    match (whole, part % scale) {
        ("0", 0) => format!("`{}{small}`", part / scale),
        (_, 0) => format!("`{whole}{big} {}{small}`", part / scale),
        _ => "like `1h 30m` for an hour and a half".to_owned(),
    }
}

/// Reads what follows the `P` of an ISO 8601 duration.
fn read_iso(text: &str) -> Result<Vec<Part>, String> {
    const DAYS: [(char, Unit); 4] = [
        ('Y', Unit::Year),
        ('M', Unit::Month),
        ('W', Unit::Week),
        ('D', Unit::Day),
    ];
    const TIMES: [(char, Unit); 3] = [('H', Unit::Hour), ('M', Unit::Minute), ('S', Unit::Second)];
    let wrong = || {
        "in the ISO form write like `P9M`, `P1Y2M3D` or `P1DT12H`; or plainly, like `9 months`"
            .to_owned()
    };
    let (mut parts, mut place, mut in_time, mut rest) = (Vec::new(), 0, false, text);
    while !rest.is_empty() {
        if let Some(after) = rest
            .strip_prefix('T')
            .filter(|after| !in_time && !after.is_empty())
        {
            (in_time, place, rest) = (true, 0, after);
        }
        let (digits, after) = number(rest).ok_or_else(wrong)?;
        let mut letters = after.chars();
        let letter = letters.next().ok_or_else(wrong)?;
        let order: &[(char, Unit)] = if in_time { &TIMES } else { &DAYS };
        let found = order
            .iter()
            .skip(place)
            .position(|(known, _)| *known == letter)
            .ok_or_else(wrong)?;
        place += found + 1;
        parts.push(part(digits, order[place - 1].1)?);
        rest = letters.as_str();
    }
    if parts.is_empty() {
        Err(wrong())
    } else {
        Ok(parts)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let mut push = |number: i64, unit: &str| {
            if number != 0 {
                parts.push(format!("{number}{unit}"));
            }
        };
        push(i64::from(self.months / 12), "y");
        push(i64::from(self.months % 12), "mo");
        push(i64::from(self.days), "d");
        push(
            i64::from(self.workdays),
            if self.workdays == 1 {
                " workday"
            } else {
                " workdays"
            },
        );
        push(self.millis / HOUR, "h");
        push(self.millis % HOUR / MINUTE, "m");
        match (self.millis % MINUTE / SECOND, self.millis % SECOND) {
            (seconds, 0) => push(seconds, "s"),
            (seconds, millis) => parts.push(format!(
                "{}s",
                format!("{seconds}.{millis:03}").trim_end_matches('0')
            )),
        }
        f.pad(&if parts.is_empty() {
            "0s".to_owned()
        } else {
            parts.join(" ")
        })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative && !self.duration.is_zero() {
            "-"
        } else {
            ""
        };
        f.pad(&format!("{sign}{}", self.duration))
    }
}

/// Both are read from text by `parse`, and written by `Display`.
macro_rules! text_form {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}

text_form!(Duration);
text_form!(Offset);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::DAY;

    fn duration(months: u32, days: u32, workdays: u32, millis: i64) -> Duration {
        Duration {
            months,
            days,
            workdays,
            millis,
        }
    }

    #[test]
    fn every_form_is_read() {
        for (text, read) in [
            ("90s", duration(0, 0, 0, 90 * SECOND)),
            ("15m", duration(0, 0, 0, 15 * MINUTE)),
            ("36h", duration(0, 0, 0, 36 * HOUR)),
            ("3d", duration(0, 3, 0, 0)),
            ("2w", duration(0, 14, 0, 0)),
            ("9 months", duration(9, 0, 0, 0)),
            ("1 month", duration(1, 0, 0, 0)),
            ("9mo", duration(9, 0, 0, 0)),
            ("1 year", duration(12, 0, 0, 0)),
            ("1d 12h", duration(0, 1, 0, 12 * HOUR)),
            ("1d12h", duration(0, 1, 0, 12 * HOUR)),
            ("3 workdays", duration(0, 0, 3, 0)),
            ("1 workday 2 hours", duration(0, 0, 1, 2 * HOUR)),
            (
                "1y 2mo 3w 4d 5h 6m 7s",
                duration(14, 25, 0, 5 * HOUR + 6 * MINUTE + 7 * SECOND),
            ),
            ("1.5s", duration(0, 0, 0, 1_500)),
            ("0d", Duration::ZERO),
            ("P9M", duration(9, 0, 0, 0)),
            (
                "P1Y2M3DT4H5M6S",
                duration(14, 3, 0, 4 * HOUR + 5 * MINUTE + 6 * SECOND),
            ),
            ("P2W", duration(0, 14, 0, 0)),
            ("PT15M", duration(0, 0, 0, 15 * MINUTE)),
            ("PT0.5S", duration(0, 0, 0, 500)),
        ] {
            assert_eq!(Duration::parse(text), Ok(read), "{text}");
        }
        assert_eq!(
            Offset::parse("-1d 12h"),
            Ok(duration(0, 1, 0, 12 * HOUR).backward())
        );
        let bare = Offset::parse("-7").unwrap_err().to_string();
        assert!(bare.contains("`-7d`") && !bare.contains("`7d`"), "{bare}");
        assert_eq!(Offset::parse("-P1M"), Ok(duration(1, 0, 0, 0).backward()));
        assert_eq!(
            Offset::parse("+2h"),
            Ok(duration(0, 0, 0, 2 * HOUR).forward())
        );
    }

    #[test]
    fn a_wrong_duration_says_what_to_write() {
        for (text, advice) in [
            ("", "a number and a unit"),
            ("3", "`3d` for days"),
            ("9M", "`9m` for minutes or `9mo` for months"),
            ("15min", "`15m`"),
            ("3 Days", "`3 days`"),
            ("1.5h", "`1h 30m`"),
            ("0.5d", "`12h`"),
            ("1.5 years", "`1y 6mo`"),
            ("1.5mo", "1 month 2w"),
            ("1,5h", "`1h 30m`"),
            ("1d, 12h", "leave out the `,`"),
            ("1 day and 2 hours", "leave out `and`"),
            ("3 business days", "`3 workdays`"),
            ("1d 2d", "days stand in it twice"),
            ("-7d", "write `7d`"),
            ("1d -2h", "one sign"),
            ("three days", "a number and a unit"),
            ("3 fortnights", "`fortnights` is not a unit"),
            ("500ms", "shortest unit"),
            ("2 quarters", "months"),
            ("300y", "at most 200 years"),
            ("99999999999d", "at most 200 years"),
            ("999999999w", "at most 200 years"),
            ("P", "`P9M`"),
            ("PT", "`P9M`"),
            ("P1D1Y", "`P9M`"),
            ("P9", "`P9M`"),
            ("p9m", "`P9M`"),
            ("1..5s", "not a number"),
            (".5s", "not a number"),
            ("3д", "`д` is not a unit"),
        ] {
            let error = Duration::parse(text).unwrap_err().to_string();
            assert!(error.contains(advice), "{text}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_duration_survives_its_text(
            months in 0_u32..800, days in 0_u32..9_000, workdays in 0_u32..100, millis in 0_i64..100 * DAY, negative: bool,
        ) {
            let written = duration(months, days, workdays, millis);
            prop_assert_eq!(Duration::parse(&written.to_string()), Ok(written));
            let offset = if negative { written.backward() } else { written.forward() };
            let json = serde_json::to_string(&offset).unwrap();
            prop_assert_eq!(serde_json::from_str::<Offset>(&json).unwrap(), offset);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-+P0-9.,a-zA-ZТ ]{0,12}|\\PC{0,20}") {
            let _ = Offset::parse(&text);
        }
    }
}
