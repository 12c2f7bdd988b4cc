//! Whatever customers are called, a request holds what its description says and no more.

use serde_json::{Value, json};

use super::receiver::{Does, Receiver};
use super::{own, paid, shop};

/// Names that want to be more than names.
const HOSTILE: &[&str] = &[
    r#"", "to": "+380000000000"#,
    r#"\", \"to\": \"eve"#,
    "{{ token }}",
    "{% raw %}x",
    "${file:token}",
    "${env:HOME}",
    "#{token}",
    "x\r\nX-Admin: 1\r\n\r\n{}",
    "a&to=eve&=x%26",
    "\u{202e}gnirts",
    "</b><script>alert(1)</script>",
    "'; DROP TABLE outbox; --",
    "\u{1}\u{7f}",
];

const TAKEN: Does = Does::Says(200, "", r#"{"code":0}"#);

#[test]
fn a_name_is_a_value_of_json_and_nothing_more() {
    let receiver = Receiver::that(TAKEN);
    let shop = own(&receiver);
    let events: Vec<String> = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, name)| paid(&format!("{n}"), "anna", name, "+380501112233"))
        .collect();
    shop.drop_events("1.jsonl", &events);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let mut texts = Vec::new();
    for came in receiver.came() {
        let body: Value = serde_json::from_str(&came.body).expect("JSON");
        let names: Vec<&str> = body
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(names, ["ref", "text", "to"]);
        assert_eq!(body["to"], json!("+380501112233"));
        texts.push(body["text"].as_str().expect("text").to_owned());
        let mut headers: Vec<&str> = came.headers.iter().map(|(name, _)| name.as_str()).collect();
        headers.sort_unstable();
        let known = [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
        ];
        assert_eq!(headers, known);
        assert_eq!(came.header("authorization"), Some("Bearer t0k3n"));
    }
    let wanted: Vec<String> = HOSTILE
        .iter()
        .map(|name| format!("Дякуємо, {name}! 900 грн."))
        .collect();
    assert_eq!(texts, wanted);
}

#[test]
fn a_name_is_a_value_of_a_form_and_of_a_query_and_nothing_more() {
    let receiver = Receiver::that(Does::Says(200, "", ""));
    let channel = format!(
        "provider: own, url: \"http://127.0.0.1:{}/send?fixed=1\"",
        receiver.port
    );
    let shop = shop(&channel, "");
    shop.write(
        "channels/own.yaml",
        "query: { text: \"{{ text }}\" }\nbody: { form: { To: \"{{ to }}\", Body: \"{{ text }}\" } }\n",
    );
    let events: Vec<String> = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, name)| paid(&format!("{n}"), "anna", name, "+380501112233"))
        .collect();
    shop.drop_events("1.jsonl", &events);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let came = receiver.came();
    assert_eq!(came.len(), HOSTILE.len());
    for (came, name) in came.iter().zip(HOSTILE) {
        let text = format!("Дякуємо, {name}! 900 грн.");
        let read = |encoded: &str| -> Vec<(String, String)> {
            url::form_urlencoded::parse(encoded.as_bytes())
                .into_owned()
                .collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read(&came.body),
            [pair("To", "+380501112233"), pair("Body", &text)]
        );
        let (path, query) = came.line.split_once('?').expect("a query");
        assert_eq!(path, "POST /send");
        assert_eq!(read(query), [pair("fixed", "1"), pair("text", &text)]);
    }
}
