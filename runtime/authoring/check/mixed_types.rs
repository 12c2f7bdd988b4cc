//! # `mixed-types`
//!
//! **What it does.** Reports comparing or reckoning with values that never go together: text with a number, text with a date, a moment
//! with a number.
//!
//! **Why it matters.** Such a comparison is always false, silently: `customer.age > "18"` lets nobody in.
//!
//! **Example.** `audience: customer.orders_count > "3"`
//!
//! **Write instead.** `audience: customer.orders_count > 3`

use super::shape::Shape;
use crate::diagnostic::Problem;

fn mixed(message: String) -> Problem {
    Problem::new("mixed-types", message)
}

/// One side is written out; `other` is what it is compared with.
pub(super) fn with_literal(left: &Shape, right: &Shape, other: &Shape, text: &str) -> Problem {
    let problem = mixed(format!(
        "{} is compared with {}",
        left.words(),
        right.words()
    ));
    let is_text = matches!((left, right), (Shape::Text(_), _) | (_, Shape::Text(_)))
        && !matches!(other, Shape::Text(_));
    match other {
        Shape::Integer | Shape::Number if is_text && text.parse::<f64>().is_ok() => {
            problem.help(format!("write `{text}` without quotes"))
        }
        Shape::Integer | Shape::Number => problem.help("write a number"),
        Shape::Bool if is_text && matches!(text, "true" | "false") => {
            problem.help(format!("write `{text}` without quotes"))
        }
        Shape::Bool => problem.help("write `true` or `false`, or the condition by itself"),
        Shape::Date | Shape::Instant if is_text && text.len() == 10 => {
            problem.help(format!("write `date(\"{text}\")`"))
        }
        Shape::Date | Shape::Instant if is_text => {
            problem.help("write `date(\"2026-11-22\")` or `instant(\"2026-11-22T00:00:00Z\")`")
        }
        Shape::Date | Shape::Instant => problem.help(
            "to compare its age, write `days_since(...)`; its parts are `year(...)`, `month(...)`",
        ),
        Shape::Span => problem.help("write a length of time, like `days(7)`"),
        Shape::Text(allowed) => problem.help(match allowed.first() {
            Some(first) => format!("write one of its texts in double quotes, like `\"{first}\"`"),
            None => format!("write `\"{text}\"`; if the field is a number, say so in its schema"),
        }),
        Shape::List(_) => problem.help(format!(
            "ask what it holds: `.contains(\"{text}\")`; for tags, `has_tag(\"{text}\")`"
        )),
        _ => problem.help("compare values of one kind"),
    }
}

/// Neither side is written out.
pub(super) fn comparison(left: &Shape, right: &Shape) -> Problem {
    mixed(format!(
        "{} is compared with {}",
        left.words(),
        right.words()
    ))
    .help("compare values of one kind; if a field is of another kind, say so in its schema")
}

/// `1 < x < 5`.
pub(super) fn two_in_one() -> Problem {
    mixed("two comparisons in a row compare `true` or `false` with a value".to_owned())
        .help("write two conditions: `1 < x && x < 5`")
}

/// `()` has no order.
pub(super) fn order_of_nothing() -> Problem {
    mixed("nothing is greater or less than `()`: this is always false".to_owned())
        .help("write `is_set(...)`, or compare by `==` or `!=`")
}

/// Values that cannot be reckoned with each other.
pub(super) fn reckoning(operator: &str, left: &Shape, right: &Shape) -> Problem {
    let problem = mixed(format!(
        "`{operator}` does not work between {} and {}",
        left.words(),
        right.words()
    ));
    let with_number =
        (left.is_moment() && right.is_number()) || (left.is_number() && right.is_moment());
    if with_number {
        return problem.help("say which unit of time: `days(7)`, `hours(2)`, `months(1)`");
    }
    problem.help("reckon with values of one kind")
}
