//! # `unknown-attribute`
//!
//! **What it does.** Reports an attribute of the customer that is neither known unasked nor declared in `schemas/customer.json`: in
//! conditions, computed values, `of:`, `since:`, `set:`, `profile.yaml`, templates and tests.
//!
//! **Why it matters.** A missing attribute is `()`, and every comparison with it is false: a misspelt name would silently keep everybody
//! out.
//!
//! **Example.** `audience: customer.order_count > 3`
//!
//! **Write instead.** `audience: customer.orders_count > 3`, or declare the attribute in `schemas/customer.json`.

use super::world::{World, advice};
use crate::diagnostic::Problem;

/// How to make it known.
const DECLARE: &str = "declare it in `schemas/customer.json`";

/// The attribute is not known.
pub(super) fn problem<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    let known: Vec<&str> = known.into_iter().collect();
    // Consents and the like are not guessed from a slip of the finger only.
    let help = match name {
        "name" | "firstname" if known.contains(&"first_name") => {
            "did you mean `first_name`?".to_owned()
        }
        "lang" | "language" => "did you mean `locale`?".to_owned(),
        "tz" | "time_zone" => "did you mean `timezone`?".to_owned(),
        "consent" => {
            "did you mean `consents`? To ask for one, write `consented(\"email\")`".to_owned()
        }
        _ => advice(name, known, DECLARE),
    };
    Problem::new(
        "unknown-attribute",
        format!("a customer has no attribute `{name}`"),
    )
    .help(help)
}

/// What is wrong with a name that stands for an attribute, if anything.
pub(super) fn of_name(world: &World<'_>, name: &str) -> Option<Problem> {
    let known = &world.parsed.schema.customer;
    if known.contains_key(name) || !world.customer_schema_read() {
        return None;
    }
    Some(problem(name, known.keys().map(String::as_str)))
}
