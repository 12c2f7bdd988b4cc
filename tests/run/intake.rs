//! Files and HTTP bring events in; what can't be taken in is told with its reason.

use super::asking::post;
use super::sample::Shop;

fn order(id: &str, customer: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"{customer}","data":{{"total":5}}}}"#
    )
}

#[test]
fn events_come_over_http_in_every_mode_and_are_told_what_is_wrong() {
    let shop = Shop::new();
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let line = running.wait_for("http://").concat();
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address")
        .to_owned();
    let structured = "Content-Type: application/cloudevents+json\r\n";
    let (status, answer) = post(&address, structured, &order("1", "anna"));
    assert_eq!((status, &answer["taken"]), (202, &1.into()), "{answer}");
    let batch = format!("[{}, {}]", order("1", "anna"), order("2", "bohdan"));
    let (status, answer) = post(
        &address,
        "Content-Type: application/cloudevents-batch+json\r\n",
        &batch,
    );
    assert_eq!(
        (status, &answer["taken"], &answer["repeated"]),
        (202, &1.into(), &1.into()),
        "{answer}"
    );
    let unknown = order("77", "anna").replace("order.paid", "order.payd");
    let (status, answer) = post(&address, structured, &unknown);
    assert_eq!(
        (status, &answer["undeclared_types"][0]),
        (202, &"order.payd".into()),
        "{answer}"
    );
    let binary = "ce-specversion: 1.0\r\nce-id: 3\r\nce-source: test\r\nce-type: order.paid\r\nce-subject: anna\r\n";
    let (status, answer) = post(&address, binary, r#"{"total": 7.5}"#);
    assert_eq!((status, &answer["taken"]), (202, &1.into()), "{answer}");
    let wrong = format!(
        "[{}, {}]",
        order("4", "anna"),
        order("5", "anna").replace(":5}", ":\"much\"}")
    );
    let (status, answer) = post(&address, structured, &wrong);
    assert_eq!(
        (
            status,
            &answer["errors"][0]["index"],
            &answer["errors"][0]["reason"]
        ),
        (400, &1.into(), &"wrong_type".into())
    );
    running.wait_for("anna");
    running.end();
    // Three orders, each thanked for.
    assert_eq!(
        shop.lines(".kurant/outbox/email.jsonl").len(),
        0,
        "nobody has an address"
    );
    let taken = shop.start(&["run"]);
    taken.wait_for("running");
    taken.end();
}

#[test]
fn another_event_may_not_have_the_id_of_one_before() {
    let shop = Shop::new();
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    let structured = "Content-Type: application/cloudevents+json\r\n";
    let (_, answer) = post(&address, structured, &order("1", "anna"));
    assert_eq!(answer["taken"], 1, "{answer}");
    // The same again, otherwise written and told of later, is still the same; another event may not have its id.
    let later = order("1", "anna").replace(
        "{\"total\":5}",
        "{ \"total\" : 5 },\"time\":\"2026-01-01T00:00:00Z\"",
    );
    let (_, answer) = post(&address, structured, &later);
    assert_eq!(answer["repeated"], 1, "{answer}");
    let (status, answer) = post(&address, structured, &order("1", "olha"));
    assert_eq!(
        (status, &answer["taken"], &answer["refused"][0]["reason"]),
        (202, &0.into(), &"id_reused".into()),
        "{answer}"
    );
    running.end();
    let listed = shop.kurant(&["dead", "list"]).stdout;
    let listed = String::from_utf8(listed).expect("text");
    assert!(listed.contains("id_reused"), "{listed}");
}

#[test]
fn a_file_is_taken_whole_and_its_bad_lines_are_put_aside() {
    let shop = Shop::new();
    shop.write(
        "customers.jsonl",
        r#"{"id":"anna","email":"anna@example.com"}"#,
    );
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    let late = order("9", "anna").replace("\"data\"", "\"time\":\"2999-01-01T00:00:00Z\",\"data\"");
    shop.drop_events(
        "day.jsonl",
        &[order("1", "anna"), "{".into(), late, order("2", "anna")],
    );
    let running = shop.start(&["run"]);
    running.wait_for("lines were rejected");
    running.end();
    assert!(shop.path(".kurant/inbox/done/day.jsonl").exists());
    let rejected = shop.lines(".kurant/inbox/rejected/day.jsonl");
    let told: Vec<(u64, &str)> = rejected
        .iter()
        .map(|row| {
            (
                row["line"].as_u64().unwrap_or(0),
                row["reason"].as_str().unwrap_or_default(),
            )
        })
        .map(|(line, reason)| (line, reason.split(':').next().unwrap_or_default()))
        .collect();
    assert_eq!(told, [(2, "not_json"), (3, "ahead_of_time")]);
    assert_eq!(shop.lines(".kurant/outbox/email.jsonl").len(), 2);
}

#[test]
fn a_changed_workspace_is_taken_up_whole_or_not_at_all() {
    let shop = Shop::new();
    let running = shop.start(&["run"]);
    running.wait_for("running");
    shop.write(
        "journeys/new.yaml",
        "journey: new\nstatus: live\ntrigger: { manual: true }\nsteps:\n  - tag: [new\n",
    );
    running.wait_for("was not taken up");
    shop.write(
        "journeys/new.yaml",
        "journey: new\nstatus: live\ntrigger: { manual: true }\nsteps:\n  - tag: new\n",
    );
    running.wait_for("is in force");
    // How a channel is reached is settled when a run begins.
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    let other = settings.replacen("email: { kind: file }", "email: { kind: file, to: x }", 1);
    assert_ne!(other, settings);
    shop.write("kurant.yaml", &other);
    running.wait_for_all(&["ALERT", "channels", "started again"]);
    running.end();
}

#[test]
fn a_second_runtime_is_told_who_holds_the_store() {
    let shop = Shop::new();
    let running = shop.start(&["run"]);
    running.wait_for("running");
    let second = shop.start(&["run"]);
    second.wait_for("another Kurant works on");
    second.kill();
    running.end();
}

#[test]
fn an_event_of_somebody_unknown_is_kept_as_it_came_and_can_be_tried_again() {
    let shop = Shop::new();
    shop.add_settings("unknown_customers: reject\n");
    let settled = ["run", "--until-idle", "--quiet"];
    std::fs::create_dir_all(shop.path(".kurant/inbox")).expect("an inbox");
    let known = order("1", "anna").replace("order.paid", "customer.created");
    // Some programs begin a file with a byte order mark.
    let address = r#""data":{"customer":{"email":"b@example.com"},"#;
    let unknown = order("2", "bohdan").replace("\"data\":{", address);
    let lines = [format!("\u{feff}{known}"), unknown];
    shop.drop_events("monday.jsonl", &lines);
    shop.kurant(&settled);
    let listed = String::from_utf8(shop.kurant(&["dead", "list"]).stdout).expect("text");
    assert!(
        listed.lines().count() == 1
            && listed.contains("unknown_customer")
            && listed.contains("monday.jsonl"),
        "{listed}"
    );
    let id = listed.split_whitespace().next().expect("an id").to_owned();
    shop.drop_events(
        "tuesday.jsonl",
        &[order("3", "bohdan").replace("order.paid", "customer.created")],
    );
    shop.kurant(&settled);
    shop.kurant(&["dead", "retry", &id]);
    shop.kurant(&settled);
    let left = shop.kurant(&["dead", "list"]).stdout;
    assert_eq!(String::from_utf8_lossy(&left), "");
    let thanked: Vec<_> = shop.lines(".kurant/outbox/email.jsonl");
    assert_eq!(thanked.len(), 1);
    assert_eq!(thanked[0]["customer"], "bohdan");
}

#[test]
fn a_line_that_is_too_long_is_a_dead_letter_and_the_others_are_taken() {
    let shop = Shop::new();
    let long =
        order("2", "anna").replace(":5}", &format!(":5,\"note\":\"{}\"}}", "x".repeat(400_000)));
    shop.drop_events("a.jsonl", &[order("1", "anna"), long, order("3", "anna")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let listed = shop.kurant(&["dead", "list"]).stdout;
    let listed = String::from_utf8(listed).expect("text");
    assert!(listed.contains("too_large"), "{listed}");
    let counted = shop.kurant(&["log", "--journey", "thanks", "--outcome", "enter"]);
    let counted = String::from_utf8(counted.stdout).expect("text");
    assert_eq!(counted.lines().count(), 2, "{counted}");
}

#[test]
fn with_a_token_only_whoever_shows_it_may_send_events() {
    let shop = Shop::new();
    shop.write("token.secret", "a long word\n");
    let console = "console: { token: \"${file:token.secret}\" }\n";
    shop.add_settings(console);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    let address = running.address();
    running.wait_for("running");
    let json = "Content-Type: application/json\r\n";
    for shown in [
        "",
        "Authorization: a long word\r\n",
        "Authorization: Bearer another\r\n",
        "Authorization: Basic a long word\r\n",
    ] {
        let (status, answer) = post(&address, &format!("{json}{shown}"), &order("1", "anna"));
        assert_eq!(status, 401, "{shown}");
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|own| own.contains("Bearer"))
        );
    }
    let shown = format!("{json}Authorization: bearer a long word\r\n");
    let (status, answer) = post(&address, &shown, &order("1", "anna"));
    assert_eq!((status, &answer["taken"]), (202, &serde_json::json!(1)));
    // Whoever watches over it needs none.
    assert_eq!(super::asking::ask(&address, "GET /health", "", "").0, 200);
    running.end();
}
