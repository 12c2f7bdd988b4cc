//! How a test failed, for people: expected and got, side by side in time, with places.

use std::fmt::Write as _;

use kurant_authoring::scenario::Expected;
use kurant_authoring::source::{Sources, Span};
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Zone;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::matching::Finding;
use super::scenario::{Played, Trouble};
use super::unmade::Unmade;
use super::why;
use crate::guard;
use crate::moment::on_clock;
use crate::reason;

/// One line for each thing that is not as expected, and for each journey that a run would hold.
pub(super) fn findings(
    findings: &[Finding<'_>],
    played: &Played,
    zone: Zone,
    sources: &Sources,
) -> String {
    let mut text = String::new();
    for finding in findings {
        match finding {
            Finding::Missing(expected, instead) => {
                let place = place(expected.span, sources);
                let _ = writeln!(text, "  - expected {}   ({place})", wanted(expected, zone));
                for action in instead {
                    let _ = writeln!(text, "  + got      {}", got(action, played, zone));
                }
                if instead.is_empty() {
                    why::outside(&mut text, expected, played, zone);
                }
                why::other_offset(&mut text, expected, played);
            }
            Finding::Unexpected(action) => {
                let _ = writeln!(text, "  + got      {}", got(action, played, zone));
            }
        }
    }
    unmade(&mut text, played, zone);
    why::waiting(&mut text, findings, played);
    if !findings.is_empty() {
        for unanswered in &played.unanswered {
            let place = place(unanswered.span, sources);
            let _ = writeln!(text, "  note: {}   ({place})", unanswered.told(zone));
        }
    }
    text.push_str(&guarded(played, zone));
    text
}

/// Messages that can't be rendered; what is wrong with a template is told once.
fn unmade(text: &mut String, played: &Played, zone: Zone) {
    let mut told: Vec<&str> = Vec::new();
    for unmade in &played.unmade {
        if told.contains(&&*unmade.why) {
            continue;
        }
        told.push(&unmade.why);
        let times = played.unmade.iter().filter(|own| own.why == unmade.why);
        let more = match times.count() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let at = on_clock(unmade.at, zone);
        let Unmade {
            journey,
            customer,
            step,
            channel,
            why,
            ..
        } = unmade;
        let _ = writeln!(
            text,
            "  - {at} {journey} {customer} {step} send {channel}{more}: it would be given up: {why}"
        );
    }
}

/// Journeys that a run would hold: a test tells of them and goes on.
fn guarded(played: &Played, zone: Zone) -> String {
    played
        .guarded
        .found()
        .map(|(journey, excess)| format!("  note: {}\n", guard::told(journey, excess, zone)))
        .collect()
}

/// Why a test could not be played.
pub(super) fn trouble(trouble: &Trouble, sources: &Sources) -> String {
    format!("  {} ({})\n", trouble.message, place(trouble.span, sources))
}

fn place(span: Span, sources: &Sources) -> String {
    let place = sources.place(span);
    format!(
        "{}:{}:{}",
        sources.path(span.file),
        place.line,
        place.column
    )
}

fn wanted(expected: &Expected, zone: Zone) -> String {
    let mut parts = Vec::new();
    parts.extend(expected.at.map(|at| on_clock(at, zone)));
    parts.extend(expected.journey.clone());
    parts.extend(expected.customer.clone());
    parts.extend(expected.step.clone());
    parts.extend(expected.action.clone());
    match &expected.what {
        Value::Null => {}
        what => parts.push(what.to_string()),
    }
    parts.extend(
        expected
            .template
            .as_ref()
            .map(|template| format!("template {template}")),
    );
    parts.extend(expected.data.as_ref().map(data));
    parts.extend(expected.status.clone());
    parts.extend(expected.reason.as_ref().map(|reason| format!("({reason})")));
    parts.join(" ")
}

fn got(action: &Action, played: &Played, zone: Zone) -> String {
    let mut parts = vec![
        on_clock(action.at, zone),
        action.journey.to_string(),
        action.customer.to_string(),
    ];
    parts.extend(action.step.as_ref().map(ToString::to_string));
    parts.push(action.action.to_string());
    parts.extend(action.channel.as_ref().map(ToString::to_string));
    parts.extend(
        action
            .template
            .as_ref()
            .map(|template| format!("template {template}")),
    );
    if !action.data.is_empty() {
        parts.push(data(&action.data));
    }
    if action.status != ActionStatus::Sent {
        parts.push(action.status.word().to_owned());
    }
    let exit = action.action == "exit";
    parts.extend(action.reason.as_ref().map(|reason| match exit {
        true if reason == "error" => {
            let why = played.errors.get(&action.enrollment);
            why.map_or_else(|| "(error)".to_owned(), |why| format!("(error): {why}"))
        }
        true => format!("({reason})"),
        false => format!("({})", reason::told(reason)),
    }));
    parts.join(" ")
}

fn data(map: &Map) -> String {
    map.to_json().to_string()
}
