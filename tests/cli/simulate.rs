use serde_json::Value;

use super::{Shop, stderr, stdout};

/// Enough customers to meet in every world.
const CUSTOMERS: u32 = 60;

fn customers() -> String {
    (0..CUSTOMERS).map(|n| format!("{{\"id\":\"c{n:02}\",\"email\":\"c{n}@example.com\",\"consents\":{{\"email\":true}}}}\n")).collect()
}

/// Two purchases each; every third customer buys again ten months later.
fn events() -> Vec<String> {
    let order = |n: u32, number: u32, time: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"o{n}-{number}","source":"shop","type":"order.paid","subject":"c{n:02}","time":"{time}","data":{{"order_id":"o{n}","total":9.5}}}}"#
        )
    };
    let first =
        (0..CUSTOMERS).map(|n| order(n, 1, &format!("2024-01-{:02}T12:00:00Z", n % 28 + 1)));
    let again = (0..CUSTOMERS)
        .step_by(3)
        .map(|n| order(n, 2, "2024-11-20T12:00:00Z"));
    first.chain(again).collect()
}

fn simulate(shop: &Shop, customers: &str, events: &str) -> Vec<Value> {
    shop.simulate(
        [customers, events],
        ["2024-01-01T00:00:00Z", "2025-03-01T00:00:00Z"],
    )
}

#[test]
fn actions_come_in_order_of_time_and_customer_with_their_keys() {
    let shop = Shop::new();
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let actions = simulate(&shop, "customers.jsonl", "events.jsonl");
    let places: Vec<_> = actions
        .iter()
        .map(|action| {
            (
                action["at"].as_str().unwrap(),
                action["customer"].as_str().unwrap(),
            )
        })
        .collect();
    assert!(places.is_sorted());
    let sends: Vec<_> = actions
        .iter()
        .filter(|action| action["action"] == "send")
        .collect();
    let nine = sends.iter().filter(|send| send["step"] == "nine").count();
    let twelve = sends.iter().filter(|send| send["step"] == "twelve").count();
    assert_eq!(
        (nine, twelve),
        (60, 40),
        "who bought again left the journey"
    );
    assert_eq!(
        sends[0]["at"], "2024-10-01T07:00:00Z",
        "ten in the morning in Kyiv"
    );
    assert_eq!(sends[0]["data"], serde_json::json!({"discount": 10}));
    assert!(
        sends
            .iter()
            .all(|send| send["key"].as_str().unwrap().len() == 32 && send["status"] == "sent")
    );
}

#[test]
fn the_order_of_the_file_and_repeated_events_change_nothing() {
    let shop = Shop::new();
    shop.write("customers.jsonl", &customers());
    let mut lines = events();
    shop.write("sorted.jsonl", &lines.join("\n"));
    lines.reverse();
    let repeated: Vec<String> = lines.iter().chain(&lines).cloned().collect();
    shop.write("shuffled.jsonl", &repeated.join("\r\n"));
    let sorted = simulate(&shop, "customers.jsonl", "sorted.jsonl");
    assert_eq!(sorted, simulate(&shop, "customers.jsonl", "shuffled.jsonl"));
    assert!(!sorted.is_empty());
}

