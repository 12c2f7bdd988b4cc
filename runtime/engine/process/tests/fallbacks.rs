//! What becomes of a message: fallbacks, also past the last step, and the line that settles what was deferred.

use super::*;
use crate::action::ActionStatus;

const TWO_HOURS: i64 = 7_200_000;

/// One message by email, then by SMS; whoever buys leaves.
fn one_message(fallback_after: Option<i64>, more: Vec<Step>) -> Journey {
    let message = step(Verb::Send(Send {
        fallback: vec!["sms".into()],
        fallback_after: fallback_after.map(Duration::from_millis),
        ..send()
    }));
    let mut steps = vec![message];
    steps.extend(more);
    Journey {
        exits: vec![Exit::Event {
            event: "bought".into(),
            filter: None,
            reason: "bought".into(),
        }],
        ..journey(vec![TriggerKind::Manual], steps)
    }
}

/// The lines of messages: channel, status, reason, day and hour.
fn lines(play: &Play) -> Vec<String> {
    let sends = play.actions.iter().filter(|action| action.action == "send");
    sends
        .map(|action| {
            format!(
                "{} {} {} {}",
                action.at.to_string().get(8..13).unwrap(),
                action.channel.as_deref().unwrap_or("-"),
                action.status.word(),
                action.reason.as_deref().unwrap_or("-")
            )
        })
        .collect()
}

fn feedback(play: &mut Play, kind: &str, channel: &str) {
    let mut sent = play.actions.iter().rev();
    let message = sent
        .find(|own| own.channel.as_deref() == Some(channel) && own.status == ActionStatus::Sent)
        .unwrap();
    let mut data = Map::from_iter([("key", Value::text(message.key.to_string()))]);
    data.insert("channel", Value::text(channel));
    play.give(Input::Event(Arc::new(Event {
        id: format!("{kind} {channel}").into(),
        source: "provider".into(),
        kind: kind.into(),
        customer: "c1".into(),
        time: play.clock,
        data,
        attributes: Map::new(),
    })));
}

