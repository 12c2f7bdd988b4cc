//! Times as authors write them: durations, times of day, weekdays, zones, schedules, windows, each with the calendar's advice.

use kurant_engine::calendar::{
    self, DayWindow, Duration, Error, Instant, Offset, Schedule, SendWindow, Time, Weekdays,
    WorkHours, Zone,
};

use super::Context;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// What the calendar found wrong, as what is wrong and what to write.
fn problem(error: Error) -> Problem {
    let message = error.to_string();
    match message
        .split_once("; write ")
        .map(|(what, advice)| (what, format!("write {advice}")))
    {
        Some((what, advice)) => Problem::bad_value(what).help(advice),
        None => match message.split_once(": ") {
            Some((what, advice)) => Problem::bad_value(what).help(advice),
            None => Problem::bad_value(message),
        },
    }
}

/// What is wrong with a value as it is written: quotes that no keyboard has come first.
fn told(written: &str, error: Error) -> Problem {
    let inside = written
        .strip_prefix(['“', '”', '„', '«', '‘', '’'])
        .and_then(|rest| rest.strip_suffix(['“', '”', '»', '‘', '’']));
    match inside {
        Some(inside) => Problem::bad_value(format!("`{written}` stands in curly quotes"))
            .help(format!("write it in straight ones: `\"{inside}\"`")),
        None => problem(error),
    }
}

/// `3d`, `9 months`, `1d 12h`, `P9M`.
pub(crate) fn duration(node: &Node) -> Result<Duration, Problem> {
    let written = text(node)?;
    let is_unit = written.chars().all(char::is_alphabetic);
    if is_unit && Duration::parse(&format!("1 {written}")).is_ok() {
        let message = format!("`{written}` says no number");
        let help = format!("write how many: `1 {written}`, or `7d`");
        return Err(Problem::bad_value(message).help(help));
    }
    Duration::parse(&written).map_err(|error| told(&written, error))
}

/// A duration that is longer than nothing.
pub(super) fn some_duration(node: &Node) -> Result<Duration, Problem> {
    let duration = duration(node)?;
    if duration.is_zero() {
        return Err(
            Problem::bad_value("it must be longer than nothing").help("write a duration like `3d`")
        );
    }
    Ok(duration)
}

/// `-7d`, `2h`.
pub(super) fn offset(node: &Node) -> Result<Offset, Problem> {
    let written = text(node)?;
    for (word, sign) in [(" before", "-"), (" after", "")] {
        if let Some(span) = written.strip_suffix(word)
            && Offset::parse(&format!("{sign}{span}")).is_ok()
        {
            let message = format!("`{written}` is not an offset");
            return Err(Problem::bad_value(message).help(format!("write `{sign}{span}`")));
        }
    }
    Offset::parse(&written).map_err(|error| told(&written, error))
}

/// `"10:00"`.
pub(super) fn time(node: &Node) -> Result<Time, Problem> {
    let written = text(node)?;
    calendar::parse_time(&written).map_err(|error| told(&written, error))
}

/// RFC 3339.
pub(crate) fn instant(node: &Node) -> Result<Instant, Problem> {
    let written = text(node)?;
    Instant::parse(&written).map_err(|error| told(&written, error))
}

/// An IANA name.
pub(super) fn zone(node: &Node) -> Result<Zone, Problem> {
    zone_named(&text(node)?)
}

/// The zone of an IANA name.
pub(crate) fn zone_named(written: &str) -> Result<Zone, Problem> {
    calendar::parse_zone(written).map_err(|error| {
        let problem = told(written, error);
        match super::zone::meant(written) {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem,
        }
    })
}

/// Cron of five fields, or `@daily` and its like.
pub(super) fn schedule(node: &Node) -> Result<Schedule, Problem> {
    let written = text(node)?;
    Schedule::parse(&written).map_err(|error| told(&written, error))
}

/// `workdays`, or a list of days.
pub(super) fn weekdays(node: &Node) -> Result<Weekdays, Problem> {
    let mut names = Vec::new();
    for item in node.one_or_many() {
        names.push(text(item)?);
    }
    Weekdays::parse(&names).map_err(problem)
}

/// `{ from, to }`; both are needed.
pub(super) fn day_window(
    context: &Context<'_>,
    node: &Node,
    what: &'static str,
) -> Option<DayWindow> {
    let mut map = context.open(node, what)?;
    let (from, to) = (map.need("from", time), map.need("to", time));
    map.misplaced(&[(
        "weekdays",
        "quiet hours are the same on every day; `weekdays` belongs to the `window` of a send",
    )]);
    map.finish();
    let (from, to) = (from?, to?);
    if from == to {
        let from = calendar::format_time(from);
        let problem = Problem::bad_value(format!(
            "from {from} to {from} is the whole day: nothing would ever be sent"
        ))
        .help("write two different times, or leave it out");
        context.report(node.span, problem);
        return None;
    }
    Some(DayWindow { from, to })
}

/// `{ from, to, weekdays }`. Weekdays alone mean those days from midnight to midnight.
struct Hours {
    from: Time,
    to: Time,
    weekdays: Weekdays,
}

fn hours(context: &Context<'_>, node: &Node, what: &'static str) -> Option<Hours> {
    let mut map = context.open(node, what)?;
    map.synonyms(&[
        ("start", "from"),
        ("after", "from"),
        ("end", "to"),
        ("until", "to"),
        ("before", "to"),
        ("days", "weekdays"),
    ]);
    let days_only = map.has("weekdays") && !map.has("from") && !map.has("to");
    let (from, to) = match days_only {
        true => (Some(Time::MIN), Some(Time::MIN)),
        false => (map.need("from", time), map.need("to", time)),
    };
    let weekdays = map.read("weekdays", weekdays);
    map.finish();
    Some(Hours {
        from: from?,
        to: to?,
        weekdays: weekdays.unwrap_or(Weekdays::ALL),
    })
}

/// The `window` of a send.
pub(super) fn send_window(context: &Context<'_>, node: &Node) -> Option<SendWindow> {
    let Hours { from, to, weekdays } = hours(context, node, "a window")?;
    Some(SendWindow { from, to, weekdays })
}

/// The `hours` of a pool.
pub(super) fn work_hours(context: &Context<'_>, node: &Node) -> Option<WorkHours> {
    let Hours { from, to, weekdays } = hours(context, node, "`hours`")?;
    Some(WorkHours { from, to, weekdays })
}
