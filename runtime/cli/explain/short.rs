//! One journey's explanation in short: where the customer stands, or what keeps him or her out, and what was done last.

use std::fmt::Write as _;

use kurant_engine::calendar::Zone;
use kurant_engine::process::{Explanation, Gate};

use super::Past;
use super::show::{action_line, clock};

/// A line or two for people.
pub(super) fn line(explanation: &Explanation, past: &Past<'_>, zone: Zone) -> String {
    let mut text = String::new();
    let journey = &explanation.journey;
    for standing in &explanation.inside {
        let since = clock(standing.entered, zone);
        let (step, says) = (&standing.step, &standing.says);
        let _ = writeln!(
            text,
            "  {journey:<24} inside since {since}, at `{step}`: {says}"
        );
    }
    if explanation.inside.is_empty() {
        let _ = writeln!(text, "  {journey:<24} {}", outside(&explanation.gates));
    }
    if let Some(latest) = past.actions.first() {
        let latest = action_line(latest, past, zone);
        let _ = writeln!(text, "  {:<24} last: {latest}", "");
    }
    text
}

/// What would become of somebody who is not inside if a trigger fired now.
fn outside(gates: &[Gate]) -> String {
    let is_send = |gate: &&Gate| gate.gate.starts_with("send ");
    let closed = |gate: &&Gate| gate.open == Some(false);
    let told = |gate: &Gate| format!("{}: {}", gate.gate, gate.says);
    if let Some(shut) = gates.iter().find(|gate| closed(gate) && !is_send(gate)) {
        return format!("would not enter now; {}", told(shut));
    }
    let mut text = "would enter if a trigger fired".to_owned();
    let triggers = gates
        .iter()
        .filter(|gate| gate.gate.starts_with("trigger "));
    for trigger in triggers {
        let _ = write!(text, "; {}", told(trigger));
        if trigger.missed.is_some() {
            text += ", and that was missed";
        }
    }
    for unsent in gates.iter().filter(|gate| closed(gate) && is_send(gate)) {
        let _ = write!(text, "; {}", told(unsent));
    }
    text
}
