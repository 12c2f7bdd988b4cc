//! The engine against a naive reference model, written separately from the description of the language: random journeys, and
//! random histories of events with duplicates, disorder, edits, restarts and outages. No difference is allowed.

mod calendar;
mod chance;
mod disturbed;
mod doors;
mod driver;
mod evaluate;
mod expression;
mod gates;
mod histories;
mod journeys;
mod plan;
mod random_steps;
mod reference;
mod shrinking;
mod steps;
mod taking_in;
mod workspaces;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread;

use self::driver::{EnginePlayer, ModelPlayer, Seen, catalogs, play};
use self::histories::{history, written};
use self::shrinking::{difference, report, shrink};

/// How many histories are played.
const HISTORIES: u64 = 20_000;
/// How many histories share one set of definitions.
const HISTORIES_A_WORKSPACE: u64 = 10;

/// After how many differences the rest is left alone.
const DIFFERENCES_SHOWN: usize = 3;

/// What the histories have to show, so that the generator cannot quietly cease to make something.
const OUTCOMES: &[&str] = &[
    "choose: fails",
    "choose: goes on",
    "emit Sent",
    "emit Skipped control",
    "emit Skipped too_deep",
    "emit: goes on",
    "enter Sent",
    "exit Sent cart.filled",
    "exit Sent completed",
    "exit Sent condition",
    "exit Sent enough",
    "exit Sent erased",
    "exit Sent error",
    "exit Sent expired",
    "exit Sent message.clicked",
    "exit Sent order.paid",
    "exit Sent restarted",
    "exit Sent stopped",
    "exit Sent task.done",
    "exit Sent x.1",
    "exit: ends",
    "goal",
    "if: fails",
    "if: goes on",
    "not_entered again",
    "not_entered already_active",
    "not_entered audience",
    "not_entered error",
    "not_entered exit",
    "not_entered no_key",
    "not_entered occasion_taken",
    "not_entered pilot",
    "not_entered queued",
    "not_entered too_old",
    "passed_over",
    "repeat: fails",
    "repeat: goes on",
    "run: fails",
    "run: goes on",
    "score Sent",
    "score Skipped control",
    "score: goes on",
    "send Deferred frequency_cap",
    "send Deferred quiet_hours",
    "send Deferred window",
    "send Sent",
    "send Skipped condition",
    "send Skipped control",
    "send Skipped ended",
    "send Skipped erased",
    "send Skipped frequency_cap",
    "send Skipped late",
    "send Skipped no_consent",
    "send Skipped opted_out",
    "send Skipped suppressed",
    "send Skipped unreachable",
    "send: fails",
    "send: goes on",
    "send: stays",
    "set Sent",
    "set Skipped control",
    "set: fails",
    "set: goes on",
    "split: goes on",
    "start Sent",
    "start Skipped control",
    "start Skipped not_open",
    "start Skipped too_deep",
    "start: fails",
    "start: goes on",
    "tag Sent",
    "tag Skipped control",
    "tag: goes on",
    "task Sent",
    "task Skipped control",
    "task: fails",
    "task: goes on",
    "timeout",
    "too_late",
    "untag Sent",
    "untag Skipped control",
    "untag: goes on",
    "wait: fails",
    "wait: goes on",
    "wait: stays",
    "wait_for: fails",
    "wait_for: goes on",
    "wait_for: stays",
    "webhook Sent",
    "webhook Skipped control",
    "webhook: goes on",
];

/// How often each outcome of each kind of step was seen.
type Cover = BTreeMap<String, u64>;

#[test]
fn engine_and_reference_model_agree_on_every_history() {
    let played = match number_in("KURANT_SEED") {
        Some(seed) => {
            let mut played = Played::default();
            played.play(seed / HISTORIES_A_WORKSPACE, seed..seed + 1);
            played
        }
        None => play_all(number_in("KURANT_HISTORIES").unwrap_or(HISTORIES)),
    };
    assert!(
        played.differences.is_empty(),
        "{}",
        played.differences.join("\n\n")
    );
}

/// The settings of this test: which history to play again, and how many to play.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment"
)]
fn number_in(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .and_then(|number| number.parse().ok())
}

/// Plays so many histories, on every processor, and looks whether they show all that they have to.
fn play_all(histories: u64) -> Played {
    let workspaces = histories / HISTORIES_A_WORKSPACE;
    let (next, different) = (AtomicU64::new(0), AtomicUsize::new(0));
    let work = || {
        let mut played = Played::default();
        while different.load(Relaxed) < DIFFERENCES_SHOWN {
            let workspace = next.fetch_add(1, Relaxed);
            if workspace >= workspaces {
                break;
            }
            let first = workspace * HISTORIES_A_WORKSPACE;
            let before = played.differences.len();
            played.play(workspace, first..first + HISTORIES_A_WORKSPACE);
            different.fetch_add(played.differences.len() - before, Relaxed);
        }
        played
    };
    let mut all = Played::default();
    thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let played = thread.join().expect("a thread that plays to the end");
            all.add_all(played.cover);
            all.differences.extend(played.differences);
        }
    });
    for (what, times) in &all.cover {
        println!("{times:>8} {what}");
    }
    if histories >= HISTORIES && all.differences.is_empty() {
        let is_unseen = |what: &&&str| !all.cover.contains_key(**what);
        let unseen: Vec<_> = OUTCOMES.iter().filter(is_unseen).collect();
        assert!(unseen.is_empty(), "no history shows {unseen:?}");
    }
    all
}

/// What has been played so far.
#[derive(Default)]
struct Played {
    cover: Cover,
    differences: Vec<String>,
}

impl Played {
    fn play(&mut self, workspace: u64, seeds: std::ops::Range<u64>) {
        let written = written(workspace);
        let catalogs = catalogs(&written);
        for seed in seeds {
            let history = history(seed, written.definitions.len());
            let engine = play(&history, &mut EnginePlayer::new(&catalogs, &history));
            let mut player = ModelPlayer::new(&written, &history);
            let model = play(&history, &mut player);
            if engine == model {
                self.count(&model, player.model.covered);
                continue;
            }
            println!("history {seed} differs; looking for the smallest one that does");
            let (mut written, mut history) = (written.clone(), history);
            shrink(&mut written, &mut history);
            let (engine, model) = difference(&written, &history).unwrap_or((engine, model));
            self.differences
                .push(report(seed, &written, &history, &engine, &model));
            return;
        }
    }

    fn count(&mut self, seen: &Seen, steps: Cover) {
        for action in &seen.actions {
            let reason = action.reason.as_deref().unwrap_or_default();
            let outcome = format!("{} {:?} {reason}", action.action, action.status);
            self.add(outcome.trim_end().to_owned(), 1);
        }
        for (what, about) in &seen.notes {
            let reason = about.split(' ').nth(1).unwrap_or_default();
            self.add(format!("{what} {reason}").trim_end().to_owned(), 1);
        }
        self.add_all(steps);
    }

    fn add(&mut self, outcome: String, times: u64) {
        *self.cover.entry(outcome).or_default() += times;
    }

    fn add_all(&mut self, cover: Cover) {
        for (outcome, times) in cover {
            self.add(outcome, times);
        }
    }
}
