//! # `unknown-name`
//!
//! **What it does.** Reports a name in a condition that stands for nothing: everything begins with `customer`, `event`, `trigger`,
//! `vars`, `now` or `round`.
//!
//! **Why it matters.** The condition would fail for every customer. Mostly an attribute lacks its `customer.`, or a text its quotes.
//!
//! **Example.** `audience: orders_count > 3 && customer.city == Kyiv`
//!
//! **Write instead.** `audience: customer.orders_count > 3 && customer.city == "Kyiv"`

use super::scope::{NAMES, Scope};
use super::shape::Shape;
use crate::diagnostic::Problem;
use crate::suggest::nearest;

/// Nothing is called so.
pub(super) fn problem(name: &str, scope: &Scope) -> Problem {
    let problem = Problem::new("unknown-name", format!("nothing is called `{name}`"));
    match name {
        "True" | "TRUE" | "yes" => return problem.help("write `true`"),
        "False" | "FALSE" | "no" => return problem.help("write `false`"),
        "None" | "NULL" | "Null" | "undefined" | "empty" => {
            return problem.help("nothing is written `()`");
        }
        "user" | "profile" | "person" | "contact" | "client" | "lead" => {
            return problem.help("write `customer`");
        }
        "today" => return problem.help("write `today()`"),
        _ => {}
    }
    let owners = [
        ("customer", Some(&scope.customer)),
        ("event", scope.event.as_ref().ok()),
        ("vars", scope.vars.as_ref()),
    ];
    for (owner, shape) in owners {
        if let Some(Shape::Record(record)) = shape
            && record.fields.contains_key(name)
        {
            return problem.help(format!("write `{owner}.{name}`"));
        }
    }
    match nearest(name, NAMES) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!(
            "text stands in double quotes: `\"{name}\"`; an attribute is `customer.NAME`, a field of the event `event.NAME`"
        )),
    }
}

/// It stands where a name in quotes does; `meant` is the name that it was probably meant to be.
pub(super) fn unquoted(name: &str, meant: &str) -> Problem {
    Problem::new("unknown-name", format!("nothing is called `{name}`")).help(format!(
        "a name stands in double quotes: write `\"{meant}\"`"
    ))
}

/// The name is known elsewhere.
pub(super) fn not_here(name: &str) -> Problem {
    Problem::new("unknown-name", format!("there is no `{name}` here")).help(format!(
        "`{name}` is known inside a journey; here `customer` is"
    ))
}
