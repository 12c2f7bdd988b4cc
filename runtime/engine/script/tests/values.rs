//! What scripts see, and what their values are.

use super::*;
use crate::definition::Category;
use crate::script::ErrorKind;

/// Each expression is true.
fn all_hold(sources: &[&str]) {
    for source in sources {
        assert_eq!(evaluate(source), Ok(Value::Bool(true)), "{source}");
    }
}

fn all_null(sources: &[&str]) {
    for source in sources {
        assert_eq!(evaluate(source), Ok(Value::Null), "{source}");
    }
}

#[test]
fn names_show_the_customer_the_event_and_the_journey() {
    all_hold(&[
        r#"customer.id == "c1" && customer.first_name == "Maria""#,
        r#"customer.address.city == "Kyiv" && customer["email"] == "maria@example.com""#,
        r#"customer.score == 15 && customer.consents.email && !customer.consents.sms"#,
        r#"customer.topics.offers == false && "vip" in customer.tags && customer.tags.len() == 4"#,
        r#"event.total == 100.25 && event["until"] == "friday" && event.to.city == "Lviv""#,
        r#"event.meta.type == "order.paid" && event.meta.id == "e1" && event.meta.source == "shop""#,
        r#"event.meta.time == instant("2026-11-22T09:59:00Z")"#,
        r#"event.items.len() == 2 && event.items[1].price == 20.5 && event.items.some(|i| i.sku == "b")"#,
        r#"event.items.some(|i| i.price > vars.discount * 2)"#,
        r#"trigger.kind == "event" && trigger.time == instant("2026-11-20T08:00:00Z")"#,
        r#"trigger.event.total == 100.25 && trigger.event.meta.type == "order.paid""#,
        r#"trigger.date == date("2026-11-21") && trigger.since == customer.last_purchase_at"#,
        r#"vars.discount == 10 && vars["code"] == "ABC" && round == 2"#,
        r#"now == instant("2026-11-22T12:00:00+02:00") && today() == date("2026-11-22")"#,
        r#"`Hello ${customer.first_name}, ${vars.discount} %` == "Hello Maria, 10 %""#,
        r#"is_set(customer) && "email" in customer && !("nothing" in customer)"#,
    ]);
}

#[test]
fn what_is_missing_is_nothing() {
    all_null(&[
        "customer.nothing",
        "customer.nothing.inside",
        "event.x",
        "vars.x",
        "event.x[0]",
        "customer.address.street",
    ]);
    all_hold(&[
        "customer.x == () && !(customer.x != ()) && !(customer.x == 5) && customer.x != 5",
        "(customer.x ?? 7) == 7 && (customer.age ?? 7) == 34",
        "!is_set(customer.x) && is_set(customer.age) && is_set(customer.opted)",
        "!(() < ()) && !(() <= ()) && !(() > ()) && !(() >= ())",
    ]);
    let others = [
        "5",
        "5.5",
        "\"text\"",
        "true",
        "now",
        "today()",
        "days(1)",
        "[1]",
        "#{a: 1}",
        "customer.last_purchase_at",
        "customer.total_spent",
    ];
    for other in others {
        for op in ["<", "<=", ">", ">="] {
            for source in [
                format!("customer.x {op} {other}"),
                format!("{other} {op} customer.x"),
            ] {
                assert_eq!(evaluate(&source), Ok(Value::Bool(false)), "{source}");
            }
        }
        for source in [
            format!("customer.x != {other}"),
            format!("{other} != customer.x"),
        ] {
            assert_eq!(evaluate(&source), Ok(Value::Bool(true)), "{source}");
        }
        for source in [
            format!("customer.x == {other}"),
            format!("{other} == customer.x"),
        ] {
            assert_eq!(evaluate(&source), Ok(Value::Bool(false)), "{source}");
        }
    }
}

