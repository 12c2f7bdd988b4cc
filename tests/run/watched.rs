//! What whoever watches over a run sees of it: counters, readiness, the log as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::asking::{ask, metrics, post, ready, sum};
use super::sample::{PATIENCE, Running, Shop};
use crate::store_conformance::postgres::database::Schema;

/// What stands in no log and no counter, whatever happens.
const CANARIES: [&str; 4] = [
    "canary-mail",
    "canary-name",
    "canary-phone",
    "canary-secret",
];

fn order(id: &str, customer: &str) -> String {
    json!({ "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": customer,
            "data": { "total": 5, "customer": { "email": format!("{customer}@example.com") } } })
    .to_string()
}

/// All lines until it ends by itself.
fn rest(running: &Running) -> Vec<String> {
    std::iter::from_fn(|| running.lines.recv_timeout(PATIENCE).ok()).collect()
}

#[test]
fn what_is_counted_is_what_was_done_and_both_sides_of_each_sum_are_there() {
    let shop = Shop::new();
    let running = shop.start(&["run", "--quiet", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    for (id, customer) in [("1", "anna"), ("2", "anna"), ("3", "olha"), ("3", "olha")] {
        let (status, answer) = post(&address, "", &order(id, customer));
        assert_eq!(status, 202, "{answer}");
    }
    let wrong = order("4", "anna").replace(":5", ":\"much\"");
    assert_eq!(post(&address, "", &wrong).0, 400);
    shop.drop_events("day.jsonl", &["{ no event".to_owned(), order("5", "taras")]);
    running.wait_for("lines were rejected");
    let counted = metrics(&address);
    let number = |name: &str, labels: &[&str]| sum(&counted, name, labels);
    for (name, labels, expected) in [
        ("kurant_events_received_total", &["\"http\""][..], 5.0),
        ("kurant_events_total", &["\"http\"", "\"taken\""], 3.0),
        ("kurant_events_total", &["\"http\"", "\"repeated\""], 1.0),
        ("kurant_events_total", &["\"http\"", "\"refused\""], 1.0),
        ("kurant_events_total", &["\"files\"", "\"taken\""], 1.0),
        ("kurant_events_total", &["\"files\"", "\"rejected\""], 1.0),
        ("kurant_events_in_hand", &[], 0.0),
        ("kurant_events_committed_total", &[], 4.0),
        ("kurant_actions_total", &["\"enter\""], 4.0),
        ("kurant_actions_total", &["\"send\"", "\"sent\""], 4.0),
        ("kurant_commands_total", &["\"email\""], 4.0),
        ("kurant_dead_letters", &[], 1.0),
        ("kurant_timers_due", &[], 0.0),
        ("kurant_workers", &[], 1.0),
        ("kurant_leads", &[], 1.0),
        ("kurant_ready", &[], 1.0),
        ("kurant_build_info", &[], 1.0),
    ] {
        assert_eq!(number(name, labels), expected, "{name} {labels:?}");
    }
    let batches = number("kurant_batches_total", &["\"committed\""]);
    assert!(batches >= 4.0 && number("kurant_commit_seconds_count", &[]) == batches);
    let text = format!("{counted:?}");
    for own in ["anna", "olha", "taras", "example.com"] {
        assert!(!text.contains(own), "no customer is in a counter: {own}");
    }
    assert_eq!(ask(&address, "GET /health", "", ""), (200, "ok\n".into()));
    running.end();
}

#[test]
fn timers_are_counted_with_how_late_they_were() {
    let shop = Shop::new();
    let journey = "journey: soon\nstatus: live\ntrigger: { event: order.paid, max_age: 100y }\nsteps:\n  - id: pause\n    wait: 1s\n  - tag: soon\n";
    shop.write("journeys/soon.yaml", journey);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    assert_eq!(post(&address, "", &order("1", "anna")).0, 202);
    running.wait_for_all(&["soon", "exit"]);
    let counted = metrics(&address);
    assert_eq!(sum(&counted, "kurant_timers_total", &[]), 1.0);
    assert_eq!(sum(&counted, "kurant_actions_total", &["\"tag\""]), 1.0);
    let late = sum(&counted, "kurant_timer_lateness_seconds_sum", &[]);
    assert!((0.0..60.0).contains(&late), "{late}");
    running.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_from_the_moment_that_it_is_told_to_end() {
    let (shop, schema) = (Shop::new(), Schema::new().await);
    shop.write("store.secret", &schema.url());
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    let running = shop.start(&["run", "--quiet", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    assert_eq!(ready(&address), (true, vec![]));
    // As long as somebody holds the table, what it has in hand can't come to its end.
    let mut holder = PgConnection::connect(&schema.url())
        .await
        .expect("a session");
    for sql in ["BEGIN", "LOCK TABLE customer IN EXCLUSIVE MODE"] {
        let done = sqlx::raw_sql(sql).execute(&mut holder).await;
        done.expect("the table is held");
    }
    let own = address.clone();
    let posting = std::thread::spawn(move || post(&own, "", &order("1", "anna")));
    let waits =
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'customer'::regclass";
    let blocked = async {
        while schema.number(waits).await == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let blocked = tokio::time::timeout(PATIENCE, blocked).await;
    blocked.expect("it waits for the table");
    running.ask_to_end();
    let told = async {
        while ready(&address).0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ready(&address).1
    };
    let lacking = tokio::time::timeout(PATIENCE, told).await;
    assert_eq!(lacking.expect("it says so"), ["run"]);
    let let_go = sqlx::raw_sql(AssertSqlSafe("COMMIT".to_owned()));
    let_go
        .execute(&mut holder)
        .await
        .expect("the table is free");
    let (status, answer) = posting.join().expect("an answer");
    assert_eq!((status, &answer["taken"]), (202, &1.into()), "{answer}");
    running.ends();
}

#[test]
fn the_log_as_json_has_one_object_a_line_with_the_same_fields() {
    let shop = Shop::new();
    let running = shop.start(&["run", "--quiet", "--log-format", "json"]);
    running.wait_for("running");
    shop.drop_events("day.jsonl", &["{ no event".to_owned()]);
    let line = running
        .wait_for("lines were rejected")
        .pop()
        .expect("a line");
    let line: Value = serde_json::from_str(&line).expect("an object");
    assert_eq!(line["level"], "warn");
    assert_eq!(
        (&line["file"], &line["lines"]),
        (&"day.jsonl".into(), &1.into())
    );
    for field in ["time", "message", "target"] {
        assert!(
            line[field].as_str().is_some_and(|text| !text.is_empty()),
            "{line}"
        );
    }
    running.ask_to_end();
    for line in rest(&running) {
        let line: Value = serde_json::from_str(&line).expect("an object");
        assert!(
            line["time"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
    running.ends();
    // Also the last word of one that can't begin.
    let failed = shop.run(&["run", "--log-format", "json", "--listen", "nowhere"]);
    let told = String::from_utf8(failed.stderr).expect("text");
    let line: Value =
        serde_json::from_str(told.lines().last().expect("a line")).expect("an object");
    assert_eq!(
        (failed.status.code(), &line["level"]),
        (Some(3), &"error".into())
    );
}

#[test]
fn what_is_known_of_people_and_what_is_secret_never_reaches_the_log() {
    let shop = Shop::new();
    let [mail, name, phone, secret] = CANARIES;
    // Secrets of every kind, and a broker that is not there; its address is tried again and again.
    shop.write(
        "broker.secret",
        &format!("amqp://shop:{secret}@127.0.0.1:1"),
    );
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    let settings = settings.replace(
        "crm: { kind: file }",
        "crm: { kind: amqp, exchange: x, url: \"${file:broker.secret}\" }",
    );
    shop.write("kurant.yaml", &settings);
    // A condition that fails on what it sees, a template that shows it, and events that can't be taken.
    let journey = "journey: odd\nstatus: live\ntrigger: { event: order.paid, max_age: 100y }\nentry: { while_active: parallel }\n\
                   steps:\n  - if: customer.nickname > 5\n    then:\n      - tag: odd\n";
    shop.write("journeys/odd.yaml", journey);
    shop.write(
        "schemas/customer.json",
        r#"{"type":"object","properties":{"birthday":{"type":"string","format":"date"},"nickname":{},
           "last_purchase_at":{"type":"string","format":"date-time"},"orders_count":{"type":"integer"},
           "total_spent":{"type":"number"}}}"#,
    );
    let order = |id: &str| {
        json!({ "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": "c1",
                "data": { "total": 5, "customer": { "email": format!("{mail}@example.com"), "phone": phone, "nickname": name,
                                                    "consents": { "email": true } } } })
        .to_string()
    };
    let running = shop.start(&[
        "run",
        "--quiet",
        "--log-level",
        "trace",
        "--log-format",
        "json",
        "--listen",
        "127.0.0.1:0",
    ]);
    let address = running.address();
    let mut lines = running.wait_for("running");
    let broken = order("2").replace(":5", &format!(":\"{name}\""));
    shop.drop_events("day.jsonl", &[order("1"), broken.clone(), mail.to_owned()]);
    lines.extend(running.wait_for("lines were rejected"));
    let (status, answer) = post(&address, "", &broken);
    assert_eq!(status, 400);
    let (_, told) = ask(&address, "GET /ready", "", "");
    let counted = format!("{:?} {told} {answer}", metrics(&address));
    running.ask_to_end();
    lines.extend(rest(&running));
    running.ends();
    assert!(
        shop.lines(".kurant/outbox/email.jsonl").len() == 1,
        "the order was taken"
    );
    let log = lines.concat() + &counted;
    for canary in CANARIES {
        assert!(!log.contains(canary), "{canary} in\n{}", lines.join("\n"));
    }
}

#[test]
fn what_nobody_had_told_of_is_counted_where_people_look() {
    let shop = Shop::new();
    let event = |id: &str, kind: &str, data: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"{kind}","subject":"{id}","data":{data}}}"#
        )
    };
    let lines = [
        event(
            "a",
            "order.paid",
            r#"{"total":5,"totel":6,"customer":{"brithday":"secret"}}"#,
        ),
        event("b", "order.payed", r#"{"total":5}"#),
    ];
    shop.drop_events("1.jsonl", &lines);
    let output = shop.kurant(&["run", "--until-idle"]);
    let run = String::from_utf8_lossy(&output.stderr).into_owned();
    shop.drop_events("2.jsonl", &[event("c", "order.payed", "{}")]);
    shop.kurant(&["run", "--until-idle"]);
    let said = |arguments: &[&str]| {
        let output = shop.run(arguments);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for (told, types, strangers) in [
        (
            run,
            "1 event of the type `order.payed`",
            "2 customers were made",
        ),
        (
            said(&["status"]),
            "2 events of the type `order.payed`",
            ": 3",
        ),
        (
            said(&["doctor"]),
            "2 events of the type `order.payed`",
            ": 3;",
        ),
    ] {
        for says in [
            types,
            strangers,
            "did you mean `order.paid`?",
            "with the field `totel`",
            "did you mean `total`?",
            "the attribute `brithday`",
            "did you mean `birthday`?",
        ] {
            assert!(told.contains(says), "{says}: {told}");
        }
        assert!(!told.contains("secret"), "{told}");
    }
    // What is declared since is no news.
    shop.write(
        "schemas/events/order.payed.json",
        r#"{"type":"object","properties":{"total":{"type":"number"}}}"#,
    );
    assert!(!said(&["status"]).contains("order.payed"));
}
