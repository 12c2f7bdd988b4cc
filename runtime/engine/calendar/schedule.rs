//! Unix cron schedules, over the `cron` crate.
//!
//! That crate reads other fields (seconds first, Sunday as 1), asks for both day fields where Unix cron asks for either, and passes over
//! or repeats what the change of clocks moves. So the text is read here, the crate is given what it understands, in names and lists, and
//! runs on the wall clock only, as if that were UTC; what it finds is then put on the time line here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::local::resolve_to_gap_end;
use super::schedule_field::{DAY_OF_MONTH, DAY_OF_WEEK, HOUR, MINUTE, MONTH};
use super::{Date, Error, Instant, Local, Zone};

/// How many wall-clock times may already be past on the time line: those of the longest hour or day that came twice.
const MAX_PAST: usize = 25 * 60;

/// Where one begins to look whether a schedule ever fires.
const A_BEGINNING: Local = Date::from_ymd_opt(2000, 1, 1)
    .expect("a date")
    .and_time(NaiveTime::MIN);

const NICKNAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// A Unix cron schedule of five fields, or a nickname like `@daily`.
///
/// As in Vixie cron, a day that fits either day field is enough if neither begins with `*`. A time in the spring gap fires at the gap's end,
/// one that exists twice fires the first time, and one instant fires once. It fires up to the year 2100.
#[derive(Clone)]
pub struct Schedule {
    text: Arc<str>,
    /// One, or two of which either is enough.
    either: Arc<[cron::Schedule]>,
}

impl Schedule {
    /// Reads a schedule: `minute hour day-of-month month day-of-week`, or `@hourly` to `@yearly`.
    ///
    /// # Errors
    /// [`Error::Schedule`] or [`Error::ScheduleField`], with what to write.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        let wrong = |advice: String| Error::Schedule {
            text: text.to_owned(),
            advice,
        };
        let plain = match NICKNAMES.iter().find(|(nickname, _)| *nickname == trimmed) {
            Some((_, plain)) => plain,
            None if trimmed.starts_with('@') => return Err(wrong(advice_for_nickname(trimmed))),
            None => trimmed,
        };
        let fields: Vec<&str> = plain.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(wrong(advice_for_fields(&fields)));
        };
        let (minute, hour) = (MINUTE.parse(minute)?, HOUR.parse(hour)?);
        let (day, month, weekday) = (
            DAY_OF_MONTH.parse(day)?,
            MONTH.parse(month)?,
            DAY_OF_WEEK.parse(weekday)?,
        );
        let times = format!("0 {} {}", minute.to_cron(&MINUTE), hour.to_cron(&HOUR));
        let (day_of_month, months) = (day.to_cron(&DAY_OF_MONTH), month.to_cron(&MONTH));
        let day_of_week = weekday.to_cron(&DAY_OF_WEEK);
        let expressions = if day.starred || weekday.starred {
            vec![format!("{times} {day_of_month} {months} {day_of_week}")]
        } else {
            vec![
                format!("{times} {day_of_month} {months} *"),
                format!("{times} * {months} {day_of_week}"),
            ]
        };
        let either: Result<Vec<_>, _> = expressions
            .iter()
            .map(|expression| cron::Schedule::from_str(expression))
            .collect();
        let either = either.map_err(|_| wrong(FIVE_FIELDS.to_owned()))?;
        let schedule = Self {
            text: Arc::from(trimmed),
            either: either.into(),
        };
        match schedule.next_on_the_wall(A_BEGINNING) {
            Some(_) => Ok(schedule),
            None => Err(wrong("it never fires, as its months lack that day; write a day that they have, like `28`".to_owned())),
        }
    }

    /// The first time strictly after `after` at which it fires in the zone; `None` if there is none up to the year 2100.
    #[must_use]
    pub fn next_after(&self, after: Instant, zone: Zone) -> Option<Instant> {
        let mut wall = after.local(zone);
        for _ in 0..MAX_PAST {
            wall = self.next_on_the_wall(wall)?;
            let fires = resolve_to_gap_end(wall, zone);
            if fires > after {
                return Some(fires);
            }
        }
        None
    }

    /// As written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn next_on_the_wall(&self, wall: Local) -> Option<Local> {
        let next = |schedule: &cron::Schedule| schedule.after(&wall.and_utc()).next();
        self.either
            .iter()
            .filter_map(next)
            .min()
            .map(|next| next.naive_utc())
    }
}

const FIVE_FIELDS: &str = "write five fields, `minute hour day-of-month month day-of-week`, like `0 9 * * mon` for Mondays at 9:00";

fn advice_for_nickname(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if let Some((nickname, _)) = NICKNAMES.iter().find(|(nickname, _)| *nickname == lower) {
        return format!("write `{nickname}` in small letters");
    }
    match lower.as_str() {
        "@reboot" => "a start of the program starts no journey; write a time".to_owned(),
        _ if lower.starts_with("@every") => "write the minutes or hours, like `*/15 * * * *` or `0 */2 * * *`".to_owned(),
        _ => "write `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`, or five fields like `0 9 * * mon`".to_owned(),
    }
}

fn advice_for_fields(fields: &[&str]) -> String {
    let is_year = |field: &&str| field.parse::<u32>().is_ok_and(|number| number > 31);
    match fields {
        [five @ .., year] if five.len() == 5 && is_year(year) => {
            format!(
                "the year is not a field of Unix cron; write `{}`",
                five.join(" ")
            )
        }
        [_, five @ ..] if five.len() == 5 => {
            format!(
                "it has six fields, and seconds are not one of Unix cron; write `{}`",
                five.join(" ")
            )
        }
        [_, five @ .., _] if five.len() == 5 => {
            format!(
                "it has seven fields, and seconds and years are none of Unix cron; write `{}`",
                five.join(" ")
            )
        }
        _ => FIVE_FIELDS.to_owned(),
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Schedule {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({:?})", self.text)
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