#[test]
fn csv_says_the_same_as_json_lines() {
    let shop = Shop::new();
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let rows: String = (0..CUSTOMERS)
        .map(|n| format!("c{n:02},c{n}@example.com,true\n"))
        .collect();
    shop.write("customers.csv", &format!("id,email,consents.email\n{rows}"));
    let mut orders = String::from("id,source,type,subject,time,order_id,total\n");
    for line in events() {
        let event: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let row = ["id", "source", "type", "subject", "time"]
            .map(text)
            .join(",");
        orders.push_str(&format!(
            "{row},{},9.5\n",
            event["data"]["order_id"].as_str().unwrap()
        ));
    }
    shop.write("events.csv", &orders);
    assert_eq!(
        simulate(&shop, "customers.jsonl", "events.jsonl"),
        simulate(&shop, "customers.csv", "events.csv")
    );
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_the_rest_goes_on() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        &format!("{}{{\"email\":\"x\"}}\nnothing\n", customers()),
    );
    let mut lines = events();
    lines.insert(3, "{".to_owned());
    lines.push(lines[0].replace("o0-1", "o0-9").replace("9.5", "\"much\""));
    shop.write("events.jsonl", &lines.join("\n"));
    let output = shop.kurant(&[
        "simulate",
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--from",
        "2024-01-01",
        "--until",
        "2025-03-01",
        "--actions",
        "-",
    ]);
    assert!(output.status.success());
    assert_eq!(
        stdout(&output)
            .lines()
            .filter(|line| line.contains("\"action\":\"send\""))
            .count(),
        100
    );
    let talk = stderr(&output);
    for told in [
        "1 customers not taken: missing_field",
        "1 customers not taken: not_json",
        "1 events not taken: not_json",
        "1 events not taken: wrong_type",
        "dormant: 60 entered",
    ] {
        assert!(talk.contains(told), "{told} is missing in:\n{talk}");
    }
    assert!(!talk.contains("much"), "values do not belong in messages");
}

#[test]
fn events_before_the_run_change_profiles_only() {
    let shop = Shop::new();
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let output = shop.kurant(&[
        "simulate",
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--from",
        "2024-10-15T07:00:00Z",
        "--until",
        "2024-11-01T00:00:00Z",
        "--actions",
        "-",
    ]);
    let actions: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let entered: Vec<_> = actions
        .iter()
        .filter(|action| action["action"] == "enter")
        .map(|action| action["at"].as_str().unwrap())
        .collect();
    assert_eq!(
        entered.first(),
        Some(&"2024-10-15T07:00:00Z"),
        "the start belongs to the run and nothing before it is made up for"
    );
    assert!(
        entered
            .iter()
            .all(|at| *at >= "2024-10-15T07:00:00Z" && *at < "2024-11-01T00:00:00Z")
    );
    assert_eq!(
        entered.len(),
        (15..=28)
            .map(|day| (0..CUSTOMERS).filter(|n| n % 28 + 1 == day).count())
            .sum::<usize>()
    );
}

#[test]
fn the_summary_counts_goals_beside_those_who_are_held_out() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let goal = "holdout: 50%\ngoal: { event: order.paid, within: 90d, value: event.total }\nsteps:";
    shop.write("journeys/dormant.yaml", &journey.replace("steps:", goal));
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let (_, talk, _) = with_options(&shop, &[]);
    let line = talk
        .lines()
        .find(|line| line.trim_start().starts_with("goal:"))
        .unwrap_or_else(|| panic!("{talk}"));
    // `goal: 9 of 29 (31.0%); held out: 11 of 31 (35.5%)`
    let numbers: Vec<u32> = line
        .split([' ', '('])
        .filter_map(|word| word.parse().ok())
        .collect();
    let [reached, treated, anyway, held_out] = numbers[..] else {
        panic!("{line}");
    };
    assert_eq!((reached + anyway, treated + held_out), (20, 60), "{line}");
    assert!(reached > 0 && anyway > 0 && held_out > 15, "{line}");
    assert!(
        !shop.read("out.jsonl").contains("\"goal\""),
        "a goal is no action"
    );
}

/// What is told of a run from this day on.
fn summary(shop: &Shop, from: &str) -> String {
    let output = shop.kurant(&[
        "simulate",
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--from",
        from,
        "--until",
        "2026-03-01",
    ]);
    stderr(&output)
}

