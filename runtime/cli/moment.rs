//! A moment as people name it on the command line.

use chrono::DateTime;
use kurant_engine::calendar::{Instant, Zone, first_instant_of, parse_date};

use crate::error::Error;

/// An instant as people read it: on a clock, with its offset.
pub(crate) fn on_clock(at: Instant, zone: Zone) -> String {
    DateTime::from_timestamp_millis(at.millis()).map_or_else(
        || at.to_string(),
        |utc| utc.with_timezone(&zone).to_rfc3339(),
    )
}

/// The instant that an option names; a day is its first instant on the workspace's clock.
pub(crate) fn moment(option: &str, text: &str, zone: Zone) -> Result<Instant, Error> {
    if let Ok(date) = parse_date(text) {
        return Ok(first_instant_of(date, zone));
    }
    Instant::parse(text).map_err(|error| {
        Error::usage(format!("{option}: {error}"))
            .hint("write an instant, like 2026-03-05T10:00:00+02:00, or a day, like 2026-03-05")
    })
}
