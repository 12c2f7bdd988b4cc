//! Looking at a store from outside, beside a running `run`.

use serde_json::Value;

use super::sample::{Dice, Shop, customers, of_anna};

fn order(id: &str, customer: &str, time: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"{customer}","time":"{time}","data":{{"total":5}}}}"#
    )
}

/// What a command prints, one object a line.
fn objects(shop: &Shop, arguments: &[&str]) -> Vec<Value> {
    let output = shop.kurant(arguments).stdout;
    let text = String::from_utf8(output).expect("text");
    let object = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    text.lines().map(object).collect()
}

/// A shop in which three customers have paid.
fn sold() -> Shop {
    let shop = Shop::new();
    let people = customers(&mut Dice(3), 3).join("\n");
    shop.write("customers.jsonl", &people);
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    let orders = ["c000", "c001", "c002", "c000"];
    let lines = orders.iter().zip(1..).map(|(customer, number)| {
        let time = format!("2026-03-0{number}T10:00:00Z");
        order(&number.to_string(), customer, &time)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.push("{ no event".to_owned());
    shop.drop_events("orders.jsonl", &lines);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    shop
}

#[test]
fn the_log_is_read_by_what_is_asked_for() {
    let shop = sold();
    let all = objects(&shop, &["log", "--json"]);
    let count =
        |arguments: &[&str]| objects(&shop, &[&["log", "--json"], arguments].concat()).len();
    let enters = count(&["--outcome", "enter", "--journey", "thanks"]);
    assert_eq!(enters, 4, "one for each order");
    assert_eq!(count(&["--step", "now", "--outcome", "sent"]), 4);
    let waits = count(&["--step", "later", "--outcome", "waits"]);
    assert_eq!(waits, 4, "a trace is found by its step's id");
    assert_eq!(
        count(&[
            "--customer",
            "c000",
            "--outcome",
            "enter",
            "--journey",
            "thanks"
        ]),
        2
    );
    assert_eq!(
        count(&["--since", "1h"]),
        all.len(),
        "all of it was written just now"
    );
    assert_eq!(count(&["--until", "1h"]), 0);
    assert_eq!(count(&["--since", "2100-01-01"]), 0);
    let text = String::from_utf8(shop.kurant(&["log"]).stdout).expect("text");
    assert_eq!(text.lines().count(), all.len());
    assert!(text.contains("send email sent"), "{text}");
    let waits = text.lines().filter(|line| line.contains("  until = "));
    let on_a_clock = |line: &&str| line.contains(" later ") && !line.contains('Z');
    assert_eq!(
        waits.filter(on_a_clock).count(),
        4,
        "steps by their ids, instants on the workspace's clock: {text}"
    );
    for told in [text, format!("{all:?}")] {
        assert!(!told.contains('@'), "no address: {told}");
    }
}

#[test]
fn the_log_and_the_status_are_read_beside_a_running_run() {
    let shop = sold();
    let running = shop.start(&["run", "--quiet"]);
    running.wait_for("running");
    let asked = ["--customer", "c001", "--outcome", "enter", "--json"];
    let following = shop.start(&[&["log", "--follow", "--since", "1h"][..], &asked].concat());
    following.wait_for("c001");
    shop.drop_events("more.jsonl", &[order("9", "c001", "2026-03-09T10:00:00Z")]);
    let line = following.wait_for("c001").pop().expect("a line");
    let line: Value = serde_json::from_str(&line).expect("an object");
    assert_eq!(line["journey"], "thanks");
    assert_eq!(line["customer"], "c001");
    following.kill();
    let text = String::from_utf8(shop.kurant(&["status"]).stdout).expect("text");
    assert!(text.contains("runs       process "), "{text}");
    running.end();
    let text = String::from_utf8(shop.kurant(&["status"]).stdout).expect("text");
    assert!(text.contains("runs       nothing"), "{text}");
}

#[test]
fn the_status_adds_up() {
    let shop = sold();
    let output = shop.kurant(&["status", "--json"]).stdout;
    let status: Value = serde_json::from_slice(&output).expect("one object");
    assert_eq!(status["dead_letters"], 1);
    assert_eq!(status["intake"]["files"], 0);
    assert_eq!(status["late"], Value::Null);
    let accepted: u64 = status["outbox"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|row| row["state"] == "accepted")
        .filter_map(|row| row["count"].as_u64())
        .sum();
    assert_eq!(accepted, 4, "{status}");
    let journeys = status["journeys"].as_array().expect("a list");
    let ids: Vec<&str> = journeys
        .iter()
        .filter_map(|own| own["journey"].as_str())
        .collect();
    assert_eq!(
        ids,
        ["birthday", "cart", "dormant", "loyal", "monday", "thanks"]
    );
    let thanks = journeys.last().expect("a journey");
    assert_eq!(
        (&thanks["inside"], &thanks["steps"]["later"]),
        (&4.into(), &4.into())
    );
    let rate = serde_json::json!({ "minutes": 5, "actions": 8 });
    assert_eq!(status["rates"][1], rate);
}

#[test]
fn events_that_could_not_be_taken_in_are_listed_tried_again_and_dropped() {
    let shop = sold();
    shop.drop_events("wrong.jsonl", &["[1".to_owned()]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let letters = objects(&shop, &["dead", "list", "--json"]);
    assert_eq!(letters.len(), 2);
    let reason = letters[0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("not_json"), "{reason}");
    let id = letters[0]["id"].as_str().expect("an id");
    let shown = shop.kurant(&["dead", "show", id]).stdout;
    let shown: Value = serde_json::from_slice(&shown).expect("one object");
    assert_eq!(shown["text"], "{ no event");
    for _ in 0..2 {
        // Asked for twice, it happens once.
        shop.kurant(&["dead", "drop", id]);
        assert_eq!(objects(&shop, &["dead", "list", "--json"]).len(), 1);
    }
    shop.kurant(&["dead", "retry", "--all"]);
    assert_eq!(objects(&shop, &["dead", "list", "--json"]).len(), 0);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let again = objects(&shop, &["dead", "list", "--route", "events", "--json"]);
    assert_eq!(again.len(), 1, "it is no event still");
    assert!(
        again[0]["origin"]
            .as_str()
            .is_some_and(|own| own.starts_with("retry-"))
    );
}

#[test]
fn an_id_that_is_not_there_is_told() {
    let shop = sold();
    let output = shop.kurant(&["dead", "drop", "999"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("has the id 999"), "{told}");
}

#[test]
fn explain_says_how_it_began_and_ended_in_words() {
    let shop = sold();
    shop.drop_events("more.jsonl", &[order("9", "c000", "2026-03-09T10:00:00Z")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let told = |journey: &str| {
        let output = shop.kurant(&["explain", "--customer", "c000", "--journey", journey]);
        String::from_utf8(output.stdout).expect("text")
    };
    let loyal = told("loyal");
    assert!(loyal.contains("  entered\n"), "{loyal}");
    assert!(loyal.contains("  went through: completed\n"), "{loyal}");
    assert!(
        !loyal.contains("enter ") && !loyal.contains("exit "),
        "{loyal}"
    );
    let dormant = told("dormant");
    assert!(
        dormant.contains("exit: `order.paid` lets whoever is inside leave: purchased"),
        "{dormant}"
    );
    assert!(
        !dormant.contains("fired last") && dormant.contains("was due at"),
        "{dormant}"
    );
}

#[test]
fn a_name_that_is_none_is_no_silence() {
    let shop = sold();
    for (asked, meant) in [
        (["log", "--journey", "thnaks"], "did you mean thanks?"),
        (["log", "--step", "latr"], "did you mean later?"),
        (["log", "--outcome", "skiped"], "did you mean skipped?"),
        (["log", "--outcome", "nonsense"], "there are: sent, skipped"),
        (
            ["log", "--reason", "frequency_cpa"],
            "did you mean frequency_cap?",
        ),
        (["log", "--reason", "purchasd"], "did you mean purchased?"),
        (["graph", "thnaks", "--format=dot"], "did you mean thanks?"),
    ] {
        let output = shop.run(&asked);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{asked:?}: {told}");
        assert!(
            told.contains("there is no ") && told.contains(meant),
            "{asked:?}: {told}"
        );
    }
    let asked = ["explain", "--customer", "c000", "--journey", "thnaks"];
    let told = shop.run(&asked);
    assert_eq!(told.status.code(), Some(2));
    let asked = ["log", "--follow", "--step", "latr"];
    assert_eq!(shop.run(&asked).status.code(), Some(2), "at once");
    // A step of another journey is none of this one.
    let asked = ["log", "--journey", "cart", "--step", "later"];
    assert_eq!(shop.run(&asked).status.code(), Some(2));
}

#[test]
fn what_is_gone_from_the_workspace_is_still_found_in_the_log() {
    let shop = sold();
    std::fs::remove_file(shop.path("journeys/thanks.yaml")).expect("the journey's file");
    for asked in [
        &["--journey", "thanks"][..],
        &["--step", "now"],
        &["--journey", "thanks", "--step", "steps[1]"],
    ] {
        let lines = objects(&shop, &[&["log", "--json"], asked].concat());
        assert!(!lines.is_empty(), "{asked:?}");
    }
    assert!(
        objects(&shop, &["log", "--outcome", "missed"]).is_empty(),
        "known, and none yet"
    );
}

#[test]
fn a_log_without_a_line_says_so() {
    let shop = sold();
    let nobody = shop.run(&["log", "--customer", "nobody"]);
    let told = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert_eq!(nobody.status.code(), Some(2), "{told}");
    assert!(
        told.contains("nobody is known as customer `nobody`"),
        "{told}"
    );
    let none = shop.kurant(&["log", "--reason", "frequency_cap"]);
    let told = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(
        none.stdout.is_empty() && told.contains("nothing in the log matches"),
        "{told}"
    );
}

#[test]
fn explain_without_a_journey_tells_of_every_one() {
    let shop = sold();
    let output = shop.kurant(&["explain", "--customer", "c000"]);
    let told = String::from_utf8(output.stdout).expect("text");
    for says in [
        "  thanks                   inside since ",
        "  dormant                  would ",
        "last: ",
    ] {
        assert!(told.contains(says), "{says}: {told}");
    }
    let output = shop.kurant(&["explain", "--customer", "c000", "--format", "json"]);
    let answers: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let journeys = answers.as_array().expect("a list").iter();
    let journeys: Vec<&Value> = journeys
        .map(|answer| &answer["explanation"]["journey"])
        .collect();
    assert_eq!(
        journeys,
        ["birthday", "cart", "dormant", "loyal", "monday", "thanks"]
    );
}

#[test]
fn explain_goes_by_what_is_in_force_while_a_file_has_a_mistake() {
    let shop = sold();
    let text = std::fs::read_to_string(shop.path("journeys/thanks.yaml")).expect("the journey");
    shop.write("journeys/thanks.yaml", &text.replace("steps:", "stps:"));
    let output = shop.kurant(&["explain", "--customer", "c000", "--journey", "thanks"]);
    let (told, talk) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(
        told.contains("yes  status: the journey is live") && told.contains("inside since"),
        "{told}"
    );
    assert!(
        talk.contains("journeys/thanks.yaml") && talk.contains("by what is in force"),
        "{talk}"
    );
}

#[test]
fn explain_says_which_event_answered_a_wait() {
    let shop = Shop::new();
    shop.drop_events(
        "cart.jsonl",
        &[r#"{"specversion":"1.0","id":"k1","source":"test","type":"cart.left","subject":"c000","data":{"cart_id":"a"}}"#.to_owned()],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let paid = r#"{"specversion":"1.0","id":"o1","source":"test","type":"order.paid","subject":"c000","data":{"total":5}}"#;
    shop.drop_events("order.jsonl", &[paid.to_owned()]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let output = shop.kurant(&["explain", "--customer", "c000", "--journey", "cart"]);
    let told = String::from_utf8(output.stdout).expect("text");
    let answered = told
        .lines()
        .find(|line| line.contains("answered at bought"));
    assert!(
        answered.is_some_and(|line| line.contains("\"o1\"") && line.contains("\"order.paid\"")),
        "{told}"
    );
    let lines = objects(&shop, &["log", "--json", "--outcome", "answered"]);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["values"]["type"], "order.paid");
}

const WAYS: &str = "journey: ways\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\nsteps:\n  \
    - id: which\n    choose:\n      - when: event.total > 100\n        steps: [ { tag: large } ]\n      - when: event.total > 1\n        steps: [ { tag: small } ]\n      \
    - otherwise: [ { tag: none } ]\n  - id: half\n    split:\n      a: { weight: 50, steps: [ { tag: a } ] }\n      b: { weight: 50, steps: [ { tag: b } ] }\n";

#[test]
fn the_explanation_names_the_way_at_each_fork_and_why() {
    let shop = Shop::with_one_journey("ways", WAYS);
    let asked = ["explain", "--customer", "anna", "--journey", "ways"];
    let told = || String::from_utf8(shop.kurant(&asked).stdout).expect("text");
    let before = told();
    let arm = before
        .split_once("split half: the customer's arm is `")
        .and_then(|(_, rest)| rest.chars().next());
    let arm = arm.unwrap_or_else(|| panic!("no arm: {before}"));
    assert!(before.contains("weights a 50, b 50"), "{before}");
    shop.drop_events("1.jsonl", &[of_anna("1", "order.paid", r#"{"total":5}"#)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let after = told();
    let chosen = "chose at which: branch 2, since `event.total > 1` held";
    let drawn = format!("split at half: arm `{arm}`, drawn by a hash");
    for part in [chosen, &drawn] {
        assert!(after.contains(part), "{part}: {after}");
    }
    // In the log the cause stands before what follows from it.
    let log = String::from_utf8(shop.kurant(&["log"]).stdout).expect("text");
    let places = [" enter", " chose", " tag", " split", " exit"]
        .map(|word| log.find(word).unwrap_or_else(|| panic!("{word}: {log}")));
    assert!(places.is_sorted(), "{log}");
    let way = "chose  branch = 2  when = \"event.total > 1\"";
    assert!(log.contains(way), "{log}");
}

#[test]
fn a_click_that_names_its_key_alone_is_found_by_its_channel_also_when_its_journey_is_over() {
    let hello = "journey: hello\nstatus: live\ncategory: transactional\ntrigger: { event: cart.left }\nsteps:\n  \
        - { id: first, send: email, template: hello }\n";
    let shop = Shop::with_one_journey("hello", hello);
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", r#"{"cart_id":"a"}"#)],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let sent = shop.lines(".kurant/outbox/email.jsonl");
    let key = sent[0]["key"].as_str().expect("a key");
    let click = of_anna("2", "message.clicked", &format!(r#"{{"key":"{key}"}}"#));
    let other = "0123456789abcdef0123456789abcdef";
    let unknown = of_anna("3", "message.clicked", &format!(r#"{{"key":"{other}"}}"#));
    shop.drop_events("2.jsonl", &[click, unknown]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let clicks = ["log", "--outcome", "clicked", "--json"];
    let all = objects(&shop, &clicks);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|line| line["reason"] == "nobody_inside"));
    let own = objects(&shop, &[&clicks[..], &["--channel", "email"]].concat());
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(
        (&own[0]["key"], &own[0]["channel"]),
        (&key.into(), &"email".into())
    );
    let own = objects(&shop, &[&clicks[..], &["--step", "first"]].concat());
    assert_eq!(own.len(), 1, "{own:?}");
    assert_eq!(
        (&own[0]["journey"], &own[0]["step"]),
        (&"hello".into(), &"first".into())
    );
}
