//! The numbers of a simulation as people read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::summary::{Goals, Kind, Summary};

/// One paragraph a journey: who entered, what each step did, how it ended.
pub(super) fn table(summary: &Summary, played: &[String]) -> String {
    // One that nobody entered is told too.
    let mut journeys: BTreeMap<&str, Vec<(&Kind, u64)>> =
        played.iter().map(|id| (id.as_str(), Vec::new())).collect();
    for (kind, count) in summary.kinds() {
        journeys
            .entry(&kind.journey)
            .or_default()
            .push((kind, count));
    }
    let mut text = String::new();
    for (journey, kinds) in journeys {
        let of = |action: &str| {
            kinds
                .iter()
                .filter(|(kind, _)| kind.action == action)
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let _ = writeln!(text, "{journey}: {} entered", of("enter"));
        if let Some(goals) = summary.goals(journey) {
            text.push_str(&reached(goals));
        }
        for (kind, count) in kinds
            .iter()
            .filter(|(kind, _)| !matches!(kind.action.as_str(), "enter" | "exit"))
        {
            let what = if kind.channel.is_empty() {
                kind.action.clone()
            } else {
                format!("{} {}", kind.action, kind.channel)
            };
            let done = if kind.reason.is_empty() {
                kind.status.to_owned()
            } else {
                format!("{}: {}", kind.status, kind.reason)
            };
            let _ = writeln!(text, "  {:<20} {what:<14} {count:>9} {done}", kind.step);
        }
        for (kind, count) in kinds.iter().filter(|(kind, _)| kind.action == "exit") {
            let _ = writeln!(
                text,
                "  {:<20} {:<14} {count:>9} {}",
                "", "exit", kind.reason
            );
        }
    }
    text
}

/// Who reached the goal, beside those who were held out.
fn reached(goals: Goals) -> String {
    let share = |reached: u64, entered: u64| {
        let percent = 100.0 * reached as f64 / entered.max(1) as f64;
        format!("{reached} of {entered} ({percent:.1}%)")
    };
    let mut text = format!("  goal: {}", share(goals.reached, goals.treated));
    if goals.held_out > 0 {
        let anyway = share(goals.reached_anyway, goals.held_out);
        let _ = write!(text, "; held out: {anyway}");
    }
    text.push('\n');
    text
}
