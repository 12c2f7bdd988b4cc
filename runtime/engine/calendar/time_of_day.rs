//! The texts of a time of day and of a date.

use chrono::Timelike;

use super::{Date, Error, Time};

/// Reads a time of day: `10:00`, `9:30`, `23:59:30`.
///
/// # Errors
/// [`Error::Time`], with what to write.
pub fn parse_time(text: &str) -> Result<Time, Error> {
    let wrong = |advice: &str| Error::Time {
        text: text.to_owned(),
        advice: advice.to_owned(),
    };
    let lower = text.trim().to_ascii_lowercase();
    if lower.ends_with("am") || lower.ends_with("pm") {
        let advice = on_24_hours(&lower).unwrap_or_else(|| "22:00".to_owned());
        return Err(wrong(&format!(
            "write it on the 24-hour clock: `\"{advice}\"`"
        )));
    }
    let mut numbers = [0_u32; 3];
    let parts: Vec<&str> = lower.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return Err(wrong("write hours and minutes in quotes, like `\"10:00\"`"));
    }
    for (number, part) in numbers.iter_mut().zip(&parts) {
        let digits =
            !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = digits
            .then(|| part.parse().ok())
            .flatten()
            .ok_or_else(|| wrong("write hours and minutes in quotes, like `\"10:00\"`"))?;
    }
    if numbers[0] == 24 && numbers[1] == 0 && numbers[2] == 0 {
        return Err(wrong("midnight is written `\"00:00\"`"));
    }
    Time::from_hms_opt(numbers[0], numbers[1], numbers[2])
        .ok_or_else(|| wrong("hours go from 00 to 23, minutes from 00 to 59"))
}

/// `10am`, `9:30 pm` on the clock of 24 hours.
fn on_24_hours(text: &str) -> Option<String> {
    let (number, half) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let number = number.trim();
    let (hour, minute) = number.split_once([':', '.']).unwrap_or((number, "0"));
    let hour: u32 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let minute = minute.parse().ok()?;
    let hour = hour % 12 + if half == "pm" { 12 } else { 0 };
    Time::from_hms_opt(hour, minute, 0).map(format_time)
}

/// Writes a time of day as [`parse_time`] reads it: `10:00`, with seconds only where there are any.
#[must_use]
pub fn format_time(time: Time) -> String {
    if time.second() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!(
            "{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

/// Reads a date: `2026-11-22`.
///
/// # Errors
/// [`Error::Date`], if it is not written so or there is no such day in the years 1 to 9999.
pub fn parse_date(text: &str) -> Result<Date, Error> {
    let read = || {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| {
                if matches!(at, 4 | 7) {
                    *byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            });
        if !shape {
            return None;
        }
        let year = text[..4].parse().ok().filter(|year| *year >= 1)?;
        Date::from_ymd_opt(year, text[5..7].parse().ok()?, text[8..].parse().ok()?)
    };
    read().ok_or_else(|| Error::Date {
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_and_written() {
        for (text, written) in [
            ("10:00", "10:00"),
            ("9:05", "09:05"),
            ("00:00", "00:00"),
            ("23:59:30", "23:59:30"),
        ] {
            assert_eq!(format_time(parse_time(text).unwrap()), written);
        }
    }

    #[test]
    fn a_wrong_time_of_day_says_what_to_write() {
        for (text, advice) in [
            ("10", "like `\"10:00\"`"),
            ("10.00", "like `\"10:00\"`"),
            ("600", "like `\"10:00\"`"),
            ("24:00", "`\"00:00\"`"),
            ("25:00", "00 to 23"),
            ("10:60", "00 to 59"),
            ("10:00pm", "`\"22:00\"`"),
            ("10am", "`\"10:00\"`"),
            ("12 am", "`\"00:00\"`"),
            ("9:30PM", "`\"21:30\"`"),
            ("13pm", "24-hour"),
            ("+1:00", "like"),
            ("", "like"),
        ] {
            let error = parse_time(text).unwrap_err().to_string();
            assert!(error.contains(advice), "{text}: {error}");
        }
    }

    #[test]
    fn dates_are_written_one_way_only() {
        assert!(parse_date("2024-02-29").is_ok());
        for text in [
            "2026-02-29",
            "22.11.2026",
            "2026-1-2",
            "2026-11-22T00:00:00Z",
            "0000-01-01",
            "+026-01-01",
            "ї26-01-01",
        ] {
            assert!(
                parse_date(text)
                    .unwrap_err()
                    .to_string()
                    .contains("2026-11-22"),
                "{text}"
            );
        }
    }
}
