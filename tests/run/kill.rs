//! `kill -9` at any moment, then start again: no event lost, no timer lost, nothing handed over twice.

use std::collections::BTreeSet;
use std::time::Duration;

use kurant_engine::value::Value;
use kurant_store::{OutboxState, Sqlite, Store};

use crate::acted::acted;

use super::sample::{Dice, Shop, customers, events, paid};

const SEED: u64 = 7;
const CUSTOMERS: u64 = 50;
/// How many files are dropped, and how often the process is killed.
const FILES: usize = 6;
const KILLS: usize = 12;
/// How long nothing may be said until the state is looked at.
const SILENCE: Duration = Duration::from_secs(2);
/// How often it is looked at before giving up.
const LOOKS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled_by_kills() {
    let shop = Shop::new();
    let mut dice = Dice(SEED);
    shop.write(
        "customers.jsonl",
        &customers(&mut dice, CUSTOMERS).join("\n"),
    );
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    let history = events(&mut dice, CUSTOMERS, 1_500);
    let mut dropped: Vec<String> = Vec::new();
    for kill in 0..KILLS {
        if let Some(part) = history
            .chunks(history.len() / FILES)
            .nth(kill / 2)
            .filter(|_| kill % 2 == 0)
        {
            let mut lines = part.to_vec();
            // Every file brings some events again that have come before, and a line that is no event.
            lines.extend(dropped.iter().take(20).cloned());
            lines.push("{ no event".to_owned());
            shop.drop_events(&format!("{kill}.jsonl"), &lines);
            dropped.extend(lines);
        }
        let running = shop.start(&["run", "--time-lapse", "1h/s"]);
        let lines = dice.below(60) as usize;
        // Once all is done it may have nothing to say for days of its clock.
        let mut said = (0..lines).map(|_| running.lines.recv_timeout(SILENCE));
        while said.next().is_some_and(|line| line.is_ok()) {}
        running.kill();
    }
    let last = shop.start(&["run", "--time-lapse", "2h/s"]);
    let store = Sqlite::open_to_read(&shop.path(".kurant/state.db"))
        .await
        .expect("a store");
    for look in 0.. {
        while last.lines.recv_timeout(SILENCE).is_ok() {}
        if is_quiet(&shop, &store).await {
            break;
        }
        assert!(look < LOOKS, "seed {SEED}: it never comes to rest");
    }
    last.end();
    check(&shop, &store, &dropped).await;
}

/// Nothing waits in the inbox, in the outbox or in `thanks`.
async fn is_quiet(shop: &Shop, store: &Sqlite) -> bool {
    let waiting = std::fs::read_dir(shop.path(".kurant/inbox")).expect("an inbox");
    let waiting = waiting
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .count();
    let open = store
        .waiting()
        .await
        .expect("the outbox")
        .iter()
        .any(|row| !row.state.is_final());
    let inside = store.inside().await.expect("who is inside");
    waiting == 0 && !open && inside.iter().all(|inside| inside.journey == "dormant")
}

async fn check(shop: &Shop, store: &Sqlite, dropped: &[String]) {
    let ids: BTreeSet<String> = dropped
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|event| event["id"].to_string())
        .collect();
    let totals = store.totals().await.expect("totals");
    // Each event is taken in once; each line that is none is a dead letter.
    assert_eq!(
        totals.events,
        ids.len() as u64,
        "seed {SEED}: events taken in"
    );
    assert_eq!(totals.rejected, FILES as u64, "seed {SEED}: dead letters");
    for (customer, (orders, total)) in paid(dropped) {
        let people = store
            .load(&[customer.as_str().into()], &[])
            .await
            .expect("a customer");
        let attributes = &people[0].person.customer.attributes;
        assert_eq!(
            attributes.get("orders_count"),
            Some(&Value::Integer(orders)),
            "seed {SEED}: {customer}"
        );
        assert_eq!(
            attributes.get("total_spent"),
            Some(&Value::Decimal(total.into())),
            "seed {SEED}: {customer}"
        );
    }
    let orders = paid(dropped).values().map(|(orders, _)| orders).sum();
    check_actions(store, orders).await;
    check_outbox(shop, store).await;
}

/// Every order is thanked for once, and asked about once when its timer was due.
async fn check_actions(store: &Sqlite, orders: i64) {
    let actions = acted(store).await;
    let count = |verb: &str| {
        let own = actions
            .iter()
            .filter(|line| &*line.journey == "thanks" && line.action == verb);
        own.count() as i64
    };
    assert_eq!(
        ["enter", "send", "task", "exit"].map(count),
        [orders; 4],
        "seed {SEED}"
    );
}

/// What stands in the outbox was handed over once, and nothing else was.
async fn check_outbox(shop: &Shop, store: &Sqlite) {
    let files =
        ["email", "sms", "crm"].map(|route| shop.lines(&format!(".kurant/outbox/{route}.jsonl")));
    let handed: Vec<String> = files
        .iter()
        .flatten()
        .map(|line| line["key"].to_string())
        .collect();
    let once: BTreeSet<&String> = handed.iter().collect();
    assert_eq!(
        once.len(),
        handed.len(),
        "seed {SEED}: a message was handed over twice"
    );
    let rows = store.waiting().await.expect("the outbox");
    assert!(
        rows.iter().all(|row| row.state == OutboxState::Accepted),
        "seed {SEED}: {rows:?}"
    );
    let accepted: u64 = rows.iter().map(|row| row.count).sum();
    assert_eq!(accepted, handed.len() as u64, "seed {SEED}: handed over");
}

/// A schedule is for everybody, and whoever it has taken in is through at once: nothing but its place tells that it has fired.
#[test]
fn a_schedule_fires_once_wherever_it_is_killed() {
    for point in ["hand_over.begins", "hand_over.done"] {
        let shop = Shop::with(&[
            (
                "kurant.yaml",
                "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file } }\n",
            ),
            (
                "templates/hello/email.txt",
                "---\nsubject: Hello\n---\nHello\n",
            ),
            (
                "journeys/news.yaml",
                "journey: news\nstatus: live\ncategory: transactional\ntrigger: { schedule: \"0 12 * * *\" }\n\
                 steps:\n  - { id: now, send: email, template: hello }\n",
            ),
        ]);
        let people = (0..5).map(|n| format!("{{\"id\":\"c{n}\",\"email\":\"c{n}@example.com\"}}"));
        shop.write("customers.jsonl", &people.collect::<Vec<_>>().join("\n"));
        shop.kurant(&["import", "customers", "customers.jsonl"]);
        let lapse = ["run", "--time-lapse", "6h/s"];
        let failing = format!("{point}=panic");
        shop.start_in(&lapse, &[("FAILPOINTS", &failing)]).ended();
        let again = shop.start(&lapse);
        // The next day comes too: by then the first one would have come again.
        again.wait_for_all(&["news", "c4"]);
        again.end();
        let lines = shop.lines(".kurant/outbox/email.jsonl");
        let keys: BTreeSet<String> = lines.iter().map(|line| line["key"].to_string()).collect();
        assert_eq!(keys.len(), lines.len(), "{point}: {lines:?}");
    }
}
