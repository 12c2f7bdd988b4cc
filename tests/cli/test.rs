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

#[test]
fn a_journey_over_its_guard_is_told_and_the_test_passes() {
    let shop = Shop::new();
    let settings = shop.read("kurant.yaml");
    shop.write("journeys/dormant.test.yaml", PASSES);
    let quiet = shop.kurant(&["test"]);
    assert!(!stdout(&quiet).contains("note:"), "{}", stdout(&quiet));
    shop.write(
        "kurant.yaml",
        &(settings + "guard: { enter: 0/h, send: 5/h }\n"),
    );
    let output = shop.kurant(&["test"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = "  note: dormant would be held at 2026-10-31T10:00:00+02:00: more than 0 people entered within 60 min, \
                over the `guard` in kurant.yaml; at the most 1\n";
    assert!(stdout(&output).contains(told), "{}", stdout(&output));
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

#[test]
fn a_goal_can_be_expected_and_a_missing_one_is_told() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let goal = "goal: { event: order.paid, within: 90d, value: event.total }\nsteps:";
    shop.write("journeys/dormant.yaml", &journey.replace("steps:", goal));
    let with = |goal: &str| format!("{PASSES}  - {{ at: 2026-12-01T12:00:00+02:00, {goal} }}\n");
    for goal in ["goal: true", "goal: 100", "goal: { value: 100 }"] {
        shop.write("journeys/dormant.test.yaml", &with(goal));
        let output = shop.kurant(&["test"]);
        assert_eq!(output.status.code(), Some(0), "{goal}: {}", stdout(&output));
    }
    shop.write("journeys/dormant.test.yaml", &with("goal: 99"));
    let text = stdout(&shop.kurant(&["test"]));
    assert!(
        text.contains("- expected 2026-12-01T12:00:00+02:00 goal 99"),
        "{text}"
    );
    assert!(text.contains("dormant c1 goal {\"value\":100}"), "{text}");
}

#[test]
fn a_send_that_was_skipped_says_why() {
    let shop = Shop::new();
    let consents = ", consents: { email: true }";
    for key in ["expect:", "expect_some:"] {
        let shut = PASSES.replace(consents, "").replace("expect:", key);
        shop.write("journeys/dormant.test.yaml", &shut);
        let text = stdout(&shop.kurant(&["test"]));
        assert!(
            text.contains("nine send email template winback skipped (no_consent: the customer has not consented"),
            "{text}"
        );
    }
}

#[test]
fn a_part_that_did_not_come_is_shown_beside_what_came() {
    let shop = Shop::new();
    let late = PASSES
        .replace("expect:", "expect_some:")
        .replace("2026-10-31T10", "2026-10-31T11");
    shop.write("journeys/dormant.test.yaml", &late);
    let text = stdout(&shop.kurant(&["test"]));
    assert!(
        text.contains("- expected 2026-10-31T11:00:00+02:00 nine send email"),
        "{text}"
    );
    assert!(
        text.contains("+ got      2026-10-31T10:00:00+02:00 dormant c1 nine send email"),
        "{text}"
    );
}

#[test]
fn who_did_not_enter_is_told_with_the_reason() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let strict = journey.replace("orders_count > 0", "orders_count > 9");
    shop.write("journeys/dormant.yaml", &strict);
    shop.write("journeys/dormant.test.yaml", PASSES);
    let text = stdout(&shop.kurant(&["test"]));
    assert!(
        text.contains("dormant c1 did not enter (audience: `audience` did not hold)"),
        "{text}"
    );
}

#[test]
fn tests_of_whole_journeys_run_beside_one_with_a_mistake() {
    let shop = Shop::new();
    shop.write("journeys/dormant.test.yaml", PASSES);
    shop.write(
        "journeys/other.yaml",
        "journey: other\ntriger: { manual: true }\nsteps: []\n",
    );
    shop.write(
        "journeys/other.test.yaml",
        &PASSES.replace("journey: dormant", "journey: other"),
    );
    let output = shop.kurant(&["test"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("ok     journeys/dormant.test.yaml"), "{text}");
    assert!(text.contains("not run journeys/other.test.yaml"), "{text}");
    assert!(text.ends_with("1 passed, 0 failed, 1 not run\n"), "{text}");
    assert!(stderr(&output).contains("did you mean `trigger`?"));
}

#[test]
fn an_exit_with_an_error_says_why() {
    let shop = Shop::new();
    shop.write(
        "journeys/broken.yaml",
        "journey: broken\nstatus: live\ntrigger: { event: order.paid }\nsteps:\n  - run: '#{ share: 1 / event.total }'\n  - tag: '=\"share-\" + vars.share'\n",
    );
    shop.write(
        "journeys/broken.test.yaml",
        "test: nothing is divided\njourney: broken\ncustomer: { id: c1 }\nat: 2026-01-31T12:00:00+02:00\nevents:\n  \
         - { at: 2026-01-31T12:00:00+02:00, type: order.paid, data: { total: 0 } }\nuntil: 2026-02-01T12:00:00+02:00\nexpect: []\n",
    );
    let output = shop.kurant(&["test"]);
    let told = stdout(&output);
    assert!(
        told.contains("exit (error): ") && told.contains("a division by zero"),
        "{told}"
    );
}

#[test]
fn a_condition_that_fails_at_entry_is_told_with_its_message() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let broken = journey.replace(
        "customer.orders_count > 0",
        "10 / (customer.orders_count - 1) > 0",
    );
    shop.write("journeys/dormant.yaml", &broken);
    shop.write("journeys/dormant.test.yaml", PASSES);
    let text = stdout(&shop.kurant(&["test"]));
    assert!(
        text.contains("dormant c1 did not enter (error): audience"),
        "{text}"
    );
    // Once for each of the two expectations.
    assert_eq!(text.matches("did not enter").count(), 2, "{text}");
    assert!(text.contains("a division by zero"), "{text}");
}

#[test]
fn where_no_trigger_fired_that_is_told() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let other = journey.replace(
        "  inactive: { since: customer.last_purchase_at, for: 9 months, at: \"10:00\" }",
        "  event: order.paid\n  where: event.total > 5000",
    );
    let other = other.replace("trigger.since", "trigger.time");
    shop.write("journeys/dormant.yaml", &other);
    shop.write("journeys/dormant.test.yaml", PASSES);
    let text = stdout(&shop.kurant(&["test"]));
    assert!(
        text.contains("+ got      nothing: no trigger fired"),
        "{text}"
    );
}

