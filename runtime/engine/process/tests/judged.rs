//! What a journey has judged while it was live was not missed.

use super::*;
use crate::calendar::Schedule;
use crate::input::{Firing, Occasion};

#[test]
fn whom_the_audience_refused_is_not_brought_in_later_and_a_schedule_leaves_nothing_behind() {
    let daily = TriggerKind::Schedule {
        schedule: Schedule::parse("0 9 * * *").unwrap(),
        timezone: None,
    };
    let journey = Journey {
        audience: Some(Script::new("customer.level == \"gold\"", "x")),
        ..journey(vec![date("birthday"), daily], vec![a_day()])
    };
    let mut play = Play::new(journey, None);
    let at = play.clock;
    play.give(Input::Due(vec![Firing {
        at,
        journey: "j".into(),
        trigger: 1,
        occasion: Occasion::Time(at),
    }]));
    let refused = |play: &Play| {
        let lines = play.trace.iter().filter(|own| own.what == "not_entered");
        let reasons = lines.filter_map(|own| own.reason.clone());
        reasons.collect::<Vec<_>>()
    };
    assert_eq!(refused(&play), ["audience"]);
    assert!(
        play.person.judged.is_empty(),
        "it asks everybody, every day"
    );
    play.event("customer.updated", "birthday", day("1990-03-03"));
    play.until("2026-03-10T00:00:00Z");
    assert_eq!(play.person.judged.len(), 1);
    play.event("customer.updated", "level", Value::text("gold"));
    let late = || Input::EnrollLate {
        journey: "j".into(),
        step: Some("s".into()),
    };
    play.give(late());
    assert_eq!(refused(&play), ["audience", "audience", "judged"]);
    // Had nobody asked, it would have been missed.
    play.person.judged.clear();
    play.give(late());
    assert_eq!(play.count("enter", None), 1);
}
