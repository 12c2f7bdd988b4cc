//! The providers that come along, each held against what it publishes: the request that it wants, and what its answers mean.
//!
//! Read in November 2026, at the addresses that stand in the descriptions. No provider was asked: that is what `kurant channel try`
//! is for.

use serde_json::{Value, json};

use super::receiver::{Came, Does, Receiver};
use super::{outbox, paid, shop};

/// A message for a number, by a provider with these settings, and the request that it makes.
fn sent(settings: &str, does: Does) -> (Came, crate::run::sample::Shop) {
    let receiver = Receiver::that(does);
    let channel = format!(
        "{settings}, timeout: 1s, url: \"http://127.0.0.1:{}/path\"",
        receiver.port
    );
    let shop = shop(&channel, "");
    for (name, text) in [("token", "t0k3n"), ("password", "s3cret")] {
        shop.write(name, text);
    }
    shop.drop_events(
        "1.jsonl",
        &[paid("1", "anna", "Анна", "+38 (050) 111-22-33")],
    );
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let came = receiver.came().pop().expect("a request");
    (came, shop)
}

/// Basic authentication of `user` and `s3cret`, of `AC1` and `t0k3n`.
const USER: &str = "Basic dXNlcjpzM2NyZXQ=";
const ACCOUNT: &str = "Basic QUMxOnQwazNu";
const TEXT: &str = "Дякуємо, Анна! 900 грн.";
/// The name of an action, which no test knows before.
const KEY: &str = "KEY";

/// The body of a request, with `KEY` for the message's key.
fn body(came: &Came, key_at: Option<&str>) -> Value {
    let mut body: Value = serde_json::from_str(&came.body).expect("JSON");
    if let Some(name) = key_at {
        assert!(
            body[name].as_str().is_some_and(|key| key.len() >= 32),
            "{body}"
        );
        body[name] = KEY.into();
    }
    body
}

#[test]
fn each_is_sent_what_it_wants() {
    let ok = Does::Says(200, "", "{}");
    let token = "token: \"${file:token}\"";
    let login = "user: user, password: \"${file:password}\"";
    for (settings, authorization, key_at, wanted) in [
        (
            format!("preset: turbosms, {token}, sender: Shop"),
            Some("Bearer t0k3n"),
            None,
            json!({ "recipients": ["380501112233"], "sms": { "sender": "Shop", "text": TEXT } }),
        ),
        (
            format!("preset: turbosms-viber, {token}, sender: Shop, ttl: 60"),
            Some("Bearer t0k3n"),
            None,
            json!({ "recipients": ["380501112233"], "viber": { "sender": "Shop", "text": TEXT, "ttl": 60 } }),
        ),
        (
            format!("preset: gms, {login}, site: ua, client_id: 7, sender: GMSU"),
            Some(USER),
            Some("extra_id"),
            json!({
                "phone_number": 380_501_112_233_u64, "extra_id": KEY, "channels": ["sms"],
                "channel_options": { "sms": { "text": TEXT, "alpha_name": "GMSU", "ttl": 86400 } },
            }),
        ),
        (
            format!("preset: gms-viber, {login}, site: ua, client_id: 7, sender: GMSU, ttl: 60"),
            Some(USER),
            Some("extra_id"),
            json!({
                "phone_number": 380_501_112_233_u64, "extra_id": KEY, "channels": ["viber"],
                "channel_options": { "viber": { "text": TEXT, "alpha_name": "GMSU", "ttl": 60 } },
            }),
        ),
        (
            format!("preset: esputnik, {login}, sender: Shop"),
            Some(USER),
            None,
            json!({ "from": "Shop", "text": TEXT, "phoneNumbers": ["380501112233"] }),
        ),
        (
            format!("preset: telegram, {token}"),
            None,
            None,
            json!({ "chat_id": "+38 (050) 111-22-33", "text": TEXT }),
        ),
        (
            format!("preset: generic, {token}"),
            Some("Bearer t0k3n"),
            Some("id"),
            json!({
                "id": KEY, "channel": "sms", "to": "+38 (050) 111-22-33", "text": TEXT, "format": "txt",
                "journey": "thanks", "step": "now",
            }),
        ),
    ] {
        let (came, _) = sent(&settings, ok);
        assert_eq!(came.line, "POST /path", "{settings}");
        assert_eq!(came.header("authorization"), authorization, "{settings}");
        assert_eq!(came.header("content-type"), Some("application/json"));
        assert_eq!(body(&came, key_at), wanted, "{settings}");
    }
}

