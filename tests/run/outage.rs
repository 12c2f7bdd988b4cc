//! A database that is stopped under load and comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use super::asking::{ask, metrics, post, ready, sum};
use super::sample::{Running, Shop};
use crate::servers::POSTGRES;

/// Orders before and while the database is away, and after it is back.
const BEFORE: usize = 3_000;
const AFTER: usize = 200;
/// How long nothing may be said until it counts as quiet.
const SILENCE: Duration = Duration::from_secs(2);
/// How often it is looked at before giving up.
const LOOKS: usize = 60;

fn orders(numbers: std::ops::Range<usize>) -> Vec<String> {
    let order = |number: usize| {
        let subject = format!("c{}", number % 40);
        json!({ "specversion": "1.0", "id": format!("o{number}"), "source": "test", "type": "order.paid",
                "subject": subject, "data": { "total": 5, "customer": { "email": "c@example.com" } } })
        .to_string()
    };
    numbers.map(order).collect()
}

/// Waits until all that was dropped is taken in and nothing more is said.
fn rest(shop: &Shop, running: &Running) {
    for look in 0.. {
        while running.lines.recv_timeout(SILENCE).is_ok() {}
        if shop.lines(".kurant/outbox/email.jsonl").len() >= BEFORE + AFTER {
            return;
        }
        assert!(look < LOOKS, "it never comes to rest");
    }
}

#[test]
fn a_database_that_goes_away_is_told_of_once_waited_for_and_nothing_is_lost_or_doubled() {
    let own = POSTGRES.start("outage");
    let shop = Shop::new();
    shop.write("store.secret", &own.url);
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    assert_eq!(ready(&address), (true, vec![]));
    shop.drop_events("before.jsonl", &orders(0..BEFORE));
    running.wait_for("thanks");
    own.script("stop");
    running.wait_for("waiting until it is there again");
    // The door stays open, and says what is lacking.
    assert_eq!(ready(&address), (false, vec!["store".to_owned()]));
    assert_eq!(ask(&address, "GET /health", "", "").0, 200);
    let counted = metrics(&address);
    assert_eq!(sum(&counted, "kurant_up", &["part=\"store\""]), 0.0);
    assert_eq!(sum(&counted, "kurant_ready", &[]), 0.0);
    let (status, answer) = post(&address, "", &orders(0..1)[0]);
    assert_eq!(status, 503, "{answer}");
    own.script("start");
    let meanwhile = running.wait_for("there again; it goes on");
    assert_eq!(ready(&address), (true, vec![]));
    let told = |line: &&String| line.contains("waiting until");
    assert_eq!(meanwhile.iter().filter(told).count(), 0, "told of once");
    shop.drop_events("after.jsonl", &orders(BEFORE..BEFORE + AFTER));
    rest(&shop, &running);
    let counted = metrics(&address);
    assert_eq!(sum(&counted, "kurant_up", &["part=\"store\""]), 1.0);
    // What was under way came again; all that came is accounted for.
    let outcome = |word: &str| {
        let label = format!("outcome=\"{word}\"");
        sum(&counted, "kurant_events_total", &[&label])
    };
    let outcomes = ["taken", "repeated", "refused", "rejected", "given_back"].map(outcome);
    let received = sum(&counted, "kurant_events_received_total", &[]);
    assert_eq!(outcomes.iter().sum::<f64>(), received, "{counted:?}");
    running.end();
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for line in shop.lines(".kurant/outbox/email.jsonl") {
        *sent.entry(line["customer"].to_string()).or_default() += 1;
        assert!(keys.insert(line["key"].to_string()), "handed over twice");
    }
    assert_eq!(sent.values().sum::<usize>(), BEFORE + AFTER);
    assert!(sent.values().all(|sent| *sent == (BEFORE + AFTER) / 40));
}
