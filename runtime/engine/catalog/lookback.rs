//! Which past events a script asks for: `count("order.paid", days(90))`, `sum("order.paid", "total", days(365))`,
//! `last("order.paid")`; also as methods of the type, `"order.paid".count(days(90))`.

use crate::calendar::Duration;

/// The longest look-back, when a script works its window out: older events are not seen by conditions.
pub(super) const LONGEST_MILLIS: i64 = 10 * 366 * 86_400_000;

/// Past events of one type, and how far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookback {
    /// The type; none = the script works it out, so that it may be any.
    pub(super) event: Option<String>,
    /// All of the last so many milliseconds; none = the latest one.
    pub(super) millis: Option<i64>,
}

/// How far back a script looks on the events of a type, as its author wrote it: `days(365)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The type; none = the script works it out.
    pub event: Option<String>,
    /// So far.
    pub span: Duration,
    /// As it is written.
    pub written: String,
}

/// The windows of a script that are written out.
pub fn windows(source: &str) -> Vec<Window> {
    let window = |call: Call| {
        let written = call.span?;
        Some(Window {
            event: call.event,
            span: span(&written)?,
            written,
        })
    };
    called_back(source).into_iter().filter_map(window).collect()
}

/// The look-backs of a script. Read from its text, so that nothing has to be compiled to know what a store must load.
pub(super) fn lookbacks(source: &str) -> Vec<Lookback> {
    let of = |call: Call| Lookback {
        event: call.event,
        millis: call.is_window.then(|| {
            call.span
                .as_deref()
                .and_then(millis)
                .unwrap_or(LONGEST_MILLIS)
        }),
    };
    called_back(source).into_iter().map(of).collect()
}

/// A call that looks back.
struct Call {
    /// The type; none = the script works it out.
    event: Option<String>,
    /// Whether it asks for all of a window, and not for the latest.
    is_window: bool,
    /// Its window as it is written.
    span: Option<String>,
}

fn called_back(source: &str) -> Vec<Call> {
    let mut found = Vec::new();
    for (name, window) in [("count", Some(0)), ("sum", Some(1)), ("last", None)] {
        for at in words(source, name) {
            let Some(call) = called(source, at, name) else {
                continue;
            };
            let (kind, rest) = match source[..at].strip_suffix('.') {
                Some(before) => (last_literal(before), &call[..]),
                None => match call.split_first() {
                    Some((kind, rest)) => (literal(kind), rest),
                    None => continue,
                },
            };
            let span = window.and_then(|position: usize| rest.get(position));
            found.push(Call {
                event: kind.map(ToOwned::to_owned),
                is_window: window.is_some(),
                span: span.map(|span| (*span).to_owned()),
            });
        }
    }
    found
}

/// The arguments of every call of a function, the calls as a method aside.
pub(super) fn calls<'s>(source: &'s str, name: &str) -> Vec<Vec<&'s str>> {
    words(source, name)
        .into_iter()
        .filter(|at| !source[..*at].ends_with('.'))
        .filter_map(|at| called(source, at, name))
        .collect()
}

/// Where a name stands as a whole word.
fn words(source: &str, name: &str) -> Vec<usize> {
    let inside = |character: char| character.is_alphanumeric() || character == '_';
    source
        .match_indices(name)
        .map(|(at, _)| at)
        .filter(|at| !source[..*at].ends_with(inside))
        .collect()
}

/// The arguments of the call of the name that stands here; none = it isn't called.
fn called<'s>(source: &'s str, at: usize, name: &str) -> Option<Vec<&'s str>> {
    let rest = source[at + name.len()..].trim_start();
    rest.strip_prefix('(').map(arguments)
}

/// The parts between the commas of a call, up to its closing bracket.
fn arguments(inside: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_u32, false);
    for (at, character) in inside.char_indices() {
        match character {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                parts.push(inside[start..at].trim());
                return parts;
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

fn literal(argument: &str) -> Option<&str> {
    let text = argument.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('"')).then_some(text)
}

/// The literal that a text ends with.
fn last_literal(text: &str) -> Option<&str> {
    let inside = text.trim_end().strip_suffix('"')?;
    inside.rfind('"').map(|at| &inside[at + 1..])
}

/// The most milliseconds that a span like `days(90)` can be.
fn millis(span: &str) -> Option<i64> {
    let (unit, count) = counted(span)?;
    let unit = match unit {
        "minutes" => 60_000,
        "hours" => 3_600_000,
        // A day on the wall clock may have 25 hours.
        "days" => 90_000_000,
        "months" => 32 * 86_400_000,
        _ => return None,
    };
    i64::from(count).checked_mul(unit)
}

/// A span like `days(90)`.
fn span(written: &str) -> Option<Duration> {
    let (unit, count) = counted(written)?;
    match unit {
        "minutes" => Some(Duration::from_millis(i64::from(count) * 60_000)),
        "hours" => Some(Duration::from_millis(i64::from(count) * 3_600_000)),
        "days" => Some(Duration::from_days(count)),
        "months" => Some(Duration::from_months(count)),
        _ => None,
    }
}

fn counted(span: &str) -> Option<(&str, u32)> {
    let (unit, rest) = span.split_once('(')?;
    let count = rest.strip_suffix(')')?.trim().parse().ok()?;
    Some((unit.trim(), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(Option<String>, Option<i64>)> {
        let found = lookbacks(source).into_iter();
        found.map(|own| (own.event, own.millis)).collect()
    }

    fn named(event: &str, millis: Option<i64>) -> (Option<String>, Option<i64>) {
        (Some(event.to_owned()), millis)
    }

    #[test]
    fn finds_every_window() {
        assert_eq!(
            found(
                r#"count("order.paid", days(2)) > 1 && is_set(last("lead.created")) && sum("o", "total", x) > 0"#
            ),
            [
                named("order.paid", Some(180_000_000)),
                named("o", Some(LONGEST_MILLIS)),
                named("lead.created", None),
            ]
        );
    }

    #[test]
    fn windows_are_told_as_they_are_written() {
        let source =
            r#"count("a", days(365)) > 0 && sum("b", "total", months(x)) > 0 && is_set(last("c"))"#;
        let windows = windows(source);
        let told: Vec<_> = windows
            .iter()
            .map(|own| (own.event.as_deref(), &*own.written))
            .collect();
        assert_eq!(told, [(Some("a"), "days(365)")]);
        assert_eq!(windows[0].span, Duration::from_days(365));
    }

    #[test]
    fn a_call_as_a_method_is_one() {
        assert_eq!(
            found(r#""order.paid".count(days(2)) + "o".sum("total", hours(1)) + kind.last()"#),
            [
                named("order.paid", Some(180_000_000)),
                named("o", Some(3_600_000)),
                (None, None),
            ]
        );
    }

    #[test]
    fn a_type_that_is_worked_out_may_be_any() {
        assert_eq!(
            found(r#"count(kind, days(2)) > 0 && last("a" + "b") != ()"#),
            [(None, Some(180_000_000)), (None, None)]
        );
    }

    #[test]
    fn a_name_that_only_looks_alike_is_no_call() {
        assert_eq!(found(r#"discount("a", days(1)) == count_all("b")"#), []);
    }
}
