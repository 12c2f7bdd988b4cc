//! How a file writes what it means: days as people write them, and its own words for yes and no.

use std::borrow::Cow;

use kurant_engine::calendar::{Date, Instant, Zone, first_instant_of, parse_date, resolve};
use kurant_engine::definition::Type;

use crate::error::Error;

/// What the mapping of a CSV file says of its cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    /// `DD.MM.YYYY` and its like.
    pub(super) dates: Option<String>,
    /// What is written for `true`.
    pub(super) yes: Vec<String>,
    /// What is written for `false`.
    pub(super) no: Vec<String>,
}

/// Reads cells.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    ways: Ways,
    order: Option<Order>,
    zone: Zone,
}

/// Which part of a day stands where.
#[derive(Debug, Clone, Copy)]
struct Order {
    sign: char,
    day: usize,
    month: usize,
    year: usize,
}

impl Cells {
    /// By a mapping; times without an offset are on the workspace's clock.
    pub(super) fn new(ways: Ways, zone: Zone) -> Result<Self, Error> {
        let order = match &ways.dates {
            None => None,
            Some(pattern) => Some(Order::of(pattern).ok_or_else(|| {
                Error::usage(format!("`dates: {pattern}` is no way to write a day"))
                    .hint("write where the day, the month and the year stand, like `dates: DD.MM.YYYY` or `dates: MM/DD/YYYY`")
            })?),
        };
        Ok(Self { ways, order, zone })
    }

    /// A cell as its type wants it written. What can't be read stays as it is, and is refused by its type.
    pub(super) fn read<'c>(&self, cell: &'c str, wanted: &Type) -> Cow<'c, str> {
        let is_one_of = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(cell));
        let read = match wanted {
            Type::Boolean if is_one_of(&self.ways.yes) => Some("true".to_owned()),
            Type::Boolean if is_one_of(&self.ways.no) => Some("false".to_owned()),
            Type::Date => self.day(cell).map(|day| day.to_string()),
            Type::Instant => self.moment(cell).map(|at| at.to_string()),
            _ => None,
        };
        read.map_or(Cow::Borrowed(cell), Cow::Owned)
    }

    fn day(&self, text: &str) -> Option<Date> {
        self.order?.read(text)
    }

    /// A day is its first instant, a day and a time that moment, both on the workspace's clock.
    fn moment(&self, text: &str) -> Option<Instant> {
        let order = self.order?;
        let Some((day, time)) = text.split_once([' ', 'T']) else {
            return Some(first_instant_of(order.read(text)?, self.zone));
        };
        let full = if time.matches(':').count() == 1 {
            format!("{time}:00")
        } else {
            time.to_owned()
        };
        let local = format!("{}T{full}", order.read(day)?);
        Some(resolve(local.parse().ok()?, self.zone))
    }
}

impl Order {
    fn of(pattern: &str) -> Option<Self> {
        let sign = pattern.chars().find(|sign| !sign.is_alphabetic())?;
        let parts: Vec<&str> = pattern.split(sign).collect();
        let place = |part| parts.iter().position(|own| *own == part);
        (parts.len() == 3).then_some(Self {
            sign,
            day: place("DD")?,
            month: place("MM")?,
            year: place("YYYY")?,
        })
    }

    /// A day that is written so, or as the schema wants it.
    fn read(self, text: &str) -> Option<Date> {
        let parts: Vec<&str> = text.trim().split(self.sign).collect();
        let sound = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.len() != 3 || !parts.iter().all(sound) || parts[self.year].len() != 4 {
            return parse_date(text.trim()).ok();
        }
        let (year, month, day) = (parts[self.year], parts[self.month], parts[self.day]);
        parse_date(&format!("{year}-{month:0>2}-{day:0>2}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(dates: Option<&str>) -> Cells {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let ways = Ways {
            dates: dates.map(str::to_owned),
            yes: words(&["yes", "1", "так"]),
            no: words(&["no", "0"]),
        };
        Cells::new(ways, Zone::Europe__Kyiv).unwrap()
    }

    #[test]
    fn days_are_read_as_the_file_writes_them() {
        for (pattern, cell, day) in [
            ("DD.MM.YYYY", "31.12.2025", "2025-12-31"),
            ("DD.MM.YYYY", "1.2.2025", "2025-02-01"),
            ("MM/DD/YYYY", "12/31/2025", "2025-12-31"),
            ("YYYY/MM/DD", "2025/12/31", "2025-12-31"),
            ("DD.MM.YYYY", "2025-12-31", "2025-12-31"),
            ("DD.MM.YYYY", "31.02.2025", "31.02.2025"),
            ("DD.MM.YYYY", "12/31/2025", "12/31/2025"),
            ("DD.MM.YYYY", "31.12.25", "31.12.25"),
        ] {
            let cells = cells(Some(pattern));
            assert_eq!(cells.read(cell, &Type::Date), day, "{pattern} {cell}");
        }
        let as_it_is = cells(None);
        assert_eq!(as_it_is.read("31.12.2025", &Type::Date), "31.12.2025");
    }

    #[test]
    fn a_time_is_on_the_clock_of_the_workspace() {
        let cells = cells(Some("DD.MM.YYYY"));
        for (cell, at) in [
            ("31.12.2025", "2025-12-30T22:00:00Z"),
            ("31.12.2025 14:05", "2025-12-31T12:05:00Z"),
            ("01.07.2025 14:05:30", "2025-07-01T11:05:30Z"),
            ("2025-12-31T10:00:00+01:00", "2025-12-31T10:00:00+01:00"),
        ] {
            assert_eq!(cells.read(cell, &Type::Instant), at, "{cell}");
        }
    }

    #[test]
    fn yes_and_no_are_the_words_of_the_file() {
        let cells = cells(None);
        for (cell, value) in [
            ("Yes", "true"),
            ("1", "true"),
            ("так", "true"),
            ("0", "false"),
            ("maybe", "maybe"),
        ] {
            assert_eq!(cells.read(cell, &Type::Boolean), value, "{cell}");
        }
        assert_eq!(cells.read("1", &Type::Integer), "1");
    }

    #[test]
    fn a_pattern_that_is_none_says_what_to_write() {
        for pattern in ["dd.mm.yyyy", "DD.MM", "31.12.2025", "DD.MM.YY"] {
            let ways = Ways {
                dates: Some(pattern.to_owned()),
                ..Ways::default()
            };
            let told = Cells::new(ways, Zone::UTC).unwrap_err().to_string();
            assert!(told.contains("dates: DD.MM.YYYY"), "{told}");
        }
    }
}
