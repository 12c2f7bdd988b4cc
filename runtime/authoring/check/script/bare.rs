//! What stands where a function takes a name in quotes: `consented(email)`, `consented(customer.email)`.

use kurant_engine::customer::Customer;
use rhai::{Expr, Position};

use super::Checker;
use crate::check::scope::NAMES;
use crate::check::{unknown_name, wrong_arguments};
use crate::diagnostic::Problem;
use crate::suggest::nearest;

/// The functions that take names, and which of their values those are.
const TAKES_NAMES: [(&str, &[usize]); 8] = [
    ("consented", &[0]),
    ("reachable", &[0]),
    ("in_segment", &[0]),
    ("has_tag", &[0]),
    ("count", &[0]),
    ("last", &[0]),
    ("sum", &[0, 1]),
    ("bucket", &[0]),
];

impl Checker<'_> {
    /// What is wrong with a value of a function that takes a name there: it lacks its quotes, or is an address.
    pub(super) fn unquoted(
        &self,
        function: &str,
        index: usize,
        value: &Expr,
    ) -> Option<(Position, Problem)> {
        let takes = TAKES_NAMES.iter().find(|(name, _)| *name == function)?;
        let path = takes.1.contains(&index).then(|| path(value)).flatten()?;
        let takes_channel = matches!(function, "consented" | "reachable");
        let problem = match path.as_slice() {
            ["customer", attribute] if takes_channel => self.address(function, attribute)?,
            [root, ..] if self.is_local(root) || NAMES.contains(root) => return None,
            path => {
                let name = path.join(".");
                let meant = self.world.channels().filter(|_| takes_channel);
                let meant = meant.and_then(|known| nearest(&name, known));
                unknown_name::unquoted(&name, meant.unwrap_or(&name))
            }
        };
        Some((super::start(value), problem))
    }

    /// An attribute that is the address for a channel, where the channel is asked for.
    fn address(&self, function: &str, attribute: &str) -> Option<Problem> {
        let own = self.world.channels().unwrap_or_default();
        let usual = ["email", "sms", "push"];
        let is_for = |channel: &&str| Customer::address_attribute(channel) == attribute;
        let channels: Vec<&str> = match own.iter().any(is_for) {
            true => own.into_iter().filter(is_for).collect(),
            false => usual.into_iter().filter(is_for).collect(),
        };
        (!channels.is_empty()).then(|| wrong_arguments::address(function, attribute, &channels))
    }
}

/// The names of `a.b.c`; none for anything else.
fn path(value: &Expr) -> Option<Vec<&str>> {
    match value {
        Expr::Variable(name, _, _) if name.2.is_empty() => Some(vec![name.1.as_str()]),
        Expr::Property(name, _) => Some(vec![name.2.as_str()]),
        Expr::Dot(pair, _, _) => {
            let mut names = path(&pair.lhs)?;
            names.extend(path(&pair.rhs)?);
            Some(names)
        }
        _ => None,
    }
}
