//! # `not-a-condition`
//!
//! **What it does.** Reports a condition, or one side of `&&`, `||` or `!`, that cannot be `true` or `false`.
//!
//! **Why it matters.** Nothing counts as true but `true` itself: the condition would fail for every customer.
//!
//! **Example.** `when: customer.email`
//!
//! **Write instead.** `when: is_set(customer.email)`

use super::shape::Shape;
use crate::diagnostic::Problem;

/// What is wrong with a value where a condition is wanted, if anything.
pub(super) fn problem(shape: &Shape) -> Option<Problem> {
    if matches!(shape, Shape::Bool | Shape::Any) {
        return None;
    }
    let problem = Problem::new(
        "not-a-condition",
        format!(
            "a condition is `true` or `false`, and this is {}",
            shape.words()
        ),
    );
    Some(match shape {
        Shape::Integer | Shape::Number => problem
            .help("compare it, like `... > 0`; to ask whether there is one, write `is_set(...)`"),
        Shape::Text(_) => problem.help(
            "compare it, like `... == \"vip\"`; to ask whether there is one, write `is_set(...)`",
        ),
        Shape::List(_) => {
            problem.help("ask what it holds, like `.contains(\"vip\")`, or `.len() > 0`")
        }
        Shape::Date | Shape::Instant => {
            problem.help("compare it, like `... < now`, or `days_since(...) > 30`")
        }
        _ => problem.help("write a comparison, like `customer.orders_count > 3`"),
    })
}
