//! What was expected beside what was done.

use kurant_authoring::scenario::{Expect, Expected, Scenario};
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

/// How many actions are shown beside an expectation that was not met.
const MOST_INSTEAD: usize = 5;

/// Something that is not as expected.
#[derive(Debug)]
pub(super) enum Finding<'t> {
    /// It was expected and did not come; what came instead, and is told nowhere else.
    Missing(&'t Expected, Vec<&'t Action>),
    /// It came and was not expected.
    Unexpected(&'t Action),
}

/// What is not as expected, in the order of time.
///
/// Expectations and actions are walked side by side; of those at one instant the order does not matter.
pub(super) fn compare<'t>(scenario: &'t Scenario, done: &'t [Action]) -> Vec<Finding<'t>> {
    let mut met = vec![false; done.len()];
    let mut findings = Vec::new();
    let mut earliest = None;
    for expected in scenario.expect.list() {
        let found = done.iter().enumerate().position(|(index, action)| {
            !met[index]
                && earliest.is_none_or(|earliest| action.at >= earliest)
                && is_meant(expected, action)
        });
        match found {
            Some(index) => {
                met[index] = true;
                earliest = Some(done[index].at);
            }
            None => findings.push(Finding::Missing(expected, Vec::new())),
        }
    }
    instead(scenario, done, &mut met, &mut findings);
    if let Expect::All(_) = scenario.expect {
        let unexpected = done
            .iter()
            .zip(&met)
            .filter(|(action, met)| !**met && is_noticed(action));
        findings.extend(unexpected.map(|(action, _)| Finding::Unexpected(action)));
    }
    findings.sort_by_key(|finding| match finding {
        Finding::Missing(expected, _) => expected.at,
        Finding::Unexpected(action) => Some(action.at),
    });
    findings
}

/// Beside each expectation that was not met, what came of the same step, else of the same kind, else of the same customer.
fn instead<'t>(
    scenario: &Scenario,
    done: &'t [Action],
    met: &mut [bool],
    findings: &mut [Finding<'t>],
) {
    let is_told_anyway =
        |action: &Action| matches!(scenario.expect, Expect::All(_)) && is_noticed(action);
    for finding in findings {
        let Finding::Missing(expected, came) = finding else {
            continue;
        };
        let whose = |action: &Action| {
            let same = |wanted: &Option<String>, own: &str| {
                wanted.as_deref().is_none_or(|wanted| own == wanted)
            };
            same(&expected.journey, &action.journey) && same(&expected.customer, &action.customer)
        };
        let step = |action: &Action| {
            expected.step.is_some() && expected.step.as_deref() == action.step.as_deref()
        };
        let verb = |action: &Action| expected.action.as_deref() == Some(&*action.action);
        let kinds: [&dyn Fn(&Action) -> bool; 3] = [&step, &verb, &|_| true];
        for is_near in kinds {
            let near: Vec<usize> = (0..done.len())
                .filter(|index| !met[*index] && whose(&done[*index]) && is_near(&done[*index]))
                .collect();
            for index in near.iter().take(MOST_INSTEAD) {
                if !is_told_anyway(&done[*index]) {
                    met[*index] = true;
                    came.push(&done[*index]);
                }
            }
            if !near.is_empty() {
                break;
            }
        }
    }
}

/// What the customer would notice: messages, tasks, and an end before the last step.
fn is_noticed(action: &Action) -> bool {
    match action.action.as_str() {
        "send" | "task" => action.status == ActionStatus::Sent,
        "exit" => action.reason.as_deref() != Some("completed"),
        _ => false,
    }
}

/// Whether an action is the expected one; what isn't written is not compared.
fn is_meant(expected: &Expected, action: &Action) -> bool {
    is_meant_at(expected, action, expected.at.unwrap_or(action.at))
}

/// Whether an action is the expected one, had that been expected at `at`.
pub(super) fn is_meant_at(expected: &Expected, action: &Action, at: Instant) -> bool {
    let same = |wanted: &Option<String>, own: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| own == Some(wanted))
    };
    let status = expected
        .status
        .as_deref()
        .unwrap_or(if expected.reason.is_some() {
            ""
        } else {
            "sent"
        });
    at == action.at
        && same(&expected.journey, Some(&action.journey))
        && same(&expected.customer, Some(&action.customer))
        && same(&expected.step, action.step.as_deref())
        && same(&expected.action, Some(&action.action))
        && same(&expected.template, action.template.as_deref())
        && same(&expected.reason, action.reason.as_deref())
        && (status.is_empty() || status == action.status.word())
        && (expected.action.is_some() || expected.status.is_some() || is_noticed(action))
        && is_what(&expected.what, action)
        && expected
            .data
            .as_ref()
            .is_none_or(|data| holds(&action.data, data))
}

/// Whether what stands after the verb fits: a channel, a reason, a title, a tag, or named data.
fn is_what(what: &Value, action: &Action) -> bool {
    match what {
        Value::Null => true,
        Value::Bool(true) if matches!(&*action.action, "goal" | "enter") => true,
        Value::Map(data) => holds(&action.data, data),
        wanted => {
            let what = wanted.to_string();
            let texts = [
                action.channel.as_deref(),
                action.reason.as_deref(),
                action.step.as_deref(),
            ];
            texts.contains(&Some(what.as_str()))
                || action
                    .data
                    .iter()
                    .any(|(_, value)| value.to_string() == what || same(value, wanted))
        }
    }
}

/// Whether all the wanted names hold the wanted values.
fn holds(own: &Map, wanted: &Map) -> bool {
    wanted
        .iter()
        .all(|(name, value)| same(own.get(name).unwrap_or(&Value::Null), value))
}

/// Whether two values look the same from outside: 10 is 10.0, an instant is its text.
fn same(own: &Value, wanted: &Value) -> bool {
    match (own, wanted) {
        (Value::Map(own), Value::Map(wanted)) => own.len() == wanted.len() && holds(own, wanted),
        (Value::List(own), Value::List(wanted)) => {
            own.len() == wanted.len()
                && own
                    .iter()
                    .zip(wanted)
                    .all(|(own, wanted)| same(own, wanted))
        }
        (Value::Instant(own), Value::Text(wanted)) => {
            Instant::parse(wanted).is_ok_and(|wanted| wanted == *own)
        }
        _ => own == wanted || own.to_json() == wanted.to_json(),
    }
}
