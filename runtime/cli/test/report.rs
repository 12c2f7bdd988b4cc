//! How a test failed, for people: expected and got, side by side in time, with places.

use std::fmt::Write as _;

use chrono::DateTime;
use kurant_authoring::scenario::Expected;
use kurant_authoring::source::{Sources, Span};
use kurant_engine::action::Action;
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::definition::Definitions;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::matching::Finding;
use super::scenario::Trouble;

/// One line for each thing that is not as expected.
pub(super) fn findings(
    findings: &[Finding<'_>],
    definitions: &Definitions,
    sources: &Sources,
) -> String {
    let zone = definitions.workspace.timezone;
    let mut text = String::new();
    for finding in findings {
        let _ = match finding {
            Finding::Missing(expected) => {
                writeln!(
                    text,
                    "  - expected {}   ({})",
                    wanted(expected, zone),
                    place(expected.span, sources)
                )
            }
            Finding::Unexpected(action) => writeln!(text, "  + got      {}", got(action, zone)),
        };
    }
    text
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

/// An instant on the workspace's clock, as tests write it.
fn instant(at: Instant, zone: Zone) -> String {
    DateTime::from_timestamp_millis(at.millis()).map_or_else(
        || at.to_string(),
        |utc| utc.with_timezone(&zone).to_rfc3339(),
    )
}

fn wanted(expected: &Expected, zone: Zone) -> String {
    let mut parts = Vec::new();
    parts.extend(expected.at.map(|at| instant(at, zone)));
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

fn got(action: &Action, zone: Zone) -> String {
    let mut parts = vec![
        instant(action.at, zone),
        action.journey.to_string(),
        action.customer.to_string(),
    ];
    parts.extend(action.step.as_ref().map(ToString::to_string));
    parts.push(action.action.clone());
    parts.extend(action.channel.clone());
    parts.extend(
        action
            .template
            .as_ref()
            .map(|template| format!("template {template}")),
    );
    if !action.data.is_empty() {
        parts.push(data(&action.data));
    }
    parts.extend(action.reason.as_ref().map(|reason| format!("({reason})")));
    parts.join(" ")
}

fn data(map: &Map) -> String {
    map.to_json().to_string()
}
