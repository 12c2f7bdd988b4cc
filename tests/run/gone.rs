//! What people inside an older version ask for goes, or codes run dry: it is said, in one line and with the number.

use std::collections::BTreeSet;

use serde_json::json;

use super::sample::Shop;

const PEOPLE: usize = 50;

/// Orders of as many customers, all at one moment.
fn orders(count: usize) -> Vec<String> {
    let order = |number: usize| {
        json!({
            "specversion": "1.0", "id": format!("e{number}"), "source": "test", "type": "order.paid",
            "subject": format!("c{number:03}"), "time": "2026-03-01T10:00:00Z", "data": { "total": 5 },
        })
        .to_string()
    };
    (0..count).map(order).collect()
}

/// A shop whose one journey acts on orders by these steps, a day after midday.
fn shop(steps: &str) -> Shop {
    let shop = Shop::new();
    for name in ["thanks", "cart", "birthday", "dormant", "loyal", "monday"] {
        std::fs::remove_file(shop.path(&format!("journeys/{name}.yaml"))).expect("it goes");
    }
    shop.write("journeys/j.yaml", &journey(steps));
    shop.write("feed.jsonl", &orders(PEOPLE).join("\n"));
    shop.write("nothing.jsonl", "");
    shop
}

fn journey(steps: &str) -> String {
    format!(
        "journey: j\nstatus: live\ncategory: transactional\ntrigger: {{ event: order.paid, max_age: 100y }}\nsteps:\n{steps}"
    )
}

/// Everybody comes in, and stops before anything is due.
fn all_inside(shop: &Shop) {
    shop.kurant(&["run", "--feed", "feed.jsonl", "--quiet"]);
}

/// Two days in which nothing comes in.
const TWO_DAYS: [&str; 8] = [
    "run",
    "--feed",
    "nothing.jsonl",
    "--quiet",
    "--from",
    "2026-03-01T11:00:00Z",
    "--until",
    "2026-03-03T12:00:00Z",
];

/// Plays two days on and gives what is said.
fn two_days_on(shop: &Shop) -> String {
    let output = shop.kurant(&TWO_DAYS);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_segment_that_goes_with_people_inside_is_told_and_so_are_the_errors() {
    let shop = shop(
        "  - id: day\n    wait: 1d\n  - if: in_segment(\"loyal\")\n    then:\n      - tag: loyal\n",
    );
    all_inside(&shop);
    shop.write(
        "segments.yaml",
        "segments:\n  large: customer.orders_count >= 3\n",
    );
    let steps =
        "  - id: day\n    wait: 1d\n  - if: in_segment(\"large\")\n    then:\n      - tag: loyal\n";
    shop.write("journeys/j.yaml", &journey(steps));
    let said = two_days_on(&shop);
    let warned =
        "warning: 50 people are inside an older version of j that asks for the segment `loyal`";
    assert!(
        said.contains(warned) && said.contains("kurant stop j"),
        "{said}"
    );
    let alerts: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("ALERT"))
        .collect();
    assert_eq!(alerts.len(), 1, "{said}");
    assert!(
        alerts[0].contains("j: 50 people left with `error`")
            && alerts[0].contains("no such segment"),
        "{said}"
    );
}

#[test]
fn a_template_that_goes_with_people_inside_is_told_and_so_is_what_was_given_up() {
    let shop = shop(
        "  - id: day\n    wait: 1d\n  - id: now\n    send: email\n    template: hello\n    to: '=customer.id + \"@x\"'\n",
    );
    all_inside(&shop);
    std::fs::rename(shop.path("templates/hello"), shop.path("templates/hi")).expect("a new name");
    let steps = "  - id: day\n    wait: 1d\n  - id: now\n    send: email\n    template: hi\n    to: '=customer.id + \"@x\"'\n";
    shop.write("journeys/j.yaml", &journey(steps));
    let said = two_days_on(&shop);
    assert!(
        said.contains(
            "50 people are inside an older version of j that asks for the template `hello`"
        ),
        "{said}"
    );
    let alerts: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("ALERT"))
        .collect();
    assert_eq!(alerts.len(), 1, "{said}");
    assert!(
        alerts[0].contains("j: 50 messages or commands given up: there is no template `hello`"),
        "{said}"
    );
    let status = String::from_utf8_lossy(&shop.kurant(&["status"]).stdout).into_owned();
    assert!(
        status.contains("given up   50 messages and commands, 0 in doubt, 0 events"),
        "{status}"
    );
}

