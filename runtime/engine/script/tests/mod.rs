//! Scripts, from their text to their value.

mod agreement;
mod hostile;
mod reading;
mod times;
mod values;

use std::sync::Arc;

use super::{Error, Frame, Scripts};
use crate::calendar::{Instant, Zone, parse_date};
use crate::customer::{Consent, Customer, Points};
use crate::definition::{Library, Script, Segment};
use crate::enrollment::Started;
use crate::event::Event;
use crate::map::Map;
use crate::person::Person;
use crate::value::Value;

pub(super) const KYIV: Zone = Zone::Europe__Kyiv;

pub(super) fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

pub(super) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(super) fn event(id: &str, kind: &str, time: &str, data: &str) -> Arc<Event> {
    let Value::Map(data) = json(data) else {
        panic!("{data} is not a map")
    };
    Arc::new(Event {
        id: id.into(),
        source: "shop".into(),
        kind: kind.into(),
        customer: "c1".into(),
        time: instant(time),
        data,
        attributes: Map::new(),
    })
}

/// Maria, on 22 November 2026 at noon in Kyiv.
pub(super) fn person() -> Person {
    let mut customer = Customer::new("c1".into());
    let Value::Map(attributes) = json(
        r#"{"first_name": "Maria", "email": "maria@example.com", "phone": "+380501112233", "total_spent": 4200.5, "orders_count": 12,
            "tags": ["newsletter", "app", "vip", "br"], "score": 5, "address": {"city": "Kyiv", "zip": "01001"},
            "age": 34, "timezone": "Europe/Kyiv", "opted": false}"#,
    ) else {
        panic!("not a map")
    };
    customer.attributes = attributes;
    customer
        .attributes
        .insert("last_purchase_at", instant("2026-01-26T22:30:00Z").into());
    customer
        .attributes
        .insert("birthday", parse_date("1992-02-29").unwrap().into());
    customer.consents.push(Consent {
        channel: "email".into(),
        granted: true,
        at: Instant::MIN,
    });
    customer.consents.push(Consent {
        channel: "sms".into(),
        granted: false,
        at: Instant::MIN,
    });
    customer.opted_out.push("offers".into());
    customer.points.push(Points {
        add: 10,
        because: "visit".into(),
        until: Some(instant("2026-11-23T00:00:00Z")),
    });
    customer.points.push(Points {
        add: 100,
        because: "past".into(),
        until: Some(instant("2026-11-22T10:00:00Z")),
    });
    let mut person = Person::new(customer);
    person.history = vec![
        event(
            "o1",
            "order.paid",
            "2026-11-01T10:00:00Z",
            r#"{"total": 900, "order_id": "o1"}"#,
        ),
        event(
            "o4",
            "order.paid",
            "2026-11-22T11:00:00Z",
            r#"{"total": 1, "order_id": "o4"}"#,
        ),
        event(
            "o2",
            "order.paid",
            "2026-11-22T10:00:00Z",
            r#"{"total": 100.25, "order_id": "o2"}"#,
        ),
        event(
            "o3",
            "order.paid",
            "2026-11-15T10:00:00Z",
            r#"{"order_id": "o3"}"#,
        ),
        event(
            "v1",
            "page.viewed",
            "2026-11-22T09:00:00Z",
            r#"{"page": "home"}"#,
        ),
    ];
    person
}

/// Noon in Kyiv on that day, with an event at hand.
pub(super) fn frame() -> Frame {
    let mut frame = Frame::new(instant("2026-11-22T10:00:00Z"), KYIV).with_event(event(
        "e1",
        "order.paid",
        "2026-11-22T09:59:00Z",
        r#"{"total": 100.25, "items": [{"sku": "a", "price": 10}, {"sku": "b", "price": 20.5}], "until": "friday", "to": {"city": "Lviv"}}"#,
    ));
    let Value::Map(vars) = json(r#"{"discount": 10, "code": "ABC"}"#) else {
        panic!("not a map")
    };
    frame.vars = Some(Arc::new(vars));
    frame.started = Some(Arc::new(Started {
        kind: "event".into(),
        time: instant("2026-11-20T08:00:00Z"),
        event: frame.event.clone(),
        date: parse_date("2026-11-21").ok(),
        since: Some(instant("2026-01-26T22:30:00Z").into()),
    }));
    frame.round = Some(2);
    frame
}

/// What stands behind the built-in names in every test.
fn surroundings() -> (Vec<Library>, Vec<Segment>) {
    let library = |name: &str, source: &str| Library {
        name: name.into(),
        source: source.into(),
    };
    let segment = |name: &str, source: &str| Segment {
        name: name.into(),
        condition: Script::new(source, format!("segments.{name}")),
    };
    let libraries = vec![
        library(
            "money",
            "const RATE = 2;\nfn doubled(x) { x * global::RATE }\nfn is_much(x) { doubled(x) > 1000 }\nfn age(t) { days_since(t) }\nfn via(x) { text::shout(x) }",
        ),
        library(
            "text",
            "fn shout(x) { x.to_upper() + \"!\" }\nfn forever(n) { forever(n + 1) }\nfn city(customer) { customer.address.city }",
        ),
    ];
    let segments = vec![
        segment(
            "vip",
            "customer.total_spent >= 4000 && days_since(customer.last_purchase_at) < 365",
        ),
        segment(
            "both",
            "in_segment(\"vip\") && money::is_much(customer.total_spent)",
        ),
        segment("loop", "in_segment(\"pool\")"),
        segment("pool", "in_segment(\"loop\")"),
        segment("blind", "is_set(event)"),
        segment("number", "1 + 1"),
    ];
    (libraries, segments)
}

pub(super) fn compile(source: &str, place: &str) -> Result<(Scripts, Script), Error> {
    let (library, segments) = surroundings();
    let mut script = Script::new(source, place);
    let scripts = Scripts::compile(vec![&mut script], &library, &segments)
        .map_err(|mut errors| errors.remove(0))?;
    Ok((scripts, script))
}

pub(super) fn evaluate_in(
    source: &str,
    place: &str,
    person: &mut Person,
    frame: &Frame,
) -> Result<Value, Error> {
    let (scripts, script) = compile(source, place)?;
    if let (slow, Some(fast)) = scripts.both_ways(&script, person, frame) {
        assert_eq!(
            slow,
            Ok(fast),
            "{source}: the fast path says something else than Rhai"
        );
    }
    scripts.evaluate(&script, person, frame)
}

pub(super) fn evaluate(source: &str) -> Result<Value, Error> {
    evaluate_in(source, "steps[0].when", &mut person(), &frame())
}

pub(super) fn run(source: &str) -> Result<Value, Error> {
    evaluate_in(source, "steps[0].run", &mut person(), &frame())
}
