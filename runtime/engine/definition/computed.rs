//! Values in `data`, `set`, `vars` and their like: literal, or worked out by an expression.

use serde::{Deserialize, Serialize};

use super::Script;
use crate::value::Value;

/// A value that may be worked out when it is needed, as in a spreadsheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Computed {
    /// As written.
    Literal(Value),
    /// A text that began with `=`.
    Expression(Script),
    /// A list with expressions somewhere inside.
    List(Vec<Computed>),
    /// A map with expressions somewhere inside; the names are the author's own, in the author's order.
    Map(Vec<(String, Computed)>),
}
