//! What a journey's test says when it fails, beyond expected and got.

use super::{Shop, stdout};

const ASKS: &str = "journey: asks
status: live
category: transactional
trigger: { event: order.paid }
audience: customer.orders_count > 1 && event.total > 5
steps:
  - { id: ask, send: email, template: winback }
  - id: five-days
    wait: { for: 5d, at: \"11:00\" }
  - { id: remind, send: email, template: winback }
";

/// A test of `asks`: an order is paid on 2 March by somebody who has bought before.
fn test(events: &str, until: &str, expect: &str) -> String {
    format!(
        "test: it asks
journey: asks
customer: {{ id: anna, email: a@example.com, orders_count: 3 }}
at: 2026-03-01T12:00:00+02:00
events:
  - {events}
until: {until}
expect:
  - {expect}
"
    )
}

const PAID: &str =
    "{ at: 2026-03-02T12:00:00+02:00, type: order.paid, data: { order_id: o1, total: 9 } }";
const ASKED: &str = "{ at: 2026-03-02T12:00:00+02:00, step: ask, send: email }";

/// What a failing test of `asks` says.
fn told(text: &str) -> String {
    let shop = Shop::new();
    shop.write("journeys/asks.yaml", ASKS);
    shop.write("journeys/asks.test.yaml", text);
    let output = shop.kurant(&["test", "asks"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    stdout(&output)
}

#[track_caller]
fn holds(text: &str, line: &str) {
    assert!(text.contains(line), "{line} is missing in:\n{text}");
}

#[test]
fn who_still_waits_at_the_end_is_told() {
    let expect = format!("{ASKED}\n  - {{ step: remind, send: email }}");
    let text = told(&test(PAID, "2026-03-07T10:00:00+02:00", &expect));
    holds(
        &text,
        "note: the test ends while anna waits until 2026-03-07 11:00:00, at `five-days` of asks",
    );
}

#[test]
fn a_test_without_the_event_that_starts_the_journey_says_so() {
    let other = "{ at: 2026-03-02T12:00:00+02:00, type: customer.updated, data: { locale: uk } }";
    let text = told(&test(other, "2026-03-07T10:00:00+02:00", ASKED));
    holds(
        &text,
        "no trigger fired; asks waits for `order.paid`, the test has `customer.updated`",
    );
    let before = PAID.replace("03-02", "02-02");
    let text = told(&test(&before, "2026-03-07T10:00:00+02:00", ASKED));
    holds(&text, "the `order.paid` of the test lies before its `at`");
    let text = told(&test(PAID, "2026-03-02T12:00:00+02:00", ASKED));
    holds(
        &text,
        "the `order.paid` of the test lies at its `until` or later",
    );
}

#[test]
fn another_offset_is_told() {
    let paid = PAID.replace("2026-03-02T12:00:00+02:00", "2026-03-27T12:00:00+02:00");
    let asked = ASKED.replace("03-02", "03-27");
    let expect =
        format!("{asked}\n  - {{ at: 2026-04-01T11:00:00+02:00, step: remind, send: email }}");
    let text = told(&test(&paid, "2026-04-07T10:00:00+03:00", &expect));
    holds(
        &text,
        "note: that is the same hour with another offset: in Europe/Kyiv it is +03:00 on that day",
    );
}

#[test]
fn an_audience_that_did_not_hold_is_shown_with_the_values_seen() {
    let text = test(PAID, "2026-03-07T10:00:00+02:00", ASKED);
    let text = told(&text.replace("total: 9", "total: 4"));
    holds(
        &text,
        "anna did not enter (audience: `audience` did not hold)\n             \
         customer.orders_count > 1 && event.total > 5\n             \
         customer.orders_count = 4  event.total = 4\n",
    );
}

#[test]
fn feedback_that_answers_nothing_is_told() {
    let clicked = format!(
        "{PAID}\n  - {{ at: 2026-03-03T12:00:00+02:00, type: message.clicked, data: {{ step: remind }} }}"
    );
    let expect = format!("{ASKED}\n  - {{ exit: clicked }}");
    let text = told(&test(&clicked, "2026-03-10T10:00:00+02:00", &expect));
    holds(
        &text,
        "note: the `message.clicked` of 2026-03-03T12:00:00+02:00 answers nothing: \
         the message of `remind` was sent at 2026-03-07T11:00:00+02:00 only",
    );
    let never = clicked.replace("step: remind", "step: five-days");
    let text = told(&test(&never, "2026-03-10T10:00:00+02:00", &expect));
    holds(&text, "no message of `five-days` was sent for anna");
}
