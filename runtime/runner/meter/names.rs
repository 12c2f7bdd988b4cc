//! The names of what is counted, and what each of them says. They are promised: `docs/guide/operations.md` lists them.

use metrics::{describe_counter, describe_gauge, describe_histogram};

pub(super) const RECEIVED: &str = "kurant_events_received_total";
pub(super) const EVENTS: &str = "kurant_events_total";
pub(super) const EVENTS_IN_HAND: &str = "kurant_events_in_hand";
pub(super) const EVENTS_COMMITTED: &str = "kurant_events_committed_total";
pub(super) const BATCHES: &str = "kurant_batches_total";
pub(super) const BATCH_EVENTS: &str = "kurant_batch_events";
pub(super) const BATCH_CUSTOMERS: &str = "kurant_batch_customers";
pub(super) const DECIDE_SECONDS: &str = "kurant_decide_seconds";
pub(super) const COMMIT_SECONDS: &str = "kurant_commit_seconds";
pub(super) const TIMERS: &str = "kurant_timers_total";
pub(super) const TIMER_LATENESS: &str = "kurant_timer_lateness_seconds";
pub(super) const ACTIONS: &str = "kurant_actions_total";
pub(super) const COMMANDS: &str = "kurant_commands_total";
pub(super) const HAND_OVERS: &str = "kurant_hand_overs_total";
pub(super) const CALLBACKS: &str = "kurant_callbacks_total";
pub(super) const RETURNED: &str = "kurant_returned_mails_total";
pub(super) const TRACKED: &str = "kurant_tracked_total";
pub(super) const UP: &str = "kurant_up";
pub(super) const READY: &str = "kurant_ready";
pub(super) const INTAKE_LAG: &str = "kurant_intake_lag_seconds";
pub(super) const WORKERS: &str = "kurant_workers";
pub(super) const LEADS: &str = "kurant_leads";
pub(super) const CLOCK_AHEAD: &str = "kurant_clock_ahead_seconds";
pub(super) const OUTBOX: &str = "kurant_outbox";
pub(super) const DUE: &str = "kurant_timers_due";
pub(super) const LATE: &str = "kurant_timers_late_seconds";
pub(super) const LETTERS: &str = "kurant_dead_letters";
pub(super) const CODES_LEFT: &str = "kurant_coupon_codes_left";
pub(super) const FORGOTTEN: &str = "kurant_forgotten_total";
pub(super) const RETENTION_LAG: &str = "kurant_retention_lag_seconds";
pub(super) const ASKED: &str = "kurant_store_asked_timestamp_seconds";
pub(super) const BUILD: &str = "kurant_build_info";

/// What each counter says.
const COUNTERS: [(&str, &str); 8] = [
    (
        RECEIVED,
        "Events and unreadable messages that sources brought, by source",
    ),
    (
        EVENTS,
        "What became of them: taken, repeated, refused, rejected or given_back, by source",
    ),
    (
        EVENTS_COMMITTED,
        "Events that took effect in the store, with those that journeys emit",
    ),
    (
        BATCHES,
        "Batches written (committed), decided again because somebody else was first (conflict), or taken apart (failed)",
    ),
    (
        TIMERS,
        "Customers whose timers came due and were worked off",
    ),
    (ACTIONS, "Lines of the execution log, by verb and status"),
    (
        COMMANDS,
        "Commands that were made and have to leave, by route",
    ),
    (
        FORGOTTEN,
        "Rows that were old enough to be forgotten, by what `retention` calls them; of bodies the entries gone through",
    ),
];

/// What each gauge says.
const GAUGES: [(&str, &str); 15] = [
    (EVENTS_IN_HAND, "Events received and not settled yet"),
    (UP, "Whether a part of what is needed is there: 1 or 0"),
    (READY, "Whether /ready says so: 1 or 0"),
    (
        INTAKE_LAG,
        "How old the events are that sources still hold; 0 = intake keeps up",
    ),
    (WORKERS, "Workers that live, as this one sees it"),
    (LEADS, "Whether this worker leads: 1 or 0"),
    (
        CLOCK_AHEAD,
        "How far the database's clock is ahead of this machine's",
    ),
    (
        OUTBOX,
        "Commands that wait, are claimed, dead or in doubt, by route and state",
    ),
    (DUE, "Customers whose timers are due and not worked off"),
    (LATE, "How long the first of them has been due"),
    (LETTERS, "Dead letters that somebody has to look at"),
    (
        CODES_LEFT,
        "Codes of a coupon pool that can be given, as the worker that leads saw it within five minutes",
    ),
    (
        RETENTION_LAG,
        "How long something has been there that `retention` says should be gone, at the most",
    ),
    (ASKED, "When the store was asked last for what waits in it"),
    (BUILD, "Which Kurant this is"),
];

/// What each distribution says, and the bounds of its buckets.
pub(super) const DISTRIBUTIONS: [(&str, &str, &[f64]); 5] = [
    (COMMIT_SECONDS, "How long a batch takes to be durable", FAST),
    (
        DECIDE_SECONDS,
        "How long the engine takes for a batch",
        FAST,
    ),
    (BATCH_EVENTS, "Events of a batch", MANY),
    (BATCH_CUSTOMERS, "Customers of a batch", MANY),
    (
        TIMER_LATENESS,
        "How late timers are worked off",
        &[
            0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 3_600.0, 86_400.0,
        ],
    ),
];
const FAST: &[f64] = &[
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
];
const MANY: &[f64] = &[
    0.0, 1.0, 10.0, 50.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0,
];

/// Says what they all are.
pub(super) fn describe() {
    for (name, text) in COUNTERS {
        describe_counter!(name, text);
    }
    describe_counter!(
        HAND_OVERS,
        "How hand-overs went: accepted, again, dead or in_doubt, by route and attempt"
    );
    describe_counter!(
        CALLBACKS,
        "What providers said of messages: told, unknown_status, unknown_message, unreadable or unverified, by channel"
    );
    describe_counter!(
        RETURNED,
        "Mails that came back: told, no_fact, automatic, no_name, unknown_message or unreadable"
    );
    describe_counter!(
        TRACKED,
        "Clicks and opens: told, dropped while nothing could be taken in, or unwanted where nothing may be noticed any more"
    );
    for (name, text) in GAUGES {
        describe_gauge!(name, text);
    }
    for (name, text, _) in DISTRIBUTIONS {
        describe_histogram!(name, text);
    }
}