#[test]
fn twilio_is_sent_a_form() {
    let settings = |sender: &str| {
        format!("preset: twilio, account: AC1, token: \"${{file:token}}\", sender: \"{sender}\"")
    };
    for (sender, name) in [
        ("+12025550123", "From"),
        ("MG0a1b2c", "MessagingServiceSid"),
    ] {
        let (came, _) = sent(&settings(sender), Does::Says(201, "", r#"{"sid":"SM1"}"#));
        assert_eq!(came.header("authorization"), Some(ACCOUNT));
        let form = "application/x-www-form-urlencoded";
        assert_eq!(came.header("content-type"), Some(form));
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(came.body.as_bytes())
            .into_owned()
            .collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted = [
            pair("To", "+38 (050) 111-22-33"),
            pair(name, sender),
            pair("Body", TEXT),
        ];
        assert_eq!(fields, wanted);
    }
}

/// Settings, an answer as it is published, and what becomes of the message.
const ANSWERS: &[(&str, u16, &str, &str)] = &[
    (
        TURBOSMS,
        200,
        r#"{"response_code":800,"response_status":"SUCCESS_MESSAGE_ACCEPTED","response_result":[{"phone":"380501112233","response_code":0,"message_id":"f83f8868-5e46-c6cf-e4fb-615e5a293754","response_status":"OK"}]}"#,
        "",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":801,"response_status":"SUCCESS_MESSAGE_SENT","response_result":[{"phone":"380501112233","response_code":0,"message_id":"a","response_status":"OK"}]}"#,
        "",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":802,"response_status":"SUCCESS_MESSAGE_PARTIAL_ACCEPTED","response_result":[{"phone":"380501112233","response_code":406,"message_id":null,"response_status":"NOT_ALLOWED_RECIPIENT_COUNTRY"}]}"#,
        "dead",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":0,"response_status":"OK","response_result":[{"phone":"380501112233","response_code":404,"message_id":null,"response_status":"NOT_ALLOWED_NUMBER_STOPLIST"}]}"#,
        "dead",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":103,"response_status":"REQUIRED_TOKEN","response_result":null}"#,
        "pending",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":203,"response_status":"REQUIRED_BALANCE","response_result":null}"#,
        "pending",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":503,"response_status":"FAILED_SMS_SEND","response_result":null}"#,
        "pending",
    ),
    (
        TURBOSMS,
        200,
        r#"{"response_code":999,"response_status":"FATAL_ERROR","response_result":null}"#,
        "in_doubt",
    ),
    (
        GMS,
        200,
        r#"{"message_id":"9f60ac8f-e721-5027-b838-e6fcb95fcd7a"}"#,
        "",
    ),
    (
        GMS,
        200,
        r#"{"error_code":36024,"error_text":"Phone number incorrect"}"#,
        "dead",
    ),
    (
        GMS,
        400,
        r#"{"error_code":36024,"error_text":"Phone number incorrect"}"#,
        "dead",
    ),
    (GMS, 401, "", "pending"),
    (
        ESPUTNIK,
        200,
        r#"{"results":{"locator":"380501112233","status":"OK","requestId":"a-1"}}"#,
        "",
    ),
    (
        ESPUTNIK,
        200,
        r#"{"results":{"locator":"380501112233","status":"ERROR","message":"Wrong number"}}"#,
        "dead",
    ),
    (ESPUTNIK, 401, "", "pending"),
    (
        TWILIO,
        201,
        r#"{"sid":"SM0123456789abcdef","status":"queued","error_code":null}"#,
        "",
    ),
    (
        TWILIO,
        400,
        r#"{"code":21211,"message":"The 'To' number is not a valid phone number.","status":400}"#,
        "dead",
    ),
    (
        TWILIO,
        400,
        r#"{"code":21606,"message":"The From phone number is not a valid one.","status":400}"#,
        "pending",
    ),
    (
        TWILIO,
        401,
        r#"{"code":20003,"message":"Authenticate","status":401}"#,
        "pending",
    ),
    (
        TWILIO,
        429,
        r#"{"code":20429,"message":"Too Many Requests","status":429}"#,
        "pending",
    ),
    (
        TELEGRAM,
        200,
        r#"{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":1,"type":"private"}}}"#,
        "",
    ),
    (
        TELEGRAM,
        400,
        r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#,
        "dead",
    ),
    (
        TELEGRAM,
        401,
        r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#,
        "pending",
    ),
    (
        TELEGRAM,
        403,
        r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#,
        "dead",
    ),
    (
        TELEGRAM,
        429,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 34","parameters":{"retry_after":34}}"#,
        "pending",
    ),
    (GENERIC, 202, r#"{"id":"a-1"}"#, ""),
    (GENERIC, 422, "{}", "dead"),
    (GENERIC, 500, "{}", "pending"),
];

const TURBOSMS: &str = "preset: turbosms, token: \"${file:token}\", sender: Shop";
const GMS: &str =
    "preset: gms, user: user, password: \"${file:password}\", site: ua, client_id: 7, sender: GMSU";
const ESPUTNIK: &str = "preset: esputnik, user: user, password: \"${file:password}\", sender: Shop";
const TWILIO: &str =
    "preset: twilio, account: AC1, token: \"${file:token}\", sender: \"+12025550123\"";
const TELEGRAM: &str = "preset: telegram, token: \"${file:token}\"";
const GENERIC: &str = "preset: generic, token: \"${file:token}\"";

#[tokio::test(flavor = "multi_thread")]
async fn its_published_answers_mean_what_they_say() {
    for (settings, status, answer, state) in ANSWERS.iter().copied() {
        let (_, shop) = sent(settings, Does::Says(status, "", answer));
        let (open, left) = outbox(&shop, "sms").await;
        let states: Vec<&str> = open.iter().map(|(state, _)| state.as_str()).collect();
        let wanted: &[&str] = if state.is_empty() { &[] } else { &[state] };
        assert_eq!(states, wanted, "{settings} {status} {answer}: {open:?}");
        assert_eq!(left.len(), usize::from(state.is_empty()), "{answer}");
    }
}

#[test]
fn the_providers_own_name_of_a_message_stands_in_the_log() {
    let (_, shop) = sent(
        TWILIO,
        Does::Says(201, "", r#"{"sid":"SM0123456789abcdef"}"#),
    );
    let log = shop.kurant(&["log", "--json"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("SM0123456789abcdef"), "{log}");
}

/// A provider is told where to call back, once anything is reached from outside.
#[test]
fn those_that_call_back_are_told_where() {
    const PUBLIC: &str = "public: { url: \"https://mail.shop.example\", listen: \"127.0.0.1:0\", secret: \"${file:public}\" }\n";
    let asked = |settings: &str, does: Does| {
        let receiver = Receiver::that(does);
        let channel = format!(
            "{settings}, timeout: 1s, url: \"http://127.0.0.1:{}/path\"",
            receiver.port
        );
        let shop = shop(&channel, PUBLIC);
        for (name, text) in [
            ("token", "t0k3n"),
            ("password", "s3cret"),
            ("public", "0123456789abcdef0123456789abcdef"),
        ] {
            shop.write(name, text);
        }
        shop.drop_events(
            "1.jsonl",
            &[paid("1", "anna", "Анна", "+38 (050) 111-22-33")],
        );
        shop.kurant(&["run", "--until-idle", "--quiet"]);
        let printed = shop.run(&["channel", "callback", "sms"]);
        let printed = String::from_utf8_lossy(&printed.stdout).trim().to_owned();
        (receiver.came().pop().expect("a request"), printed)
    };
    let settings = "preset: twilio, account: AC1, token: \"${file:token}\", sender: MG1";
    let (came, printed) = asked(settings, Does::Says(201, "", r#"{"sid":"SM1"}"#));
    assert_eq!(printed, "https://mail.shop.example/callback/sms");
    let fields = url::form_urlencoded::parse(came.body.as_bytes());
    let told = fields
        .into_owned()
        .find(|(name, _)| name == "StatusCallback");
    let (_, told) = told.expect("it is told");
    let key = told.strip_prefix(&format!("{printed}?key="));
    assert!(key.is_some_and(|key| key.len() == 32), "{told}");
    // GMS signs nothing: the address is the secret.
    let settings = "preset: gms, user: user, password: \"${file:password}\", site: ua, client_id: 7, sender: GMSU";
    let (came, printed) = asked(settings, Does::Says(200, "", r#"{"message_id":"m1"}"#));
    let mark = printed.strip_prefix("https://mail.shop.example/callback/sms/");
    assert!(mark.is_some_and(|mark| mark.len() == 32), "{printed}");
    assert_eq!(body(&came, None)["callback_url"], json!(printed));
    let settings = "preset: turbosms, token: \"${file:token}\"";
    let (_, printed) = asked(settings, Does::Says(200, "", "{}"));
    assert_eq!(printed, "", "nothing comes back of it");
}
