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
    let help = advice(
        text,
        allowed.iter().map(String::as_str),
        "add it to the `enum` in the schema",
    );
    Some(Problem::new("unknown-value", format!("it is never `{text}`")).help(help))
}
