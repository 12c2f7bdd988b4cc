//! # `unknown-value`
//!
//! **What it does.** Reports a text that a field is compared with, or set to, though its schema's `enum` does not hold it.
//!
//! **Why it matters.** The comparison would never hold.
//!
//! **Example.** `when: customer.lifecycle == "churnd"`
//!
//! **Write instead.** `when: customer.lifecycle == "churned"`, or add the value to the `enum` in the schema.

use super::world::advice;
use crate::diagnostic::Problem;

/// What is wrong with a text where one of these is allowed, if anything; none allowed = any text.
pub(super) fn problem(text: &str, allowed: &[String]) -> Option<Problem> {
    if allowed.is_empty() || allowed.iter().any(|one| one == text) {
        return None;
    }
    if let Some(day) = weekday(text, allowed) {
        let problem = Problem::new("unknown-value", format!("it is never `{text}`"));
        return Some(problem.help(format!("write `\"{day}\"`")));
    }
    let help = advice(
        text,
        allowed.iter().map(String::as_str),
        "add it to the `enum` in the schema",
    );
    Some(Problem::new("unknown-value", format!("it is never `{text}`")).help(help))
}

/// The day that a longer name means, where the names of days are allowed.
fn weekday<'d>(text: &str, allowed: &'d [String]) -> Option<&'d str> {
    let lower = text.to_lowercase();
    let is_week = allowed.len() == 7 && allowed.iter().any(|day| day == "mon");
    let mut days = allowed.iter().filter(|_| is_week);
    days.find(|day| lower.starts_with(day.as_str()))
        .map(String::as_str)
}
