//! Why what was expected did not come: who was not let in, what starts the journey, who still waits when the test ends, and which
//! clock it came by.

use std::fmt::Write as _;

use kurant_authoring::scenario::Expected;
use kurant_engine::action::Action;
use kurant_engine::calendar::Zone;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::matching::{Finding, is_meant_at};
use super::scenario::{Played, Refused};
use crate::moment::on_clock;
use crate::reason;

/// How many refused entries are shown for one expectation.
const MOST_REFUSED: usize = 3;

/// Whether an expectation is about a customer in a journey; what isn't written is not asked.
fn concerns(expected: &Expected, journey: &str, customer: &str) -> bool {
    let same =
        |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| own == wanted);
    same(&expected.journey, journey) && same(&expected.customer, customer)
}

/// Of an expectation that nothing came for: why the customer did not enter.
pub(super) fn outside(text: &mut String, expected: &Expected, played: &Played, zone: Zone) {
    let refused = played.refused.iter();
    let refused: Vec<&Refused> = refused
        .filter(|refused| concerns(expected, &refused.journey, &refused.customer))
        .take(MOST_REFUSED)
        .collect();
    for refused in &refused {
        not_let_in(text, refused, zone);
    }
    let came = |action: &Action| concerns(expected, &action.journey, &action.customer);
    if refused.is_empty() && !played.done.iter().any(came) {
        let unheard = played.unheard.iter();
        let unheard: Vec<&str> = unheard
            .filter(|(journey, _)| expected.journey.as_ref().is_none_or(|own| own == *journey))
            .map(|(_, why)| why.as_str())
            .collect();
        let why = match unheard.is_empty() {
            true => "look at its `where`, its attribute, and the times of the test".to_owned(),
            false => unheard.join("; "),
        };
        let _ = writeln!(text, "  + got      nothing: no trigger fired; {why}");
    }
}

fn not_let_in(text: &mut String, refused: &Refused, zone: Zone) {
    let why = match &refused.why {
        Some(why) => format!("(error): {why}"),
        None => format!("({})", reason::told(&refused.reason)),
    };
    let _ = writeln!(
        text,
        "  + got      {} {} {} did not enter {why}",
        on_clock(refused.at, zone),
        refused.journey,
        refused.customer,
    );
    if let Some(condition) = &refused.condition {
        let _ = writeln!(text, "             {condition}");
    }
    if !refused.seen.is_empty() {
        let _ = writeln!(text, "           {}", seen(&refused.seen, zone));
    }
}

fn seen(values: &Map, zone: Zone) -> String {
    values
        .iter()
        .fold(String::new(), |mut text, (name, value)| {
            let _ = match value {
                Value::Instant(at) => write!(text, "  {name} = {}", on_clock(*at, zone)),
                Value::Null => write!(text, "  {name} = ()"),
                _ => write!(text, "  {name} = {}", value.to_json()),
            };
            text
        })
}

/// Of an expectation that was not met: that it came by another offset, which is mostly forgotten where clocks change.
pub(super) fn other_offset(text: &mut String, expected: &Expected, played: &Played) {
    let Some(clock) = &expected.clock else { return };
    for action in &played.done {
        let zone = played.zone_of(&action.customer);
        let local = action
            .at
            .local(zone)
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string();
        if local == *clock && is_meant_at(expected, action, action.at) {
            let own = on_clock(action.at, zone);
            let offset = own.get(clock.len()..).unwrap_or(&own);
            let _ = writeln!(
                text,
                "    note: that is the same hour with another offset: in {zone} it is {offset} on that day"
            );
            return;
        }
    }
}

/// Of expectations that nothing came for: where their customers stand when the test ends.
pub(super) fn waiting(text: &mut String, findings: &[Finding<'_>], played: &Played) {
    let came = |customer: &str| {
        findings.iter().any(|finding| match finding {
            Finding::Unexpected(action) => *action.customer == *customer,
            Finding::Missing(..) => false,
        })
    };
    let is_missed = |journey: &str, customer: &str| {
        findings.iter().any(|finding| match finding {
            Finding::Missing(expected, instead) => {
                let is_like =
                    |action: &&Action| expected.action.as_deref() == Some(&*action.action);
                !instead.iter().any(is_like) && concerns(expected, journey, customer)
            }
            Finding::Unexpected(_) => false,
        })
    };
    for waiting in &played.waiting {
        if is_missed(&waiting.journey, &waiting.customer) && !came(&waiting.customer) {
            let _ = writeln!(
                text,
                "  note: the test ends while {} {}, at `{}` of {}",
                waiting.customer, waiting.says, waiting.step, waiting.journey
            );
        }
    }
}
