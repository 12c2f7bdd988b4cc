//! What was expected beside what was done.

use kurant_authoring::scenario::{Expect, Expected, Scenario};
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

/// Something that is not as expected.
#[derive(Debug)]
pub(super) enum Finding<'t> {
    /// It was expected and did not come.
    Missing(&'t Expected),
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
            None => findings.push(Finding::Missing(expected)),
        }
    }
    if let Expect::All(_) = scenario.expect {
        let unexpected = done
            .iter()
            .zip(&met)
            .filter(|(action, met)| !**met && is_noticed(action));
        findings.extend(unexpected.map(|(action, _)| Finding::Unexpected(action)));
    }
    findings.sort_by_key(|finding| match finding {
        Finding::Missing(expected) => expected.at,
        Finding::Unexpected(action) => Some(action.at),
    });
    findings
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
    expected.at.is_none_or(|at| at == action.at)
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
        Value::Map(data) => holds(&action.data, data),
        _ => {
            let what = what.to_string();
            let texts = [
                action.channel.as_deref(),
                action.reason.as_deref(),
                action.step.as_deref(),
            ];
            texts.contains(&Some(what.as_str()))
                || action
                    .data
                    .iter()
                    .any(|(_, value)| value.to_string() == what)
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
            kurant_engine::calendar::Instant::parse(wanted).is_ok_and(|wanted| wanted == *own)
        }
        _ => own == wanted || own.to_json() == wanted.to_json(),
    }
}
