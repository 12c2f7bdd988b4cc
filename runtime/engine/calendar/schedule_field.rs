//! One field of a cron schedule: which values it allows.

use super::Error;

/// What a field counts, and which values it may take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    plural: &'static str,
    min: u32,
    max: u32,
    /// Names for the values from `min` on.
    names: &'static [&'static str],
}

pub(super) const MINUTE: Field = Field {
    name: "minute",
    plural: "minutes",
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const HOUR: Field = Field {
    name: "hour",
    plural: "hours",
    min: 0,
    max: 23,
    names: &[],
};
pub(super) const DAY_OF_MONTH: Field = Field {
    name: "day-of-month",
    plural: "days",
    min: 1,
    max: 31,
    names: &[],
};
pub(super) const MONTH: Field = Field {
    name: "month",
    plural: "months",
    min: 1,
    max: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// Sunday is 0 and 7.
pub(super) const DAY_OF_WEEK: Field = Field {
    name: "day-of-week",
    plural: "days of the week",
    min: 0,
    max: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/// The values that a field allows, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
    bits: u64,
    /// Whether the text begins with `*`, which decides how the two day fields go together.
    pub(super) starred: bool,
}

impl Field {
    /// Reads a list of `*`, `5`, `1-5`, `*/15` and `10-50/10`.
    pub(super) fn parse(&self, text: &str) -> Result<Values, Error> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part).map_err(|advice| Error::ScheduleField {
                field: self.name,
                text: if part.is_empty() {
                    text.to_owned()
                } else {
                    part.to_owned()
                },
                advice,
            })?;
        }
        Ok(Values {
            bits,
            starred: text.starts_with('*'),
        })
    }

    fn is_weekday(&self) -> bool {
        self.max == 7
    }

    fn part(&self, part: &str) -> Result<u64, String> {
        if part.is_empty() {
            return Err("a value is missing at a comma; write a list like `1,15`".to_owned());
        }
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*", _) => (self.min, if self.is_weekday() { 6 } else { self.max }),
            (_, Some((first, last))) => (self.value(first)?, self.value(last)?),
            (_, None) => (self.value(range)?, self.value(range)?),
        };
        let step = match step {
            None => 1,
            Some(_) if range != "*" && !range.contains('-') => {
                let advice = format!(
                    "a step needs a range; write `{range}-{}/{}`",
                    self.max,
                    step.unwrap_or_default()
                );
                return Err(advice);
            }
            Some(step) => self.step(step)?,
        };
        self.bits(first, last, step)
    }

    fn bits(&self, first: u32, last: u32, step: u32) -> Result<u64, String> {
        let every = usize::try_from(step).unwrap_or(1);
        let bits = |values: &mut dyn Iterator<Item = u32>| {
            values
                .step_by(every)
                .fold(0, |bits, value| bits | 1 << value)
        };
        if self.is_weekday() {
            // The week goes round: Friday to Monday is four days.
            let end = if first <= last { last } else { last + 7 };
            return Ok(bits(&mut (first..=end).map(|day| day % 7)));
        }
        if first > last {
            let (max, min) = (self.max, self.min);
            return Err(format!(
                "the range goes backwards; write `{first}-{max},{min}-{last}`"
            ));
        }
        Ok(bits(&mut (first..=last)))
    }

    fn step(&self, text: &str) -> Result<u32, String> {
        let widest = if self.is_weekday() {
            6
        } else {
            self.max - self.min
        };
        match text.parse::<u32>() {
            Ok(0) => Err("a step is at least 1".to_owned()),
            Ok(step) if step <= widest => Ok(step),
            Ok(step) => Err(format!(
                "a step of {step} never takes a second one, as {} go from {} to {}; write the values themselves",
                self.plural, self.min, self.max
            )),
            Err(_) => Err("write the step as a number, like `*/15`".to_owned()),
        }
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        if !lower.is_empty() && lower.bytes().all(|byte| byte.is_ascii_digit()) {
            let value = lower.parse::<u32>().unwrap_or(u32::MAX);
            if (self.min..=self.max).contains(&value) {
                return Ok(value);
            }
            let midnight = if self.name == "hour" && value == 24 {
                "; midnight is `0`"
            } else {
                ""
            };
            return Err(format!(
                "{} go from {} to {}{midnight}",
                self.plural, self.min, self.max
            ));
        }
        let index =
            |names: &[&str], same: &dyn Fn(&str) -> bool| names.iter().position(|name| same(name));
        if let Some(index) = index(self.names, &|name| name == lower) {
            return Ok(self.min + u32::try_from(index).unwrap_or_default());
        }
        Err(
            match index(self.names, &|name| {
                lower.starts_with(name) && !lower.contains('#')
            }) {
                Some(index) => format!("write `{}`", self.names[index]),
                None => self.advice_for(&lower),
            },
        )
    }

    fn advice_for(&self, lower: &str) -> String {
        match lower {
            "" => "a value is missing; write a range like `1-5`".to_owned(),
            "?" => "write `*`".to_owned(),
            "workdays" | "weekdays" => "write `mon-fri`".to_owned(),
            "weekend" => "write `sat,sun`".to_owned(),
            _ if lower.contains('#') || lower.contains('l') || lower.contains('w') => {
                "`L`, `W` and `#` are not Unix cron; write the days themselves, like `1` or `28`, or narrow it down in `audience`".to_owned()
            }
            _ if self.names.is_empty() => format!("write a number from {} to {}, or `*` for every {}", self.min, self.max, self.name),
            _ => format!("write a number from {} to {} or a name like `{}`", self.min, self.max, self.names[1]),
        }
    }
}

impl Values {
    /// The values as the `cron` crate writes them, by name where its numbers mean something else.
    pub(super) fn to_cron(self, field: &Field) -> String {
        let (lowest, highest) = (field.min, if field.is_weekday() { 6 } else { field.max });
        let all: Vec<u32> = (lowest..=highest)
            .filter(|value| self.bits & 1 << value != 0)
            .collect();
        if all.len() == (highest - lowest + 1) as usize {
            return "*".to_owned();
        }
        let written =
            all.into_iter()
                .map(|value| match field.names.get((value - lowest) as usize) {
                    Some(name) => (*name).to_owned(),
                    None => value.to_string(),
                });
        written.collect::<Vec<_>>().join(",")
    }
}
