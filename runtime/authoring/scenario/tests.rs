//! A test file becomes what it says.

use kurant_engine::calendar::Instant;
use kurant_engine::value::Value;

use super::{Expect, Reply, Scenario};
use crate::{SourceFile, compile};

fn scenario(text: &str) -> Scenario {
    let files = [
        SourceFile::new("kurant.yaml", "workspace: w\ntimezone: Europe/Kyiv\n"),
        SourceFile::new("journeys/a.test.yaml", text),
    ];
    let mut compiled = compile(&files);
    assert!(compiled.scenarios.len() == 1, "{:?}", compiled.diagnostics);
    compiled.scenarios.remove(0)
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).expect("an instant")
}

const CASCADE: &str = r#"
test: a purchase ends the cascade
journey: dormant-cascade
customer: { id: c1, email: a@example.com, phone: +380501112233, consents: { email: true } }
at: 2026-01-31T12:00:00+02:00
events:
  - { at: 2026-01-31T12:00:00+02:00, type: order.paid, data: { order_id: o1, total: 900.50 } }
until: 2027-06-30T00:00:00+03:00
expect:
  - { at: 2026-10-31T10:00:00+02:00, step: nine, send: email, data: { discount: 10 } }
  - { at: 2026-12-01T12:00:00+02:00, exit: purchased }
"#;

#[test]
fn a_test_becomes_what_it_says() {
    let scenario = scenario(CASCADE);
    assert_eq!(scenario.test, "a purchase ends the cascade");
    assert_eq!(scenario.journeys[0].name, "dormant-cascade");
    let person = &scenario.customers[0];
    assert_eq!(
        (person.id.as_str(), person.attributes.get("phone")),
        ("c1", Some(&Value::text("+380501112233")))
    );
    let event = &scenario.events[0];
    assert_eq!(
        (event.kind.as_str(), event.customer.as_str()),
        ("order.paid", "c1")
    );
    assert_eq!(
        event.data.get("total").map(ToString::to_string).as_deref(),
        Some("900.5")
    );
    assert_eq!(scenario.until, instant("2027-06-29T21:00:00Z"));
    let Expect::All(expected) = &scenario.expect else {
        panic!("{:?}", scenario.expect)
    };
    assert_eq!(
        (expected[0].action.as_deref(), &expected[0].what),
        (Some("send"), &Value::text("email"))
    );
    assert_eq!(
        (expected[1].action.as_deref(), &expected[1].what),
        (Some("exit"), &Value::text("purchased"))
    );
    assert_eq!(expected[1].at, Some(instant("2026-12-01T10:00:00Z")));
}

#[test]
fn one_tag_is_expected_as_it_is_written() {
    for (written, tags) in [("vip", vec!["vip"]), ("[vip, new]", vec!["vip", "new"])] {
        let start = CASCADE.find("expect:").expect("what is expected");
        let test = format!("{}expect: [ {{ tag: {written} }} ]\n", &CASCADE[..start]);
        let Expect::All(expected) = scenario(&test).expect else {
            panic!("everything is expected")
        };
        let tags = tags.into_iter().map(Value::text).collect();
        assert_eq!(expected[0].what, Value::List(tags));
    }
}

#[test]
fn web_hooks_answer_by_step_and_may_fail_in_turn() {
    let by_step =
        scenario(&CASCADE.replace("expect:", "answers: { lookup: { discount: 10 } }\nexpect:"));
    assert!(
        matches!(by_step.answers[0].replies.as_slice(), [Reply::Value(Value::Map(map))] if map.get("discount").is_some())
    );
    let listed = "answers: [ { step: lookup, fails: true }, { step: lookup, reply: 5 } ]\nexpect:";
    let in_turn = scenario(&CASCADE.replace("expect:", listed));
    assert_eq!(in_turn.answers.len(), 1);
    assert_eq!(
        in_turn.answers[0].replies,
        [Reply::Failure, Reply::Value(Value::Integer(5))]
    );
}

#[test]
fn several_customers_and_journeys_are_told_apart() {
    let text = CASCADE
        .replace(
            "journey: dormant-cascade",
            "journey: [dormant-cascade, welcome]",
        )
        .replace("customer: {", "customers:\n  - { id: c2 }\n  - {")
        .replace("type: order.paid", "customer: c2, type: order.paid")
        .replace("expect:", "expect_some:");
    let scenario = scenario(&text);
    assert_eq!((scenario.journeys.len(), scenario.customers.len()), (2, 2));
    assert_eq!(scenario.events[0].customer, "c2");
    assert!(matches!(scenario.expect, Expect::Some(ref list) if list.len() == 2));
}
