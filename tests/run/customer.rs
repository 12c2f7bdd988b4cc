//! One customer: looked at, and steered by an operator while it runs or while nothing runs.

use kurant_store::{Batch, Sqlite, Store as _};
use serde_json::Value;

use super::sample::Shop;

/// A journey with room to steer in.
const TOUR: &str = "journey: tour\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\n\
                    entry: { while_active: ignore }\nsteps:\n  - { id: pause, wait: 3d }\n  \
                    - { id: hello, send: email, template: hello }\n  - { id: later, wait: 5d }\n  \
                    - id: bye\n    send: sms\n    template: hello\n";

fn order(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"anna","data":{{"total":5}}}}"#
    )
}

/// Anna has paid an order, and waits in `tour` and in `thanks`.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("journeys/tour.yaml", TOUR);
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"email\":\"anna@example.com\",\"phone\":\"1\",\"consents\":{\"email\":true}}\n",
    );
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop.drop_events("one.jsonl", &[order("1")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    shop
}

fn said(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn object(shop: &Shop, arguments: &[&str]) -> Value {
    let output = shop.kurant(&[arguments, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).expect("one object of JSON")
}

/// Where Anna stands in `tour`.
fn step(shop: &Shop) -> String {
    let told = object(shop, &["customer", "anna"]);
    let inside = told["inside"].as_array().expect("a list").clone();
    let own = inside.iter().find(|own| own["journey"] == "tour");
    own.map_or("-".to_owned(), |own| {
        own["step"].as_str().unwrap_or("").to_owned()
    })
}

fn steered(shop: &Shop) -> usize {
    let log = said(
        shop,
        &[
            "log",
            "--customer",
            "anna",
            "--journey",
            "tour",
            "--outcome",
            "steered",
        ],
    );
    log.lines()
        .filter(|line| line.contains(" steered "))
        .count()
}

#[test]
fn one_customer_is_shown_with_all_that_is_known() {
    let shop = shop();
    let told = said(&shop, &["customer", "anna"]);
    for part in [
        "Customer anna, on ",
        "anna@example.com",
        "consent email",
        "orders_count",
        "tour",
        "`pause`",
        "waits until",
        "On its way out: nothing",
        "What happened last:",
        "send email sent",
    ] {
        let part = part.trim_matches('`');
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = object(&shop, &["customer", "anna"]);
    assert_eq!(told["attributes"]["email"], "anna@example.com");
    assert_eq!(told["inside"].as_array().map(Vec::len), Some(2), "{told}");
    assert!(told["inside"][0]["since"].is_string(), "{told}");
    assert_eq!(told["outbox"], serde_json::json!([]));
    let told = said(&shop, &["customer", "ana"]);
    assert!(
        told.contains("nobody is known as customer `ana`") && told.contains("did you mean `anna`?"),
        "{told}"
    );
}

/// Anna's message of `thanks` was delivered, and two of its links were followed; its key.
fn heard_of(shop: &Shop) -> Value {
    let key = object(shop, &["customer", "anna"])["messages"][0]["key"].clone();
    let data =
        serde_json::json!({ "key": key, "journey": "thanks", "step": "now", "channel": "email" });
    let came_back = |id: &str, kind: &str| {
        serde_json::json!({
            "specversion": "1.0", "id": id, "source": "provider", "type": kind, "subject": "anna", "data": data,
        })
        .to_string()
    };
    let told = [
        came_back("d", "message.delivered"),
        came_back("c1", "message.clicked"),
        came_back("c2", "message.clicked"),
        came_back("d", "message.delivered"),
    ];
    shop.drop_events("back.jsonl", &told);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    key
}

#[test]
fn what_became_of_a_message_is_shown_beside_it() {
    let shop = shop();
    assert!(said(&shop, &["customer", "anna"]).contains("handed over"));
    heard_of(&shop);
    let shown = said(&shop, &["customer", "anna"]);
    let mut lines = shown.lines();
    let line = lines.find(|line| line.contains("handed over, delivered "));
    let line = line.unwrap_or_else(|| panic!("{shown}"));
    for part in ["thanks", "now", "email", ", clicked ", " (2 times)"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let shown = object(&shop, &["customer", "anna"]);
    let came_back = &shown["messages"][0]["came_back"];
    assert_eq!(came_back[0]["outcome"], "delivered", "{shown}");
    assert_eq!(came_back[1]["times"], 2, "{shown}");
    let explain = ["explain", "--customer", "anna", "--journey", "thanks"];
    let told = said(&shop, &explain);
    assert!(told.contains("handed over, delivered "), "{told}");
}

#[test]
fn what_came_back_of_a_message_is_found_in_the_log() {
    let shop = shop();
    let key = heard_of(&shop);
    let clicked = ["log", "--json", "--outcome", "clicked"];
    for (asked, count) in [
        (&["log", "--json", "--outcome", "delivered"][..], 1),
        (&clicked, 2),
        (&[&clicked[..], &["--channel", "email"]].concat(), 2),
        (&[&clicked[..], &["--channel", "sms"]].concat(), 0),
        (
            &[&clicked[..], &["--journey", "thanks", "--step", "now"]].concat(),
            2,
        ),
        (&[&clicked[..], &["--journey", "tour"]].concat(), 0),
        (
            &[&clicked[..], &["--customer", "anna", "--since", "1h"]].concat(),
            2,
        ),
        (&["log", "--json", "--outcome", "opened"], 0),
    ] {
        let log = String::from_utf8(shop.kurant(asked).stdout).expect("text");
        assert_eq!(log.lines().count(), count, "{asked:?}: {log}");
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).expect("an object");
            assert_eq!(line["key"], key, "{line}");
        }
    }
    let unknown = said(&shop, &["log", "--channel", "emial"]);
    let told = "there is no channel `emial`, here or in the log";
    assert!(
        unknown.contains(told) && unknown.contains("did you mean email?"),
        "{unknown}"
    );
}

#[test]
fn an_operator_steers_beside_a_run_which_does_it_at_once() {
    let shop = shop();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    let tried = said(&shop, &["customer", "anna", "skip", "tour", "--dry-run"]);
    assert!(
        tried.contains("nothing was done")
            && tried.contains("send email")
            && tried.contains("at `later`"),
        "{tried}"
    );
    assert_eq!((step(&shop).as_str(), steered(&shop)), ("pause", 0));
    let told = said(
        &shop,
        &[
            "customer", "anna", "postpone", "tour", "--by", "2d", "--as", "olena", "--why",
            "on leave",
        ],
    );
    assert!(
        told.contains("anna: postpone until ")
            && told.contains("by olena: on leave")
            && !told.contains("no `kurant run`"),
        "{told}"
    );
    running.wait_for_all(&["anna: `postpone`, by olena"]);
    let told = said(
        &shop,
        &["customer", "anna", "skip", "tour", "--by", "olena"],
    );
    assert!(
        told.contains("steered (skip)") && told.contains("send email"),
        "{told}"
    );
    running.wait_for_all(&["tour", "send email"]);
    assert_eq!(step(&shop), "later");
    said(&shop, &["customer", "anna", "move", "tour", "--to", "bye"]);
    running.wait_for_all(&["tour", "send sms"]);
    let told = said(
        &shop,
        &["customer", "anna", "end", "thanks", "--why", "she asked"],
    );
    assert!(told.contains("exit (ended_by_operator)"), "{told}");
    running.end();
    assert_eq!((step(&shop).as_str(), steered(&shop)), ("-", 3));
    let log = said(
        &shop,
        &["log", "--customer", "anna", "--outcome", "steered"],
    );
    assert!(
        log.contains("by = \"olena\"") && log.contains("why = \"she asked\""),
        "{log}"
    );
}

#[test]
fn an_order_that_nobody_hears_holds_from_the_next_start() {
    let shop = shop();
    let told = said(&shop, &["customer", "anna", "end", "tour"]);
    assert!(
        told.contains("no `kurant run` has taken it up yet"),
        "{told}"
    );
    assert!(said(&shop, &["customer", "anna"]).contains("an order of "));
    assert_eq!(step(&shop), "pause");
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert_eq!((step(&shop).as_str(), steered(&shop)), ("-", 1));
}

#[test]
fn what_can_not_be_is_told_before_anything_is_left() {
    let shop = shop();
    for (arguments, told) in [
        (vec!["end", "tuor"], "did you mean tour?"),
        (vec!["end", "cart"], "anna is not inside cart"),
        (vec!["move", "tour", "--to", "helo"], "did you mean hello?"),
        (
            vec!["postpone", "tour", "--until", "2020-01-01"],
            "has passed already",
        ),
        (vec!["postpone", "tour", "--by", "soon"], "--by: "),
        (
            vec!["skip", "tour", "--enrollment", "zz"],
            "no such enrollment",
        ),
    ] {
        let output = shop.run(&[&["customer", "anna"], &arguments[..]].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(told), "{arguments:?}: {errors}");
    }
    assert!(!said(&shop, &["customer", "anna"]).contains("an order of "));
}

#[test]
fn an_order_is_carried_out_once_wherever_the_run_is_killed() {
    for point in ["order.begins", "store.written", "order.carried_out"] {
        let shop = shop();
        // Nothing runs: the order waits.
        said(&shop, &["customer", "anna", "skip", "tour"]);
        let failing = match point {
            // Not the first transaction of a start, which tells nothing of the order.
            "store.written" => "store.written=3*off->panic".to_owned(),
            point => format!("{point}=panic"),
        };
        shop.start_in(&["run", "--until-idle"], &[("FAILPOINTS", &failing)])
            .ended();
        shop.kurant(&["run", "--until-idle", "--quiet"]);
        assert_eq!(step(&shop), "later", "{point}");
        assert_eq!(steered(&shop), 1, "{point}");
        let mails = shop.lines(".kurant/outbox/email.jsonl");
        let hello = mails.iter().filter(|own| own["journey"] == "tour");
        assert_eq!(hello.count(), 1, "{point}");
    }
}

#[test]
fn what_is_known_of_a_person_is_written_down_and_forgotten_beside_a_run() {
    let shop = shop();
    let told = said(&shop, &["customer", "anna", "export", "--out", "anna.json"]);
    assert!(told.contains("anna is written to anna.json"), "{told}");
    let export = std::fs::read_to_string(shop.path("anna.json")).expect("the export");
    let export: Value = serde_json::from_str(&export).expect("JSON");
    let state = &export["tables"]["customer"][0]["state"];
    assert_eq!(state["customer"]["attributes"]["email"], "anna@example.com");
    assert!(export["erased"].is_null(), "{export}");
    let told = said(&shop, &["customer", "nobody", "export"]);
    assert!(
        told.contains("nobody is known as customer `nobody`"),
        "{told}"
    );
    // Nobody types the id.
    let told = said(
        &shop,
        &["customer", "anna", "erase", "--why", "asked for it"],
    );
    assert!(
        told.contains("Type the customer's id") && told.contains("nothing was erased"),
        "{told}"
    );
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    let erase = [
        "customer",
        "anna",
        "erase",
        "--why",
        "asked for it",
        "--yes",
    ];
    let told = said(&shop, &erase);
    assert!(
        told.contains("anna is erased\n") && told.contains("Outside of the store"),
        "{told}"
    );
    running.wait_for_all(&["`erase`, by "]);
    shop.drop_events("late.jsonl", &[order("2")]);
    shop.drop_events("other.jsonl", &[order("3").replace("anna", "bohdan")]);
    running.wait_for_all(&["bohdan", "send email"]);
    running.end();
    assert!(said(&shop, &["customer", "anna"]).contains("erased on "));
    assert!(said(&shop, &erase).contains("anna was erased on "));
    let told = said(&shop, &["log", "--customer", "anna"]);
    assert!(told.contains("`anna` was erased"), "{told}");
    let export = object(&shop, &["customer", "anna", "export"]);
    assert!(export["erased"].is_string(), "{export}");
    assert_eq!(export["tables"]["customer"], serde_json::json!([]));
    let text = export["tables"].to_string();
    assert!(
        !text.contains("anna") && text.contains("asked for it"),
        "{text}"
    );
    let doctor = said(&shop, &["doctor"]);
    assert!(!doctor.contains("broken"), "{doctor}");
}

#[test]
fn a_person_is_erased_whole_wherever_the_run_is_killed() {
    for point in [
        "order.begins",
        "store.written",
        "store.committed",
        "order.carried_out",
    ] {
        let shop = shop();
        said(
            &shop,
            &[
                "customer",
                "anna",
                "erase",
                "--why",
                "asked for it",
                "--yes",
            ],
        );
        let failing = match point {
            // Not the first transactions of a start, which tell nothing of the order.
            "store.written" | "store.committed" => format!("{point}=3*off->panic"),
            point => format!("{point}=panic"),
        };
        shop.start_in(&["run", "--until-idle"], &[("FAILPOINTS", &failing)])
            .ended();
        let before = object(&shop, &["customer", "anna", "export"]);
        let is_gone = before["tables"]["customer"] == serde_json::json!([]);
        // All of it, or nothing.
        assert_eq!(
            is_gone,
            before["tables"]["event"] == serde_json::json!([]),
            "{point}"
        );
        assert_eq!(
            is_gone,
            before["tables"]["mark"] == serde_json::json!([]),
            "{point}"
        );
        shop.kurant(&["run", "--until-idle", "--quiet"]);
        let after = object(&shop, &["customer", "anna", "export"]);
        assert!(after["erased"].is_string(), "{point}");
        let text = after["tables"].to_string();
        assert!(!text.contains("anna"), "{point}: {text}");
        assert_eq!(text.matches(r#""what":"erased""#).count(), 1, "{point}");
    }
}

/// Takes orders away without doing them, as a run does that can't carry them out.
fn take_away(shop: &Shop) -> std::thread::JoinHandle<()> {
    let path = shop.path(".kurant/state.db");
    let work = async move {
        let store = Sqlite::open(&path).await.expect("the store");
        let orders = loop {
            let orders = store.marks("steer/order/").await.expect("marks");
            if !orders.is_empty() {
                break orders;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let batch = Batch {
            marks: orders.into_iter().map(|(name, _)| (name, None)).collect(),
            ..Batch::default()
        };
        store.commit(batch).await.expect("it is written");
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    std::thread::spawn(move || runtime.block_on(work))
}

#[test]
fn what_could_not_be_done_is_told_as_that() {
    let shop = shop();
    let erase = ["customer", "anna", "erase", "--why", "asked", "--yes"];
    for arguments in [&erase[..], &["customer", "anna", "skip", "tour"]] {
        let other = take_away(&shop);
        let output = shop.run(arguments);
        other.join().expect("it ended");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{told}{errors}");
        assert!(
            !told.contains("is erased") && errors.contains("ALERT"),
            "{told}{errors}"
        );
    }
}

#[test]
fn dead_letters_are_erased_also_of_somebody_who_is_unknown() {
    let shop = shop();
    let refused = r#"{"specversion":"1.0","subject":"dmytro","data":"secret"}"#;
    shop.drop_events("broken.jsonl", &[refused.to_owned()]);
    shop.run(&["run", "--until-idle", "--quiet"]);
    let export = object(&shop, &["customer", "dmytro", "export"]);
    assert!(export.to_string().contains("secret"), "{export}");
    let erase = ["customer", "dmytro", "erase", "--why", "asked", "--yes"];
    let told = said(&shop, &erase);
    assert!(told.contains("dmytro is to be erased"), "{told}");
    let ran = said(&shop, &["run", "--until-idle"]);
    assert!(ran.contains("`erase`, by "), "{ran}");
    let export = object(&shop, &["customer", "dmytro", "export"]);
    assert!(!export["tables"].to_string().contains("secret"), "{export}");
    assert!(export["erased"].is_string(), "{export}");
    assert!(said(&shop, &erase).contains("dmytro was erased on "));
}
