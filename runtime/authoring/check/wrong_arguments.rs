//! # `wrong-arguments`
//!
//! **What it does.** Reports a built-in function that is given too many or too few values, or a value of a kind that it does not take;
//! an address where the name of a channel belongs, as in `consented(customer.email)`; also a `date("...")` or `instant("...")` whose text is none.
//!
//! **Why it matters.** The condition would fail for every customer.
//!
//! **Example.** `days_since(customer.city) > 30`, `count("order.paid", 90) > 2`
//!
//! **Write instead.** `days_since(customer.last_purchase_at) > 30`, `count("order.paid", days(90)) > 2`

use kurant_engine::calendar::parse_date;
use kurant_engine::script::{Kind, Signature};

use super::shape::Shape;
use crate::diagnostic::Problem;
use crate::suggest::either;

fn wrong(message: String) -> Problem {
    Problem::new("wrong-arguments", message)
}

/// Another number of values than the function takes.
pub(super) fn number(own: &Signature, found: usize) -> Problem {
    let wanted = match own.parameters.len() {
        0 => "nothing".to_owned(),
        1 => "one value".to_owned(),
        n => format!("{n} values"),
    };
    wrong(format!(
        "`{}` takes {wanted}, and here stand {found}",
        own.name
    ))
    .help(format!("write it like `{}`", own.example))
}

/// A value of another kind than the function takes.
pub(super) fn kind(own: &Signature, wanted: Kind, found: &Shape) -> Problem {
    let problem = wrong(format!(
        "`{}` takes {}, not {}",
        own.name,
        wanted.words(),
        found.words()
    ));
    match (wanted, found) {
        (Kind::Span, Shape::Integer) => problem.help("write the length of time: `days(90)`"),
        (Kind::Moment, Shape::Text(_)) => problem.help(
            "give the field `\"format\": \"date-time\"` or `\"date\"` in its schema, or read the text with `instant(...)` or `date(...)`",
        ),
        (Kind::Text, _) => problem.help(format!("text stands in double quotes, as in `{}`", own.example)),
        _ => problem.help(format!("write it like `{}`", own.example)),
    }
}

/// An address where the name of a channel belongs.
pub(super) fn address(function: &str, attribute: &str, channels: &[&str]) -> Problem {
    let quoted: Vec<String> = channels.iter().map(|name| format!("\"{name}\"")).collect();
    wrong(format!(
        "`{function}` takes the name of a channel, and `customer.{attribute}` is an address"
    ))
    .help(format!(
        "write {}",
        either(quoted.iter().map(String::as_str))
    ))
}

/// A text that is no date.
pub(super) fn not_a_date(text: &str) -> Problem {
    if let Some((month, last)) = month_of(text) {
        return wrong(format!("`{text}` is a day that no calendar has")).help(format!(
            "{month} ends on the {last}: write `date(\"{month}-{last}\")`, or the day that is meant"
        ));
    }
    wrong(format!("`{text}` is not a date"))
        .help("write year, month and day: `date(\"2026-11-22\")`")
}

/// The month of a day that is written as it should be, `2026-02` of `2026-02-31`, and its last day; none for another text.
fn month_of(text: &str) -> Option<(&str, u32)> {
    let (month, day) = text.rsplit_once('-')?;
    let is_day = day.len() == 2 && day.bytes().all(|byte| byte.is_ascii_digit());
    let has = |day: &u32| parse_date(&format!("{month}-{day}")).is_ok();
    let last = (28..=31).rev().find(has)?;
    (is_day && month.len() == 7).then_some((month, last))
}

/// A text that is no instant.
pub(super) fn not_an_instant(text: &str) -> Problem {
    wrong(format!("`{text}` is not an instant"))
        .help("write it in RFC 3339: `instant(\"2026-11-22T00:00:00Z\")`")
}

/// A field that cannot be summed.
pub(super) fn not_summable(name: &str, shape: &Shape) -> Problem {
    wrong(format!(
        "`{name}` is {}, and only numbers have a sum",
        shape.words()
    ))
    .help("name a field that is a number")
}
