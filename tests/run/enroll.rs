//! Those whom a journey missed before it went live are taken in where they would stand today, so many a day.

use kurant_engine::calendar::DAY;
use kurant_runner::Clock;
use serde_json::Value;

use super::sample::Shop;

fn said(shop: &Shop, arguments: &[&str]) -> (i32, String) {
    let output = shop.run(arguments);
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), told)
}

/// A shop whose journey `dormant` writes after two months and after four; its customers bought so many days ago.
fn shop(bought: &[(&str, i64)]) -> Shop {
    let shop = Shop::new();
    let now = Clock::real().now();
    let line = |(id, days): &(&str, i64)| {
        let paid = now.plus_millis(-days * DAY);
        format!(
            r#"{{"id":"{id}","email":"{id}@example.com","phone":"1","consents":{{"email":true,"sms":true}},"last_purchase_at":"{paid}"}}"#
        )
    };
    let lines: Vec<String> = bought.iter().map(line).collect();
    shop.write("customers.jsonl", &lines.join("\n"));
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop.kurant(&["run", "--until-idle"]);
    shop
}

fn run(shop: &Shop, actions: &str) -> Vec<Value> {
    shop.kurant(&["run", "--until-idle", "--actions", actions]);
    let mut lines = shop.lines(actions);
    lines.retain(|line| line["journey"] == "dormant");
    lines
}

#[test]
fn the_missed_stand_where_they_would_stand_today() {
    let shop = shop(&[("anna", 95), ("bohdan", 200), ("iryna", 10), ("olha", 100)]);
    let dry = ["enroll", "dormant", "--missed", "--dry-run"];
    let (code, told) = said(&shop, &dry);
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("2 would be taken in\n"), "{told}");
    assert!(told.contains("at `until-four`: 2"), "{told}");
    assert!(
        told.contains("2 actions that lie behind would be skipped"),
        "{told}"
    );
    assert!(run(&shop, "dry.jsonl").is_empty(), "a dry run does nothing");
    let (code, told) = said(
        &shop,
        &[
            "enroll",
            "dormant",
            "--missed",
            "--where",
            "customer.id == \"anna\"",
            "--per-day",
            "9",
        ],
    );
    assert_eq!(code, 0, "{told}");
    let lines = run(&shop, "one.jsonl");
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", line["customer"], line["action"], line["reason"]))
        .collect();
    assert_eq!(
        told,
        [r#""anna" "enter" null"#, r#""anna" "send" "backlog""#]
    );
    let (_, told) = said(
        &shop,
        &["explain", "--customer", "anna", "--journey", "dormant"],
    );
    assert!(
        told.contains("inside since") && told.contains("`until-four`"),
        "{told}"
    );
    // Once more, she is inside already.
    let (_, told) = said(&shop, &dry);
    assert!(
        told.starts_with("1 would be taken in\n") && told.contains("1 would not: "),
        "{told}"
    );
}

#[test]
fn no_more_than_so_many_come_a_day_and_a_step_can_be_named() {
    let shop = shop(&[("anna", 95), ("bohdan", 96), ("olha", 97)]);
    let arguments = [
        "enroll",
        "dormant",
        "--missed",
        "--at",
        "two",
        "--per-day",
        "2",
    ];
    assert_eq!(said(&shop, &arguments).0, 0);
    let lines = run(&shop, "one.jsonl");
    let entered = |lines: &[Value]| {
        lines
            .iter()
            .filter(|line| line["action"] == "enter")
            .count()
    };
    assert_eq!(entered(&lines), 2);
    let reasons: Vec<&Value> = lines
        .iter()
        .filter(|line| line["action"] == "send")
        .map(|line| &line["reason"])
        .collect();
    assert!(
        reasons.iter().all(|reason| **reason != "backlog"),
        "{reasons:?}"
    );
    assert_eq!(entered(&run(&shop, "two.jsonl")), 0, "tomorrow, not today");
}

