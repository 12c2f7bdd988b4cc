//! Codes of coupon pools: each is given once, whoever finds none leaves, and goes on once there are some.

use super::super::turned_away;
use super::*;
use crate::definition::{Coupon, CouponPool};
use crate::stock::Coded;

fn coupon(codes: &str) -> Step {
    step(Verb::Coupon(Coupon {
        codes: codes.into(),
        valid: Some(Duration::from_days(14)),
        until: None,
        variable: "code".into(),
    }))
}

fn play(steps: Vec<Step>) -> Play {
    let journey = Journey {
        exits: vec![Exit::Event {
            event: "bought".into(),
            filter: None,
            reason: "bought".into(),
        }],
        ..journey(vec![TriggerKind::Manual], steps)
    };
    Play::new(journey, None)
}

/// Puts codes at hand; none of others is left in the store.
fn put(play: &mut Play, codes: &[(&str, Option<&str>)]) {
    let coded = (1..).zip(codes).map(|(number, (code, expires))| Coded {
        number,
        code: (*code).into(),
        expires: expires.map(instant),
    });
    let now = play.clock;
    let stocks = play.desk.codes.stocks();
    stocks.put("spring", coded.collect(), Some(Instant::MIN), now);
}

fn exits(play: &Play) -> Vec<&str> {
    let exits = play.actions.iter().filter(|own| own.action == "exit");
    exits.filter_map(|own| own.reason.as_deref()).collect()
}

fn given(play: &Play) -> Vec<&str> {
    play.codes.iter().map(|own| own.code.as_str()).collect()
}

#[test]
fn a_pool_gives_its_codes_and_one_that_ends_too_early_stays() {
    let mut play = play(vec![coupon("spring"), a_day()]);
    put(
        &mut play,
        &[
            ("A", Some("2026-03-14T00:00:00Z")),
            ("B", Some("2026-03-15T00:00:00Z")),
        ],
    );
    play.enroll();
    assert_eq!(given(&play), ["B"], "A doesn't hold for 14 days");
    let enrollment = &play.person.enrollments[0];
    assert_eq!(enrollment.vars.get("code"), Some(&Value::text("B")));
    let data = &play.actions[1].data;
    let until = instant("2026-03-15T00:00:00Z");
    assert_eq!(data.get("valid_until"), Some(&Value::Instant(until)));
    assert_eq!(play.codes[0].enrollment, enrollment.id);
}

#[test]
fn whoever_finds_no_code_leaves_and_goes_on_at_the_step_once_there_are_some() {
    let mut play = play(vec![coupon("spring"), a_day()]);
    put(&mut play, &[]);
    play.enroll();
    assert_eq!(exits(&play), ["no_coupon"]);
    assert_eq!(play.person.wake_at(), None);
    play.clock = instant("2026-03-20T00:00:00Z");
    let pool = || Input::Refilled {
        pool: "spring".into(),
    };
    play.give(pool());
    assert_eq!(exits(&play), ["no_coupon"; 2], "there is none still");
    put(&mut play, &[("A", None)]);
    play.give(Input::Refilled {
        pool: "other".into(),
    });
    assert_eq!(given(&play), [""; 0]);
    play.give(pool());
    assert_eq!(given(&play), ["A"]);
    play.give(pool());
    assert_eq!(given(&play), ["A"], "once");
    play.until("2026-03-25T00:00:00Z");
    assert_eq!(exits(&play), ["no_coupon", "no_coupon", "completed"]);
    let keys: std::collections::BTreeSet<_> = play.actions.iter().map(|own| own.key).collect();
    assert_eq!(
        keys.len(),
        play.actions.len(),
        "each line has a key of its own"
    );
    let entered = play.actions.iter().filter(|own| own.action == "enter");
    assert_eq!(entered.count(), 3, "as often as it ended");
}

#[test]
fn whoever_had_a_reason_to_leave_meanwhile_stays_outside() {
    let mut play = play(vec![coupon("spring"), a_day()]);
    put(&mut play, &[]);
    play.enroll();
    play.clock = instant("2026-03-02T00:00:00Z");
    play.event("bought", "total", Value::Integer(1));
    put(&mut play, &[("A", None)]);
    play.give(Input::Refilled {
        pool: "spring".into(),
    });
    assert_eq!((given(&play).len(), exits(&play)), (0, vec!["no_coupon"]));
    assert!(play.person.enrollments.is_empty());
}

#[test]
fn after_three_months_nobody_is_taken_back() {
    let mut play = play(vec![coupon("spring")]);
    put(&mut play, &[]);
    play.enroll();
    play.clock = instant("2026-05-29T00:00:00Z");
    play.event("x", "total", Value::Integer(1));
    assert_eq!(play.person.enrollments.len(), 1);
    put(&mut play, &[("A", None)]);
    play.clock = instant("2026-06-01T00:00:00Z");
    let own = &play.person.enrollments[0];
    assert_eq!(turned_away(&play.catalog, own, play.clock), None);
    play.give(Input::Refilled {
        pool: "spring".into(),
    });
    assert_eq!(given(&play), [""; 0]);
    play.event("x", "total", Value::Integer(2));
    assert!(play.person.enrollments.is_empty());
}

#[test]
fn a_pattern_that_runs_dry_and_an_exit_of_that_name_leave_nothing_behind() {
    for own in [step(Verb::Exit("no_coupon".into())), coupon("A")] {
        let mut play = play(vec![own]);
        play.enroll();
        assert!(play.person.enrollments.is_empty());
    }
}

#[test]
fn of_a_pool_that_the_workspace_names_nothing_is_made_up() {
    for (acting, exit) in [
        (Acting::Live, "no_coupon"),
        (Acting::Rehearsal, "completed"),
    ] {
        let mut play = play(vec![coupon("spring")]);
        let mut definitions = play.catalog.definitions().clone();
        definitions.workspace.coupon_pools.push(CouponPool {
            name: "spring".into(),
            warn_below: None,
        });
        play.catalog = Catalog::load(&definitions, &[], acting).unwrap();
        play.enroll();
        assert_eq!(exits(&play), [exit]);
        assert!(play.desk.codes.stocks().take_wanting().is_empty());
    }
}

#[test]
fn a_decision_that_wants_more_codes_than_are_at_hand_says_so() {
    let mut play = play(vec![coupon("spring")]);
    play.desk.codes.stocks().renew("spring");
    play.enroll();
    let wanting = play.desk.codes.stocks().take_wanting();
    let own = wanting.get("spring").expect("it wants some");
    assert_eq!((own.from, own.count), (instant("2026-03-15T00:00:00Z"), 1));
}
