use super::{Shop, stderr, stdout};

const PASSES: &str = "test: a purchase ends it
journey: dormant
customer: { id: c1, email: a@example.com, consents: { email: true } }
at: 2026-01-31T12:00:00+02:00
events:
  - { at: 2026-01-31T12:00:00+02:00, type: order.paid, data: { order_id: o1, total: 900 } }
  - { at: 2026-12-01T12:00:00+02:00, type: order.paid, data: { order_id: o2, total: 100 } }
until: 2027-06-30T00:00:00+03:00
expect:
  - { at: 2026-10-31T10:00:00+02:00, step: nine, send: email, data: { discount: 10 } }
  - { at: 2026-12-01T12:00:00+02:00, exit: purchased }
";

#[test]
fn a_test_that_holds_passes() {
    let shop = Shop::new();
    shop.write("journeys/dormant.test.yaml", PASSES);
    let output = shop.kurant(&["test"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    assert!(stdout(&output).ends_with("1 passed, 0 failed\n"));
}

#[test]
fn a_failure_shows_what_was_expected_and_what_came() {
    let shop = Shop::new();
    let wrong = PASSES
        .replace("2027-06-30", "2027-03-30")
        .replace("discount: 10 } }", "discount: 12 } }");
    shop.write("journeys/dormant.test.yaml", &wrong);
    let output = shop.kurant(&["test", "dormant"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.contains("- expected 2026-10-31T10:00:00+02:00 nine send email"),
        "{text}"
    );
    assert!(text.contains("(journeys/dormant.test.yaml:10:"), "{text}");
    assert!(
        text.contains("+ got      2026-10-31T10:00:00+02:00 dormant c1 nine send email"),
        "{text}"
    );
}

#[test]
fn expect_some_asks_for_a_part_only() {
    let shop = Shop::new();
    let some = PASSES.replace("expect:", "expect_some:").replace(
        "  - { at: 2026-12-01T12:00:00+02:00, exit: purchased }\n",
        "",
    );
    shop.write("journeys/dormant.test.yaml", &some);
    assert_eq!(shop.kurant(&["test"]).status.code(), Some(0));
}

#[test]
fn a_filter_that_fits_no_test_is_told() {
    let shop = Shop::new();
    shop.write("journeys/dormant.test.yaml", PASSES);
    let output = shop.kurant(&["test", "birthday"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no test holds `birthday`"));
}

const ASKS: &str = "journey: asks
status: live
category: transactional
trigger: { event: order.paid }
steps:
  - repeat:
      times: 3
      steps:
        - id: ask
          webhook:
            url: https://crm.example/gift
            method: POST
            save: gift
            on_error:
              - { id: nobody, task: { title: Nobody answers } }
        - { id: tell, send: email, template: winback, data: { gift: =vars.gift?.name } }
";

const ANSWERS: &str = "test: a web hook fails, then answers
journey: asks
customer: { id: c1, email: a@example.com, consents: { email: true } }
at: 2026-02-02T12:00:00+02:00
until: 2026-02-03T12:00:00+02:00
events: [ { at: 2026-02-02T12:00:00+02:00, type: order.paid, data: { order_id: o1, total: 900 } } ]
answers: [ { step: ask, fails: true }, { step: ask, reply: { name: soap } } ]
expect:
  - { at: 2026-02-02T12:00:00+02:00, task: Nobody answers }
  - { at: 2026-02-02T12:00:00+02:00, send: email, data: { gift: null } }
  - { at: 2026-02-02T12:00:00+02:00, send: email, data: { gift: soap } }
  - { at: 2026-02-02T12:00:00+02:00, send: email, data: { gift: soap } }
";

#[test]
fn web_hooks_answer_or_fail_as_a_test_says() {
    let shop = Shop::new();
    shop.write("journeys/asks.yaml", ASKS);
    shop.write("journeys/asks.test.yaml", ANSWERS);
    let output = shop.kurant(&["test", "asks"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
}
