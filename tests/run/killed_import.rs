//! An import that is killed at any of its commits goes on when it is given again, and loads what an undisturbed one loads.

use kurant_store::{Sqlite, Store};
use serde_json::json;

use super::sample::Shop;

/// Some pages of each kind.
const CUSTOMERS: usize = 2_300;
const EVENTS: usize = 3_300;
const SENDS: usize = 1_200;
/// Whoever is killed more often than this gets nowhere.
const MOST_KILLS: usize = 60;

fn shop() -> Shop {
    let shop = Shop::new();
    let customer = |number: usize| json!({ "id": format!("c{number}"), "email": format!("c{number}@example.com") });
    // All of a few, so that an event that took effect twice shows in their profiles.
    let event = |number: usize| {
        json!({
            "specversion": "1.0", "id": format!("e{number}"), "source": "shop", "type": "order.paid",
            "subject": format!("c{}", number % 3), "time": format!("2026-01-{:02}T10:00:00Z", 1 + number % 28),
            "data": { "total": 2 },
        })
    };
    let send = |number: usize| json!({ "customer": format!("c{number}"), "at": "2026-01-05T10:00:00Z", "channel": "email" });
    let lines = |count, line: &dyn Fn(usize) -> serde_json::Value| {
        let lines = (0..count).map(|number| line(number).to_string());
        lines.collect::<Vec<_>>().join("\n")
    };
    shop.write("customers.jsonl", &lines(CUSTOMERS, &customer));
    shop.write("events.jsonl", &lines(EVENTS, &event));
    shop.write("sends.jsonl", &lines(SENDS, &send));
    shop
}

/// What is known afterwards: of some customers all that the store holds, and how much there is of everything.
async fn loaded(shop: &Shop) -> String {
    let store = Sqlite::open(&shop.path(".kurant/state.db")).await;
    let store = store.expect("the store");
    let mut told = format!("{:?}\n", store.totals().await.expect("totals"));
    for id in ["c0", "c1", "c2", "c1199", "c2299"] {
        let people = store.load(&[id.into()], &[]).await.expect("a customer");
        let person = &people.first().expect("somebody").person;
        told += &format!("{:?} {:?}\n", person.customer, person.sends);
    }
    store.close().await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_at_any_commit_goes_on_and_doubles_nothing() {
    let (calm, killed) = (shop(), shop());
    for kind in ["customers", "events", "sends"] {
        let file = format!("{kind}.jsonl");
        let import = ["import", kind, &file];
        calm.kurant(&import);
        let mut kills = 0;
        loop {
            let point = format!(
                "store.{}={kills}*off->panic",
                ["written", "committed"][kills % 2]
            );
            let running = killed.start_in(&import, &[("FAILPOINTS", &point)]);
            if running.ended().success() {
                break;
            }
            kills += 1;
            assert!(kills < MOST_KILLS, "{kind} never comes to its end");
        }
        assert!(
            kills > 2,
            "{kind}: it was killed between pages, {kills} times"
        );
        let again = killed.kurant(&import);
        let again = String::from_utf8_lossy(&again.stdout).into_owned();
        let nothing = match kind {
            "customers" => format!("{CUSTOMERS} customers read, 0 new or changed\n"),
            "events" => format!("0 events taken in, {EVENTS} had been before\n"),
            _ => format!("{SENDS} sends read\n"),
        };
        assert_eq!(again, nothing, "the same file changes nothing");
    }
    assert_eq!(loaded(&killed).await, loaded(&calm).await);
}
