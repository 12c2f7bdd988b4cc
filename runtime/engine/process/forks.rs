//! Which arm of a `split` a customer goes, and why: it is known before anybody comes there.

use std::sync::Arc;

use super::explain::{Gate, gate};
use crate::catalog::Loaded;
use crate::catalog::program::Op;
use crate::id::drawn;
use crate::person::Person;

/// One for each `split` of a journey.
pub(super) fn splits(loaded: &Arc<Loaded>, person: &Person) -> Vec<Gate> {
    let mut gates = Vec::new();
    for node in loaded.program.nodes() {
        let Op::Split(arms) = &node.op else { continue };
        let drawn = drawn_arm(&person.customer.id, &loaded.id, &node.name, arms);
        if let Some((arm, _, _)) = drawn {
            let shares = arms
                .iter()
                .map(|(name, weight, _)| format!("{name} {weight}"));
            let shares = shares.collect::<Vec<_>>().join(", ");
            let says = format!(
                "the customer's arm is `{arm}`: drawn by a hash of customer, journey and step, so it is always the same; weights {shares}"
            );
            gates.push(gate(format!("split {}", node.name), None, says));
        }
    }
    gates
}

/// The arm of a customer, and its first node.
pub(crate) fn drawn_arm<'a>(
    customer: &str,
    journey: &str,
    step: &str,
    arms: &'a [(String, u32, u32)],
) -> Option<&'a (String, u32, u32)> {
    let weights = arms.iter().map(|(_, weight, _)| *weight);
    arms.get(drawn(&[customer, journey, step], weights)?)
}