#[test]
fn numbers_are_exact_and_mix_both_ways() {
    all_hold(&[
        "0.1 + 0.2 == 0.3 && customer.total_spent == 4200.50 && 4200.5 == customer.total_spent",
        "customer.total_spent > 4200 && 4201 > customer.total_spent && customer.age >= 34.0 && 34.0 == customer.age",
        "3 * 1.5 == 4.5 && 1.5 * 3 == 4.5 && 7 / 2 == 3 && 7.0 / 2 == 3.5 && 7 / 2.0 == 3.5 && 10 - 0.5 == 9.5",
        "9223372036854775807 > 9223372036854775806.5 && 9223372036854775807.0 == 9223372036854775807",
        "max(1, 2) == 2 && (2.567).round(1) == 2.6",
    ]);
    assert_eq!(evaluate("1.5 * 2"), Ok(Value::Decimal(3.into())));
    assert_eq!(evaluate("#{a: [1.5 * 2]}"), Ok(json(r#"{"a": [3.0]}"#)));
    assert_eq!(
        evaluate("customer.total_spent * 1.1").unwrap().to_string(),
        "4620.55"
    );
}

#[test]
fn functions_of_time_go_by_the_customers_clock() {
    all_hold(&[
        // 22:30 in UTC is 00:30 on the 27th in Kyiv.
        "days_since(customer.last_purchase_at) == 299 && months_since(customer.last_purchase_at) == 9",
        "years_since(customer.birthday) == 34 && days_since(today()) == 0 && days_since(today() + days(3)) == -3",
        "hour(now) == 12 && day(now) == 22 && month(now) == 11 && year(now) == 2026 && weekday(now) == \"sun\"",
        "hour(customer.last_purchase_at) == 0 && day(customer.last_purchase_at) == 27",
        "hour(customer.birthday) == 0 && month(customer.birthday) == 2 && weekday(date(\"2026-11-20\")) == \"fri\"",
    ]);
    all_null(&[
        "days_since(customer.x)",
        "months_since(())",
        "years_since(())",
        "hour(())",
        "day(())",
        "month(())",
        "year(())",
        "weekday(())",
        "date(())",
        "instant(())",
        "days(())",
        "customer.x + days(1)",
        "days(1) + customer.x",
        "customer.x - days(1)",
        "now - customer.x",
        "customer.x - now",
        "now + days(customer.x)",
        "latest((), ())",
        "last(\"no.such\")",
        "last(\"no.such\")?.meta.time",
        "days_since(last(\"no.such\").meta.time)",
    ]);
}

#[test]
fn moments_are_compared_and_reckoned_with() {
    all_hold(&[
        "now > customer.last_purchase_at && customer.birthday < today() && customer.birthday < now && now > customer.birthday",
        "today() <= now && today() != now && date(\"2026-11-22\") == instant(\"2026-11-22T00:00:00+02:00\")",
        "date(\"2026-01-31\") + months(1) == date(\"2026-02-28\") && months(1) + date(\"2026-01-31\") == date(\"2026-02-28\")",
        "date(\"2026-03-31\") - months(1) == date(\"2026-02-28\") && today() - days(22) == date(\"2026-10-31\")",
        "date(\"2026-11-22\") + hours(3) == instant(\"2026-11-22T03:00:00+02:00\")",
        // Kyiv goes to summer time on 29 March 2026.
        "instant(\"2026-03-28T12:00:00+02:00\") + days(1) == instant(\"2026-03-29T12:00:00+03:00\")",
        "instant(\"2026-03-28T12:00:00+02:00\") + hours(24) == instant(\"2026-03-29T13:00:00+03:00\")",
        "now + months(1) + days(1) - hours(1) - minutes(30) == instant(\"2026-12-23T10:30:00+02:00\")",
        "now - trigger.time > days(2) && now - trigger.time < days(3) && today() - trigger.date == days(1)",
        "now - (days(1) + hours(2)) == instant(\"2026-11-21T10:00:00+02:00\") && -days(1) == days(-1) && 2 * days(3) == days(6)",
        "days(2) > hours(47) && days(2) == hours(48) && now - hours(1) < now && months(1) == months(1)",
        "latest(customer.x, now) == now && latest(now, customer.x) == now && latest(customer.birthday, now) == now",
        "earliest(customer.birthday, now) == customer.birthday && earliest((), now) == now && earliest(now, now) == now",
    ]);
    assert_eq!(
        evaluate("trigger.date + days(7)"),
        Ok(parse_date("2026-11-28").unwrap().into())
    );
    assert_eq!(
        evaluate("`${trigger.date} ${now}`"),
        Ok("2026-11-21 2026-11-22T10:00:00Z".into())
    );
    let error = evaluate("days(40) > months(1)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::WrongType);
}

#[test]
fn the_history_is_seen_up_to_now() {
    all_hold(&[
        // The event at 11:00 has not happened yet; the one at this very instant has.
        "count(\"order.paid\", days(90)) == 3 && count(\"order.paid\", days(7)) == 1 && count(\"order.paid\", days(8)) == 2",
        "count(\"order.paid\", hours(1)) == 1 && count(\"none\", days(90)) == 0 && count(\"page.viewed\", hours(1)) == 0",
        "sum(\"order.paid\", \"total\", days(90)) == 1000.25 && sum(\"order.paid\", \"nothing\", days(90)) == 0",
        "last(\"order.paid\").order_id == \"o2\" && last(\"order.paid\").meta.time == now && last(\"page.viewed\").page == \"home\"",
        "days_since(last(\"page.viewed\")?.meta.time) == 0",
    ]);
    assert_eq!(
        evaluate("sum(\"order.paid\", \"order_id\", days(90))")
            .unwrap_err()
            .kind,
        ErrorKind::WrongType
    );
}

#[test]
fn the_customer_can_be_asked_about() {
    all_hold(&[
        "has_tag(\"vip\") && !has_tag(\"staff\") && consented(\"email\") && !consented(\"sms\") && !consented(\"push\")",
        "reachable(\"email\") && !reachable(\"sms\") && !reachable(\"push\") && !reachable(\"none\")",
        "in_segment(\"vip\") && in_segment(\"both\") && in_segment(\"vip\")",
        "bucket(\"pilot\", 10) >= 0 && bucket(\"pilot\", 10) < 10 && bucket(\"pilot\", 10) == bucket(\"pilot\", 10) && bucket(\"x\", 1) == 0",
    ]);
    let mut transactional = frame();
    transactional.category = Category::Transactional;
    let holds = |source: &str, person: &mut Person, frame: &Frame| {
        evaluate_in(source, "when", person, frame).unwrap()
    };
    assert_eq!(
        holds("reachable(\"sms\")", &mut person(), &transactional),
        Value::Bool(true)
    );
    let mut suppressed = person();
    suppressed
        .customer
        .suppressed
        .push(crate::customer::Suppressed {
            channel: "email".into(),
            address: "maria@example.com".into(),
        });
    assert_eq!(
        holds("reachable(\"email\")", &mut suppressed, &transactional),
        Value::Bool(false)
    );
    assert_eq!(
        crate::id::bucket(&["c1", "pilot"], 10),
        2,
        "a change would draw every part anew"
    );
    assert_eq!(evaluate("bucket(\"pilot\", 10)"), Ok(Value::Integer(2)));
}

#[test]
fn library_functions_call_each_other_and_the_built_in_ones() {
    all_hold(&[
        "money::doubled(21) == 42 && money::is_much(customer.total_spent) && money::age(customer.last_purchase_at) == 299",
        "money::via(\"ho\") == \"HO!\" && text::city(customer) == \"Kyiv\"",
    ]);
    let error = Scripts::compile(
        vec![],
        &[Library {
            name: "bad".into(),
            source: "fn f() {\n  customer.age }".into(),
        }],
        &[],
    );
    let error = error.unwrap_err().remove(0);
    assert_eq!(
        (error.place.as_str(), error.line),
        ("rhai-lib/bad.rhai", 2),
        "{error}"
    );
}

#[test]
fn a_run_script_is_a_whole_script() {
    let source = "let total = 0;\nfor item in event.items { total += item.price; }\nlet event = 3;\n#{ total: total, x: event, big: total > 30 }";
    assert_eq!(
        run(source),
        Ok(json(r#"{"total": 30.5, "x": 3, "big": true}"#))
    );
    assert_eq!(
        run("fn twice(x) { x * 2 }\n#{ a: twice(4) }"),
        Ok(json(r#"{"a": 8}"#))
    );
    assert_eq!(
        evaluate("let x = 1; x").unwrap_err().kind,
        ErrorKind::Syntax
    );
    for source in [
        "customer.age = 5; #{}",
        "customer[\"age\"] = 5; #{}",
        "vars.x = 1; #{}",
        "now = 5; #{}",
    ] {
        let error = run(source).expect_err(source);
        assert!(
            matches!(error.kind, ErrorKind::Forbidden | ErrorKind::WrongType),
            "{source}: {error:?}"
        );
    }
}

#[test]
fn whole_objects_are_maps() {
    assert_eq!(
        evaluate("vars"),
        Ok(json(r#"{"discount": 10, "code": "ABC"}"#))
    );
    assert_eq!(
        evaluate("last(\"page.viewed\").meta").unwrap().to_json()["type"],
        "page.viewed"
    );
    let event = evaluate("event").unwrap().to_json();
    assert_eq!(
        (event["meta"]["id"].as_str(), event["total"].to_string()),
        (Some("e1"), "100.25".to_owned())
    );
    let customer = evaluate("customer").unwrap().to_json();
    assert_eq!(
        (customer["id"].as_str(), customer["score"].as_i64()),
        (Some("c1"), Some(15))
    );
    assert_eq!(evaluate("trigger").unwrap().to_json()["kind"], "event");
}

#[test]
fn only_true_and_false_are_conditions() {
    for (source, found) in [
        ("customer.age", "an integer"),
        ("customer.x", "nothing"),
        ("\"yes\"", "text"),
        ("now", "an instant"),
    ] {
        let (scripts, script) = compile(source, "audience").unwrap();
        let error = scripts.holds(&script, &mut person(), &frame()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::WrongResult);
        assert!(
            error.message.ends_with(found) && error.help.is_some() && error.place == "audience",
            "{error}"
        );
    }
    let (scripts, script) = compile("customer.age > 18", "audience").unwrap();
    assert_eq!(scripts.holds(&script, &mut person(), &frame()), Ok(true));
}

#[test]
fn the_person_comes_back_untouched_also_after_an_error() {
    let (mut own, frame) = (person(), frame());
    for source in ["customer.age", "nobody", "customer.age + \"x\" * 3"] {
        let _ = evaluate_in(source, "when", &mut own, &frame);
        assert_eq!(own, person(), "{source}");
        assert_eq!(own.history, person().history, "{source}");
    }
}

#[test]
fn segments_see_the_customer_and_nothing_of_the_journey() {
    let error = evaluate("in_segment(\"blind\")").unwrap_err();
    assert!(
        error.message.contains("segment `blind`") && error.message.contains("no `event`"),
        "{error}"
    );
    assert_eq!(
        evaluate("in_segment(\"loop\")").unwrap_err().kind,
        ErrorKind::Cycle
    );
    assert_eq!(
        evaluate("in_segment(\"number\")").unwrap_err().kind,
        ErrorKind::WrongResult
    );
    assert_eq!(
        evaluate("in_segment(\"none\")").unwrap_err().kind,
        ErrorKind::UnknownName
    );
    let (scripts, _) = compile("true", "when").unwrap();
    assert_eq!(
        scripts.is_in_segment("vip", &mut person(), &frame()),
        Ok(true)
    );
    assert!(
        scripts
            .is_in_segment("loop", &mut person(), &frame())
            .is_err()
    );
}

#[test]
fn an_older_version_keeps_its_own_library() {
    let (mut scripts, mut old) = (
        compile("true", "when").unwrap().0,
        Script::new("money::doubled(21)", "when"),
    );
    let library = [Library {
        name: "money".into(),
        source: "fn doubled(x) { x + x + 1 }".into(),
    }];
    scripts.add(vec![&mut old], &library).unwrap();
    assert_eq!(
        scripts.evaluate(&old, &mut person(), &frame()),
        Ok(Value::Integer(43))
    );
    let mut again = Script::new("money::doubled(21) + customer.age", "when");
    scripts.add(vec![&mut again], &library).unwrap();
    assert_eq!(
        scripts.evaluate(&again, &mut person(), &frame()),
        Ok(Value::Integer(77))
    );
}

#[test]
fn a_script_that_was_never_compiled_is_an_error() {
    let (scripts, _) = compile("true", "when").unwrap();
    let error = scripts
        .evaluate(&Script::new("1", "when"), &mut person(), &frame())
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Internal);
}

#[test]
fn errors_at_run_time_tell_the_mistake_and_not_the_data() {
    for (source, kind, words) in [
        ("nobody > 3", ErrorKind::UnknownName, "`nobody`"),
        (
            "customer.age > 3 && nobody",
            ErrorKind::UnknownName,
            "`nobody`",
        ),
        (
            "customer.first_name * 2",
            ErrorKind::WrongType,
            "`*` does not work between text and an integer",
        ),
        (
            "customer.x + 1",
            ErrorKind::WrongType,
            "between nothing and an integer",
        ),
        (
            "days_since(customer.first_name)",
            ErrorKind::WrongType,
            "`days_since` takes an instant or a date, not text",
        ),
        (
            "days_since()",
            ErrorKind::UnknownFunction,
            "`days_since` takes 1 value",
        ),
        (
            "count(\"order.paid\", 90)",
            ErrorKind::WrongType,
            "a length of time",
        ),
        (
            "date(customer.first_name)",
            ErrorKind::WrongType,
            "the text is not a date",
        ),
        (
            "frobnicate(1)",
            ErrorKind::UnknownFunction,
            "no function `frobnicate`",
        ),
        ("nowhere::f(1)", ErrorKind::UnknownName, "no file `nowhere`"),
        (
            "9223372036854775807 + customer.age",
            ErrorKind::Arithmetic,
            "too large",
        ),
        (
            "1 / (customer.age - 34)",
            ErrorKind::Arithmetic,
            "division by zero",
        ),
        (
            "79228162514264337593543950335.0 * customer.total_spent",
            ErrorKind::Arithmetic,
            "too large",
        ),
        (
            "event.items[customer.age].sku",
            ErrorKind::WrongType,
            "nothing at this index",
        ),
        (
            "customer.age && customer.opted",
            ErrorKind::WrongType,
            "true or false is needed",
        ),
        (
            "days(3)",
            ErrorKind::WrongType,
            "a length of time is not a value",
        ),
        ("bucket(\"x\", 0)", ErrorKind::WrongType, "`bucket`"),
    ] {
        let error = evaluate(source).unwrap_err();
        assert!(
            error.kind == kind && error.message.contains(words),
            "{source}: {error:?}"
        );
        let text = error.to_string();
        assert!(
            !text.contains("Maria") && !text.contains("34") && !text.contains("4200"),
            "{source}: {text}"
        );
        assert!(
            !text.contains("::script") && !text.contains("rhai::"),
            "{source}: {text}"
        );
    }
    let error = evaluate("customer.age > 3 &&\n  nobody").unwrap_err();
    assert_eq!((error.line, error.column), (2, 3));
    assert_eq!(
        run("throw customer.first_name").unwrap_err().message,
        "the script gave up with `throw`"
    );
}
