//! What a pause holds, what it doesn't, and how it goes on.

use super::*;
use crate::paused::{Pause, Paused, Target};

fn pause(target: Target) -> Paused {
    let pause = Pause {
        at: instant("2026-03-01T00:00:00Z"),
        by: "olena".into(),
        why: String::new(),
    };
    Paused::from_iter([(target, pause)])
}

fn messages() -> Play {
    let mut first = step(Verb::Send(send()));
    first.id = Some("first".into());
    let mut second = step(Verb::Send(Send {
        channel: Channel::Named("sms".into()),
        ..send()
    }));
    second.id = Some("second".into());
    let journey = Journey {
        exits: vec![Exit::Event {
            event: "bought".into(),
            filter: None,
            reason: "bought".into(),
        }],
        ..journey(vec![TriggerKind::Manual], vec![first, a_day(), second])
    };
    Play::new(journey, None)
}

fn told(play: &Play) -> Vec<String> {
    let line = |action: &Action| {
        let step = action.step.as_deref().unwrap_or("-");
        let status = format!("{:?}", action.status).to_lowercase();
        format!("{} {step} {status}", action.action)
    };
    play.actions.iter().map(line).collect()
}

#[test]
fn a_paused_journey_hands_nothing_over_and_its_timers_wait() {
    let mut play = messages();
    play.enroll();
    play.give(Input::HandOver);
    play.catalog.set_paused(pause(Target::Journey("j".into())));
    play.until("2026-03-05T00:00:00Z");
    assert_eq!(told(&play), ["enter - sent", "send first sent"]);
    assert_eq!(play.person.wake_at(), None, "nothing wakes who is held");
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.until("2026-03-05T00:00:01Z");
    assert_eq!(
        told(&play)[2..],
        ["send second sent", "exit - sent"],
        "{:?}",
        told(&play)
    );
}

#[test]
fn people_enter_a_paused_journey_and_wait_at_its_first_step() {
    let mut play = messages();
    play.catalog.set_paused(pause(Target::All));
    play.enroll();
    play.until("2026-03-02T00:00:00Z");
    assert_eq!(told(&play), ["enter - sent"]);
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!(told(&play), ["enter - sent", "send first sent"]);
}

#[test]
fn an_exit_counts_while_the_journey_is_paused() {
    let mut play = messages();
    play.catalog.set_paused(pause(Target::Journey("j".into())));
    play.enroll();
    play.event("bought", "total", Value::Integer(1));
    assert_eq!(told(&play), ["enter - sent", "exit - sent"]);
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!(play.actions.len(), 2);
}

#[test]
fn a_paused_channel_holds_its_own_messages_only() {
    let mut play = messages();
    play.catalog
        .set_paused(pause(Target::Channel("sms".into())));
    play.enroll();
    play.give(Input::HandOver);
    play.until("2026-03-05T00:00:00Z");
    assert_eq!(
        told(&play),
        ["enter - sent", "send first sent", "send second deferred"]
    );
    assert_eq!(play.actions[2].reason.as_deref(), Some("paused"));
    assert!(play.person.enrollments[0].is_held());
    // Still paused, being asked again changes nothing.
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!(play.actions.len(), 3);
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!(told(&play)[3..], ["send second sent", "exit - sent"]);
}

#[test]
fn a_message_that_is_no_longer_valid_after_a_pause_is_skipped() {
    let mut only = step(Verb::Send(Send {
        valid_for: Some(Duration::from_days(1)),
        ..send()
    }));
    only.id = Some("only".into());
    let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![only]), None);
    play.catalog
        .set_paused(pause(Target::Channel("email".into())));
    play.enroll();
    play.give(Input::HandOver);
    play.clock = instant("2026-03-04T00:00:00Z");
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.give(Input::HandOver);
    assert_eq!(
        told(&play)[1..],
        ["send only deferred", "send only skipped", "exit - sent"]
    );
}
