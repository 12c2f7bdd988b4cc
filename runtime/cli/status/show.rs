//! How things stand, for people and for programs.

use std::fmt::Write as _;

use kurant_engine::calendar::{DAY, HOUR, Instant, MINUTE, SECOND, Zone};
use kurant_engine::paused::{Pause, Target};
use kurant_store::OutboxState;
use serde_json::{Value, json};

use super::{Intake, MOST_LATE, Status};

/// What should be gone is looked for once an hour, and histories are once a day.
const LAGGING: i64 = 2 * DAY;

/// For people; instants on the workspace's clock.
pub(super) fn text(status: &Status, zone: Zone) -> String {
    let mut text = String::new();
    let clock = |at: Instant| at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let ago = |at: Instant| span(status.now.millis_since(at));
    let _ = match status.workers.as_slice() {
        [] => writeln!(text, "runs       nothing"),
        workers => workers.iter().try_for_each(|worker| {
            let heard = worker
                .word
                .map(|word| format!(", heard of {} ago", ago(word.at)));
            writeln!(
                text,
                "runs       {}{}",
                worker.name,
                heard.unwrap_or_default()
            )
        }),
    };
    text += &paused(status, clock);
    let _ = match &status.late {
        None => writeln!(text, "timers     none is late"),
        Some(late) => {
            let more = if late.customers >= MOST_LATE {
                " or more"
            } else {
                ""
            };
            let (count, since) = (late.customers, clock(late.since));
            writeln!(
                text,
                "timers     {count} customers{more} are late, the first by {}: it was due {since}",
                ago(late.since)
            )
        }
    };
    if let Some(place) = status.triggers {
        let _ = writeln!(
            text,
            "triggers   dates, inactivity and schedules are worked off up to {}, {} ago",
            clock(place),
            ago(place)
        );
    }
    let _ = match &status.intake {
        Intake::Files(count) => writeln!(text, "intake     {count} files wait in the inbox"),
        Intake::Messages(count) => writeln!(text, "intake     {count} messages wait in the queues"),
        Intake::Unknown(why) => writeln!(text, "intake     not known: {why}"),
    };
    let rates: Vec<String> = status
        .rates
        .iter()
        .map(|(minutes, count)| format!("{count} in {minutes} min"))
        .collect();
    let _ = writeln!(text, "actions    {}", rates.join(", "));
    let _ = writeln!(
        text,
        "given up   {} messages and commands, {} in doubt, {} events; `kurant dead list` has them",
        of(status, OutboxState::Dead),
        of(status, OutboxState::InDoubt),
        status.dead_letters
    );
    unannounced(&mut text, status);
    let _ = writeln!(text, "kept       {}", kept(status, clock));
    outbox(&mut text, status, &ago);
    journeys(&mut text, status);
    text
}

/// What came in that nobody had declared or announced.
fn unannounced(text: &mut String, status: &Status) {
    if status.strangers > 0 {
        let count = status.strangers;
        let _ = writeln!(
            text,
            "unknown    customers made by events about somebody whom nobody had told of: {count}"
        );
    }
    for line in &status.undeclared {
        let _ = writeln!(text, "undeclared {line}");
    }
}

/// What is forgotten after a while, and since when it is kept.
fn kept(status: &Status, clock: impl Fn(Instant) -> String) -> String {
    let told = status.kept.iter().map(|own| {
        let since = match (own.lasts, own.since) {
            (None, _) => "for ever".to_owned(),
            (Some(lasts), None) => format!("for {lasts}, all so far"),
            (Some(_), Some(since)) => format!("since {}", clock(since)),
        };
        let late = match own.lag {
            lag if lag >= LAGGING => format!(" ({} longer than it should)", span(lag)),
            _ => String::new(),
        };
        format!("{} {since}{late}", own.what)
    });
    told.collect::<Vec<_>>().join("; ")
}

fn outbox(text: &mut String, status: &Status, ago: &impl Fn(Instant) -> String) {
    let _ = writeln!(text, "\nWhat leaves, by way:");
    for row in &status.outbox {
        let _ = writeln!(
            text,
            "  {:<16} {:<10} {:>9}",
            row.route,
            row.state.word(),
            row.count
        );
    }
    if status.outbox.is_empty() {
        let _ = writeln!(text, "  nothing so far");
    }
    if let Some(oldest) = status.oldest.filter(|oldest| *oldest <= status.now) {
        let _ = writeln!(
            text,
            "  the first that waits has been due for {}",
            ago(oldest)
        );
    }
}

