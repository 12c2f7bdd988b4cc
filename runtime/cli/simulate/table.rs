//! The numbers of a simulation as people read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::came::{Came, Played};
use super::goals::{Goals, Reach};
use super::summary::{Kind, Summary};

/// One paragraph a journey: who entered, what each step did, how it ended.
pub(super) fn table(summary: &Summary, played: &[Played], came: &Came) -> String {
    // One that nobody entered is told too.
    let ids = played.iter().map(|journey| journey.id.as_str());
    let mut journeys: BTreeMap<&str, Vec<(&Kind, u64)>> = ids.map(|id| (id, Vec::new())).collect();
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
        let entered = of("enter");
        let _ = writeln!(text, "{journey}: {entered} entered");
        let nobody = played.iter().find(|own| own.id == journey && entered == 0);
        if let Some(why) = nobody.and_then(|journey| journey.why_nobody(came)) {
            let _ = writeln!(text, "  {why}");
        }
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

/// Who reached the goal, beside those who were held out, and by the arms of splits.
fn reached(goals: &Goals) -> String {
    let share = |reach: &Reach| {
        let percent = 100.0 * reach.reached as f64 / reach.entered.max(1) as f64;
        format!("{} of {} ({percent:.1}%)", reach.reached, reach.entered)
    };
    let mut text = format!("  goal: {}", share(&goals.treated));
    if goals.held_out.entered > 0 {
        let _ = write!(text, "; held out: {}", share(&goals.held_out));
    }
    text.push('\n');
    for split in &goals.splits {
        let arms = split.by_name();
        let arms = arms.map(|(name, reach)| format!("{name}: {}", share(reach)));
        let arms: Vec<String> = arms.collect();
        let _ = writeln!(text, "    by split `{}`: {}", split.id, arms.join("; "));
    }
    text
}
