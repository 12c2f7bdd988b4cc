//! One journey's explanation whole: gates in order, where the customer stands, what happened; instants on the customer's clock.

use std::fmt::Write as _;

use kurant_engine::action::Action;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::Loaded;
use kurant_engine::catalog::program::Op;
use kurant_engine::input::Trace;
use kurant_engine::map::Map;
use kurant_engine::process::{Explanation, Gate};
use kurant_engine::value::Value;
use serde_json::{Value as Json, json};

use super::Past;
use crate::reason;

/// How many lines of each kind are shown.
const SHOWN: usize = 20;

/// Whom it is about, and when.
pub(super) fn head(customer: &str, journey: Option<&str>, at: Instant, zone: Zone) -> String {
    let at = clock(at, zone);
    match journey {
        Some(journey) => {
            format!("Customer {customer} and the journey {journey}, on {at} in {zone}\n")
        }
        None => format!("Customer {customer} and every journey, on {at} in {zone}\n"),
    }
}

/// For people.
pub(super) fn told(
    explanation: &Explanation,
    past: &Past<'_>,
    journey: Option<&Loaded>,
    zone: Zone,
) -> String {
    let Explanation {
        customer,
        journey: id,
        at,
        ..
    } = explanation;
    let mut text = head(customer, Some(id), *at, zone);
    for standing in &explanation.inside {
        let since = clock(standing.entered, zone);
        let _ = writeln!(
            text,
            "  inside since {since}, at `{}`: {}",
            standing.step, standing.says
        );
    }
    let _ = writeln!(text, "\nIf a trigger fired now:");
    for gate in &explanation.gates {
        gate_line(&mut text, gate, zone);
        missed(&mut text, gate, past, id, zone);
    }
    done(&mut text, past, zone);
    happened(&mut text, past, journey, zone);
    text
}

/// That a firing went by without the customer, and what the log has of it.
fn missed(text: &mut String, gate: &Gate, past: &Past<'_>, journey: &str, zone: Zone) {
    let Some(at) = gate.missed else { return };
    let about_it = past.traces.iter().find(|trace| {
        trace.what == "not_entered" && trace.values.get("time") == Some(&Value::Instant(at))
    });
    let cause = match past.live_since.filter(|since| *since > at) {
        Some(since) => format!("the journey is live since {} only", clock(since, zone)),
        None => "nothing ran then, or the customer or the day became known later".to_owned(),
    };
    let why = match about_it.and_then(|trace| trace.reason.as_deref()) {
        Some(reason) if reason != "missed" => reason::told(reason),
        _ => format!(
            "it was missed: {cause}. `kurant enroll {journey} --missed` takes in who was missed"
        ),
    };
    let at = clock(at, zone);
    let _ = writeln!(text, "         of the firing of {at} nothing came: {why}");
}

fn done(text: &mut String, past: &Past<'_>, zone: Zone) {
    let _ = writeln!(text, "\nWhat was done, latest first:");
    for action in past.actions.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}", action_line(action, past, zone));
    }
    if past.actions.is_empty() {
        let _ = writeln!(text, "  nothing");
    }
}

/// When, what, and what became of it.
pub(super) fn action_line(action: &Action, past: &Past<'_>, zone: Zone) -> String {
    let at = clock(action.at, zone);
    let reason = action.reason.as_deref();
    match (&*action.action, reason) {
        ("enter", _) => return format!("{at}  entered"),
        ("exit", Some("completed")) => return format!("{at}  went through: completed"),
        ("exit", reason) => return format!("{at}  left: {}", reason.unwrap_or_default()),
        _ => {}
    }
    let step = action.step.as_deref().unwrap_or_default();
    let channel = action.channel.as_deref().unwrap_or_default();
    let reason = reason.map(|reason| format!(" ({})", reason::told(reason)));
    let outcome = match past.hand_overs.get(action) {
        Some(hand_over) => hand_over.text(zone),
        None => status(action),
    };
    let came_back = past.came_back.text(action.key, action.at, zone);
    let came_back = match came_back.is_empty() {
        true => came_back,
        false => format!(", {came_back}"),
    };
    format!(
        "{at}  {:<6} {step} {channel} {outcome}{}{came_back}",
        action.action,
        reason.unwrap_or_default()
    )
}

