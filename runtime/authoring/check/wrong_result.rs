//! # `wrong-result`
//!
//! **What it does.** Reports an expression that gives another kind of value than its place takes: an `until` or `since` that is no
//! moment, a `goal.value` that is no number, a `run` that gives no map; and a script that tries to change the customer itself.
//!
//! **Why it matters.** The step would fail for everybody who reaches it.
//!
//! **Example.** `wait: { until: customer.city }`
//!
//! **Write instead.** `wait: { until: trigger.time + days(3) }`

use super::shape::Shape;
use crate::diagnostic::Problem;

fn wrong(message: String) -> Problem {
    Problem::new("wrong-result", message)
}

/// Where an instant or a date is wanted.
pub(super) fn moment(shape: &Shape) -> Option<Problem> {
    if shape.may_be_moment() {
        return None;
    }
    let problem = wrong(format!(
        "an instant or a date is wanted here, and this is {}",
        shape.words()
    ));
    Some(match shape {
        Shape::Span => problem.help("add it to a moment: `now + ...`; or write the duration as `for: 3d`"),
        Shape::Text(_) => {
            problem.help("give the field `\"format\": \"date-time\"` or `\"date\"` in its schema, or write `date(\"2026-11-22\")`")
        }
        _ => problem.help("write a moment, like `trigger.time + days(3)`"),
    })
}

/// Where a number is wanted.
pub(super) fn number(shape: &Shape) -> Option<Problem> {
    let problem = || {
        wrong(format!(
            "a number is wanted here, and this is {}",
            shape.words()
        ))
    };
    (!shape.may_be_number())
        .then(|| problem().help("name a field that is a number, like `event.total`"))
}

/// Where a map is wanted.
pub(super) fn map(shape: &Shape) -> Option<Problem> {
    let problem = || {
        wrong(format!(
            "`run` gives a map of variables, and this is {}",
            shape.words()
        ))
    };
    (!matches!(shape, Shape::Any | Shape::Record(_)))
        .then(|| problem().help("end with `#{ name: value }`; then `vars.name` holds it"))
}

/// A script tries to change what is only looked at.
pub(super) fn cannot_change(name: &str) -> Problem {
    let help = match name {
        "vars" => "end the script with a map: `#{ name: value }`",
        _ => "an attribute is changed by a step: `set: { NAME: VALUE }`; to compare, write `==`",
    };
    wrong(format!("a script cannot change `{name}`")).help(help)
}
