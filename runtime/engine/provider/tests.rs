use serde_json::{Value, json};

use super::*;

fn provider(body: Body) -> Provider {
    Provider {
        name: "p".to_owned(),
        needs: vec!["token".to_owned()],
        url: Some("https://api.example/bot{{ token }}/send".to_owned()),
        method: "POST".to_owned(),
        headers: vec![("Authorization".to_owned(), "Bearer {{ token }}".to_owned())],
        body: Some(body),
        ..Provider::default()
    }
}

fn message(fields: &[(&str, &str)]) -> Message {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Message {
        fields: fields.iter().map(owned).collect(),
        buttons: Vec::new(),
    }
}

fn composer(provider: Provider, token: &str) -> Composer {
    let settings = [("token".to_owned(), token.to_owned())].into();
    Composer::new(provider, None, settings).expect("a composer")
}

fn json_of(tree: Value, fields: &[(&str, &str)]) -> Value {
    let composer = composer(provider(Body::Json(tree)), "t0k3n");
    let request = composer.request(&message(fields)).expect("a request");
    match request.body {
        Some(Filled::Json(text)) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no JSON: {other:?}"),
    }
}

/// What customers are called who want to be more than a value.
const HOSTILE: &[&str] = &[
    r#"", "to": "eve"#,
    r#"\u0022,\u0022to\u0022:\u0022eve"#,
    "{{ token }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "${env:SMS_TOKEN}",
    "#{token}",
    "Anna\r\nBcc: eve@example.com",
    "\u{0}\u{7}\u{1b}[31m",
    "\u{202e}moc.elpmaxe",
    "a&to=eve#frag?x=1",
    "%26to%3Deve",
    "../../../etc/passwd",
    "</script><script>alert(1)</script>",
    "true",
    "null",
    "380501112233",
];

#[test]
fn a_value_is_never_more_than_a_value_of_json() {
    for hostile in HOSTILE {
        let tree = json!({ "to": ["{{ to }}"], "sms": { "text": "{{ text }}", "greeting": "Dear {{ text }}!" } });
        let made = json_of(tree, &[("to", hostile), ("text", hostile)]);
        let wanted = json!({ "to": [hostile], "sms": { "text": hostile, "greeting": format!("Dear {hostile}!") } });
        assert_eq!(made, wanted, "{hostile:?}");
    }
}

#[test]
fn a_value_is_never_more_than_a_value_of_a_form() {
    for hostile in HOSTILE {
        let form = Body::Form(vec![("To".to_owned(), "{{ to }}".to_owned())]);
        let request = composer(provider(form), "t").request(&message(&[("to", hostile)]));
        let body = request.expect("a request").body;
        let wanted = vec![("To".to_owned(), (*hostile).to_owned())];
        assert_eq!(body, Some(Filled::Form(wanted)));
    }
}

#[test]
fn a_setting_can_not_leave_its_place_in_an_address() {
    for (token, url) in [
        ("123:AB-c_d", "https://api.example/bot123:AB-c_d/send"),
        (
            "a/b?c#d@evil.example",
            "https://api.example/bota%2Fb%3Fc%23d%40evil.example/send",
        ),
        ("ї %2e", "https://api.example/bot%D1%97%20%252e/send"),
    ] {
        let composer = composer(provider(Body::Json(json!({}))), token);
        assert_eq!(composer.url(), url);
    }
}

#[test]
fn a_lone_expression_keeps_its_type_and_leaves_nothing_behind_if_it_has_none() {
    let tree = json!({
        "phone": "{{ to | digits(number=true) }}", "short": "{{ to | digits }}", "ttl": 60,
        "mode": "{{ 'HTML' if format == 'html' }}", "subject": "{{ subject }}", "list": ["{{ subject }}", "x"],
    });
    let made = json_of(tree, &[("to", "+38 (050) 111-22-33"), ("format", "txt")]);
    assert_eq!(
        made,
        json!({ "phone": 380_501_112_233_u64, "short": "380501112233", "ttl": 60, "list": ["x"] })
    );
}

#[test]
fn what_does_not_fit_is_told_without_any_value() {
    let tree = json!({ "phone": "{{ to | digits(number=true) }}" });
    let composer = composer(provider(Body::Json(tree)), "s3cret");
    let told = composer.request(&message(&[("to", "anna")]));
    let told = told.err().expect("no number");
    assert_eq!(
        told,
        "unfit: `body` of the request can't be made: its values don't fit"
    );
}

#[test]
fn what_is_missing_is_told_by_name() {
    let made = Composer::new(provider(Body::Json(json!({}))), None, BTreeMap::default());
    assert_eq!(made.err().as_deref(), Some("p needs `token`"));
}

#[test]
fn a_secret_is_none_unless_all_that_it_names_says_something() {
    let composer = composer(provider(Body::Json(json!({}))), "t0k3n");
    let own = composer.secret("Bearer {{ token }}");
    assert_eq!(own, Ok(Some("Bearer t0k3n".to_owned())));
    for text in [
        "{{ callback_secret }}",
        "Bearer {{ callback_secret }}",
        "{{ token }}.{{ callback_secret }}",
        "v1:{{ callback_secret | default('x') }}",
    ] {
        assert_eq!(composer.secret(text), Ok(None), "{text}");
        let lacking = Ok(vec!["callback_secret".to_owned()]);
        assert_eq!(composer.lacks(text), lacking, "{text}");
    }
    for token in ["", " \n"] {
        let composer = self::composer(provider(Body::Json(json!({}))), token);
        assert_eq!(composer.secret("Bearer {{ token }}"), Ok(None), "{token:?}");
    }
}

