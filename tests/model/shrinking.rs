//! Makes a history that shows a difference as small as it gets, and prints it.

use std::fmt::Write as _;

use kurant_engine::definition::{
    Definitions, Entry, Journey, OnStop, Repeat, Send, Step, Verb, WaitFor,
};
use serde::Serialize;

use super::driver::{EnginePlayer, ModelPlayer, Seen, catalogs, play};
use super::histories::{History, Written};
use super::journeys::version;

/// What the engine and the model make of a history, if these are two things.
pub(super) fn difference(written: &Written, history: &History) -> Option<(Seen, Seen)> {
    let catalogs = catalogs(written);
    let engine = play(history, &mut EnginePlayer::new(&catalogs, history));
    let model = play(history, &mut ModelPlayer::new(written, history));
    (engine != model).then_some((engine, model))
}

/// Leaves out happenings, journeys and steps as long as the difference stays.
pub(super) fn shrink(written: &mut Written, history: &mut History) {
    for _ in 0..3 {
        let before = (history.happenings.len(), size(written));
        let mut position = 0;
        while position < history.happenings.len() {
            let taken = history.happenings.remove(position);
            if difference(written, history).is_none() {
                history.happenings.insert(position, taken);
                position += 1;
            }
        }
        shrink_journeys(written, history);
        if (history.happenings.len(), size(written)) == before {
            return;
        }
    }
}

fn size(written: &Written) -> usize {
    written
        .definitions
        .iter()
        .map(|definitions| format!("{definitions:?}").len())
        .sum()
}

fn shrink_journeys(written: &mut Written, history: &History) {
    for edit in 0..written.definitions.len() {
        let mut number = 0;
        while number < written.definitions[edit].journeys.len() {
            let kept = written.definitions[edit].clone();
            written.definitions[edit].journeys.remove(number);
            if difference(written, history).is_some() {
                continue;
            }
            written.definitions[edit] = kept;
            while shrink_journey(written, history, edit, number) {}
            number += 1;
        }
    }
}

/// Tries every smaller form of a journey; whether one of them still shows the difference.
fn shrink_journey(written: &mut Written, history: &History, edit: usize, number: usize) -> bool {
    let kept = written.definitions[edit].journeys[number].clone();
    for smaller in smaller_journeys(&kept.journey) {
        written.definitions[edit].journeys[number] = version(smaller);
        if difference(written, history).is_some() {
            return true;
        }
    }
    written.definitions[edit].journeys[number] = kept;
    false
}

fn smaller_journeys(journey: &Journey) -> Vec<Journey> {
    let plain = |change: &dyn Fn(&mut Journey)| {
        let mut own = journey.clone();
        change(&mut own);
        own
    };
    let mut smaller: Vec<Journey> = smaller_lists(&journey.steps)
        .into_iter()
        .map(|steps| Journey {
            steps,
            ..journey.clone()
        })
        .collect();
    smaller.extend([
        plain(&|own| own.exits.clear()),
        plain(&|own| own.goal = None),
        plain(&|own| own.expires = None),
        plain(&|own| own.audience = None),
        plain(&|own| own.pilot = None),
        plain(&|own| own.topic = None),
        plain(&|own| own.holdout = 0),
        plain(&|own| own.entry = Entry::default()),
        plain(&|own| {
            if own.triggers.len() > 1 {
                own.triggers.pop();
            }
        }),
    ]);
    smaller.retain(|own| own != journey);
    smaller
}

/// The list without one of its steps, or with one of them made smaller.
fn smaller_lists(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut lists = Vec::new();
    for position in 0..steps.len() {
        let mut without = steps.to_vec();
        let own = without.remove(position);
        for block in own.verb.blocks() {
            let mut flat = without.clone();
            flat.splice(position..position, block.iter().cloned());
            lists.push(flat);
        }
        lists.push(without);
        for smaller in smaller_steps(&own) {
            let mut list = steps.to_vec();
            list[position] = smaller;
            lists.push(list);
        }
    }
    lists
}