#[test]
fn the_summary_counts_goals_by_the_arms_of_a_split() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let (head, steps) = journey.split_once("steps:").unwrap();
    let steps = steps.replace("\n  ", "\n          ");
    let split = format!(
        "goal: {{ event: order.paid, within: 90d }}\nsteps:\n  - id: patience\n    split:\n      \
         long: {{ weight: 70, steps: [{{ id: pause, wait: 1d }}] }}\n      short:\n        weight: 30\n        steps:{steps}"
    );
    shop.write("journeys/dormant.yaml", &format!("{head}{split}"));
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let talk = summary(&shop, "2024-01-01");
    let line = |begins: &str| -> Vec<u32> {
        let mut lines = talk.lines().map(str::trim_start);
        let line = lines.find(|line| line.starts_with(begins));
        let line = line.unwrap_or_else(|| panic!("{talk}"));
        let words = line.split([' ', '(']);
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let [reached, entered] = line("goal:")[..] else {
        panic!("{talk}");
    };
    // `by split `patience`: long: 9 of 43 (20.9%); short: 11 of 17 (64.7%)`
    let [long_reached, long, short_reached, short] = line("by split `patience`: long:")[..] else {
        panic!("{talk}");
    };
    assert_eq!(
        (long_reached + short_reached, long + short),
        (reached, entered),
        "{talk}"
    );
    assert!(long > short && short > 0, "{talk}");
}

#[test]
fn a_journey_that_nobody_entered_says_what_it_waits_for() {
    let shop = Shop::new();
    let journey = "journey: thanks\nstatus: live\ntrigger:\n  event: order.paid\nsteps:\n  - id: nothing\n    wait: 1d\n";
    shop.write("journeys/thanks.yaml", journey);
    let narrow = journey.replace("journey: thanks", "journey: rich\naudience: 'false'");
    shop.write("journeys/rich.yaml", &narrow);
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    let within = summary(&shop, "2024-01-01");
    assert!(
        within.contains("rich: 0 entered\n  80 `order.paid` came: its `where`, `audience`"),
        "{within}"
    );
    let after = summary(&shop, "2026-01-01");
    assert!(
        after.contains("thanks: 0 entered\n  it starts by `order.paid`, and no such event came"),
        "{after}"
    );
}

