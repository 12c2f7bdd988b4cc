//! What could not leave at first is judged again before it leaves.

use super::sample::{Shop, of_anna};

const BROKEN: &str = "---\nsubject: Hello\n---\nHello {{ \"x\" | int }}\n";

/// Anna is written to, with a template that can't be rendered.
fn given_up(category: &str) -> Shop {
    let anna = r#"{"id":"anna","email":"a@example.com","consents":{"email":true}}"#;
    let rest = "steps:\n  - { id: offer, send: email, template: offer }\n";
    given_up_in(&format!("category: {category}\n"), rest, anna)
}

/// As `given_up`, with this message, and something behind it.
fn given_up_with(message: &str) -> Shop {
    let anna = r#"{"id":"anna","email":"a@example.com","phone":"+380671234567","consents":{"email":true,"sms":true}}"#;
    let rest = format!(
        "exit: [{{ event: order.paid, reason: bought }}]\nsteps:\n  {message}\n  - {{ id: rest, wait: 30d }}\n"
    );
    given_up_in("category: marketing\n", &rest, anna)
}

/// A journey with this category and these steps writes to her whose line this is; the template is mended afterwards.
fn given_up_in(category: &str, rest: &str, anna: &str) -> Shop {
    let shop = Shop::new();
    // Whatever the hour.
    shop.write(
        "kurant.yaml",
        "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\nchannels: { email: { kind: file }, sms: { kind: file } }\ncrm: { kind: file }\n",
    );
    shop.write(
        "journeys/offer.yaml",
        &format!("journey: offer\nstatus: live\n{category}trigger: {{ event: cart.left }}\n{rest}"),
    );
    shop.write("templates/offer/email.txt", BROKEN);
    shop.write("templates/offer/sms.txt", "Hello\n");
    shop.write("customers.jsonl", anna);
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop.drop_events(
        "1.jsonl",
        &[of_anna("1", "cart.left", "{\"cart_id\":\"a\"}")],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let mended = BROKEN.replace("{{ \"x\" | int }}", "again");
    shop.write("templates/offer/email.txt", &mended);
    shop
}

/// The messages that have left, once all that was given up is tried again.
fn sent_at_last(shop: &Shop) -> Vec<String> {
    shop.kurant(&["dead", "retry", "--all"]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let lines = shop.lines(".kurant/outbox/email.jsonl");
    let body = |line: &serde_json::Value| line["step"].as_str().map(str::to_owned);
    lines.iter().filter_map(body).collect()
}

fn log(shop: &Shop) -> String {
    let output = shop.kurant(&["log", "--journey", "offer"]);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn what_was_given_up_leaves_when_it_is_tried_again() {
    let shop = given_up("marketing");
    assert!(log(&shop).contains("gave_up"), "{}", log(&shop));
    assert_eq!(sent_at_last(&shop), ["offer"]);
}

#[test]
fn whoever_has_said_no_meanwhile_gets_nothing_any_more() {
    let shop = given_up("marketing");
    let no = r#"{"channel":"email","granted":false}"#;
    shop.drop_events("2.jsonl", &[of_anna("2", "consent.changed", no)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert_eq!(sent_at_last(&shop), [""; 0]);
    let log = log(&shop);
    let told = log.lines().find(|line| line.contains("not_sent"));
    assert!(
        told.is_some_and(|line| line.contains("no_consent")),
        "{log}"
    );
}

#[test]
fn what_is_paused_meanwhile_waits() {
    let shop = given_up("transactional");
    shop.kurant(&["pause", "offer"]);
    assert_eq!(sent_at_last(&shop), [""; 0]);
    assert!(!log(&shop).contains("not_sent"), "{}", log(&shop));
}

/// That the email never leaves, for this reason.
fn never_leaves(shop: &Shop, reason: &str) {
    let sent = sent_at_last(shop);
    assert!(!sent.contains(&"offer".to_owned()), "{sent:?}");
    let log = log(shop);
    let told = log.lines().find(|line| line.contains("not_sent"));
    assert!(told.is_some_and(|line| line.contains(reason)), "{log}");
}

#[test]
fn a_message_that_is_given_up_leaves_its_place_to_the_fallback_for_good() {
    let shop = given_up_with("- { id: offer, send: email, template: offer, fallback: [sms] }");
    let sms = shop.lines(".kurant/outbox/sms.jsonl");
    assert_eq!(sms.len(), 1, "at once: {}", log(&shop));
    let told = log(&shop);
    assert!(told.contains("send email withdrawn: "), "{told}");
    never_leaves(&shop, "withdrawn");
    assert_eq!(shop.lines(".kurant/outbox/sms.jsonl").len(), 1);
}

#[test]
fn what_an_exit_rule_has_ended_never_leaves() {
    let shop = given_up_with("- { id: offer, send: email, template: offer }");
    let order = r#"{"order_id":"7","amount":"10.00","currency":"UAH"}"#;
    shop.drop_events("2.jsonl", &[of_anna("2", "order.paid", order)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    never_leaves(&shop, "withdrawn");
}

#[test]
fn what_an_operator_has_stopped_never_leaves() {
    let shop = given_up("marketing");
    shop.kurant(&["stop", "offer"]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    never_leaves(&shop, "stopped");
}

#[test]
fn what_is_withdrawn_is_not_said_to_be_tried_again() {
    let shop = given_up_with("- { id: offer, send: email, template: offer, fallback: [sms] }");
    let output = shop.kurant(&["dead", "retry", "--all"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.starts_with("0 are tried again\n")
            && told.contains("1 must not leave any more: withdrawn"),
        "{told}"
    );
    let left = shop.kurant(&["dead", "list"]).stdout;
    assert_eq!(String::from_utf8_lossy(&left), "");
}

#[test]
fn the_log_tells_what_an_operator_made_of_it() {
    let shop = given_up("marketing");
    let explained = || {
        let asked = ["explain", "--customer", "anna", "--journey", "offer"];
        String::from_utf8_lossy(&shop.kurant(&asked).stdout).into_owned()
    };
    assert!(
        explained().contains("offer email given up: "),
        "{}",
        explained()
    );
    shop.kurant(&["dead", "retry", "--all"]);
    assert!(explained().contains("offer email waits"), "{}", explained());
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert!(
        explained().contains("offer email handed over"),
        "{}",
        explained()
    );
    assert!(log(&shop).contains("tried_again"), "{}", log(&shop));
    let shop = given_up("marketing");
    shop.kurant(&["dead", "drop", "--all"]);
    let told = log(&shop);
    assert!(told.contains("send email given up, and dropped"), "{told}");
}
