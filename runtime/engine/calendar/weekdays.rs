//! A set of days of the week.

use std::fmt;

use chrono::Weekday;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Error;

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

/// A set of days of the week, never empty: `workdays`, or a list of `mon tue wed thu fri sat sun`. Written as a list of names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day of the week.
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const WORKDAYS: Self = Self(0b001_1111);

    /// The set of these days; every day, if there are none.
    #[must_use]
    pub fn of(days: &[Weekday]) -> Self {
        let bits = days.iter().fold(0, |bits, day| bits | bit(*day));
        if bits == 0 { Self::ALL } else { Self(bits) }
    }

    /// Whether the day is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// The days of the set, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        WEEK.into_iter()
            .map(|(day, _)| day)
            .filter(move |day| self.contains(*day))
    }

    /// How many days after `day` the first day of the set comes: 0 if it is that day.
    #[must_use]
    pub fn days_until(self, day: Weekday) -> i64 {
        let start = day.num_days_from_monday();
        let turned = (u32::from(self.0) | u32::from(self.0) << 7) >> start;
        i64::from(turned.trailing_zeros())
    }

    /// Reads a list of names, or the one name `workdays`.
    ///
    /// # Errors
    /// [`Error::Weekday`], with what to write.
    pub fn parse<S: AsRef<str>>(names: &[S]) -> Result<Self, Error> {
        let mut set = 0;
        for name in names {
            set |= Self::parse_name(name.as_ref())
                .map_err(|error| all_of(names, error))?
                .0;
        }
        if set == 0 {
            let advice = "an empty list allows no day; leave it out, or write `workdays` or days like `[mon, thu]`";
            return Err(Error::Weekday {
                text: "[]".to_owned(),
                advice: advice.to_owned(),
            });
        }
        Ok(Self(set))
    }

    /// Reads one name: a day, or `workdays`.
    ///
    /// # Errors
    /// [`Error::Weekday`], with what to write.
    pub fn parse_name(name: &str) -> Result<Self, Error> {
        if name == "workdays" {
            return Ok(Self::WORKDAYS);
        }
        weekday(name).map(|day| Self(bit(day)))
    }
}

/// The advice for a list in which several days are written otherwise: the whole list.
fn all_of<S: AsRef<str>>(names: &[S], error: Error) -> Error {
    let short = |name: &S| {
        let lower = name.as_ref().trim().to_ascii_lowercase();
        let day = WEEK.iter().find(|(_, short)| lower.starts_with(short));
        day.map(|(_, short)| *short)
    };
    let right: Option<Vec<&str>> = names.iter().map(short).collect();
    match (error, right) {
        (Error::Weekday { text, .. }, Some(right)) if names.len() > 1 => Error::Weekday {
            text,
            advice: format!("write `[{}]`", right.join(", ")),
        },
        (error, _) => error,
    }
}

/// Reads `mon`, `tue`, ...
fn weekday(name: &str) -> Result<Weekday, Error> {
    if let Some((day, _)) = WEEK.iter().find(|(_, short)| *short == name) {
        return Ok(*day);
    }
    let lower = name.trim().to_ascii_lowercase();
    let meant = WEEK.iter().find(|(_, short)| lower.starts_with(short));
    let advice = match (meant, lower.as_str()) {
        (_, "weekend" | "weekends") => "write `[sat, sun]`".to_owned(),
        (_, "weekday" | "weekdays" | "workday" | "working days") => "write `workdays`".to_owned(),
        (Some((_, short)), _) => format!("write `{short}`"),
        (None, _) => {
            "write `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun` or `workdays`".to_owned()
        }
    };
    Err(Error::Weekday {
        text: name.to_owned(),
        advice,
    })
}

/// The name of a day: `mon`, `tue`, ...
#[must_use]
pub fn weekday_name(day: Weekday) -> &'static str {
    WEEK[day.num_days_from_monday() as usize].1
}

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}

impl Default for Weekdays {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::WORKDAYS {
            return f.write_str("workdays");
        }
        let names: Vec<&str> = self.iter().map(weekday_name).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Weekdays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(weekday_name))
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> de::Visitor<'de> for Names {
            type Value = Weekdays;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`workdays` or a list of days, like `[mon, thu]`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Weekdays, E> {
                Weekdays::parse_name(name).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Weekdays, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Weekdays::parse(&names).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_a_set_and_a_set_gives_its_names() {
        let some = Weekdays::parse(&["thu", "mon"]).unwrap();
        assert_eq!(serde_json::to_string(&some).unwrap(), r#"["mon","thu"]"#);
        assert_eq!(
            serde_json::from_str::<Weekdays>(r#"["mon","thu"]"#).unwrap(),
            some
        );
        assert_eq!(
            serde_json::from_str::<Weekdays>(r#""workdays""#).unwrap(),
            Weekdays::WORKDAYS
        );
        assert_eq!(Weekdays::WORKDAYS.to_string(), "workdays");
    }

    #[test]
    fn a_wrong_name_says_what_to_write() {
        for (name, advice) in [
            ("Monday", "`mon`"),
            ("Sat", "`sat`"),
            ("weekend", "`[sat, sun]`"),
            ("weekdays", "`workdays`"),
            ("mo", "`mon`, `tue`"),
        ] {
            let error = Weekdays::parse(&[name]).unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
        let several = Weekdays::parse(&["monday", "tue", "Friday"])
            .unwrap_err()
            .to_string();
        assert!(several.contains("`[mon, tue, fri]`"), "{several}");
        assert!(Weekdays::parse::<&str>(&[]).is_err());
    }

    #[test]
    fn the_next_day_of_the_set_is_counted_over_the_week_end() {
        assert_eq!(Weekdays::WORKDAYS.days_until(Weekday::Fri), 0);
        assert_eq!(Weekdays::WORKDAYS.days_until(Weekday::Sat), 2);
        assert_eq!(Weekdays::of(&[Weekday::Wed]).days_until(Weekday::Thu), 6);
        for (day, _) in WEEK {
            assert_eq!(Weekdays::ALL.days_until(day), 0);
        }
    }
}
