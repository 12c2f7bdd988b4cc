//! What a journey has judged while it was live was not missed.

use super::*;
use crate::calendar::Schedule;
use crate::definition::Segment;
use crate::input::{Firing, Occasion};
use crate::person::Judged;

/// A journey for those of this level.
fn for_gold(triggers: Vec<TriggerKind>) -> Journey {
    Journey {
        audience: Some(Script::new("customer.level == \"gold\"", "x")),
        ..journey(triggers, vec![a_day()])
    }
}

fn late() -> Input {
    Input::EnrollLate {
        journey: "j".into(),
        step: Some("s".into()),
    }
}

/// Why the customer was not let in, each time.
fn refused(play: &Play) -> Vec<String> {
    let lines = play.trace.iter().filter(|own| own.what == "not_entered");
    let reasons = lines.filter_map(|own| own.reason.as_ref());
    reasons.map(ToString::to_string).collect()
}

#[test]
fn whom_the_audience_refused_is_not_brought_in_later_and_a_schedule_leaves_nothing_behind() {
    let daily = TriggerKind::Schedule {
        schedule: Schedule::parse("0 9 * * *").unwrap(),
        timezone: None,
    };
    let mut play = Play::new(for_gold(vec![date("birthday"), daily]), None);
    let at = play.clock;
    play.give(Input::Due(vec![Firing {
        at,
        journey: "j".into(),
        trigger: 1,
        occasion: Occasion::Time(at),
    }]));
    assert_eq!(refused(&play), ["audience"]);
    assert!(
        play.person.judged.is_empty(),
        "it asks everybody, every day"
    );
    play.event("customer.updated", "birthday", day("1990-03-03"));
    play.until("2026-03-10T00:00:00Z");
    assert_eq!(play.person.judged.len(), 1);
    play.event("customer.updated", "level", Value::text("gold"));
    play.give(late());
    assert_eq!(refused(&play), ["audience", "audience", "judged"]);
    // Had nobody asked, it would have been missed.
    play.person.judged.clear();
    play.give(late());
    assert_eq!(play.count("enter", None), 1);
}

#[test]
fn a_corrected_date_is_another_occasion_and_journeys_that_are_no_more_leave_no_note() {
    let mut play = Play::new(for_gold(vec![date("birthday")]), None);
    play.person.judged.push(Judged {
        journey: "gone".into(),
        what: "date birthday".into(),
        at: play.clock,
        occasion: "2026-01-01".into(),
    });
    play.event("customer.updated", "birthday", day("1990-03-03"));
    play.until("2026-03-10T00:00:00Z");
    let notes: Vec<&str> = play.person.judged.iter().map(|own| &*own.journey).collect();
    assert_eq!(notes, ["j"]);
    play.event("customer.updated", "level", Value::text("gold"));
    // Another year of birth is the same day.
    play.event("customer.updated", "birthday", day("1991-03-03"));
    play.give(late());
    assert_eq!(refused(&play), ["audience", "judged"]);
    play.event("customer.updated", "birthday", day("1990-02-20"));
    play.give(late());
    assert_eq!(play.count("enter", None), 1);
}

#[test]
fn each_trigger_of_one_attribute_is_judged_for_itself() {
    let TriggerKind::Date { of, rule } = date("birthday") else {
        panic!("it is a date")
    };
    let offset = crate::calendar::Offset::parse("-7d").unwrap();
    let before = TriggerKind::Date {
        of,
        rule: DateRule { offset, ..rule },
    };
    // The day was known too late for the one, or the journey was not live any more for the other.
    for (known, live, note) in [
        (
            "2026-03-05T00:00:00Z",
            "2026-03-11T00:00:00Z",
            "date birthday",
        ),
        (
            "2026-03-01T00:00:00Z",
            "2026-03-05T00:00:00Z",
            "date birthday -7d",
        ),
    ] {
        let mut play = Play::new(for_gold(vec![before.clone(), date("birthday")]), None);
        play.until(known);
        play.event("customer.updated", "birthday", day("1990-03-10"));
        play.until(live);
        let notes: Vec<&str> = play.person.judged.iter().map(|own| &*own.what).collect();
        assert_eq!(notes, [note]);
        play.clock = instant("2026-03-12T00:00:00Z");
        play.event("customer.updated", "level", Value::text("gold"));
        play.give(late());
        assert_eq!(play.count("enter", None), 1, "{note}");
    }
}

/// A journey of this status for those who enter a segment.
fn entering(status: Status) -> Catalog {
    let segment = "s".to_owned();
    let journey = Journey {
        status,
        ..for_gold(vec![TriggerKind::Enters {
            segment: segment.clone(),
        }])
    };
    let definitions = Definitions {
        segments: vec![Segment {
            name: segment,
            condition: Script::new("customer.plan == \"plus\"", "segments.s"),
        }],
        journeys: vec![Version {
            hash: Key::of(&["j"]),
            journey,
            library: Vec::new(),
        }],
        ..Definitions::new(Workspace::new("test", Zone::UTC, "uk"))
    };
    Catalog::load(&definitions, &[], Acting::Live).unwrap()
}

#[test]
fn whoever_left_a_segment_and_entered_it_while_the_journey_was_a_draft_was_missed() {
    let mut play = Play::new(for_gold(vec![date("birthday")]), None);
    let plan = |play: &mut Play, plan: &str| {
        play.event("customer.updated", "plan", Value::text(plan));
    };
    play.catalog = entering(Status::Live);
    plan(&mut play, "basic");
    plan(&mut play, "plus");
    play.event("customer.updated", "level", Value::text("gold"));
    play.give(late());
    assert_eq!(refused(&play), ["audience", "judged"]);
    play.catalog = entering(Status::Draft);
    plan(&mut play, "basic");
    assert!(play.person.judged.is_empty());
    plan(&mut play, "plus");
    play.catalog = entering(Status::Live);
    play.give(late());
    assert_eq!(play.count("enter", None), 1);
}
