//! A journey waits for what a web hook answers, where calls are made for real.

use super::*;
use crate::catalog::Reply;
use crate::definition::{OnError, Webhook};
use crate::enrollment::Place;

fn hook(save: Option<&str>, on_error: OnError) -> Step {
    step(Verb::Webhook(Webhook {
        url: "https://shop.example/ask".into(),
        method: "POST".into(),
        headers: Vec::new(),
        body: None,
        save: save.map(str::to_owned),
        on_error,
    }))
}

fn play(hook: Step, acting: Acting, kind: &str) -> Play {
    play_for(None, hook, acting, kind)
}

/// With calls that are tried for so long.
fn play_for(valid_for: Option<&str>, hook: Step, acting: Acting, kind: &str) -> Play {
    let journey = Journey {
        exits: vec![Exit::Event {
            event: "bought".into(),
            filter: None,
            reason: "bought".into(),
        }],
        ..journey(vec![TriggerKind::Manual], vec![hook, a_day()])
    };
    let mut play = Play::new(journey, None);
    let mut definitions = play.catalog.definitions().clone();
    let webhooks = &mut definitions.workspace.settings.webhooks;
    webhooks.insert("kind", Value::text(kind));
    if let Some(valid_for) = valid_for {
        webhooks.insert("valid_for", Value::text(valid_for));
    }
    play.catalog = Catalog::load(&definitions, &[], acting).unwrap();
    play.enroll();
    play
}

/// The key of the call, if the journey waits for it.
fn call(play: &Play) -> Option<Key> {
    match play.person.enrollments.first()?.place {
        Place::Calling { key, .. } => Some(key),
        _ => None,
    }
}

fn exits(play: &Play) -> Vec<&str> {
    let exits = play.actions.iter().filter(|own| own.action == "exit");
    exits.filter_map(|own| own.reason.as_deref()).collect()
}

fn answer(play: &mut Play, key: Key, reply: Reply) {
    play.give(Input::Replied { key, reply });
}

#[test]
fn the_answer_stands_in_vars_once_it_comes_and_counts_once() {
    let mut play = play(
        hook(Some("answer"), OnError::Continue),
        Acting::Live,
        "http",
    );
    let key = call(&play).expect("it waits");
    assert_eq!(play.commands[0].key, key);
    assert!(play.commands[0].is_awaited());
    play.clock = instant("2026-03-01T06:00:00Z");
    answer(&mut play, Key::of(&["another"]), Reply::Failure);
    assert_eq!(call(&play), Some(key), "it is not about this call");
    answer(&mut play, key, Reply::Value(Value::text("gold")));
    let enrollment = &play.person.enrollments[0];
    assert_eq!(enrollment.vars.get("answer"), Some(&Value::text("gold")));
    assert!(matches!(enrollment.place, Place::WaitingFor { .. }));
    answer(&mut play, key, Reply::Value(Value::text("silver")));
    let enrollment = &play.person.enrollments[0];
    assert_eq!(enrollment.vars.get("answer"), Some(&Value::text("gold")));
}

#[test]
fn a_call_that_fails_for_good_lets_on_error_decide() {
    for (on_error, exit) in [
        (OnError::Exit, vec!["webhook_failed"]),
        (OnError::Continue, vec![]),
        (
            OnError::Steps(vec![step(Verb::Exit("sorry".into()))]),
            vec!["sorry"],
        ),
    ] {
        let mut play = play(hook(Some("answer"), on_error), Acting::Live, "http");
        let key = call(&play).expect("it waits");
        answer(&mut play, key, Reply::Failure);
        assert_eq!(exits(&play), exit);
    }
}

#[test]
fn a_call_that_nobody_answers_counts_as_failed_days_after_the_last_try() {
    for (valid_for, still, over) in [
        (None, "2026-03-02T23:00:00Z", "2026-03-03T01:00:00Z"),
        (Some("3d"), "2026-03-04T23:00:00Z", "2026-03-07T01:00:00Z"),
    ] {
        let mut play = play_for(
            valid_for,
            hook(Some("answer"), OnError::Exit),
            Acting::Live,
            "http",
        );
        let key = call(&play).expect("it waits");
        play.clock = instant(still);
        play.give(Input::Due(Vec::new()));
        assert_eq!(call(&play), Some(key), "it may be answered yet");
        play.clock = instant(over);
        play.give(Input::Due(Vec::new()));
        assert_eq!(exits(&play), ["webhook_failed"]);
    }
}

#[test]
fn whoever_leaves_meanwhile_hears_nothing_of_it() {
    let mut play = play(
        hook(Some("answer"), OnError::Continue),
        Acting::Live,
        "http",
    );
    let key = call(&play).expect("it waits");
    play.clock = instant("2026-03-01T06:00:00Z");
    play.event("bought", "total", Value::Integer(1));
    answer(&mut play, key, Reply::Value(Value::text("gold")));
    assert_eq!(exits(&play), ["bought"]);
}

#[test]
fn where_nobody_answers_or_nothing_asks_the_journey_goes_on_at_once() {
    for (save, acting, kind) in [
        (Some("answer"), Acting::Live, "file"),
        (Some("answer"), Acting::Rehearsal, "http"),
        (None, Acting::Live, "http"),
    ] {
        let play = play(hook(save, OnError::Continue), acting, kind);
        assert_eq!(call(&play), None);
        assert!(matches!(
            play.person.enrollments[0].place,
            Place::WaitingFor { .. }
        ));
        assert!(play.commands.iter().all(|own| !own.is_awaited()));
    }
}
