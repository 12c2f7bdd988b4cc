use std::sync::Arc;

use super::{
    Arrival, Columns, DEEPEST, Decoder, Error, LARGEST, MOST_NAMES, Parts, Record, time_of,
};
use crate::calendar::{Date, Instant};
use crate::definition::{Schema, Type};
use crate::value::Value;

fn schema() -> Arc<Schema> {
    let mut schema = Schema::default();
    let order = [
        ("total", Type::Number),
        ("items", Type::Integer),
        ("paid_at", Type::Instant),
        ("due", Type::Date),
    ];
    let lines = Type::List(Box::new(Type::Map(
        [("sku".to_owned(), Type::Text(vec![]))].into(),
    )));
    schema.events.insert(
        "order.paid".into(),
        order
            .map(|(name, kind)| (name.to_owned(), kind))
            .into_iter()
            .chain([("lines".to_owned(), lines)])
            .collect(),
    );
    schema.customer = [
        ("birthday".to_owned(), Type::Date),
        ("orders_count".to_owned(), Type::Integer),
        ("vip".to_owned(), Type::Boolean),
    ]
    .into();
    Arc::new(schema)
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn order(time: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"e1","source":"shop","type":"order.paid","subject":"c1",{time}"data":{data},"traceparent":"x"}}"#
    )
}

fn read(text: &str, arrival: Arrival) -> Result<crate::event::Event, Error> {
    Decoder::new(schema()).event(text.as_bytes(), arrival)
}

const TIME: &str = r#""time":"2026-11-22T08:00:00Z","#;

#[test]
fn data_take_the_types_of_their_schema() {
    let text = order(
        TIME,
        r#"{"total":10,"items":2,"paid_at":"2026-11-22T10:00:00+02:00","due":"2026-12-01","free":"2026-12-01"}"#,
    );
    let event = read(&text, Arrival::OwnTime).unwrap();
    assert_eq!(event.time, at("2026-11-22T08:00:00Z"));
    assert_eq!(event.data.get("total"), Some(&Value::Decimal(10.into())));
    assert_eq!(event.data.get("items"), Some(&Value::Integer(2)));
    assert_eq!(
        event.data.get("paid_at"),
        Some(&Value::Instant(at("2026-11-22T08:00:00Z")))
    );
    assert_eq!(
        event.data.get("due"),
        Date::from_ymd_opt(2026, 12, 1).map(Value::Date).as_ref()
    );
    assert_eq!(event.data.get("free"), Some(&Value::text("2026-12-01")));
}

#[test]
fn a_wrong_type_names_its_path_and_no_value() {
    let cases = [
        (
            r#"{"total":"secret"}"#,
            "`total` should be a number, found text",
        ),
        (
            r#"{"items":2.5}"#,
            "`items` should be an integer, found a number",
        ),
        (
            r#"{"lines":[{"sku":"a"},{"sku":7}]}"#,
            "`lines[1].sku` should be text, found an integer",
        ),
        (
            r#"{"due":"22.11.2026"}"#,
            "`due` should be a date like 2026-11-22, found a day written like 31.12.2025",
        ),
        (
            r#"{"customer":{"birthday":7}}"#,
            "`customer.birthday` should be a date like 2026-11-22, found an integer",
        ),
    ];
    for (data, message) in cases {
        let error = read(&order(TIME, data), Arrival::OwnTime).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.reason()),
            (message, "wrong_type")
        );
    }
}

#[test]
fn attributes_come_along_as_data_customer() {
    let event = read(
        &order(
            TIME,
            r#"{"customer":{"birthday":"2000-02-29","nick":"A"},"total":1}"#,
        ),
        Arrival::OwnTime,
    )
    .unwrap();
    assert_eq!(
        event.attributes.get("birthday"),
        Date::from_ymd_opt(2000, 2, 29).map(Value::Date).as_ref()
    );
    assert_eq!(event.attributes.get("nick"), Some(&Value::text("A")));
    assert!(event.data.get("customer").is_none());
}