fn status(action: &Action) -> String {
    let status = serde_json::to_value(action.status).unwrap_or_default();
    match status.as_str().unwrap_or_default() {
        "sent" => "done".to_owned(),
        word => word.to_owned(),
    }
}

fn happened(text: &mut String, past: &Past<'_>, journey: Option<&Loaded>, zone: Zone) {
    let _ = writeln!(text, "\nWhat happened, latest first:");
    for trace in past.traces.iter().take(SHOWN) {
        let reason = trace
            .reason
            .as_deref()
            .map(|reason| format!(": {}", reason::told(reason)))
            .unwrap_or_default();
        let name = |place| {
            journey
                .and_then(|loaded| loaded.step_at(place))
                .unwrap_or(place)
        };
        let place = trace
            .place
            .as_deref()
            .map(|place| format!(" at {}", name(place)))
            .unwrap_or_default();
        let at = clock(trace.at, zone);
        let told = match journey.and_then(|loaded| way(loaded, trace)) {
            Some(way) => format!(": {way}"),
            None => values(&trace.values, zone),
        };
        let _ = writeln!(text, "  {at}  {}{reason}{place}{told}", trace.what);
    }
    if past.traces.is_empty() {
        let _ = writeln!(text, "  nothing");
    }
}

/// Which way somebody went on and why, if the step is still as it was then.
fn way(journey: &Loaded, trace: &Trace) -> Option<String> {
    let place = trace.place.as_deref()?;
    let mut nodes = journey.program.nodes().iter();
    let node = nodes.find(|node| *node.path == *place)?;
    match (&node.op, trace.what.as_str()) {
        (Op::Choose(branches), "chose") => {
            let Some(Value::Integer(number)) = trace.values.get("branch") else {
                return None;
            };
            let (when, _) = branches.get(usize::try_from(*number - 1).ok()?)?;
            Some(match when {
                Some(when) => format!("branch {number}, since `{}` held", when.source),
                None => format!("branch {number}, since nothing before it held"),
            })
        }
        (Op::Split(_), "split") => {
            let arm = trace.values.get("arm").and_then(Value::as_text)?;
            Some(format!(
                "arm `{arm}`, drawn by a hash of customer, journey and step"
            ))
        }
        _ => None,
    }
}

fn gate_line(text: &mut String, gate: &Gate, zone: Zone) {
    let sign = match gate.open {
        Some(true) => "yes",
        Some(false) => "NO ",
        None => " - ",
    };
    let _ = writeln!(text, "  {sign}  {}: {}", gate.gate, gate.says);
    if let Some(condition) = &gate.condition {
        let _ = writeln!(text, "         {condition}");
    }
    if !gate.values.is_empty() {
        let _ = writeln!(text, "        {}", values(&gate.values, zone));
    }
}

fn values(map: &Map, zone: Zone) -> String {
    map.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = match value {
            Value::Instant(at) => write!(text, "  {name} = {}", clock(*at, zone)),
            _ => write!(text, "  {name} = {}", value.to_json()),
        };
        text
    })
}

pub(super) fn clock(at: Instant, zone: Zone) -> String {
    at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// For programs.
pub(super) fn machine(explanation: &Explanation, past: &Past<'_>) -> Json {
    let actions = past.actions.iter().take(SHOWN).map(|action| {
        let mut object = json!(action);
        if let Some(hand_over) = past.hand_overs.get(action) {
            object["hand_over"] = hand_over.object();
        }
        let came_back = past.came_back.object(action.key);
        if !came_back.is_empty() {
            object["came_back"] = came_back.into();
        }
        object
    });
    let traces: Vec<_> = past.traces.iter().take(SHOWN).collect();
    json!({ "explanation": explanation, "actions": actions.collect::<Vec<_>>(), "traces": traces })
}