#[test]
fn a_journey_over_its_guard_is_told_and_goes_on() {
    let shop = Shop::new();
    let settings = shop.read("kurant.yaml");
    shop.write("customers.jsonl", &customers());
    // Everybody buys at once, in whatever world they live.
    let orders = events().into_iter().take(CUSTOMERS as usize);
    let at_once = orders.map(|line| {
        let (before, time) = line.split_once("\"time\":\"").unwrap();
        format!("{before}\"time\":\"2024-01-15{}", &time[10..])
    });
    let lines: Vec<String> = at_once.collect();
    shop.write("events.jsonl", &lines.join("\n"));
    let talk = |guard: &str| {
        shop.write("kurant.yaml", &format!("{settings}guard: {guard}\n"));
        let output = shop.kurant(&[
            "simulate",
            "--customers",
            "customers.jsonl",
            "--events",
            "events.jsonl",
            "--from",
            "2024-01-01",
            "--until",
            "2025-03-01",
        ]);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    let untroubled = talk("{ enter: 60/h, send: 60/h }");
    assert!(!untroubled.contains("guard"), "{untroubled}");
    let troubled = talk("{ enter: 59/h, send: 60/h }");
    let told = "guard: dormant would be held at 2024-10-15T10:00:00+03:00: more than 59 people entered within 60 min, \
                over the `guard` in kurant.yaml; at the most 60\n";
    assert!(troubled.contains(told), "{troubled}");
    assert_eq!(troubled.replace(told, ""), untroubled);
}

#[test]
fn what_nobody_entered_and_what_no_schema_declares_is_told() {
    let shop = Shop::new();
    shop.write(
        "events.jsonl",
        r#"{"specversion":"1.0","id":"1","source":"s","type":"order.payd","subject":"c1","time":"2024-01-05T10:00:00Z","data":{}}"#,
    );
    let range = ["--from", "2024-01-01", "--until", "2024-02-01"];
    let output = shop.kurant(&[&["simulate", "--events", "events.jsonl"], &range[..]].concat());
    let told = stderr(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("dormant: 0 entered"), "{told}");
    assert!(
        told.contains("1 event of the type `order.payd`")
            && told.contains("did you mean `order.paid`?"),
        "{told}"
    );
    shop.write("broken.jsonl", "no event\n");
    let output = shop.kurant(&[&["simulate", "--events", "broken.jsonl"], &range[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

/// A shop that gives a code of the pool `spring` to whoever pays.
fn couponing() -> Shop {
    let shop = Shop::new();
    let settings = shop.read("kurant.yaml");
    shop.write(
        "kurant.yaml",
        &format!("{settings}coupon_pools: [spring, autumn]\n"),
    );
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ntrigger: { event: order.paid }\nentry: { while_active: parallel }\n\
         steps:\n  - coupon: { codes: spring, valid: 14d, as: code }\n  - tag: =vars.code\n",
    );
    shop.write("customers.jsonl", &customers());
    shop.write("events.jsonl", &events().join("\n"));
    shop
}

/// A run with more options: its exit code, what it says, and its actions.
fn with_options(shop: &Shop, more: &[&str]) -> (Option<i32>, String, String) {
    let own = [
        "simulate",
        "--customers",
        "customers.jsonl",
        "--events",
        "events.jsonl",
        "--from",
        "2024-01-01",
        "--until",
        "2025-03-01",
        "--actions",
        "out.jsonl",
    ];
    let output = shop.kurant(&[&own[..], more].concat());
    let (code, talk) = (output.status.code(), stderr(&output));
    let actions = std::fs::read_to_string(shop.path("out.jsonl"));
    (code, talk, actions.unwrap_or_default())
}

#[test]
fn a_coupon_pool_that_would_run_dry_is_told_with_the_moment_and_changes_nothing() {
    let shop = couponing();
    let (_, talk, actions) = with_options(&shop, &[]);
    assert!(!actions.is_empty(), "{talk}");
    let line = "coupon pool spring: 80 codes are asked for\n";
    assert!(talk.contains(line), "{talk}");
    assert!(
        !talk.contains("autumn"),
        "no journey takes codes of it: {talk}"
    );
    // Three a day on the first four days of January, two on the others; the rest in November; at two in Kyiv.
    for (option, at_hand, dry) in [
        ("spring=80", "80 codes at hand, 80 are asked for\n", ""),
        (
            "spring=60",
            "60 codes at hand, the 61st",
            "2024-11-20 14:00",
        ),
        (
            "spring=45",
            "45 codes at hand, the 46th",
            "2024-01-21 14:00",
        ),
        ("spring=0", "0 codes at hand, the 1st", "2024-01-01 14:00"),
    ] {
        let (code, talk, own) =
            with_options(&shop, &["--coupons", option, "--coupons", "autumn=5"]);
        assert_eq!(code, Some(0), "{talk}");
        let line = match dry {
            "" => format!("coupon pool spring: {at_hand}"),
            at => format!(
                "coupon pool spring: {at_hand} is asked for on {at}; 80 are asked for in all\n"
            ),
        };
        let unused = "coupon pool autumn: 5 codes at hand, 0 are asked for\n";
        assert!(
            talk.contains(&line) && talk.contains(unused),
            "{option}: {talk}"
        );
        assert_eq!(own, actions, "{option}");
    }
}

#[test]
fn a_coupon_pool_that_there_is_not_and_a_number_that_is_none_are_mistakes() {
    let shop = couponing();
    for (options, why) in [
        (&["--coupons", "sprnig=5"][..], "did you mean spring?"),
        (&["--coupons", "spring"], "this is no pool with a number"),
        (
            &["--coupons", "spring=1", "--coupons", "spring=2"],
            "was told before",
        ),
    ] {
        let (code, talk, _) = with_options(&shop, options);
        assert_eq!(code, Some(2), "{talk}");
        assert!(talk.contains(why) && talk.contains("--coupons "), "{talk}");
    }
}
