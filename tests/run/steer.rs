//! Operators speak while it runs, or while nothing runs: pause, resume, stop.

use super::sample::Shop;

/// A journey that acts at every order, to see that one was taken in.
const ECHO: &str = "journey: echo\nstatus: live\ntrigger: { event: order.paid, max_age: 100y }\n\
                    entry: { while_active: parallel }\nsteps:\n  - tag: seen\n  - untag: seen\n";

fn order(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"order.paid","subject":"anna","data":{{"total":5}}}}"#
    )
}

fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("journeys/echo.yaml", ECHO);
    shop.write(
        "customers.jsonl",
        "{\"id\":\"anna\",\"email\":\"anna@example.com\",\"phone\":\"1\"}\n{\"id\":\"bohdan\",\"email\":\"b@example.com\"}\n",
    );
    shop.kurant(&["import", "customers", "customers.jsonl"]);
    shop
}

fn said(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn mails(shop: &Shop) -> usize {
    shop.lines(".kurant/outbox/email.jsonl").len()
}

fn explained(shop: &Shop) -> String {
    said(
        shop,
        &["explain", "--customer", "anna", "--journey", "thanks"],
    )
}

#[test]
fn a_paused_journey_waits_and_goes_on_when_it_is_resumed() {
    let shop = shop();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    let told = said(
        &shop,
        &["pause", "thanks", "--why", "a wrong price", "--by", "olena"],
    );
    assert!(told.starts_with("thanks is paused, 0 inside\n"), "{told}");
    running.wait_for_all(&["thanks is paused by olena", "a wrong price"]);
    shop.drop_events("one.jsonl", &[order("1")]);
    running.wait_for_all(&["echo", "untag"]);
    assert_eq!(mails(&shop), 0);
    let why = explained(&shop);
    assert!(
        why.contains("paused by olena") && why.contains("a wrong price") && why.contains("is held"),
        "{why}"
    );
    assert!(said(&shop, &["pause"]).contains("thanks is paused by olena"));
    let status = said(&shop, &["status"]);
    assert!(
        status.contains("paused     thanks, by olena since ")
            && status.contains(": a wrong price\n"),
        "{status}"
    );
    assert!(said(&shop, &["status", "--json"]).contains(r#""target": "thanks""#));
    let told = said(&shop, &["resume", "thanks", "--by", "taras"]);
    assert_eq!(told, "thanks is resumed\n");
    running.wait_for_all(&["thanks is resumed by taras"]);
    running.wait_for_all(&["send email `hello`"]);
    running.end();
    assert_eq!(mails(&shop), 1);
    assert_eq!(said(&shop, &["pause"]), "nothing is paused\n");
}

#[test]
fn a_paused_channel_holds_messages_over_a_kill_and_a_resume_that_nobody_heard() {
    let shop = shop();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    shop.kurant(&["pause", "channel:email"]);
    shop.drop_events("one.jsonl", &[order("1")]);
    running.wait_for_all(&["thanks", "send email `hello` deferred (paused)"]);
    running.kill();
    let told = said(&shop, &["resume", "channel:email"]);
    assert!(
        told.contains("no `kurant run` has taken it up yet"),
        "{told}"
    );
    assert_eq!(mails(&shop), 0);
    let running = shop.start(&["run"]);
    running.wait_for_all(&["thanks", "send email `hello`"]);
    running.end();
    assert_eq!(mails(&shop), 1);
}

#[test]
fn a_stopped_journey_ends_for_everybody_inside() {
    let shop = shop();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    shop.drop_events("one.jsonl", &[order("1"), order("2")]);
    running.wait_for_all(&["echo", "untag"]);
    let told = said(&shop, &["stop", "thanks", "--why", "withdrawn"]);
    assert!(told.starts_with("thanks is stopped, 2 inside\n"), "{told}");
    running.wait_for_all(&["thanks", "exit (stopped)"]);
    running.end();
    assert!(!explained(&shop).contains("inside since"));
}

#[test]
fn whoever_is_past_the_last_step_is_found_while_a_fallback_waits() {
    let shop = shop();
    shop.write(
        "journeys/last.yaml",
        "journey: last\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid, max_age: 100y }\n\
         steps:\n  - { id: only, send: email, template: hello, fallback: [sms], fallback_after: 2h }\n",
    );
    let told = || {
        said(
            &shop,
            &["explain", "--customer", "anna", "--journey", "last"],
        )
    };
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    shop.drop_events("one.jsonl", &[order("1")]);
    running.wait_for_all(&["last", "exit (completed)"]);
    running.wait_for_all(&["thanks", "send email"]);
    let before = told();
    assert!(
        before.contains("at `only`: is past the last step; its fallback is due at"),
        "{before}"
    );
    said(&shop, &["stop", "all"]);
    running.wait_for_all(&["thanks", "exit (stopped)"]);
    running.end();
    assert!(!told().contains("inside since"), "{}", told());
    let log = said(&shop, &["log", "--outcome", "fallback_cancelled"]);
    assert!(log.contains(" only ") && log.contains("(stopped)"), "{log}");
}

#[test]
fn one_can_pause_while_a_file_has_mistakes_but_not_what_there_is_not() {
    let shop = shop();
    shop.kurant(&["run", "--until-idle"]);
    shop.write("journeys/broken.yaml", "journey: [");
    let told = said(&shop, &["pause", "thank"]);
    assert!(
        told.contains("there is no journey `thank`") && told.contains("did you mean `thanks`?"),
        "{told}"
    );
    assert!(said(&shop, &["stop", "channel:email"]).contains("only paused"));
    assert!(said(&shop, &["resume", "thanks"]).contains("is not paused"));
    assert!(said(&shop, &["pause", "all"]).contains("all is paused"));
}

#[test]
fn a_journey_that_runs_away_is_held_by_the_guard() {
    let shop = shop();
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    shop.write(
        "kurant.yaml",
        &(settings + "guard: { enter: 1000/h, send: 3/h }\n"),
    );
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    let orders: Vec<String> = (0..4).map(|number| order(&format!("e{number}"))).collect();
    shop.drop_events("one.jsonl", &orders);
    running.wait_for_all(&["ALERT: thanks is held", "kurant resume thanks"]);
    let later = order("e9").replace("anna", "bohdan");
    shop.drop_events("two.jsonl", &[later]);
    running.wait_for_all(&["echo", "bohdan", "untag"]);
    let before = mails(&shop);
    assert!(said(&shop, &["pause"]).contains("thanks is paused by guard"));
    shop.kurant(&["resume", "thanks"]);
    running.wait_for_all(&["bohdan", "send email"]);
    running.end();
    assert_eq!((before, mails(&shop)), (4, 5));
}

/// So slow that one may speak in the middle of what it does.
const SLOW: (&str, &str) = ("FAILPOINTS", "batch.durable=sleep(900)");

#[test]
fn an_order_given_while_another_one_is_carried_out_is_carried_out_too() {
    let shop = shop();
    let running = shop.start_in(&["run"], &[SLOW]);
    running.wait_for_all(&["running"]);
    shop.drop_events("one.jsonl", &[order("1")]);
    running.wait_for_all(&["echo", "untag"]);
    shop.kurant(&["stop", "thanks", "--by", "olena"]);
    running.wait_for_all(&["thanks is stopped by olena"]);
    shop.kurant(&["stop", "cart", "--by", "olena"]);
    running.wait_for_all(&["cart is stopped by olena"]);
    running.end();
}

#[test]
fn a_stop_says_what_becomes_of_those_who_come_later() {
    let shop = shop();
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let told = said(&shop, &["stop", "thanks"]);
    assert!(
        told.contains("enters all the same")
            && told.contains("`status: retired`")
            && told.contains("`kurant pause thanks`"),
        "{told}"
    );
}