#[test]
fn what_cannot_have_been_missed_is_said() {
    let shop = shop(&[("anna", 95)]);
    for (arguments, hint) in [
        (
            &["enroll", "dormnt", "--missed", "--dry-run"][..],
            "no journey `dormnt`",
        ),
        (
            &["enroll", "thanks", "--missed", "--dry-run"],
            "no trigger whose firings",
        ),
        (
            &["enroll", "dormant", "--missed", "--dry-run", "--at", "nine"],
            "no step `nine`",
        ),
        (
            &[
                "enroll",
                "dormant",
                "--missed",
                "--dry-run",
                "--where",
                "customer.(",
            ],
            "--where",
        ),
        (&["enroll", "dormant", "--missed"], "--per-day"),
    ] {
        let (code, told) = said(&shop, arguments);
        assert!(code == 2 && told.contains(hint), "{code} {told}");
    }
}

#[test]
fn a_condition_is_held_against_the_schema_before_anything_is_done() {
    let shop = shop(&[("anna", 95)]);
    for (condition, place, advice) in [
        (
            "customer.orders_cuont > 3",
            "--where:1:10",
            "did you mean `orders_count`?",
        ),
        (
            "customer.orders_count > \"3\"",
            "--where:1:25",
            "write `3` without quotes",
        ),
        ("customer.orders_count = 3", "--where:1:23", "write `==`"),
        ("customer.orders_count", "--where:1:1", "compare it"),
    ] {
        for last in [&["--dry-run"][..], &["--per-day", "5"]] {
            let asked = ["enroll", "dormant", "--missed", "--where", condition];
            let (code, told) = said(&shop, &[&asked[..], last].concat());
            assert_eq!(code, 2, "{told}");
            assert!(told.contains(place) && told.contains(advice), "{told}");
            assert!(told.contains("nothing was done"), "{told}");
        }
    }
    assert!(run(&shop, "actions.jsonl").is_empty());
}

#[test]
fn a_journey_or_step_that_is_none_is_told_with_what_was_meant() {
    let shop = shop(&[]);
    let (code, told) = said(&shop, &["enroll", "dormnat", "--missed", "--dry-run"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("did you mean dormant?"), "{told}");
    let asked = [
        "enroll",
        "dormant",
        "--missed",
        "--at",
        "untilfour",
        "--dry-run",
    ];
    let (code, told) = said(&shop, &asked);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("did you mean until-four?"), "{told}");
}

#[test]
fn whoever_was_missed_and_would_be_through_is_counted_apart() {
    let shop = shop(&[("anna", 200), ("iryna", 10)]);
    let text = std::fs::read_to_string(shop.path("journeys/dormant.yaml")).expect("the journey");
    let (one_step, _) = text
        .split_once("  - id: until-four")
        .expect("its second step");
    shop.write("journeys/dormant.yaml", one_step);
    let (code, told) = said(&shop, &["enroll", "dormant", "--missed", "--dry-run"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.starts_with("0 would be taken in\n")
            && told.contains("1 were missed and would be through by now")
            && told.contains("`--at two`")
            && told.contains("1 others were not missed"),
        "{told}"
    );
}

#[test]
fn explain_says_that_a_firing_was_missed_and_why() {
    let shop = shop(&[("anna", 95), ("iryna", 10)]);
    let explained = |customer| {
        let asked = ["explain", "--customer", customer, "--journey", "dormant"];
        said(&shop, &asked).1
    };
    let told = explained("anna");
    assert!(
        told.contains("nothing came: it was missed: the journey is live since ")
            && told.contains("`kurant enroll dormant --missed`"),
        "{told}"
    );
    assert!(!explained("iryna").contains("missed"));
    // Once she has been taken in for it, nothing is missing any more.
    said(&shop, &["enroll", "dormant", "--missed", "--per-day", "9"]);
    run(&shop, "actions.jsonl");
    assert!(!explained("anna").contains("missed: "));
}

#[test]
fn how_many_there_will_be_is_counted_as_of_another_time() {
    let shop = shop(&[("anna", 65), ("iryna", 40)]);
    let then = Clock::real().now().plus_millis(30 * DAY).to_string();
    let asked = ["enroll", "dormant", "--missed", "--dry-run"];
    let (_, told) = said(&shop, &asked);
    assert!(told.starts_with("1 would be taken in\n"), "{told}");
    let (code, told) = said(&shop, &[&asked[..], &["--as-of", &then]].concat());
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("2 would be taken in\n"), "{told}");
    // Whoever is taken in is taken in now.
    let asked = ["enroll", "dormant", "--missed", "--per-day", "9"];
    assert_eq!(
        said(&shop, &[&asked[..], &["--as-of", &then]].concat()).0,
        2
    );
}