fn journeys(text: &mut String, status: &Status) {
    let _ = writeln!(text, "\nWho is inside, by journey and step:");
    for journey in &status.journeys {
        let (id, standing) = (&journey.id, journey.standing);
        let _ = writeln!(text, "  {id:<32} {standing:<8} {:>9}", journey.inside);
        for (step, count) in &journey.steps {
            let _ = writeln!(text, "    {step:<39} {count:>9}");
        }
    }
}

/// How many rows of the outbox stand so.
fn of(status: &Status, state: OutboxState) -> u64 {
    let rows = status.outbox.iter().filter(|row| row.state == state);
    rows.map(|row| row.count).sum()
}

/// For programs; spans in seconds.
pub(super) fn object(status: &Status) -> Value {
    let seconds = |at: Instant| status.now.millis_since(at).max(0) / SECOND;
    let workers: Vec<Value> = status
        .workers
        .iter()
        .map(|worker| json!({ "name": worker.name, "heard": worker.word.map(|word| word.at) }))
        .collect();
    let journeys: Vec<Value> = status
        .journeys
        .iter()
        .map(|own| {
            json!({ "journey": own.id, "status": own.standing, "inside": own.inside, "steps": own.steps })
        })
        .collect();
    let paused: Vec<Value> = status
        .paused
        .iter()
        .map(|(target, own)| json!({ "target": target.to_string(), "by": own.by, "since": own.at, "why": own.why }))
        .collect();
    let outbox: Vec<Value> = status
        .outbox
        .iter()
        .map(|row| json!({ "route": row.route, "state": row.state.word(), "count": row.count }))
        .collect();
    let late = status.late.as_ref().map(|late| {
        json!({ "since": late.since, "seconds": seconds(late.since), "customers": late.customers })
    });
    let intake = match &status.intake {
        Intake::Files(count) => json!({ "files": count }),
        Intake::Messages(count) => json!({ "messages": count }),
        Intake::Unknown(why) => json!({ "unknown": why }),
    };
    let rates: Vec<Value> = status
        .rates
        .iter()
        .map(|(minutes, count)| json!({ "minutes": minutes, "actions": count }))
        .collect();
    json!({
        "at": status.now, "workers": workers, "journeys": journeys, "paused": paused, "late": late,
        "triggers": status.triggers.map(|at| json!({ "place": at, "seconds": seconds(at) })),
        "intake": intake, "outbox": outbox, "in_doubt": of(status, OutboxState::InDoubt),
        "dead": of(status, OutboxState::Dead),
        "unknown_customers": status.strangers,
        "undeclared": status.undeclared_names.iter().map(|(name, count)| json!({ "name": name, "count": count })).collect::<Vec<_>>(),
        "kept": status.kept.iter().map(|own| json!({
            "what": own.what, "for": own.lasts.map(|lasts| lasts.to_string()), "since": own.since, "lag": own.lag / SECOND,
        })).collect::<Vec<_>>(),
        "oldest_waiting": status.oldest, "dead_letters": status.dead_letters, "rates": rates,
    })
}

/// What is held back.
fn paused(status: &Status, clock: impl Fn(Instant) -> String) -> String {
    let line = |(target, pause): (&Target, &Pause)| {
        let why = match pause.why.as_str() {
            "" => String::new(),
            why => format!(": {why}"),
        };
        let (by, since) = (&pause.by, clock(pause.at));
        format!("paused     {target}, by {by} since {since}{why}\n")
    };
    status.paused.iter().map(line).collect()
}

/// So much time, in its two largest units.
fn span(millis: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s")];
    let mut left = millis.max(0);
    let mut parts = Vec::new();
    for (unit, word) in units {
        if left >= unit && parts.len() < 2 {
            parts.push(format!("{} {word}", left / unit));
        }
        left %= unit;
    }
    if parts.is_empty() {
        return "less than a second".to_owned();
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        for (millis, told) in [
            (0, "less than a second"),
            (-5, "less than a second"),
            (59 * SECOND, "59 s"),
            (2 * HOUR + 3 * MINUTE + SECOND, "2 h 3 min"),
            (3 * DAY, "3 d"),
        ] {
            assert_eq!(span(millis), told);
        }
    }
}
