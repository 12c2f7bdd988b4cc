//! Which past events a script asks for: `count("order.paid", days(90))`, `sum("order.paid", "total", days(365))`,
//! `last("order.paid")`.

/// The longest look-back, when a script works its window out: older events are not seen by conditions.
const LONGEST_MILLIS: i64 = 10 * 366 * 86_400_000;

/// Past events of one type, and how far back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookback {
    /// The type.
    pub(super) event: String,
    /// All of the last so many milliseconds; none = the latest one.
    pub(super) millis: Option<i64>,
}

/// The look-backs of a script. Read from its text, so that nothing has to be compiled to know what a store must load.
pub(super) fn lookbacks(source: &str) -> Vec<Lookback> {
    let mut found = Vec::new();
    for (name, window) in [("count", Some(1)), ("sum", Some(2)), ("last", None)] {
        for arguments in calls(source, name) {
            let Some(event) = arguments.first().and_then(|argument| literal(argument)) else {
                continue;
            };
            let millis = window.map(|position| {
                arguments
                    .get(position)
                    .and_then(|span| millis(span))
                    .unwrap_or(LONGEST_MILLIS)
            });
            found.push(Lookback { event, millis });
        }
    }
    found
}

/// The arguments of every call of a function.
pub(super) fn calls<'s>(source: &'s str, name: &str) -> Vec<Vec<&'s str>> {
    let mut calls = Vec::new();
    let mut from = 0;
    while let Some(at) = source[from..].find(name).map(|at| from + at) {
        from = at + name.len();
        let whole_word = !source[..at]
            .ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '.');
        let rest = source[from..].trim_start();
        if whole_word && let Some(inside) = rest.strip_prefix('(') {
            calls.push(arguments(inside));
        }
    }
    calls
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

fn literal(argument: &str) -> Option<String> {
    Some(argument.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// The most milliseconds that a span like `days(90)` can be.
fn millis(span: &str) -> Option<i64> {
    let (unit, rest) = span.split_once('(')?;
    let count: i64 = rest.strip_suffix(')')?.trim().parse().ok()?;
    let unit = match unit.trim() {
        "minutes" => 60_000,
        "hours" => 3_600_000,
        // A day on the wall clock may have 25 hours.
        "days" => 90_000_000,
        "months" => 32 * 86_400_000,
        _ => return None,
    };
    count.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_window() {
        let found = lookbacks(
            r#"count("order.paid", days(2)) > 1 && is_set(last("lead.created")) && sum("o", "total", x) > 0"#,
        );
        assert_eq!(
            found,
            [
                Lookback {
                    event: "order.paid".into(),
                    millis: Some(180_000_000)
                },
                Lookback {
                    event: "o".into(),
                    millis: Some(LONGEST_MILLIS)
                },
                Lookback {
                    event: "lead.created".into(),
                    millis: None
                },
            ]
        );
    }

    #[test]
    fn a_name_that_only_looks_alike_is_no_call() {
        assert_eq!(
            lookbacks(r#"customer.count("a") == discount("a", days(1))"#),
            []
        );
    }
}
