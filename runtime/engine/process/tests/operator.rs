//! An operator steers one customer: what becomes of waits and messages, and that the same word takes effect once.

use super::*;
use crate::definition::{Arm, Split, Wait};
use crate::enrollment::Place;
use crate::operator::{Act, Operator, Refusal, Stand};
use crate::process::refusal;

fn named(id: &str, mut own: Step) -> Step {
    own.id = Some(id.into());
    own
}

fn wait(days: u32) -> Step {
    let rule = crate::calendar::WaitRule {
        for_: Some(Duration::from_days(days)),
        ..Default::default()
    };
    step(Verb::Wait(Wait {
        rule,
        since: None,
        until: None,
    }))
}

/// A wait, a message, a wait for an event, another message.
fn steps() -> Vec<Step> {
    vec![
        named("pause", wait(3)),
        named("first", step(Verb::Send(send()))),
        named("answer", a_day()),
        named("second", step(Verb::Send(send()))),
    ]
}

fn inside(steps: Vec<Step>) -> Play {
    let mut play = Play::new(journey(vec![TriggerKind::Manual], steps), None);
    play.enroll();
    play
}

fn word(play: &Play, act: Act) -> Operator {
    let stand = |own: &crate::enrollment::Enrollment| Stand {
        enrollment: own.id,
        at: own.stand(),
    };
    Operator {
        order: "o1".into(),
        by: "olena".into(),
        why: "she asked".into(),
        about: play.person.enrollments.iter().map(stand).collect(),
        act,
    }
}

fn say(play: &mut Play, act: Act) -> Operator {
    let word = word(play, act);
    play.give(Input::Operator(Arc::new(word.clone())));
    word
}

fn at(play: &Play) -> String {
    let own = &play.person.enrollments[0];
    let loaded = play.catalog.version(own.version).unwrap();
    let node = own.node().and_then(|node| loaded.program.node(node));
    node.map_or("-".to_owned(), |node| node.name.to_string())
}

fn told(play: &Play) -> Vec<String> {
    let line = |own: &crate::input::Trace| {
        format!("{} {}", own.what, own.reason.as_deref().unwrap_or("-"))
    };
    let about = play
        .trace
        .iter()
        .filter(|own| own.what.ends_with("steered"));
    about.map(line).collect()
}

#[test]
fn whoever_is_ended_leaves_and_what_was_not_handed_over_is_withdrawn() {
    let mut play = inside(steps());
    play.until("2026-03-04T00:00:00Z");
    let key = play.person.enrollments[0].made[0].key;
    let word = say(&mut play, Act::End);
    assert_eq!(play.count("exit", Some("ended_by_operator")), 1);
    assert_eq!(play.withdrawn, [key]);
    let line = play.trace.last().unwrap();
    let value = |name| line.values.get(name).and_then(Value::as_text);
    assert_eq!(
        (value("by"), value("why"), value("order")),
        (Some("olena"), Some("she asked"), Some("o1"))
    );
    play.give(Input::Operator(Arc::new(word)));
    assert_eq!(play.count("exit", Some("ended_by_operator")), 1);
    assert_eq!(told(&play), ["steered end", "not_steered not_inside"]);
}

#[test]
fn a_step_is_passed_over_once_whatever_it_is() {
    let mut play = inside(steps());
    let word = say(&mut play, Act::Skip);
    assert_eq!(at(&play), "first");
    play.give(Input::Operator(Arc::new(word)));
    assert_eq!(at(&play), "first", "the same word does nothing more");
    say(&mut play, Act::Skip);
    assert_eq!(at(&play), "answer");
    assert_eq!(play.count("send", Some("operator")), 1);
    play.give(Input::HandOver);
    assert_eq!(play.count("send", None), 0);
    say(&mut play, Act::Skip);
    play.give(Input::HandOver);
    assert_eq!(play.count("send", None), 1, "after the wait it goes on");
    assert_eq!(
        told(&play),
        [
            "steered skip",
            "not_steered moved_on",
            "steered skip",
            "steered skip"
        ]
    );
}

#[test]
fn a_wait_ends_when_it_was_postponed_to_and_not_before() {
    let mut play = inside(steps());
    let until = instant("2026-03-09T12:00:00Z");
    let word = say(&mut play, Act::Postpone { until });
    play.give(Input::Operator(Arc::new(word)));
    assert_eq!(told(&play), ["steered postpone", "not_steered moved_on"]);
    play.until("2026-03-09T11:59:59Z");
    assert_eq!(at(&play), "pause");
    play.until("2026-03-09T12:00:00Z");
    assert_eq!((at(&play), play.count("send", None)), ("answer".into(), 1));
    let until = instant("2026-03-20T12:00:00Z");
    say(&mut play, Act::Postpone { until });
    let Place::WaitingFor { deadline, .. } = play.person.enrollments[0].place else {
        panic!("a wait for an event")
    };
    assert_eq!(deadline, Some(until));
}

