//! A history that is played is a simulation with a store.

use super::sample::{Dice, Shop, customers, events};
use crate::store_conformance::postgres::database::Schema;

const SEED: u64 = 20_261_122;
const PERIOD: [&str; 4] = ["--from", "2024-02-01", "--until", "2025-10-01"];

fn sorted(shop: &Shop, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(shop.path(name)).expect("a file of actions");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_feed_does_what_simulate_says() {
    play(&Shop::new());
}

#[tokio::test]
async fn a_feed_on_postgres_does_what_simulate_says() {
    let schema = Schema::new().await;
    let shop = Shop::new();
    shop.write("store.secret", &schema.url());
    let store = "store: { url: \"${file:store.secret}\" }\n";
    shop.add_settings(store);
    play(&shop);
    let told = shop.kurant(&["explain", "--customer", "c001", "--journey", "thanks"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("thanks"));
    assert_eq!(
        schema.number("SELECT sum(done)::bigint FROM log").await,
        sorted(&shop, "run.jsonl").len() as i64
    );
}

fn play(shop: &Shop) {
    let mut dice = Dice(SEED);
    shop.write("customers.jsonl", &customers(&mut dice, 60).join("\n"));
    shop.write("events.jsonl", &events(&mut dice, 70, 900).join("\n"));
    let history = [
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--actions",
        "simulated.jsonl",
    ];
    shop.kurant(&[&["simulate"], &history[..], &PERIOD].concat());
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop.kurant(
        &[
            &[
                "run",
                "--quiet",
                "--feed",
                "events.jsonl",
                "--actions",
                "run.jsonl",
            ],
            &PERIOD[..],
        ]
        .concat(),
    );
    let (simulated, run) = (sorted(shop, "simulated.jsonl"), sorted(shop, "run.jsonl"));
    assert!(
        simulated.len() > 1_000,
        "the history is worth playing: {} actions",
        simulated.len()
    );
    let differ = |one: &[String], other: &[String]| {
        one.iter()
            .filter(|line| other.binary_search(line).is_err())
            .take(5)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(
        simulated == run,
        "seed {SEED}\nonly simulated:\n{}\nonly run:\n{}",
        differ(&simulated, &run),
        differ(&run, &simulated)
    );
}

#[test]
fn a_feed_that_is_killed_goes_on_where_it_was() {
    let shop = Shop::new();
    let mut dice = Dice(SEED + 1);
    shop.write("customers.jsonl", &customers(&mut dice, 40).join("\n"));
    shop.write("events.jsonl", &events(&mut dice, 40, 600).join("\n"));
    let history = [
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--actions",
        "simulated.jsonl",
    ];
    shop.kurant(&[&["simulate"], &history[..], &PERIOD].concat());
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    let play = [&["run", "--feed", "events.jsonl"], &PERIOD[..]].concat();
    for _ in 0..4 {
        let running = shop.start(&play);
        let lines = 1 + dice.below(120);
        let seen = running.lines.iter().take(lines as usize).count();
        running.kill();
        if (seen as u64) < lines {
            break;
        }
    }
    shop.kurant(&play);
    // What was handed over is what was simulated, each once.
    let mut expected: Vec<String> = sorted(&shop, "simulated.jsonl")
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON"))
        .filter(|action| action["action"] == "send" && action["status"] == "sent")
        .map(|action| action["key"].to_string())
        .collect();
    let files = [".kurant/outbox/email.jsonl", ".kurant/outbox/sms.jsonl"];
    let mut handed: Vec<String> = files
        .iter()
        .flat_map(|file| shop.lines(file))
        .map(|line| line["key"].to_string())
        .collect();
    expected.sort();
    handed.sort();
    assert_eq!(handed, expected);
}

#[test]
fn a_type_that_nothing_declares_is_told_once_at_the_end_with_what_was_meant() {
    let line = |id: usize, kind: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"{kind}","subject":"anna","time":"2024-03-0{id}T10:00:00Z","data":{{"total":5}}}}"#
        )
    };
    let lines = [
        line(1, "order.payd"),
        line(2, "order.paid"),
        line(3, "order.payd"),
        line(4, "weather"),
    ];
    let told = |shop: &Shop, arguments: &[&str]| {
        let output = shop.kurant(arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let hints = told.lines().filter(|line| line.starts_with("hint: "));
        let hints: Vec<String> = hints.map(str::to_owned).collect();
        assert_eq!(hints.len(), 2, "{told}");
        assert!(
            hints[0].contains("2 events of the type `order.payd`")
                && hints[0].contains("did you mean `order.paid`?"),
            "{told}"
        );
        assert!(
            hints[1].contains("1 event of the type `weather`")
                && hints[1].contains("schemas/events/weather.json"),
            "{told}"
        );
    };
    let shop = Shop::new();
    shop.write("events.jsonl", &lines.join("\n"));
    told(&shop, &["run", "--quiet", "--feed", "events.jsonl"]);
    let shop = Shop::new();
    shop.drop_events("one.jsonl", &lines[..2]);
    shop.drop_events("two.jsonl", &lines[2..]);
    told(&shop, &["run", "--quiet", "--until-idle"]);
}
