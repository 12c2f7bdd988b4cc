//! A `wait_for` that looks back, and answers that come too late.

use super::*;

/// Five days, then a `wait_for` over the first day since the start.
fn looks_back() -> Play {
    let mut days = step(Verb::WaitFor(WaitFor {
        any: vec![Awaited {
            event: "never".into(),
            filter: None,
        }],
        timeout: Some(Duration::from_days(5)),
        until: None,
        since: None,
        then: Vec::new(),
        otherwise: Vec::new(),
    }));
    days.id = Some("days".into());
    let ends = |reason: &str| vec![step(Verb::Exit(reason.into()))];
    let wait = step(Verb::WaitFor(WaitFor {
        any: vec![Awaited {
            event: "bought".into(),
            filter: None,
        }],
        timeout: None,
        until: Some(Script::new("trigger.time + days(1)", "x")),
        since: Some(Script::new("trigger.time", "x")),
        then: ends("answered"),
        otherwise: ends("timed-out"),
    }));
    Play::new(journey(vec![TriggerKind::Manual], vec![days, wait]), None)
}

#[test]
fn an_event_after_the_deadline_is_no_answer_also_when_both_lie_behind() {
    for (at, reason) in [
        ("2026-03-02T00:00:00Z", "answered"),
        ("2026-03-02T00:00:01Z", "timed-out"),
        ("2026-03-04T00:00:00Z", "timed-out"),
    ] {
        let mut play = looks_back();
        play.enroll();
        play.until(at);
        play.event("bought", "n", Value::Integer(1));
        play.until("2026-03-10T00:00:00Z");
        assert_eq!(play.count("exit", Some(reason)), 1, "{at}");
    }
}

#[test]
fn a_deadline_that_lies_behind_is_a_timeout_at_once() {
    let mut play = looks_back();
    play.enroll();
    play.until("2026-03-10T00:00:00Z");
    let exit = play.actions.last().unwrap();
    assert_eq!(exit.reason.as_deref(), Some("timed-out"));
    assert_eq!(exit.at, instant("2026-03-06T00:00:00Z"));
}

#[test]
fn an_answer_that_comes_after_its_timeout_was_handled_is_told() {
    for (time, told) in [
        ("2026-03-01T20:00:00Z", 1),
        ("2026-03-02T00:00:00Z", 1),
        ("2026-03-02T00:00:01Z", 0),
        ("2026-02-28T00:00:00Z", 0),
    ] {
        let wait = a_day();
        let mut more = a_day();
        more.id = Some("more".into());
        if let Verb::WaitFor(wait) = &mut more.verb {
            wait.any[0].event = "never".into();
        }
        let mut play = Play::new(journey(vec![TriggerKind::Manual], vec![wait, more]), None);
        play.enroll();
        play.until("2026-03-02T08:00:00Z");
        let changes = process(
            &play.catalog,
            &mut play.person,
            &mut play.desk,
            Input::Event(Arc::new(Event {
                id: "late".into(),
                source: "shop".into(),
                kind: "x".into(),
                customer: "c1".into(),
                time: instant(time),
                data: Map::new(),
                attributes: Map::new(),
            })),
            play.clock,
        );
        let late = changes.trace.iter().filter(|own| own.what == "too_late");
        assert_eq!(late.count(), told, "{time}");
        assert!(changes.actions.is_empty(), "{time}");
    }
}

#[test]
fn an_answer_from_before_the_entry_counts_however_the_past_was_kept() {
    let mut wait = a_day();
    if let Verb::WaitFor(wait) = &mut wait.verb {
        wait.since = Some(Script::new("trigger.time", "x"));
        wait.then = vec![step(Verb::Exit("answered".into()))];
    }
    let trigger = TriggerKind::Event {
        event: "begin".into(),
        filter: None,
        max_age: Duration::from_days(1),
    };
    let play = Play::new(journey(vec![trigger], vec![wait]), None);
    let keep = play.catalog.needs().keeps("x").expect("is kept");
    assert!(keep.enrolled);
    // What started it may come late: nothing is kept for an enrollment that isn't there yet.
    assert!(keep.covers(instant("2026-02-01T00:00:00Z"), play.clock));
}