#[test]
fn whoever_is_moved_back_gets_a_message_of_its_own() {
    let mut play = inside(steps());
    play.until("2026-03-04T12:00:00Z");
    say(
        &mut play,
        Act::Move {
            step: "first".into(),
        },
    );
    play.give(Input::HandOver);
    let sends = play.actions.iter().filter(|own| own.action == "send");
    let keys: std::collections::BTreeSet<_> = sends.map(|own| own.key).collect();
    assert_eq!(
        keys.len(),
        2,
        "another key, so that no receiver takes it for the first one"
    );
    play.until("2026-03-30T00:00:00Z");
    assert_eq!(play.count("exit", Some("completed")), 1);
}

#[test]
fn one_can_be_moved_into_branches_and_loops_but_not_to_what_reads_an_answer() {
    let answered = named("inner", step(Verb::Send(send())));
    let Verb::WaitFor(mut waits) = a_day().verb else {
        panic!("a wait for an event")
    };
    waits.then = vec![answered];
    waits.otherwise = vec![named("other", step(Verb::Send(send())))];
    let arm = |name: &str, steps| Arm {
        name: name.into(),
        weight: 50,
        steps,
    };
    let split = Split {
        arms: vec![
            arm("a", vec![named("in-a", wait(1))]),
            arm("b", vec![named("in-b", wait(1))]),
        ],
    };
    let repeat = Repeat {
        condition: None,
        at_most: 3,
        steps: vec![named("again", wait(1))],
    };
    let steps = vec![
        named("pause", wait(3)),
        named("answer", step(Verb::WaitFor(waits))),
        named("arms", step(Verb::Split(split))),
        named("loop", step(Verb::Repeat(repeat))),
    ];
    for (to, refused) in [
        ("inner", Some(Refusal::NoAnswer("answer".into()))),
        ("nowhere", Some(Refusal::NoSuchStep)),
        ("other", None),
        ("in-b", None),
        ("steps[2].split.a.steps[0]", None),
        ("again", None),
    ] {
        let mut play = inside(steps.clone());
        let act = Act::Move { step: to.into() };
        let word = word(&play, act.clone());
        let judged = refusal(&play.catalog, &play.person, &word.about[0], &act);
        assert_eq!(judged, refused, "{to}");
        play.give(Input::Operator(Arc::new(word)));
        let moved = at(&play);
        match to {
            "inner" | "nowhere" => assert_eq!(moved, "pause", "{to}"),
            "steps[2].split.a.steps[0]" => assert_eq!(moved, "in-a"),
            _ => assert_eq!(moved, to),
        }
        let from = play.clock;
        play.until("2026-04-30T00:00:00Z");
        assert_eq!(play.count("exit", None), 0);
        if to == "again" {
            let end = play.actions.last().unwrap();
            let days = end.at.millis_since(from) / crate::calendar::DAY;
            assert_eq!(days, 3, "all three rounds");
        }
    }
}

#[test]
fn what_has_no_timer_cannot_be_postponed() {
    let until = instant("2026-03-09T12:00:00Z");
    let act = Act::Postpone { until };
    let mut play = inside(vec![named("first", step(Verb::Send(send())))]);
    play.clock = instant("2026-03-01T00:00:00Z");
    let own = word(&play, act.clone());
    let judged = refusal(&play.catalog, &play.person, &own.about[0], &act);
    assert_eq!(judged, Some(Refusal::NoWait("send")));
    let Verb::WaitFor(mut waits) = a_day().verb else {
        panic!("a wait for an event")
    };
    waits.timeout = None;
    let play = inside(vec![named("answer", step(Verb::WaitFor(waits)))]);
    let own = word(&play, act.clone());
    let judged = refusal(&play.catalog, &play.person, &own.about[0], &act);
    assert_eq!(judged, Some(Refusal::NoTimer));
}

#[test]
fn past_the_last_step_a_fallback_can_only_be_cancelled() {
    let message = step(Verb::Send(Send {
        fallback: vec!["sms".into()],
        fallback_after: Some(Duration::from_millis(7_200_000)),
        ..send()
    }));
    let mut play = inside(vec![message]);
    play.until("2026-03-01T01:00:00Z");
    for (act, refused) in [
        (Act::Skip, Some(Refusal::OnlyFallback)),
        (
            Act::Postpone {
                until: instant("2026-03-09T12:00:00Z"),
            },
            Some(Refusal::OnlyFallback),
        ),
        (Act::Move { step: "0".into() }, Some(Refusal::OnlyFallback)),
        (Act::End, None),
    ] {
        let own = word(&play, act.clone());
        let judged = refusal(&play.catalog, &play.person, &own.about[0], &act);
        assert_eq!(judged, refused, "{act:?}");
    }
}

#[test]
fn who_is_held_goes_on_from_the_new_step_once_the_journey_is_resumed() {
    use crate::paused::{Pause, Paused, Target};
    let mut play = inside(steps());
    let pause = Pause {
        at: play.clock,
        by: "olena".into(),
        why: String::new(),
    };
    let journey = Target::Journey("j".into());
    play.catalog
        .set_paused(Paused::from_iter([(journey, pause)]));
    say(&mut play, Act::Skip);
    play.give(Input::HandOver);
    assert_eq!((at(&play), play.count("send", None)), ("first".into(), 0));
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!((at(&play), play.count("send", None)), ("answer".into(), 1));
}