#[test]
fn where_time_was_played_ahead_it_is_counted_as_of_the_time_played_to() {
    // The second message is due four months after the purchase: it lies ahead now, and behind in forty days.
    let shop = shop(&[("anna", 95)]);
    let asked = ["enroll", "dormant", "--missed", "--dry-run"];
    let (_, told) = said(&shop, &asked);
    assert!(told.starts_with("1 would be taken in\n"), "{told}");
    let now = Clock::real().now();
    let order = format!(
        r#"{{"specversion":"1.0","id":"1","source":"shop","type":"order.paid","subject":"olha","time":"{now}","data":{{"total":5}}}}"#
    );
    shop.write("events.jsonl", &order);
    let until = now.plus_millis(40 * DAY).to_string();
    let play = ["run", "--quiet", "--feed", "events.jsonl", "--until"];
    shop.kurant(&[&play[..], &[&until]].concat());
    let (code, told) = said(&shop, &asked);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.starts_with("0 would be taken in\n")
            && told.contains("1 were missed and would be through by now"),
        "{told}"
    );
}

#[test]
fn whom_the_journey_did_not_let_in_while_it_was_live_was_not_missed() {
    let shop = Shop::new();
    let path = shop.path("journeys/dormant.yaml");
    let text = std::fs::read_to_string(path).expect("a journey");
    let text = text.replace("exit:", "audience: customer.orders_count > 0\nexit:");
    shop.write("journeys/dormant.yaml", &text);
    // Anna's firing lies behind; Iryna's is made up for, and the audience does not hold. Oleh was loyal before.
    let line = |id: &str, paid: &str, more: &str| {
        format!(r#"{{"id":"{id}","email":"{id}@example.com","last_purchase_at":"{paid}"{more}}}"#)
    };
    let customers = [
        line("anna", "2024-01-01T10:00:00Z", ""),
        line("iryna", "2026-01-04T08:00:00Z", ""),
        line("oleh", "2026-03-01T08:00:00Z", r#","orders_count":3"#),
        line("taras", "2026-03-01T08:00:00Z", r#","orders_count":2"#),
    ];
    let load = |lines: &[String]| {
        shop.write("customers.jsonl", &lines.join("\n"));
        shop.kurant(&["import", "customers", "customers.jsonl"]);
    };
    load(&customers);
    let play = |from: &str| {
        let run = [
            "run",
            "--until-idle",
            "--time-lapse",
            "1m/s",
            "--from",
            from,
        ];
        shop.kurant(&run);
    };
    play("2026-03-05T07:00:00Z");
    // Taras comes into the segment while its journey is live.
    let order = r#"{"specversion":"1.0","id":"o1","source":"shop","type":"order.paid","subject":"taras","data":{"total":5}}"#;
    shop.drop_events("1.jsonl", &[order.to_owned()]);
    play("2026-03-05T08:00:00Z");
    // By now the audience would hold for both.
    let customers = [
        ("anna", "2024-01-01T10:00:00Z"),
        ("iryna", "2026-01-04T08:00:00Z"),
    ];
    load(&customers.map(|(id, paid)| line(id, paid, r#","orders_count":1"#)));
    let missed = |arguments: &[&str]| {
        let as_of = ["--missed", "--dry-run", "--as-of", "2026-03-05T12:00:00Z"];
        said(&shop, &[&["enroll"], arguments, &as_of].concat()).1
    };
    let told = missed(&["dormant", "--at", "two"]);
    assert!(told.starts_with("1 would be taken in\n"), "{told}");
    assert!(
        told.contains("1 would not: judged: the journey was live"),
        "{told}"
    );
    let told = missed(&["loyal"]);
    assert!(
        told.contains("1 were missed and would be through"),
        "{told}"
    );
    assert!(
        told.contains("1 would not: judged: the journey was live"),
        "{told}"
    );
}