fn smaller_steps(step: &Step) -> Vec<Step> {
    let verbs = match &step.verb {
        Verb::WaitFor(wait) => {
            let then = smaller_lists(&wait.then).into_iter().map(|then| {
                Verb::WaitFor(WaitFor {
                    then,
                    ..wait.clone()
                })
            });
            let other = smaller_lists(&wait.otherwise).into_iter().map(|otherwise| {
                Verb::WaitFor(WaitFor {
                    otherwise,
                    ..wait.clone()
                })
            });
            then.chain(other).collect()
        }
        Verb::Repeat(repeat) => smaller_lists(&repeat.steps)
            .into_iter()
            .filter(|steps| !steps.is_empty())
            .map(|steps| {
                Verb::Repeat(Repeat {
                    steps,
                    ..repeat.clone()
                })
            })
            .collect(),
        Verb::Send(send) => {
            let plain = Send {
                on_late: OnStop::Skip,
                on_cap: OnStop::Skip,
                window: None,
                valid_for: None,
                ..send.clone()
            };
            vec![Verb::Send(plain)]
        }
        _ => Vec::new(),
    };
    let mut steps: Vec<Step> = verbs
        .into_iter()
        .map(|verb| Step {
            verb,
            ..step.clone()
        })
        .collect();
    steps.push(Step {
        when: None,
        ..step.clone()
    });
    steps.retain(|own| own != step);
    steps
}

/// Everything that somebody needs to see what went wrong.
pub(super) fn report(
    seed: u64,
    written: &Written,
    history: &History,
    engine: &Seen,
    model: &Seen,
) -> String {
    let mut text = format!(
        "the engine and the model differ; replay: KURANT_SEED={seed} cargo test --workspace --test integration -- model::\n"
    );
    for (number, definitions) in written.definitions.iter().enumerate() {
        let _ = writeln!(text, "\n# definitions {number}");
        show_definitions(&mut text, definitions);
    }
    let History {
        customer,
        from,
        until,
        ..
    } = history;
    let _ = writeln!(text, "\n# history from {from} to {until}\n{customer:?}");
    for (at, happening) in &history.happenings {
        let _ = writeln!(text, "{at} {happening:?}");
    }
    let _ = writeln!(text, "\n# first difference");
    show_difference(&mut text, &action_lines(engine), &action_lines(model));
    show_difference(&mut text, &note_lines(engine), &note_lines(model));
    text
}

fn json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap_or_default()
}

fn show_definitions(text: &mut String, definitions: &Definitions) {
    let segments = definitions.segments.iter();
    let segments: Vec<_> = segments
        .map(|own| (&own.name, &own.condition.source))
        .collect();
    let _ = writeln!(text, "{}", json(&definitions.workspace));
    let _ = writeln!(text, "segments: {segments:?}");
    let _ = writeln!(text, "profile: {}", json(&definitions.profile));
    for version in &definitions.journeys {
        let _ = writeln!(text, "{}", json(&version.journey));
    }
}

fn action_lines(seen: &Seen) -> Vec<String> {
    seen.actions.iter().map(json).collect()
}

fn note_lines(seen: &Seen) -> Vec<String> {
    let notes = seen.notes.iter();
    notes
        .map(|(what, about)| format!("{what}: {about}"))
        .collect()
}

fn show_difference(text: &mut String, engine: &[String], model: &[String]) {
    let both = engine.iter().zip(model);
    let same = both.take_while(|(one, other)| one == other).count();
    let before = &engine[same.saturating_sub(6)..same];
    for (who, lines) in [
        ("same before:", before),
        ("ENGINE:", &engine[same..]),
        ("MODEL: ", &model[same..]),
    ] {
        let lines: Vec<&str> = lines.iter().take(6).map(String::as_str).collect();
        let _ = writeln!(text, "  {who} {}", lines.join("\n    "));
    }
}
