//! What comes back of messages, in a journey's test and in `simulate`: the same as live.

use serde_json::Value;

use super::{Shop, stderr, stdout};

/// One message by Viber, then by SMS, then by email, while nothing confirms it in two hours.
const JOURNEY: &str = "journey: thanks
status: live
category: service
trigger: { event: order.paid }
steps:
  - { id: now, send: viber, template: thanks, fallback: [sms, email], fallback_after: 2h }
";

fn shop() -> Shop {
    let shop = Shop::new();
    std::fs::remove_file(shop.path("journeys/dormant.yaml")).unwrap();
    shop.write("journeys/thanks.yaml", JOURNEY);
    shop.write(
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels:\n  viber: { kind: file }\n  sms: { kind: file }\n  email: { kind: file }\n\
         links: { unsubscribe: \"https://shop.example/u?id={{ customer.id }}\" }\n",
    );
    shop.write(
        "templates/thanks/email.txt",
        "---\nsubject: Thanks\n---\nThanks\n",
    );
    shop.write("templates/thanks/sms.txt", "Thanks\n");
    shop.write("templates/thanks/viber.txt", "Thanks\n");
    shop
}

/// A test whose events these are beside the order, and what has left.
fn test(name: &str, events: &str, sent: &[(&str, &str)]) -> String {
    let sent = sent
        .iter()
        .map(|(at, channel)| format!("  - {{ at: 2026-03-02T{at}:00Z, send: {channel} }}\n"));
    let sent: String = sent.collect();
    format!(
        "test: {name}\njourney: thanks\ncustomer: {{ id: c1, email: a@example.com, phone: \"+380501112233\" }}\nat: 2026-03-02T09:00:00Z\n\
         events:\n  - {{ at: 2026-03-02T10:00:00Z, type: order.paid, data: {{ order_id: o1, total: 900 }} }}\n{events}\
         until: 2026-03-04T00:00:00Z\nexpect:\n{sent}---\n"
    )
}

fn event(at: &str, kind: &str, channel: &str) -> String {
    format!(
        "  - {{ at: 2026-03-02T{at}:00Z, type: message.{kind}, data: {{ channel: {channel} }} }}\n"
    )
}

#[test]
fn a_test_sees_another_channel_only_where_nothing_confirms_the_one_before() {
    let (viber, sms, email) = (("10:00", "viber"), ("12:00", "sms"), ("14:00", "email"));
    let all = [viber, sms, email];
    let cases = [
        ("nothing is confirmed", String::new(), &all[..]),
        (
            "the first in time",
            event("11:59", "delivered", "viber"),
            &all[..1],
        ),
        (
            "the first too late for the second",
            event("12:30", "delivered", "viber"),
            &all[..2],
        ),
        (
            "the second in time",
            event("12:30", "delivered", "sms"),
            &all[..2],
        ),
        (
            "out of order and more than once",
            event("11:00", "opened", "viber") + &event("11:01", "delivered", "viber"),
            &all[..1],
        ),
    ];
    let shop = shop();
    for (number, (name, events, sent)) in cases.iter().enumerate() {
        let text = test(name, events, sent);
        shop.write(
            &format!("journeys/{number}.test.yaml"),
            text.trim_end_matches("---\n"),
        );
    }
    let bounced = test(
        "a bounce brings the next at once",
        &event("10:20", "bounced", "viber"),
        &[viber, ("10:20", "sms"), ("12:20", "email")],
    );
    shop.write(
        "journeys/bounced.test.yaml",
        bounced.trim_end_matches("---\n"),
    );
    let output = shop.kurant(&["test"]);
    let text = stdout(&output) + &stderr(&output);
    assert!(text.contains("6 passed, 0 failed"), "{text}");
}

fn line(id: &str, kind: &str, customer: &str, time: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"shop","type":"{kind}","subject":"{customer}","time":"2026-03-02T{time}:00Z","data":{data}}}"#
    )
}

fn simulated(shop: &Shop, events: &[String]) -> Vec<Value> {
    shop.write("events.jsonl", &events.join("\n"));
    let mut actions = shop.simulate(
        ["customers.jsonl", "events.jsonl"],
        ["2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"],
    );
    actions.retain(|action| action["action"] == "send");
    actions
}

#[test]
fn a_history_with_receipts_gives_the_same_as_live() {
    let shop = shop();
    let customers = ["arrived", "late", "nothing"].map(|id| {
        format!("{{\"id\":\"{id}\",\"email\":\"{id}@example.com\",\"phone\":\"+380501112233\"}}")
    });
    shop.write("customers.jsonl", &customers.join("\n"));
    let order = |id: &str| {
        line(
            id,
            "order.paid",
            id,
            "10:00",
            r#"{"order_id":"o1","total":9}"#,
        )
    };
    let orders = vec![order("arrived"), order("late"), order("nothing")];
    // The keys are the same in every run, so that receipts of one are receipts of the next.
    let first = simulated(&shop, &orders);
    assert_eq!(first.len(), 9);
    let receipt = |customer: &str, time: &str| {
        let own = first
            .iter()
            .find(|line| line["customer"] == customer && line["channel"] == "viber");
        let key = own.unwrap()["key"].as_str().unwrap();
        let data =
            format!(r#"{{"key":"{key}","channel":"viber","journey":"thanks","step":"now"}}"#);
        line(
            &format!("r-{customer}"),
            "message.delivered",
            customer,
            time,
            &data,
        )
    };
    let mut events = orders;
    events.extend([receipt("arrived", "11:00"), receipt("late", "13:00")]);
    let sent = simulated(&shop, &events);
    let count = |customer: &str| {
        sent.iter()
            .filter(|own| own["customer"] == customer)
            .count()
    };
    let counts = ["arrived", "late", "nothing"].map(count);
    assert_eq!(counts, [1, 2, 3], "{sent:?}");
}