#[test]
fn the_fallback_of_the_last_message_is_sent_when_nothing_confirms_it() {
    let mut play = Play::new(one_message(Some(TWO_HOURS), Vec::new()), None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    assert_eq!(play.count("exit", Some("completed")), 1);
    play.until("2026-03-05T00:00:00Z");
    assert_eq!(lines(&play), ["01T00 email sent -", "01T02 sms sent -"]);
    assert_eq!(play.count("exit", Some("completed")), 1);
    play.give(Input::Due(Vec::new()));
    assert!(play.person.enrollments.is_empty(), "nothing is left of it");
}

#[test]
fn past_the_last_step_a_delivery_an_exit_a_stop_and_the_end_of_its_life_cancel_a_fallback() {
    for what in ["delivered", "bought", "stop", "expired", "erased"] {
        let mut own = one_message(Some(TWO_HOURS), Vec::new());
        if what == "expired" {
            own.expires = Some(Duration::from_millis(TWO_HOURS));
        }
        let mut play = Play::new(own, None);
        play.enroll();
        play.until("2026-03-01T01:00:00Z");
        match what {
            "delivered" => feedback(&mut play, "message.delivered", "email"),
            "bought" => play.event("bought", "n", Value::Integer(1)),
            "stop" => play.give(Input::Stop {
                journey: "j".into(),
            }),
            "erased" => play.event("customer.erased", "n", Value::Integer(1)),
            _ => {}
        }
        play.until("2026-03-05T00:00:00Z");
        assert_eq!(lines(&play), ["01T00 email sent -"], "{what}");
        assert_eq!(play.count("exit", Some("completed")), 1, "{what}");
        assert_eq!(play.count("exit", Some("bought")), 0, "{what}");
    }
}

#[test]
fn a_paused_fallback_past_the_last_step_goes_on_when_it_is_resumed() {
    use crate::paused::{Pause, Paused, Target};
    let mut play = Play::new(one_message(Some(TWO_HOURS), Vec::new()), None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    let pause = Pause {
        at: play.clock,
        by: "olena".into(),
        why: String::new(),
    };
    play.catalog
        .set_paused(Paused::from_iter([(Target::Journey("j".into()), pause)]));
    play.until("2026-03-02T05:00:00Z");
    play.catalog.set_paused(Paused::default());
    play.give(Input::Resume);
    play.until("2026-03-02T06:00:00Z");
    assert_eq!(
        lines(&play),
        [
            "01T00 email sent -",
            "01T02 sms deferred paused",
            "01T02 sms sent -"
        ]
    );
}

#[test]
fn a_bounce_lets_the_fallback_be_tried_at_once() {
    for patience in [None, Some(24 * 3_600_000)] {
        for more in [Vec::new(), vec![a_day()]] {
            let mut play = Play::new(one_message(patience, more), None);
            play.enroll();
            play.until("2026-03-01T03:00:00Z");
            feedback(&mut play, "message.bounced", "email");
            play.until("2026-03-06T00:00:00Z");
            assert_eq!(lines(&play), ["01T00 email sent -", "01T03 sms sent -"]);
        }
    }
}

#[test]
fn a_message_given_up_on_its_way_out_leaves_its_place_to_the_fallback() {
    for patience in [None, Some(24 * 3_600_000)] {
        let mut play = Play::new(one_message(patience, Vec::new()), None);
        play.enroll();
        play.until("2026-03-01T03:00:00Z");
        let key = play.actions.iter().find(|own| own.action == "send");
        let key = key.unwrap().key;
        assert!(play.withdrawn.is_empty(), "nothing took its place so far");
        play.give(Input::GaveUp { key });
        play.until("2026-03-06T00:00:00Z");
        assert_eq!(lines(&play), ["01T00 email sent -", "01T03 sms sent -"]);
        assert_eq!(play.withdrawn, [key], "tried again, there would be both");
        play.give(Input::GaveUp { key });
        assert_eq!(lines(&play).len(), 2, "once");
    }
}

#[test]
fn what_ends_an_enrollment_from_outside_withdraws_its_messages_and_an_exit_step_does_not() {
    let exit = step(Verb::Exit("done".into()));
    for (what, more, count) in [
        ("bought", vec![a_day()], 1),
        ("stop", vec![a_day()], 1),
        ("nothing", vec![exit], 0),
    ] {
        let mut play = Play::new(one_message(None, more), None);
        play.enroll();
        play.until("2026-03-01T01:00:00Z");
        match what {
            "bought" => play.event("bought", "n", Value::Integer(1)),
            "stop" => play.give(Input::Stop {
                journey: "j".into(),
            }),
            _ => {}
        }
        assert_eq!(lines(&play), ["01T00 email sent -"], "{what}");
        assert_eq!(play.withdrawn.len(), count, "{what}");
    }
}

#[test]
fn without_patience_only_a_bounce_of_the_first_days_lets_the_fallback_be_tried() {
    let mut play = Play::new(one_message(None, Vec::new()), None);
    play.enroll();
    play.until("2026-03-04T01:00:00Z");
    assert_eq!(play.person.wake_at(), None, "nobody is woken for it");
    feedback(&mut play, "message.bounced", "email");
    play.until("2026-03-06T00:00:00Z");
    assert_eq!(lines(&play), ["01T00 email sent -"]);
    assert!(play.person.enrollments.is_empty(), "nothing is left of it");
}

#[test]
fn an_address_that_bounced_gets_nothing_more_by_that_channel_until_it_changes() {
    let mut own = one_message(None, Vec::new());
    own.triggers = vec![trigger(TriggerKind::Event {
        event: "asked".into(),
        filter: None,
        max_age: Duration::from_days(1),
    })];
    let mut play = Play::new(own, None);
    play.event("asked", "n", Value::Integer(1));
    play.until("2026-03-01T01:00:00Z");
    feedback(&mut play, "message.bounced", "email");
    play.until("2026-03-01T02:00:00Z");
    play.event("asked", "n", Value::Integer(2));
    play.until("2026-03-01T03:00:00Z");
    play.event("customer.updated", "email", Value::text("new@example.com"));
    play.event("asked", "n", Value::Integer(3));
    play.until("2026-03-01T04:00:00Z");
    assert_eq!(
        lines(&play),
        [
            "01T00 email sent -",
            "01T01 sms sent -",
            "01T02 sms sent -",
            "01T03 email sent -"
        ]
    );
}

#[test]
fn what_was_deferred_and_is_cancelled_has_a_second_line_under_the_same_key() {
    let mut play = Play::new(one_message(None, vec![a_day()]), quiet());
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    play.event("bought", "n", Value::Integer(1));
    assert_eq!(
        lines(&play),
        [
            "01T00 email deferred quiet_hours",
            "01T01 email skipped ended"
        ]
    );
    let keys: Vec<Key> = play.actions[1..3].iter().map(|own| own.key).collect();
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn a_deferred_message_keeps_its_key_when_another_channel_takes_it() {
    let mut play = Play::new(one_message(None, vec![a_day()]), quiet());
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    play.event("customer.updated", "email", Value::Null);
    play.until("2026-03-01T10:00:00Z");
    assert_eq!(
        lines(&play),
        ["01T00 email deferred quiet_hours", "01T09 sms sent -"]
    );
    assert_eq!(play.actions[1].key, play.actions[2].key);
}

#[test]
fn a_fallback_that_is_deferred_has_its_two_lines_too() {
    for (confirmed, last) in [
        (false, "02T09 sms sent -"),
        (true, "02T08 sms skipped delivered"),
    ] {
        let day = 24 * 3_600_000;
        let mut play = Play::new(one_message(Some(day), Vec::new()), None);
        play.clock = instant("2026-03-01T01:00:00Z");
        play.enroll();
        play.until("2026-03-01T02:00:00Z");
        let night = Play::new(one_message(Some(day), Vec::new()), quiet());
        play.catalog = night.catalog;
        play.until("2026-03-02T08:00:00Z");
        if confirmed {
            feedback(&mut play, "message.delivered", "email");
        }
        play.until("2026-03-03T00:00:00Z");
        assert_eq!(
            lines(&play),
            ["01T01 email sent -", "02T01 sms deferred quiet_hours", last]
        );
        let keys: Vec<Key> = play.actions.iter().map(|own| own.key).collect();
        assert_eq!(keys[keys.len() - 1], keys[keys.len() - 2]);
    }
}

#[test]
fn the_channel_that_best_was_is_not_tried_a_second_time() {
    for (fallback, last) in [
        (vec!["email", "sms"], Some("01T02 sms sent -")),
        (vec!["email"], None),
    ] {
        let message = step(Verb::Send(Send {
            channel: Channel::Best,
            fallback: fallback.into_iter().map(Into::into).collect(),
            fallback_after: Some(Duration::from_millis(TWO_HOURS)),
            ..send()
        }));
        let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![message]), None);
        let attributes = &mut play.person.customer.attributes;
        attributes.insert("preferred_channel", Value::text("email"));
        play.enroll();
        play.until("2026-03-05T00:00:00Z");
        let lines = lines(&play);
        assert_eq!(lines[0], "01T00 email sent -");
        assert_eq!(lines.get(1).map(String::as_str), last);
        assert!(lines.len() < 3, "{lines:?}");
    }
}

/// One message by email, then by SMS, then by Viber.
fn three_channels() -> Journey {
    let message = step(Verb::Send(Send {
        fallback: vec!["sms".into(), "viber".into()],
        fallback_after: Some(Duration::from_millis(TWO_HOURS)),
        ..send()
    }));
    journey(vec![TriggerKind::Manual], vec![message, a_day()])
}

#[test]
fn a_message_that_arrives_after_another_one_stood_in_for_it_leaves_nothing_to_do_for_a_third() {
    for (kind, channel, sent) in [
        ("message.delivered", "email", 2),
        ("message.opened", "email", 2),
        ("message.delivered", "sms", 2),
        ("message.bounced", "email", 3),
    ] {
        let mut play = Play::new(three_channels(), None);
        play.enroll();
        play.until("2026-03-01T03:00:00Z");
        assert_eq!(lines(&play), ["01T00 email sent -", "01T02 sms sent -"]);
        feedback(&mut play, kind, channel);
        play.until("2026-03-05T00:00:00Z");
        assert_eq!(lines(&play).len(), sent, "{kind} {channel}");
    }
}

#[test]
fn a_bounce_that_is_soft_lets_the_fallback_be_tried_and_leaves_the_address() {
    let mut play = Play::new(one_message(None, vec![a_day()]), None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    let message = play
        .actions
        .iter()
        .find(|own| own.action == "send")
        .unwrap();
    let mut data = Map::from_iter([("key", Value::text(message.key.to_string()))]);
    data.insert("channel", Value::text("email"));
    data.insert("soft", Value::Bool(true));
    play.give(Input::Event(Arc::new(Event {
        id: "soft".into(),
        source: "provider".into(),
        kind: "message.bounced".into(),
        customer: "c1".into(),
        time: play.clock,
        data,
        attributes: Map::new(),
    })));
    play.until("2026-03-02T00:00:00Z");
    assert_eq!(lines(&play), ["01T00 email sent -", "01T01 sms sent -"]);
    assert!(play.person.customer.suppressed.is_empty());
}

#[test]
fn a_complaint_ends_the_consent_and_the_address_and_an_unsubscription_the_consent_alone() {
    for complaint in [true, false] {
        let mut play = Play::new(one_message(None, vec![a_day()]), None);
        play.person
            .customer
            .set_consent("email", true, Instant::MIN);
        let mut data = Map::from_iter([("channel", Value::text("email"))]);
        if complaint {
            data.insert("complaint", Value::Bool(true));
        }
        play.give(Input::Event(Arc::new(Event {
            id: "out".into(),
            source: "provider".into(),
            kind: "message.unsubscribed".into(),
            customer: "c1".into(),
            time: play.clock,
            data,
            attributes: Map::new(),
        })));
        let customer = &play.person.customer;
        assert!(!customer.consented("email"));
        assert_eq!(!customer.suppressed.is_empty(), complaint);
    }
}
