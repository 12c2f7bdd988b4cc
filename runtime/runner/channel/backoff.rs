//! When to try again. Derived from the key, so that it needs no chance and no two commands come at once.

use kurant_engine::calendar::{Instant, MINUTE, SECOND};
use kurant_engine::id::Key;
use kurant_store::Outgoing;

/// The longest wait after the first try, in milliseconds; it doubles with each.
const BASE: i64 = SECOND;
/// The longest wait after any, in milliseconds.
const LONGEST: i64 = 10 * MINUTE;
/// The shortest wait, in milliseconds.
const SHORTEST: i64 = 100;
/// The longest wait while the other side isn't there at all: it says nothing about the command.
const WHILE_AWAY: i64 = 10 * SECOND;

/// How often a command is tried at least before it is given up: one that was late already gets a chance.
const LEAST_TRIES: u32 = 3;

/// Whether a command has been tried for long enough.
pub(super) fn is_over(row: &Outgoing, now: Instant, valid_for: i64) -> bool {
    row.tries + 1 >= LEAST_TRIES && now.millis_since(row.command.at) > valid_for
}

/// After the command itself was refused: anywhere up to a wait that doubles with each try.
pub(super) fn after_refusal(row: &Outgoing, now: Instant) -> Instant {
    let doubled = BASE.saturating_mul(1 << row.tries.min(20));
    within(row, now, doubled.min(LONGEST))
}

/// While the other side isn't there.
pub(super) fn while_away(row: &Outgoing, now: Instant) -> Instant {
    within(row, now, WHILE_AWAY)
}

fn within(row: &Outgoing, now: Instant, longest: i64) -> Instant {
    let chance = Key::of(&[&row.command.key.to_string(), &row.attempt.to_string()]).short();
    let span = u64::try_from(longest).unwrap_or(1).max(1);
    let wait = i64::try_from(chance % span).unwrap_or(longest);
    now.plus_millis(wait.max(SHORTEST))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kurant_engine::input::{Command, Effect};
    use kurant_engine::map::Map;
    use kurant_store::OutboxState;

    use super::*;

    fn row(number: u32, attempt: u32) -> Outgoing {
        let command = Command {
            key: Key::of(&[&number.to_string()]),
            customer: "anna".into(),
            journey: Arc::from("j"),
            step: Arc::from("s"),
            at: Instant::from_millis(0),
            planned: Instant::from_millis(0),
            what: Effect::Crm {
                command: "task".into(),
                data: Map::new(),
            },
        };
        Outgoing {
            command,
            route: "crm".into(),
            due: Instant::from_millis(0),
            state: OutboxState::Claimed,
            attempt,
            tries: attempt - 1,
            lease: None,
            is_withdrawn: false,
        }
    }

    #[test]
    fn waits_spread_and_their_span_doubles_up_to_ten_minutes() {
        let now = Instant::from_millis(0);
        for (attempt, span) in [
            (1, 1_000),
            (2, 2_000),
            (5, 16_000),
            (11, 600_000),
            (99, 600_000),
        ] {
            let waits: Vec<i64> = (0..1_000)
                .map(|number| after_refusal(&row(number, attempt), now).millis())
                .collect();
            assert!(
                waits.iter().all(|wait| (SHORTEST..=span).contains(wait)),
                "{attempt}"
            );
            let mean = waits.iter().sum::<i64>() / 1_000;
            assert!(
                (span * 2 / 5..span * 3 / 5).contains(&mean),
                "{attempt}: {mean}"
            );
        }
    }

    #[test]
    fn a_command_is_tried_for_its_time_and_a_few_times_at_least() {
        let at = Instant::from_millis;
        for (attempt, now, over) in [
            (1, 900_000, false),
            (2, 900_000, false),
            (3, 900_000, true),
            (3, 60_000, false),
            (99, 60_000, false),
            (99, 60_001, true),
        ] {
            assert_eq!(
                is_over(&row(1, attempt), at(now), 60_000),
                over,
                "{attempt} {now}"
            );
        }
    }

    #[test]
    fn the_same_try_of_the_same_command_waits_the_same() {
        let now = Instant::from_millis(7);
        assert_eq!(
            after_refusal(&row(1, 3), now),
            after_refusal(&row(1, 3), now)
        );
        assert!(while_away(&row(1, 50), now).millis() <= 7 + WHILE_AWAY);
    }
}
