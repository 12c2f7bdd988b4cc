//! # `unknown-variable`
//!
//! **What it does.** Reports `vars.NAME` when nothing in the journey sets it: neither `vars:`, nor a `run`, `coupon` or `webhook` step,
//! nor another journey's `start`.
//!
//! **Why it matters.** It would be `()` for everybody: an empty place in a message, a condition that never holds.
//!
//! **Example.** `coupon: { codes: BDAY, valid: 14d, as: code }`, then `data: { code: =vars.cod }`
//!
//! **Write instead.** `data: { code: =vars.code }`

use super::world::advice;
use crate::diagnostic::Problem;

/// Nothing sets the variable.
pub(super) fn problem<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    let help = advice(
        name,
        known,
        "set it under `vars:`, or by a `run`, `coupon` or `webhook` step",
    );
    Problem::new("unknown-variable", format!("nothing sets `vars.{name}`")).help(help)
}
