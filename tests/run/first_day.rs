//! A journey goes live over people with a past; and timers wait while the source lags.

use std::collections::BTreeSet;
use std::sync::Arc;

use kurant_engine::calendar::{Instant, MINUTE, SECOND};
use kurant_runner::{Clock, Purpose, Runner, Ways};
use kurant_store::Memory;

use super::sample::Shop;
use super::settled::{Nobody, definitions};

fn customer(id: &str, paid: &str) -> String {
    format!(
        r#"{{"id":"{id}","email":"{id}@example.com","consents":{{"email":true}},"last_purchase_at":"{paid}"}}"#
    )
}

#[test]
fn nobody_is_welcomed_for_what_lies_behind_and_one_line_says_how_many() {
    let shop = Shop::new();
    // Two are long past, one fired 22 hours ago, one will fire.
    let customers = [
        customer("anna", "2024-01-01T10:00:00Z"),
        customer("bohdan", "2025-06-01T10:00:00Z"),
        customer("iryna", "2026-01-04T08:00:00Z"),
        customer("taras", "2026-03-01T08:00:00Z"),
    ];
    shop.write("customers.jsonl", &customers.join("\n"));
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    let run = [
        "run",
        "--until-idle",
        "--time-lapse",
        "1m/s",
        "--from",
        "2026-03-05T07:00:00Z",
        "--actions",
        "actions.jsonl",
    ];
    let first = shop.kurant(&run);
    let told = String::from_utf8_lossy(&first.stderr);
    let lines: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("dormant goes live"))
        .collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(lines[0].contains("2 firings lie behind it"), "{told}");
    let entered: Vec<String> = shop
        .lines("actions.jsonl")
        .iter()
        .filter(|line| line["action"] == "enter" && line["journey"] == "dormant")
        .map(|line| line["customer"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(entered, ["iryna"], "{told}");
    let second = shop.kurant(&run);
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!told.contains("goes live"), "once is enough: {told}");
}

#[test]
fn what_is_made_up_for_at_the_first_start_is_handed_over_once() {
    let shop = Shop::new();
    let customers: Vec<String> = (0..40)
        .map(|number| customer(&format!("c{number}"), "2026-01-04T08:00:00Z"))
        .collect();
    shop.write("customers.jsonl", &customers.join("\n"));
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    // Writing takes longer than whatever else is done at a start.
    let slow = ("FAILPOINTS", "file.opened=sleep(300)");
    let from = "2026-03-05T07:00:00Z";
    let run = [
        "run",
        "--until-idle",
        "--time-lapse",
        "1m/s",
        "--from",
        from,
    ];
    let running = shop.start_in(&run, &[slow]);
    running.ends();
    let sent = shop.lines(".kurant/outbox/email.jsonl");
    let keys: BTreeSet<String> = sent.iter().map(|line| line["key"].to_string()).collect();
    assert_eq!((sent.len(), keys.len()), (40, 40));
}

#[tokio::test]
async fn timers_wait_while_intake_lags_but_no_longer_than_ten_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let mut runner = Runner::begin(
        Arc::new(Memory::new()),
        Arc::new(Clock::lockstep(now)),
        definitions(),
        Ways::files(folder.path().into()),
        Box::new(Nobody),
        Purpose::Run,
    )
    .await
    .expect("a runner");
    let behind = |millis: i64| Some(now.plus_millis(-millis));
    assert_eq!(runner.may_fire(now, None), now, "nothing waits");
    let thirty = behind(30 * SECOND);
    assert_eq!(runner.lag(thirty, false, true), None, "30 s are no lag");
    let lag = now.plus_millis(-31 * SECOND);
    assert_eq!(runner.lag(Some(lag), false, true), Some(lag));
    assert_eq!(
        runner.lag(Some(lag), false, false),
        None,
        "nothing more comes"
    );
    assert_eq!(
        runner.may_fire(now, Some(lag)),
        lag,
        "timers up to what has passed"
    );
    let later = now.plus_millis(10 * MINUTE);
    assert_eq!(
        runner.may_fire(later, Some(lag)),
        lag,
        "still within patience"
    );
    let over = later.plus_millis(1);
    assert_eq!(
        runner.may_fire(over, Some(lag)),
        over,
        "no longer than that"
    );
    assert_eq!(runner.may_fire(over, None), over);
    let again = over.plus_millis(-MINUTE);
    assert_eq!(
        runner.may_fire(over, Some(again)),
        again,
        "caught up in between, patience begins anew"
    );
}

#[tokio::test]
async fn after_a_stop_timers_wait_for_all_that_the_source_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let now = Instant::parse("2026-03-02T10:00:00Z").expect("an instant");
    let mut runner = Runner::begin(
        Arc::new(Memory::new()),
        Arc::new(Clock::lockstep(now)),
        definitions(),
        Ways::files(folder.path().into()),
        Box::new(Nobody),
        Purpose::Run,
    )
    .await
    .expect("a runner");
    let place = runner.place();
    assert_eq!(
        runner.lag(None, true, false),
        Some(place),
        "nothing has come yet"
    );
    let later = now.plus_millis(-SECOND);
    assert_eq!(runner.lag(Some(later), true, false), Some(later));
    let earlier = now.plus_millis(-MINUTE);
    assert_eq!(
        runner.lag(Some(earlier), true, false),
        Some(later),
        "the latest counts"
    );
    assert_eq!(runner.lag(None, false, false), None, "it has caught up");
}
