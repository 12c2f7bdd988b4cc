//! How a file writes what it means: days as people write them, and its own words for yes and no.

use std::borrow::Cow;

use kurant_engine::calendar::{Date, Instant, Zone, first_instant_of, parse_date, resolve};
use kurant_engine::definition::Type;

use crate::error::Error;

/// What the mapping of a CSV file says of its cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ways {
    /// `DD.MM.YYYY` and its like.
    pub(super) dates: Option<String>,
    /// What stands before the decimals of a number; none = it shows where only one reading is possible.
    pub(super) decimal: Option<char>,
    /// What is written for `true`.
    pub(super) yes: Vec<String>,
    /// What is written for `false`.
    pub(super) no: Vec<String>,
}

/// Reads cells.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
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
    pub(crate) fn read<'c>(&self, cell: &'c str, wanted: &Type) -> Cow<'c, str> {
        let is_one_of = |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(cell));
        let read = match wanted {
            Type::Boolean if is_one_of(&self.ways.yes) => Some("true".to_owned()),
            Type::Boolean if is_one_of(&self.ways.no) => Some("false".to_owned()),
            Type::Number => self.number(cell),
            Type::Date => self.day(cell).map(|day| day.to_string()),
            Type::Instant => self.moment(cell).map(|at| at.to_string()),
            _ => None,
        };
        read.map_or(Cow::Borrowed(cell), Cow::Owned)
    }

    /// A number with a decimal comma, or with signs between its thousands; none for one that is as it should be, or that could
    /// be read in two ways.
    fn number(&self, text: &str) -> Option<String> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let digits: String = digits
            .chars()
            .filter(|sign| !BLANKS.contains(sign))
            .collect();
        let plain = digits
            .chars()
            .all(|sign| sign.is_ascii_digit() || matches!(sign, '.' | ','));
        let decimal = self
            .ways
            .decimal
            .or_else(|| decimal(&digits))
            .filter(|_| plain)?;
        let other = if decimal == ',' { '.' } else { ',' };
        let (whole, rest) = match digits.rsplit_once(decimal) {
            Some((whole, rest)) => (whole, Some(rest)),
            None => (&*digits, None),
        };
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = whole.split(other);
        let first = groups.next().filter(|first| is_digits(first))?;
        let groups: Vec<&str> = groups.collect();
        let are_thousands = groups
            .iter()
            .all(|group| group.len() == 3 && is_digits(group));
        if !are_thousands || (!groups.is_empty() && first.len() > 3) || !rest.is_none_or(is_digits)
        {
            return None;
        }
        let rest = rest.map(|rest| format!(".{rest}")).unwrap_or_default();
        Some(format!("{sign}{first}{}{rest}", groups.concat()))
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

/// What may stand between thousands besides a dot or a comma: blanks, also those that don't break a line.
const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// The sign before the decimals, where the number can't be read otherwise: the latter of two different signs, or one comma that
/// no three digits stand behind. `1,234` could be either.
fn decimal(digits: &str) -> Option<char> {
    match (digits.rfind(','), digits.rfind('.')) {
        (None, _) => Some('.'),
        (Some(comma), Some(dot)) => Some(if comma > dot { ',' } else { '.' }),
        (Some(comma), None) => {
            let is_alone = digits.matches(',').count() == 1;
            let behind = digits.len() - comma - 1;
            let begins = digits.starts_with("0,");
            (is_alone && (behind != 3 || begins)).then_some(',')
        }
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
            decimal: None,
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
    fn a_decimal_comma_is_read_where_it_can_be_nothing_else() {
        for (cell, number) in [
            ("12.50", "12.50"),
            ("12,50", "12.50"),
            ("-12,5", "-12.5"),
            ("0,125", "0.125"),
            ("1 234,50", "1234.50"),
            ("1\u{a0}234", "1234"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            // Twelve hundred, or one and a bit: nobody knows.
            ("1,234", "1,234"),
            ("1,234,567", "1,234,567"),
            ("12,5,0", "12,5,0"),
            ("12.3,456.7", "12.3,456.7"),
            ("twelve", "twelve"),
            ("12,50 UAH", "12,50 UAH"),
            ("", ""),
        ] {
            assert_eq!(cells(None).read(cell, &Type::Number), number, "{cell}");
        }
        let told = |decimal, cell: &str| {
            let ways = Ways {
                decimal: Some(decimal),
                ..Ways::default()
            };
            let cells = Cells::new(ways, Zone::UTC).unwrap();
            cells.read(cell, &Type::Number).into_owned()
        };
        assert_eq!(told(',', "1,234"), "1.234");
        assert_eq!(told('.', "1,234"), "1234");
        assert_eq!(told(',', "1.234.567,8"), "1234567.8");
        assert_eq!(cells(None).read("12,50", &Type::Integer), "12,50");
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
