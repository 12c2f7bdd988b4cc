//! Whether it matters that events come late, or that nothing runs for a while. Nothing differs from before the disturbance;
//! and where nothing was overtaken, nothing differs at all but what the gates say of a message, which look at the clock.
//! See `docs/decisions/0016-disorder.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_engine::event::Event;

use super::chance::Chance;
use super::driver::{EnginePlayer, Seen, catalogs, play};
use super::histories::{HOUR, Happening, History, MINUTE, history, written};

/// How many histories are disturbed, each in every way.
const HISTORIES: u64 = 10_000;
/// Shorter than any `max_age` and `catch_up` of these journeys.
const SHORT: i64 = 30 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Disturbance {
    /// One event comes a little late, and nothing happens in between.
    Delayed,
    /// Nothing runs for a little while, and nothing comes meanwhile.
    Idle,
    /// Some events come minutes or hours late, so that others overtake them.
    Late,
    /// Events come within half an hour, in any order.
    Permuted,
    /// Nothing runs for two hours.
    Stopped,
}

use Disturbance::{Delayed, Idle, Late, Permuted, Stopped};

impl Disturbance {
    /// Whether nothing may differ but what the gates say.
    fn is_harmless(self) -> bool {
        matches!(self, Delayed | Idle)
    }
}

/// The events of a history, each once, as they happened.
fn undisturbed(seed: u64) -> History {
    let mut history = history(seed, 1);
    let mut events: Vec<Arc<Event>> = Vec::new();
    for (_, happening) in history.happenings.drain(..) {
        if let Happening::Event(event) = happening
            && event.time >= history.from
            && events.iter().all(|own| own.identity() != event.identity())
        {
            events.push(event);
        }
    }
    events.sort_by_key(|event| event.time);
    let arrival = |event: Arc<Event>| (event.time, Happening::Event(event));
    history.happenings = events.into_iter().map(arrival).collect();
    history
}

/// The same, disturbed, and from when on; none if this one can't be disturbed so.
fn disturbed(
    history: &History,
    played: impl Fn(&History) -> Seen,
    seed: u64,
    how: Disturbance,
) -> Option<(History, Instant)> {
    let mut chance = Chance::new(seed ^ 0xd157);
    let mut other = history.clone();
    let arrivals = &mut other.happenings;
    let begin = match how {
        Delayed => {
            let number = chance.below(arrivals.len().max(1) as u64) as usize;
            let (at, _) = arrivals.get_mut(number)?;
            let (from, until) = (*at, at.plus_millis(1 + chance.below(SHORT as u64) as i64));
            *at = until;
            let mut without = history.clone();
            without.happenings.remove(number);
            let (before, after) = (from.plus_millis(-1), until.plus_millis(1));
            let overtakes = without
                .happenings
                .iter()
                .any(|(at, _)| *at >= from && *at <= until);
            without.happenings.retain(|(at, _)| *at < from);
            let mut seen = |end: Instant| {
                without.until = end;
                played(&without)
            };
            // Neither another event nor a timer that is due in between.
            if overtakes || seen(before) != seen(after) {
                return None;
            }
            from
        }
        Idle | Stopped => {
            let length = if how == Idle { SHORT } else { 2 * HOUR };
            let span = history.until.millis_since(history.from) - length;
            let from = history
                .from
                .plus_millis(chance.below(span.max(1) as u64) as i64);
            let until = from.plus_millis(length);
            let meanwhile = |(at, _): &(Instant, Happening)| *at >= from && *at <= until;
            if span < 1 || (how == Idle && arrivals.iter().any(meanwhile)) {
                return None;
            }
            arrivals.push((from, Happening::Outage { until }));
            from
        }
        Late | Permuted => {
            for (at, _) in arrivals.iter_mut() {
                let late = match (how, chance.below(4)) {
                    (Permuted, _) => SHORT,
                    (_, 0) => 6 * HOUR,
                    (_, 1) => 5 * MINUTE,
                    _ => 1,
                };
                *at = at.plus_millis(chance.below(late as u64) as i64);
            }
            let moved = arrivals.iter().zip(&history.happenings);
            moved
                .filter(|(own, before)| own.0 != before.0)
                .map(|(_, before)| before.0)
                .min()?
        }
    };
    // At one instant, what stops comes first.
    arrivals.sort_by_key(|(at, what)| (*at, !matches!(what, Happening::Outage { .. })));
    Some((other, begin))
}

