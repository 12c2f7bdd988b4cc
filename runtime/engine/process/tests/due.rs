//! When the cause of a command was due, whatever put it off; and up to when a message is worth sending.

use super::*;
use crate::input::Effect;
use crate::process::{Again, again};

/// Each command: when it leaves, and when it was due.
fn planned(play: &Play) -> Vec<(String, String)> {
    let hour = |at: Instant| at.to_string().get(8..16).unwrap().to_owned();
    let own = play.commands.iter();
    own.map(|own| (hour(own.at), hour(own.planned))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = expected.iter();
    own.map(|(at, planned)| ((*at).to_owned(), (*planned).to_owned()))
        .collect()
}

#[test]
fn what_a_night_puts_off_was_due_before_it_and_what_follows_only_after() {
    let steps = vec![step(Verb::Send(send())), step(Verb::Send(send()))];
    let mut play = Play::new(journey(vec![TriggerKind::Manual], steps), quiet());
    play.enroll();
    play.until("2026-03-01T12:00:00Z");
    assert_eq!(
        planned(&play),
        pairs(&[("01T09:00", "01T00:00"), ("01T09:00", "01T09:00")])
    );
}

#[test]
fn a_fallback_was_due_when_its_first_message_was() {
    let message = step(Verb::Send(Send {
        fallback: vec!["sms".into()],
        fallback_after: Some(Duration::from_millis(7_200_000)),
        ..send()
    }));
    let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![message]), None);
    play.enroll();
    play.until("2026-03-01T12:00:00Z");
    assert_eq!(
        planned(&play),
        pairs(&[("01T00:00", "01T00:00"), ("01T02:00", "01T00:00")])
    );
}

#[test]
fn a_timer_that_comes_after_a_later_event_was_due_in_its_own_time() {
    let mut play = Play::new(
        journey(
            vec![TriggerKind::Manual],
            vec![a_day(), step(Verb::Send(send()))],
        ),
        None,
    );
    play.enroll();
    // Nothing ran for two days, and an event is taken in before what was due meanwhile.
    play.clock = instant("2026-03-03T00:00:00Z");
    play.event("seen", "n", Value::Integer(1));
    play.give(Input::Due(Vec::new()));
    play.give(Input::HandOver);
    assert_eq!(planned(&play), pairs(&[("03T00:00", "02T00:00")]));
}

#[test]
fn what_waits_for_its_way_out_past_its_time_never_leaves() {
    let message = step(Verb::Send(Send {
        valid_for: Some(Duration::from_millis(7_200_000)),
        ..send()
    }));
    let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![message]), None);
    play.enroll();
    play.give(Input::HandOver);
    let command = play.commands.pop().unwrap();
    let Effect::Send { valid_until, .. } = &command.what else {
        panic!("a message");
    };
    assert_eq!(*valid_until, Some(instant("2026-03-01T02:00:00Z")));
    for (at, verdict) in [
        ("2026-03-01T02:00:00Z", Again::Leaves),
        ("2026-03-01T02:00:01Z", Again::Never("late")),
    ] {
        let judged = again(&play.catalog, Some(&play.person), &command, instant(at));
        assert_eq!(judged, verdict, "{at}");
    }
}
