//! What comes back of a message is a line of the log, with its journey and step and with nothing of the person.

use super::*;
use crate::event::{ADDRESS_HASH, FEEDBACK};

fn about(play: &Play) -> Map {
    let mut sent = play.actions.iter();
    let message = sent.find(|own| own.action == "send").unwrap();
    Map::from_iter([
        ("key", Value::text(message.key.to_string())),
        ("journey", Value::text("j")),
        ("step", Value::text("s")),
        ("channel", Value::text("email")),
    ])
}

fn comes_back(play: &mut Play, kind: &str, data: Map, ago: i64) -> Option<Trace> {
    comes_back_from(play, "provider", kind, data, ago)
}

fn comes_back_from(
    play: &mut Play,
    source: &str,
    kind: &str,
    data: Map,
    ago: i64,
) -> Option<Trace> {
    let before = play.trace.len();
    play.give(Input::Event(Arc::new(Event {
        id: kind.into(),
        source: source.into(),
        kind: kind.into(),
        customer: "c1".into(),
        time: play.clock.plus_millis(-ago),
        data,
        attributes: Map::new(),
    })));
    let told = &play.trace[before..];
    told.iter()
        .find(|own| crate::input::FATES.contains(&&*own.what))
        .cloned()
}

fn after_a_message() -> Play {
    let own = journey(vec![TriggerKind::Manual], vec![step(Verb::Send(send()))]);
    let mut play = Play::new(own, None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    play
}

#[test]
fn each_thing_that_may_become_of_a_message_has_a_word_of_its_own() {
    let kinds = [
        ("delivered", None),
        ("opened", None),
        ("clicked", None),
        ("replied", None),
        ("bounced", None),
        ("bounced", Some("soft")),
        ("unsubscribed", Some("complaint")),
        ("unsubscribed", None),
    ];
    for ((kind, says), word) in kinds.into_iter().zip(crate::input::FATES) {
        let mut play = after_a_message();
        let mut data = about(&play);
        if let Some(says) = says {
            data.insert(says, Value::Bool(true));
        }
        let told = comes_back(&mut play, &format!("message.{kind}"), data, 60_000);
        let told = told.unwrap();
        assert_eq!(told.what, word);
        assert_eq!(told.at, instant("2026-03-01T00:59:00Z"), "as it happened");
        assert_eq!(told.journey.as_deref(), Some("j"));
        assert_eq!(told.place.as_deref(), Some("s"));
        assert_eq!(told.values.get("channel"), Some(&Value::text("email")));
    }
}

#[test]
fn an_event_from_elsewhere_leaves_nothing_of_a_person_in_the_log() {
    for own in [
        "canary <canary@example.com>",
        "380501112233",
        "Олена.Коваль",
        "Anna",
    ] {
        let mut play = after_a_message();
        for names in [
            &["journey", "step", "channel", "url", "text", "key"][..],
            &["step", "channel"],
        ] {
            let mut data = about(&play);
            for name in names {
                data.insert(*name, Value::text(own));
            }
            let told = comes_back(&mut play, "message.clicked", data, 0).unwrap();
            assert!(!format!("{told:?}").contains(own), "{told:?}");
        }
    }
}

#[test]
fn what_says_no_channel_and_so_changes_nothing_is_noted_as_that() {
    for (kind, reason) in [
        ("message.unsubscribed", Some("no_channel")),
        ("message.bounced", Some("no_channel")),
        ("message.clicked", Some("nobody_inside")),
    ] {
        let mut play = after_a_message();
        let mut data = about(&play);
        let told = comes_back(&mut play, kind, data.clone(), 0).unwrap();
        let usual = reason.filter(|own| *own != "no_channel");
        assert_eq!(told.reason.as_deref(), usual, "{kind}");
        data.remove("channel");
        let mut play = after_a_message();
        let told = comes_back(&mut play, kind, data, 0).unwrap();
        assert_eq!(told.reason.as_deref(), reason, "{kind}");
    }
}

#[test]
fn what_is_known_of_the_passage_goes_before_what_an_event_says() {
    let wait = journey(
        vec![TriggerKind::Manual],
        vec![step(Verb::Send(send())), a_day()],
    );
    let mut play = Play::new(wait, None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    let mut data = about(&play);
    data.insert("journey", Value::text("another"));
    data.insert("step", Value::text("another"));
    let told = comes_back(&mut play, "message.opened", data, 0).unwrap();
    assert_eq!(told.journey.as_deref(), Some("j"));
    assert_eq!(told.place.as_deref(), Some("s"));
    assert_eq!(told.enrollment, Some(play.person.enrollments[0].id));
}

#[test]
fn an_imported_event_is_nothing_that_came_back_of_a_message_of_ours() {
    let mut play = after_a_message();
    let before = play.trace.len();
    play.give(Input::Imported(Arc::new(Event {
        id: "1".into(),
        source: "archive".into(),
        kind: "message.opened".into(),
        customer: "c1".into(),
        time: play.clock,
        data: about(&play),
        attributes: Map::new(),
    })));
    assert_eq!(play.trace.len(), before);
}

/// Sends, and waits for a click; then again for a day.
fn waits_for_a_click() -> Play {
    let wait = WaitFor {
        any: vec![Awaited {
            event: "message.clicked".into(),
            filter: None,
        }],
        timeout: Some(Duration::from_days(1)),
        until: None,
        since: None,
        then: Vec::new(),
        otherwise: Vec::new(),
    };
    let mut clicked = step(Verb::WaitFor(wait));
    clicked.id = Some("clicked".into());
    let steps = vec![step(Verb::Send(send())), clicked, a_day()];
    let mut play = Play::new(journey(vec![TriggerKind::Manual], steps), None);
    play.enroll();
    play.until("2026-03-01T01:00:00Z");
    play
}

#[test]
fn a_line_says_what_feedback_moved_or_why_nothing() {
    let mut play = waits_for_a_click();
    let said = |play: &mut Play, kind: &str, key: Option<&str>| {
        let mut data = about(play);
        if let Some(key) = key {
            data.insert("key", Value::text(key));
        }
        let told = comes_back(play, kind, data, 0).unwrap();
        let moved = told.values.get("moved").and_then(Value::as_text);
        (moved.map(str::to_owned), told.reason)
    };
    let of = |reason: &str| (None, Some(reason.to_owned()));
    let moved = (Some("wait clicked".to_owned()), None);
    let other = Key::of(&["another"]).to_string();
    assert_eq!(
        said(&mut play, "message.delivered", None),
        of("nothing_waited")
    );
    let unknown = said(&mut play, "message.clicked", Some(&other));
    assert_eq!(unknown, of("nobody_inside"));
    assert_eq!(said(&mut play, "message.clicked", None), moved);
    assert_eq!(
        said(&mut play, "message.opened", None),
        of("nothing_waited")
    );
    play.until("2026-03-10T00:00:00Z");
    assert_eq!(
        said(&mut play, "message.replied", None),
        of("nobody_inside")
    );
    // What says something of an address does something whoever waits.
    let bounced = said(&mut play, "message.bounced", None);
    assert_eq!(bounced, (None, None));
}

#[test]
fn a_click_after_the_patience_says_that_it_came_too_late() {
    let mut play = waits_for_a_click();
    let ago = 13 * 3_600_000;
    play.until("2026-03-02T12:00:00Z");
    let data = about(&play);
    let told = comes_back(&mut play, "message.clicked", data, ago).unwrap();
    assert_eq!(told.reason.as_deref(), Some("too_late"));
}

#[test]
fn a_click_that_names_its_key_alone_is_of_the_channel_and_the_step_that_the_message_left_by() {
    let mut play = waits_for_a_click();
    let mut data = about(&play);
    for name in ["journey", "step", "channel"] {
        data.remove(name);
    }
    let told = comes_back(&mut play, "message.clicked", data, 0).unwrap();
    assert_eq!(told.values.get("channel"), Some(&Value::text("email")));
    assert_eq!(told.place.as_deref(), Some("s"));
}

#[test]
fn an_address_that_is_not_the_one_it_went_to_is_left_and_only_we_can_say_so() {
    let other = || Customer::address_hash("other@example.com");
    for kind in ["message.bounced", "message.unsubscribed"] {
        for (source, hash, reason) in [
            (FEEDBACK, other(), Some("other_address")),
            (FEEDBACK, Customer::address_hash(" A@X.example"), None),
            ("provider", other(), None),
        ] {
            let mut play = after_a_message();
            play.person
                .customer
                .attributes
                .insert("email", Value::text("a@x.example"));
            let mut data = about(&play);
            data.insert("complaint", Value::Bool(true));
            data.insert(ADDRESS_HASH, Value::text(hash));
            let told = comes_back_from(&mut play, source, kind, data, 0).unwrap();
            assert_eq!(told.reason.as_deref(), reason, "{kind} {source}");
            let customer = &play.person.customer;
            let is_left = !customer.is_suppressed("email", "a@x.example");
            assert_eq!(is_left, reason.is_some(), "{kind} {source}");
        }
    }
}