#[test]
fn time_is_settled_on_arrival() {
    let now = at("2026-11-21T09:00:00Z");
    let time = |text: &str| read(&order(text, "{}"), Arrival::At(now)).map(|event| event.time);
    assert_eq!(time(""), Ok(now));
    assert_eq!(
        time(TIME),
        Ok(now),
        "up to a day ahead is taken as of its arrival"
    );
    assert_eq!(
        time(r#""time":"2026-11-22T09:00:00.001Z","#),
        Err(Error::Ahead)
    );
    assert_eq!(
        time(r#""time":"2020-01-01T00:00:00Z","#),
        Ok(at("2020-01-01T00:00:00Z"))
    );
    assert_eq!(time(r#""time":"yesterday","#), Err(Error::BadTime));
    assert_eq!(
        read(&order("", "{}"), Arrival::OwnTime),
        Err(Error::Missing { field: "time" })
    );
    assert_eq!(
        read(&order(TIME, "{}"), Arrival::OwnTime).map(|event| event.time),
        Ok(at("2026-11-22T08:00:00Z"))
    );
}

#[test]
fn what_is_no_cloud_event_is_refused_with_its_reason() {
    let deep = order(
        TIME,
        &format!(
            "{}{}",
            r#"{"a":"#.repeat(DEEPEST + 1),
            "1}".replacen('1', &format!("1{}", "}".repeat(DEEPEST)), 1)
        ),
    );
    let wide = order(
        TIME,
        &format!(
            "{{{}}}",
            (0..MOST_NAMES)
                .map(|n| format!(r#""n{n}":1"#))
                .collect::<Vec<_>>()
                .join(",")
        ),
    );
    let cases = [
        ("{\"id\": \u{1}".to_owned(), "not_json"),
        (r"[1,2]".to_owned(), "not_an_object"),
        (r#"{"id":"a"} {"id":"b"}"#.to_owned(), "not_json"),
        (order(TIME, "{}").replace("1.0", "0.3"), "wrong_version"),
        (
            order(TIME, "{}").replace(r#""1.0""#, "1.0"),
            "wrong_version",
        ),
        (
            order(TIME, "{}").replace(r#""specversion":"1.0","#, ""),
            "wrong_version",
        ),
        (
            order(TIME, "{}").replace(r#""id":"e1","#, ""),
            "missing_field",
        ),
        (
            order(TIME, "{}").replace(r#""id":"e1""#, r#""id":7"#),
            "wrong_type",
        ),
        (
            order(TIME, "{}").replace(r#""subject":"c1","#, ""),
            "missing_field",
        ),
        (
            order(TIME, "{}").replace("c1", &"c".repeat(600)),
            "name_too_long",
        ),
        (order(TIME, "[]"), "wrong_type"),
        (order(TIME, r#"{"a":1,"a":2}"#), "field_twice"),
        (order(TIME, r#"{"total":1e99}"#), "number_too_long"),
        (
            order(TIME, r#"{}},"data":{{}"#)
                .replace("{{", "{")
                .replace("}}", "}"),
            "field_twice",
        ),
        (
            order(TIME, "{}").replace(r#""data":{}"#, r#""data_base64":"e30=""#),
            "binary_data",
        ),
        (
            order(TIME, &format!(r#"{{"a":"{}"}}"#, "x".repeat(LARGEST))),
            "too_large",
        ),
        (deep, "too_deep"),
        (wide, "too_many_fields"),
    ];
    for (text, reason) in cases {
        let error = read(&text, Arrival::OwnTime).unwrap_err();
        assert_eq!(error.reason(), reason, "{}", &text[..text.len().min(200)]);
    }
}

#[test]
fn events_of_the_team_need_no_subject() {
    let parts = Parts {
        id: "1",
        source: "crm",
        kind: "person.away",
        subject: "",
        time: None,
    };
    let event = Decoder::new(schema())
        .parts(parts, br#"{"person":"olena"}"#, Arrival::At(Instant::MIN))
        .unwrap();
    assert_eq!(&*event.customer, "");
    assert_eq!(event.data.get("person"), Some(&Value::text("olena")));
}

#[test]
fn the_time_alone_is_read_past_the_data() {
    assert_eq!(
        time_of(order(TIME, r#"{"time":"1999-01-01T00:00:00Z"}"#).as_bytes()),
        Some(at("2026-11-22T08:00:00Z"))
    );
    assert_eq!(time_of(b"{"), None);
    for (text, time) in [
        (
            r#"{"data":{"time":"1999-01-01T00:00:00Z"},"time":"2026-11-22T08:00:00Z"}"#,
            true,
        ),
        (
            r#"{"source":"time","time" : "2026-11-22T08:00:00Z","data":{}}"#,
            true,
        ),
        (
            r#"{"source":"a\"time\":","time":"2026-11-22T08:00:00Z"}"#,
            true,
        ),
        (r#"{"data":{"time":"2026-11-22T08:00:00Z"}}"#, false),
    ] {
        let expected = time.then(|| at("2026-11-22T08:00:00Z"));
        assert_eq!(time_of(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_customer_is_read_from_json() {
    let text = br#"{"id":"0001","email":"a@example.com","consents":{"email":true,"sms":false},"topics":{"news":false},"tags":["staff"],"phone":null}"#;
    let customer = Record::from_json(&schema(), text).unwrap().into_customer();
    assert!(customer.consented("email") && !customer.consented("sms") && customer.has_tag("staff"));
    assert_eq!(
        (customer.opted_out.as_slice(), customer.address("email")),
        (["news".to_owned()].as_slice(), Some("a@example.com"))
    );
    assert_eq!(
        Record::from_json(&schema(), b"{}"),
        Err(Error::Missing { field: "id" })
    );
    assert!(Record::from_json(&schema(), br#"{"id":"1","consents":{"email":"yes"}}"#).is_err());
}

#[test]
fn a_customer_is_read_from_csv_by_the_same_types() {
    let columns = Columns::new([
        "id",
        "email",
        "birthday",
        "orders_count",
        "vip",
        "tags",
        "consents.email",
        "note",
    ]);
    let row = columns
        .record(
            &schema(),
            [
                "0001",
                "a@example.com",
                "2000-02-29",
                "7",
                "true",
                "a; b",
                "true",
                "",
            ],
        )
        .unwrap();
    let json = br#"{"id":"0001","email":"a@example.com","birthday":"2000-02-29","orders_count":7,"vip":true,"tags":["a","b"],"consents":{"email":true}}"#;
    assert_eq!(row, Record::from_json(&schema(), json).unwrap());
    let error = columns
        .record(&schema(), ["1", "", "", "seven", "", "", "", ""])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`orders_count` should be an integer, found text"
    );
}

#[test]
fn a_consent_has_a_date_of_its_own_in_csv() {
    let columns = Columns::new([
        "id",
        "consents.email",
        "consents.email.at",
        "consents.sms.at",
    ]);
    let since = "2026-01-01T00:00:00Z";
    let row = columns.record(&schema(), ["1", "false", since, since]);
    let row = row.unwrap();
    let at = Instant::parse(since).ok();
    assert_eq!((row.since("email"), row.since("sms")), (at, at));
    let consents = row.attributes.get("consents").unwrap().to_json();
    assert_eq!(consents["email"], false);
    assert_eq!(consents["sms"], true, "a date alone says that it was given");
    let undecided = columns.record(&schema(), ["1", "", since, ""]).unwrap_err();
    assert_eq!(undecided.field(), Some("consents.email"));
    let wrong = columns.record(&schema(), ["1", "true", "31.12.2025", ""]);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "`consents.email.at` should be an instant like 2026-11-22T08:00:00Z, found a day written like 31.12.2025"
    );
}
