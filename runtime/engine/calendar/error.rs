//! What the calendar can find wrong with a text, in words that say what to write.

/// Why a text is not the value that it should be. Every message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not an RFC 3339 instant.
    #[error(
        "`{text}` is not an instant: {reason}; write it like `2026-11-22T10:00:00+02:00` or `2026-11-22T08:00:00Z`"
    )]
    Instant {
        /// As written.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a date.
    #[error("`{text}` is not a date: write year, month and day, like `2026-11-22`")]
    Date {
        /// As written.
        text: String,
    },
    /// Not a time of day.
    #[error("`{text}` is not a time of day: {advice}")]
    Time {
        /// As written.
        text: String,
        /// What to write.
        advice: String,
    },
    /// Not a duration.
    #[error("`{text}` is not a duration: {advice}")]
    Duration {
        /// As written.
        text: String,
        /// What to write.
        advice: String,
    },
    /// Not the name of a time zone.
    #[error(
        "`{text}` is not a time zone: write an IANA name, like `Europe/Kyiv`, `America/New_York` or `UTC`"
    )]
    Zone {
        /// As written.
        text: String,
    },
    /// Not a day of the week.
    #[error("`{text}` is not a day of the week: {advice}")]
    Weekday {
        /// As written.
        text: String,
        /// What to write.
        advice: String,
    },
    /// A schedule as a whole is not right.
    #[error("`{text}` is not a schedule: {advice}")]
    Schedule {
        /// As written.
        text: String,
        /// What to write.
        advice: String,
    },
    /// One field of a schedule is not right.
    #[error("`{text}` in the {field} field of the schedule: {advice}")]
    ScheduleField {
        /// The field: `minute`, `hour`, `day-of-month`, `month` or `day-of-week`.
        field: &'static str,
        /// The part of the field, as written.
        text: String,
        /// What to write.
        advice: String,
    },
}
