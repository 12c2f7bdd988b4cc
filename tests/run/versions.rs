//! A journey's file goes, is renamed or set back to draft while people are inside: they go on, nobody enters, and it is said.

use super::sample::{Running, Shop};

fn event(id: &str, kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"test","type":"{kind}","subject":"anna","data":{data}}}"#
    )
}

fn explained(shop: &Shop, journey: &str) -> String {
    let output = shop.kurant(&["explain", "--customer", "anna", "--journey", journey]);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Somebody left a cart, and is asked after it until an order is paid.
fn with_a_cart() -> Shop {
    let shop = Shop::new();
    shop.drop_events(
        "one.jsonl",
        &[event("1", "cart.left", r#"{"cart_id":"k1"}"#)],
    );
    shop.kurant(&["run", "--until-idle"]);
    assert!(explained(&shop, "cart").contains("inside since"));
    shop
}

/// What the journey does for who was inside, and that nobody enters: another cart, then an order.
fn those_inside_go_on(shop: &Shop, running: &Running) {
    shop.drop_events(
        "two.jsonl",
        &[event("2", "cart.left", r#"{"cart_id":"k2"}"#)],
    );
    shop.drop_events("zwo.jsonl", &[event("3", "order.paid", r#"{"total":1}"#)]);
    running.wait_for_all(&["cart", "tag"]);
}

#[test]
fn a_file_that_was_taken_away_counts_as_retired() {
    let shop = with_a_cart();
    std::fs::remove_file(shop.path("journeys/cart.yaml")).expect("the file goes");
    let running = shop.start(&["run"]);
    running
        .wait_for_all(&["the journey cart is not in the workspace any more, with 1 person inside"]);
    running.wait_for_all(&["running"]);
    let told = explained(&shop, "cart");
    assert!(
        told.contains("no such journey any more") && told.contains("inside since"),
        "{told}"
    );
    those_inside_go_on(&shop, &running);
    running.end();
    let told = explained(&shop, "cart");
    assert!(
        told.contains("the customer is not inside") && told.contains("tag"),
        "{told}"
    );
    let entered = told.matches("entered").count();
    assert_eq!(entered, 1, "{told}");
    let never = shop.run(&["explain", "--customer", "anna", "--journey", "nonsense"]);
    assert_eq!(never.status.code(), Some(2));
}

#[test]
fn a_journey_set_back_to_draft_while_it_runs_counts_as_retired() {
    let shop = with_a_cart();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    let text = std::fs::read_to_string(shop.path("journeys/cart.yaml")).expect("the journey");
    shop.write("journeys/cart.yaml", &text.replace("live", "draft"));
    running.wait_for_all(&["the journey cart is a draft again, with 1 person inside"]);
    assert!(explained(&shop, "cart").contains("set back to draft"));
    those_inside_go_on(&shop, &running);
    running.end();
    assert_eq!(explained(&shop, "cart").matches("entered").count(), 1);
}

#[test]
fn a_journey_under_a_new_name_is_a_new_journey() {
    let shop = with_a_cart();
    let text = std::fs::read_to_string(shop.path("journeys/cart.yaml")).expect("the journey");
    shop.write(
        "journeys/cart.yaml",
        &text.replace("journey: cart", "journey: basket"),
    );
    let running = shop.start(&["run"]);
    running.wait_for_all(&["the journey cart is not in the workspace any more"]);
    running.wait_for_all(&["running"]);
    those_inside_go_on(&shop, &running);
    running.wait_for_all(&["basket", "tag"]);
    let nobody = shop.run(&["stop", "cart"]);
    assert_eq!(nobody.status.code(), Some(2), "nobody is inside any more");
    running.end();
}

#[test]
fn only_what_is_read_is_taken_up_when_it_changes() {
    let shop = Shop::new();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    // Somebody's log, an editor's own file, and a journey that is saved without a change.
    shop.write("app.log", "one line\n");
    shop.write("journeys/.echo.yaml.swp", "x");
    let text = std::fs::read_to_string(shop.path("journeys/cart.yaml")).expect("the journey");
    shop.write("journeys/cart.yaml", &text);
    shop.write("journeys/cart.yaml", &text.replace("3h", "4h"));
    running.wait_for_all(&["is in force"]);
    running.end_silently("is in force");
}

#[test]
fn what_comes_in_by_mistake_is_said_once_at_once_and_summed_up_at_the_end() {
    let shop = Shop::new();
    let running = shop.start(&["run"]);
    running.wait_for_all(&["running"]);
    shop.write(".kurant/inbox/orders.csv", "id,type\n");
    running.wait_for_all(&["orders.csv", "only files named *.jsonl"]);
    shop.drop_events(
        "one.jsonl",
        &[
            event("1", "order.payd", "{}"),
            event("2", "order.payd", "{}"),
            event("3", "order.paid", "{}"),
        ],
    );
    running.wait_for_all(&["order.payd", "without a schema"]);
    running.ask_to_end();
    let told = running.wait_for_all(&["hint: 2 events of the type `order.payd`", "`order.paid`?"]);
    let again = told.iter().filter(|line| line.contains("order.payd"));
    assert_eq!(again.count(), 1, "{told:?}");
}