/// What was done only in the one, by its instant.
fn only_in<'a>(one: &'a [Action], other: &[Action]) -> Vec<&'a Action> {
    let mut left: Vec<&Action> = other.iter().collect();
    let mut rest = Vec::new();
    for action in one {
        match left.iter().position(|own| *own == action) {
            Some(place) => drop(left.swap_remove(place)),
            None => rest.push(action),
        }
    }
    rest.sort_by_key(|action| action.at);
    rest
}

/// The first thing that differs.
struct Difference {
    at: Instant,
    /// What was done, and what became of the same when it was disturbed.
    kind: String,
    /// Whether it is one message, of which the gates said something else.
    by_gates: bool,
}

fn first_difference(one: &[Action], other: &[Action]) -> Option<Difference> {
    let (lost, gained) = (only_in(one, other), only_in(other, one));
    let first = lost
        .first()
        .into_iter()
        .chain(gained.first())
        .min_by_key(|own| own.at)?;
    let same = |among: &[&'_ Action]| {
        let own = |own: &&&Action| own.key == first.key && own.action == first.action;
        among.iter().find(own).map(|own| line(own))
    };
    let (before, after) = (same(&lost), same(&gained));
    let word = |line: &Option<String>| line.clone().unwrap_or_else(|| "nothing".to_owned());
    Some(Difference {
        at: first.at,
        kind: format!("{} -> {}", word(&before), word(&after)),
        by_gates: first.action == "send",
    })
}

/// What can be told of an action in few words.
fn line(action: &Action) -> String {
    let reason = action.reason.as_deref().unwrap_or_default();
    let status = match action.status {
        ActionStatus::Sent => "",
        ActionStatus::Skipped => "skipped",
        ActionStatus::Deferred => "deferred",
    };
    let words = [&*action.action, status, reason];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[test]
fn late_events_and_stops_change_only_what_the_language_says() {
    let mut kinds: BTreeMap<(Disturbance, String), (u64, u64)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for workspace in 0..HISTORIES / 10 {
        let catalogs = catalogs(&written(workspace));
        for seed in workspace * 10..workspace * 10 + 10 {
            let history = undisturbed(seed);
            let played =
                |history: &History| play(history, &mut EnginePlayer::new(&catalogs, history));
            let one = played(&history);
            for how in [Delayed, Idle, Late, Permuted, Stopped] {
                let Some((other, begin)) = disturbed(&history, played, seed, how) else {
                    continue;
                };
                let other = played(&other);
                let difference = first_difference(&one.actions, &other.actions);
                let kind = difference.as_ref().map_or("the same", |own| &own.kind);
                kinds.entry((how, kind.to_owned())).or_insert((0, seed)).0 += 1;
                if let Some(own) = difference
                    && (own.at < begin || (how.is_harmless() && !own.by_gates))
                {
                    wrong.push(format!(
                        "{how:?} from {begin}: at {} {} ({seed})",
                        own.at, own.kind
                    ));
                }
            }
        }
    }
    for ((how, kind), (count, seed)) in &kinds {
        println!("{count:>6} {how:?}: {kind} (such as {seed})");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for how in [Delayed, Idle, Late, Permuted, Stopped] {
        let same = kinds.get(&(how, "the same".to_owned()));
        assert!(
            same.is_some_and(|(count, _)| *count > 1_000),
            "too few are {how:?}"
        );
    }
}
