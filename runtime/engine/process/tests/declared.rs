//! What steps and `profile.yaml` work out is kept as the schemas declare it, whichever way it came.

use rust_decimal::Decimal;

use super::*;
use crate::calendar::parse_date;
use crate::definition::{Emit, Fields, Type};
use crate::input::Effect;

fn schema() -> Schema {
    let fields = || {
        Fields::from([
            ("total".to_owned(), Type::Number),
            ("visits".to_owned(), Type::Integer),
            ("anniversary".to_owned(), Type::Date),
        ])
    };
    let mut schema = Schema::default();
    schema.customer.extend(fields());
    schema.events.insert("made".to_owned(), fields());
    schema
}

fn values() -> Vec<(String, Computed)> {
    let expression = |source: &str| Computed::Expression(Script::new(source, "x"));
    vec![
        ("total".to_owned(), expression("20 / 2")),
        ("visits".to_owned(), expression("6.0 / 2.0")),
        ("anniversary".to_owned(), expression("\"2026-03-08\"")),
    ]
}

fn typed(map: &Map) {
    assert_eq!(map.get("total"), Some(&Value::Decimal(Decimal::from(10))));
    assert_eq!(map.get("visits"), Some(&Value::Integer(3)));
    let date = parse_date("2026-03-08").unwrap();
    assert_eq!(map.get("anniversary"), Some(&Value::Date(date)));
}

fn play(steps: Vec<Step>, profile: Vec<ProfileUpdate>) -> Play {
    let journey = journey(vec![TriggerKind::Manual], steps);
    Play::with_schema(journey, None, profile, schema())
}

#[test]
fn set_keeps_what_the_schema_declares() {
    let mut play = play(vec![step(Verb::Set(values()))], Vec::new());
    play.enroll();
    typed(&play.person.customer.attributes);
    let stored = serde_json::to_string(&play.person.customer.attributes).unwrap();
    typed(&serde_json::from_str(&stored).unwrap());
}

#[test]
fn profile_yaml_keeps_what_the_schema_declares() {
    let update = ProfileUpdate {
        event: "order.paid".into(),
        set: values(),
    };
    let mut play = play(Vec::new(), vec![update]);
    play.event("order.paid", "n", Value::Integer(1));
    typed(&play.person.customer.attributes);
}

#[test]
fn emit_sends_what_the_schema_declares() {
    let emit = Emit {
        event: "made".into(),
        data: values(),
    };
    let mut play = play(vec![step(Verb::Emit(emit))], Vec::new());
    let changes = process(
        &play.catalog,
        &mut play.person,
        &mut play.desk,
        Input::Enroll {
            journey: "j".into(),
            vars: Map::new(),
            request: "r".into(),
        },
        play.clock,
    );
    let mut emitted = changes.commands.iter().filter_map(|own| match &own.what {
        Effect::Emit { event } => Some(event),
        _ => None,
    });
    typed(&emitted.next().expect("an event").data);
}

#[test]
fn a_value_that_the_schema_does_not_take_ends_the_enrollment_and_says_which() {
    let wrong = vec![(
        "anniversary".to_owned(),
        Computed::Expression(Script::new("\"soon\"", "steps[0].set.anniversary")),
    )];
    let mut play = play(vec![step(Verb::Set(wrong))], Vec::new());
    play.enroll();
    assert_eq!(play.person.customer.attributes.get("anniversary"), None);
    let exit = play.actions.last().expect("an exit");
    let reason = exit.reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("error"), "{reason}");
}