/// How many letters have left to whom, by the file that they go to.
fn left(shop: &Shop) -> (usize, BTreeSet<String>) {
    let lines = shop.lines(".kurant/outbox/email.jsonl");
    let whom = lines.iter().map(|line| line["to"].to_string()).collect();
    (lines.len(), whom)
}

const LETTER_FILE: &str = "templates/hello/email.txt";
const LETTER: &str = "  - id: day\n    wait: 1d\n  - id: now\n    send: email\n    template: hello\n    to: '=customer.id + \"@x\"'\n";

/// Puts a slip into the letter, and gives it as it was.
fn spoil(shop: &Shop, right: &str, wrong: &str) -> String {
    let good = std::fs::read_to_string(shop.path(LETTER_FILE)).expect("a letter");
    shop.write(LETTER_FILE, &good.replace(right, wrong));
    good
}

#[test]
fn a_template_with_a_typo_starts_nothing_and_once_mended_everybody_who_waits_gets_one_letter() {
    let shop = shop(LETTER);
    all_inside(&shop);
    let good = spoil(&shop, "customer.id", "customer.idd");
    let refused = shop.run(&TWO_DAYS);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1)
            && said.contains("templates/hello/email.txt")
            && said.contains("idd"),
        "{said}"
    );
    assert_eq!(left(&shop).0, 0);
    shop.write(LETTER_FILE, &good);
    two_days_on(&shop);
    let (letters, whom) = left(&shop);
    assert_eq!((letters, whom.len()), (PEOPLE, PEOPLE));
}

#[test]
fn a_template_that_only_fails_at_its_values_gives_up_nobody_for_good() {
    let shop = shop(LETTER);
    all_inside(&shop);
    let good = spoil(&shop, "customer.id }}", "customer.id | date }}");
    let said = two_days_on(&shop);
    assert!(
        said.contains("j: 50 messages or commands given up") && said.contains("hello/email.txt"),
        "{said}"
    );
    assert_eq!(left(&shop).0, 0);
    shop.write(LETTER_FILE, &good);
    shop.kurant(&["dead", "retry", "--all"]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let (letters, whom) = left(&shop);
    assert_eq!((letters, whom.len()), (PEOPLE, PEOPLE));
}

#[test]
fn a_code_is_given_once_in_run_as_in_simulate_and_that_there_is_none_left_is_told() {
    let shop = shop("  - coupon: { codes: 'A-#', valid: 3d, as: code }\n  - tag: =vars.code\n");
    let output = shop.kurant(&[
        "run",
        "--feed",
        "feed.jsonl",
        "--quiet",
        "--actions",
        "run.jsonl",
    ]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let alerts = said
        .lines()
        .filter(|line| line.contains("no code like A-# is left"));
    assert_eq!(alerts.count(), 1, "{said}");
    shop.kurant(&[
        "simulate",
        "--events",
        "feed.jsonl",
        "--from",
        "2026-02-01",
        "--until",
        "2026-03-03",
        "--actions",
        "simulated.jsonl",
    ]);
    let codes = |file: &str| {
        let lines = shop.lines(file);
        let given = lines.iter().filter(|line| line["action"] == "coupon");
        let given: Vec<String> = given.map(|line| line["data"]["code"].to_string()).collect();
        let dry = lines
            .iter()
            .filter(|line| line["reason"] == "no_coupon")
            .count();
        (given, dry)
    };
    let (given, dry) = codes("run.jsonl");
    let different: BTreeSet<&String> = given.iter().collect();
    assert_eq!([given.len(), different.len(), dry], [32, 32, PEOPLE - 32]);
    assert_eq!(
        (given, dry),
        codes("simulated.jsonl"),
        "the same codes in the same order"
    );
}

#[test]
fn codes_of_a_long_pattern_are_the_same_in_run_and_simulate() {
    let shop =
        shop("  - coupon: { codes: 'A-######', valid: 3d, as: code }\n  - tag: =vars.code\n");
    shop.kurant(&[
        "run",
        "--feed",
        "feed.jsonl",
        "--quiet",
        "--actions",
        "run.jsonl",
    ]);
    shop.kurant(&[
        "simulate",
        "--events",
        "feed.jsonl",
        "--from",
        "2026-02-01",
        "--until",
        "2026-03-03",
        "--actions",
        "simulated.jsonl",
    ]);
    let codes = |file: &str| -> Vec<String> {
        let lines = shop.lines(file).into_iter();
        let given = lines.filter(|line| line["action"] == "coupon");
        given.map(|line| line["data"]["code"].to_string()).collect()
    };
    assert_eq!(codes("run.jsonl").len(), PEOPLE);
    assert_eq!(codes("run.jsonl"), codes("simulated.jsonl"));
}
