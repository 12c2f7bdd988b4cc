//! # `no-round`
//!
//! **What it does.** Reports `round` outside of a `repeat`.
//!
//! **Why it matters.** Only inside of a `repeat` is there a round to count.
//!
//! **Example.** `- send: email` with `data: { attempt: =round }` beside no `repeat`
//!
//! **Write instead.** Put the step into `repeat: { times: 3, steps: [...] }`, or leave the value out.

use crate::diagnostic::Problem;

/// No round is going on.
pub(super) fn problem() -> Problem {
    Problem::new("no-round", "`round` is known only inside a `repeat`")
        .help("put the step into a `repeat`, or take `round` away")
}