#[test]
fn the_key_stands_where_the_provider_wants_it() {
    let lasts = Duration::from_days(1);
    let mut own = provider(Body::Json(json!({ "to": "{{ to }}" })));
    own.idempotency = Some(Idempotency {
        place: KeyPlace::Header("Idempotency-Key".to_owned()),
        lasts,
    });
    let fields = [("to", "x"), ("key", "k1")];
    let request = composer(own.clone(), "t").request(&message(&fields));
    let header = ("Idempotency-Key".to_owned(), "k1".to_owned());
    assert!(request.expect("a request").headers.contains(&header));
    own.idempotency = Some(Idempotency {
        place: KeyPlace::Field("uuid".to_owned()),
        lasts,
    });
    let request = composer(own, "t").request(&message(&fields));
    let body = Some(Filled::Json(r#"{"to":"x","uuid":"k1"}"#.to_owned()));
    assert_eq!(request.expect("a request").body, body);
}

fn rule(status: (u16, u16), field: Option<&str>, is: &[&str], means: Means) -> Rule {
    Rule {
        status: vec![status],
        field: field.map(str::to_owned),
        is: is.iter().map(|own| (*own).to_owned()).collect(),
        means,
    }
}

fn answer(status: u16, body: Value) -> Answer {
    Answer {
        status,
        retry_after: None,
        body: Some(body),
    }
}

#[test]
fn the_first_rule_that_fits_says_what_an_answer_means() {
    let code = Some("result.0.code");
    let provider = Provider {
        answers: vec![
            rule((200, 200), code, &["0", "800"], Means::Accepted),
            rule((200, 200), code, &["203"], Means::Away),
            rule((200, 200), code, &[], Means::Refused),
            rule((418, 418), None, &[], Means::Later),
        ],
        message_id: Some("result.0.id".to_owned()),
        retry_after: Some("wait".to_owned()),
        ..Provider::default()
    };
    let with = |code: Value| json!({ "result": [{ "code": code, "id": "a-1" }], "wait": 7 });
    for (answer, means, said) in [
        (
            answer(200, with(json!(0))),
            Means::Accepted,
            "200, result.0.code 0",
        ),
        (
            answer(200, with(json!("800"))),
            Means::Accepted,
            "200, result.0.code 800",
        ),
        (
            answer(200, with(json!(203))),
            Means::Away,
            "200, result.0.code 203",
        ),
        (
            answer(200, with(json!(404))),
            Means::Refused,
            "200, result.0.code 404",
        ),
        // Nothing that a person may be named by is told.
        (
            answer(200, with(json!("380501112233"))),
            Means::Refused,
            "200",
        ),
        (
            answer(200, with(json!("Anna is unknown"))),
            Means::Refused,
            "200",
        ),
        (answer(200, with(json!(null))), Means::InDoubt, "200"),
        (answer(200, json!({})), Means::InDoubt, "200"),
        (answer(200, json!("hello")), Means::InDoubt, "200"),
        (answer(201, json!({})), Means::Accepted, "201"),
        (answer(418, json!({})), Means::Later, "418"),
    ] {
        let verdict = provider.judge(&answer);
        assert_eq!(
            (verdict.means, verdict.said.as_str()),
            (means, said),
            "{answer:?}"
        );
    }
    let verdict = provider.judge(&answer(200, with(json!(0))));
    assert_eq!(
        (verdict.id.as_deref(), verdict.after),
        (Some("a-1"), Some(7))
    );
    let without = Answer {
        status: 200,
        ..Answer::default()
    };
    assert_eq!(provider.judge(&without).means, Means::InDoubt);
}

#[test]
fn a_status_has_its_meaning_where_nothing_else_is_said() {
    let provider = Provider::default();
    for (status, means) in [
        (200, Means::Accepted),
        (202, Means::Accepted),
        (204, Means::Accepted),
        (301, Means::Away),
        (302, Means::Away),
        (307, Means::Away),
        (400, Means::Refused),
        (401, Means::Away),
        (402, Means::Away),
        (403, Means::Away),
        (404, Means::Away),
        (408, Means::Later),
        (409, Means::Refused),
        (413, Means::Refused),
        (422, Means::Refused),
        (429, Means::Later),
        (500, Means::InDoubt),
        (502, Means::InDoubt),
        (503, Means::InDoubt),
        (504, Means::InDoubt),
    ] {
        assert_eq!(
            provider.judge(&answer(status, json!({}))).means,
            means,
            "{status}"
        );
    }
    let busy = Answer {
        status: 503,
        retry_after: Some(30),
        body: None,
    };
    assert_eq!(provider.judge(&busy).means, Means::Later);
}

#[test]
fn buttons_come_as_a_list_and_the_first_by_its_parts() {
    let tree = serde_json::json!({
        "caption": "{{ button_text }}",
        "keyboard": "{{ {'inline': buttons | batch(1)} if buttons }}",
        "all": "{{ buttons }}",
    });
    let composer = composer(provider(Body::Json(tree)), "t0k3n");
    let filled = |buttons: Vec<Button>| {
        let message = Message {
            buttons,
            ..Message::default()
        };
        match composer.request(&message).expect("a request").body {
            Some(Filled::Json(text)) => serde_json::from_str::<Value>(&text).expect("JSON"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(filled(Vec::new()), serde_json::json!({}));
    let button = |text: &str| Button {
        text: text.to_owned(),
        url: format!("https://shop.example/{text}"),
    };
    let own = |text: &str| serde_json::json!({ "text": text, "url": format!("https://shop.example/{text}") });
    assert_eq!(
        filled(vec![button("a"), button("{{ token }}")]),
        serde_json::json!({
            "caption": "a",
            "keyboard": { "inline": [[own("a")], [own("{{ token }}")]] },
            "all": [own("a"), own("{{ token }}")],
        })
    );
}
