//! The files of `kurant generate` as a whole.

use serde_json::Value;

use super::*;

fn generate(seed: u64) -> (String, String, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let from = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let args = Args {
        customers: 1500,
        years: 2,
        seed,
        from,
        out: folder.path().to_owned(),
    };
    let summary = run(&args).unwrap();
    assert!(!folder.path().join(".sorting").exists());
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    (read("customers.jsonl"), read("events.jsonl"), summary)
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert!(generate(1) == generate(1));
    assert!(generate(1).1 != generate(2).1);
}

#[test]
fn events_come_by_time_within_the_period_and_each_has_its_own_id() {
    let (_, events, summary) = generate(1);
    let events = objects(&events);
    assert_eq!(events.len() as u64, summary.events);
    let times: Vec<&str> = events
        .iter()
        .map(|event| event["time"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted());
    assert!(times[0] >= "2024-01-01T00:00:00Z" && times[times.len() - 1] < "2026-01-01T00:00:00Z");
    let ids: std::collections::HashSet<&str> = events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), events.len());
}

#[test]
fn customers_are_as_many_as_asked_for_and_of_every_value() {
    let (customers, _, _) = generate(1);
    let customers = objects(&customers);
    assert_eq!(customers.len(), 1500);
    let spent = |customer: &Value| customer["total_spent"].as_f64().unwrap_or(0.0);
    let above = |amount: f64| {
        customers
            .iter()
            .filter(|customer| spent(customer) >= amount)
            .count()
    };
    assert!(
        (300..1100).contains(&above(3000.0)),
        "silver {}",
        above(3000.0)
    );
    assert!(
        (60..500).contains(&above(10_000.0)),
        "gold {}",
        above(10_000.0)
    );
    assert!(
        (5..150).contains(&above(25_000.0)),
        "vip {}",
        above(25_000.0)
    );
    assert!(above(0.01) < 1500, "some have never bought");
}

#[test]
fn a_cart_is_filled_before_it_is_paid_and_some_are_left() {
    let (_, events, _) = generate(1);
    let mut filled = std::collections::HashSet::new();
    let mut paid = 0;
    for event in objects(&events) {
        let Some(cart) = event["data"]["cart_id"].as_str() else {
            continue;
        };
        if event["type"] == "cart.updated" {
            filled.insert(cart.to_owned());
        } else if event["time"].as_str().unwrap() > "2024-03-01" {
            assert!(filled.contains(cart), "{event}");
            paid += 1;
        }
    }
    assert!(
        paid > 100 && filled.len() > paid + paid / 3,
        "{paid} of {}",
        filled.len()
    );
}

#[test]
fn leads_are_contacted_and_not_all_reply() {
    let (_, events, _) = generate(1);
    let count = |kind: &str| events.matches(&format!(r#""type":"{kind}""#)).count();
    assert!(count("lead.contacted") > 30 && count("lead.replied") < count("lead.contacted"));
    assert!(count("customer.created") > 150 && count("consent.changed") > 20);
}

#[test]
fn nothing_happens_to_a_newcomer_before_the_day_of_joining() {
    let (customers, events, _) = generate(1);
    let mut known: std::collections::HashSet<String> = objects(&customers)
        .iter()
        .map(|customer| customer["id"].as_str().unwrap().to_owned())
        .collect();
    for event in objects(&events) {
        let subject = event["subject"].as_str().unwrap();
        if event["type"] == "customer.created" {
            known.insert(subject.to_owned());
        }
        assert!(known.contains(subject), "{event}");
    }
}