#[test]
fn a_message_that_cannot_be_rendered_fails_with_its_file_line_and_name() {
    let shop = Shop::new();
    let journey = shop.read("journeys/dormant.yaml");
    let data = "data: { discount: 10, gift: =vars.gift }";
    let journey = journey.replacen("data: { discount: 10 }", data, 1);
    shop.write(
        "journeys/dormant.yaml",
        &journey.replace("steps:", "vars: { gift: { name: soap } }\nsteps:"),
    );
    shop.write("journeys/dormant.test.yaml", PASSES);
    let text = |line: &str| {
        let text =
            format!("---\nsubject: Come back\n---\nCome back\n{line}\n{{{{ unsubscribe_url }}}}\n");
        shop.write("templates/winback/email.txt", &text);
        let output = shop.kurant(&["test"]);
        (output.status.code(), stdout(&output))
    };
    assert_eq!(text("{{ gift.name }}").0, Some(0));
    let (code, told) = text("{{ gift.maker.country }}");
    assert_eq!(code, Some(1), "{told}");
    for part in [
        "FAILED journeys/dormant.test.yaml",
        "2026-10-31T10:00:00+02:00 dormant c1 nine send email",
        "the text of templates/winback/email.txt:2",
        "in `{{ gift.maker.country }}`; `gift.maker` is not known",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}
