use kurant_engine::provider::{Button, Composer, Fact, Fate, Filled, Message};
use serde_json::{Value, json};

use super::*;

#[test]
fn those_that_come_along_are_without_a_mistake() {
    for (name, text) in TEXTS {
        let (provider, diagnostics) = read(name, text);
        let found: Vec<String> = diagnostics
            .into_sorted(&Sources::new())
            .iter()
            .map(|found| format!("{}: {:?}", found.message, found.help))
            .collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
        assert_eq!(preset(name), provider.as_ref(), "{name}");
        assert!(preset(name).is_some(), "{name}");
    }
}

#[test]
fn other_names_are_names_of_one_that_is_there() {
    for (other, name) in ALSO {
        assert_eq!(preset(other), preset(name), "{other}");
        assert!(preset(other).is_some(), "{other}");
    }
}

/// The settings that each needs, and where its messages then go, as its documentation says.
#[test]
fn messages_go_where_the_documentation_says() {
    for (name, settings, url) in [
        (
            "turbosms",
            &["token"][..],
            "https://api.turbosms.ua/message/send.json",
        ),
        (
            "turbosms-viber",
            &["token"],
            "https://api.turbosms.ua/message/send.json",
        ),
        (
            "gms",
            &["site", "client_id", "user", "password", "sender"],
            "https://api-v2-1site.hyber.im/2client_id",
        ),
        (
            "esputnik",
            &["user", "password", "sender"],
            "https://esputnik.com/api/v1/message/sms",
        ),
        (
            "twilio",
            &["account", "token", "sender"],
            "https://api.twilio.com/2010-04-01/Accounts/1account/Messages.json",
        ),
        (
            "telegram",
            &["token"],
            "https://api.telegram.org/bot1token/sendMessage",
        ),
    ] {
        let numbered = settings.iter().zip(1..);
        let settings = numbered.map(|(name, n)| ((*name).to_owned(), format!("{n}{name}")));
        let provider = preset(name).expect("one that comes along").clone();
        let composer = Composer::new(provider, None, settings.collect());
        assert_eq!(composer.expect("a composer").url(), url, "{name}");
    }
}

/// What a provider's call says: of which messages, and what became of them.
fn told(
    name: &str,
    query: &[(&str, &str)],
    form: &[(&str, &str)],
    body: &str,
) -> Vec<(Option<String>, Option<Fate>)> {
    let pairs = |fields: &[(&str, &str)]| {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(own).collect::<Vec<_>>()
    };
    let callback = preset(name).and_then(|own| own.callback.as_ref());
    let callback = callback.expect("it calls back");
    let facts = callback.read(&pairs(query), &pairs(form), body.as_bytes());
    let fate = |fact: Fact| (fact.name, fact.fate);
    facts.expect("it is read").into_iter().map(fate).collect()
}

/// The reports that GMS publishes (https://developers.gms-worldwide.com/cpaas/receive-message-delivery-report/, read in December
/// 2026): one, and many at once.
#[test]
fn reports_of_gms_are_read_as_its_documentation_has_them() {
    let one = r#"{ "number": 380961111111, "time": 1477417294667, "status": 2, "substatus": 23, "hyber_status": 23011,
        "message_id": "9f60ac8f-e721-5027-b838-e6fcb95fcd7a", "extra_id": "AD-6640-7006", "sent_via": "sms" }"#;
    let delivered = (Some("AD-6640-7006".to_owned()), Some(Fate::Delivered));
    let many = r#"[
        { "number": "380961111111", "time": 1477417294667, "status": 2, "substatus": 23, "hyber_status": 23011,
          "message_id": "9f60ac8f-e721-5027-b838-e6fcb95fcd7a", "extra_id": "AD-6640-7006", "sent_via": "sms" },
        { "number": "380962222222", "time": 1477417299000, "status": 3, "substatus": 35, "hyber_status": 35015,
          "message_id": "e5ea7286-6849-52d7-9e1b-8719b736283e", "extra_id": "AD-6640-7007", "sent_via": "sms" }
    ]"#;
    let failed = (Some("AD-6640-7007".to_owned()), Some(Fate::Failed));
    for name in ["gms-sms", "gms-viber"] {
        assert_eq!(told(name, &[], &[], one), std::slice::from_ref(&delivered));
        assert_eq!(
            told(name, &[], &[], many),
            [delivered.clone(), failed.clone()]
        );
    }
}

/// The words of Twilio's status callbacks (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status, read in
/// December 2026).
#[test]
fn calls_of_twilio_are_read_as_its_documentation_has_them() {
    for (status, error, fate) in [
        ("queued", None, Fate::Ignored),
        ("sent", None, Fate::Ignored),
        ("delivered", None, Fate::Delivered),
        ("undelivered", Some("30003"), Fate::Failed),
        ("undelivered", Some("30005"), Fate::Bounced),
        ("failed", None, Fate::Failed),
        ("failed", Some("21610"), Fate::Unsubscribed),
    ] {
        let mut form = vec![
            ("MessageSid", "SM1"),
            ("MessageStatus", status),
            ("To", "+18005551212"),
        ];
        form.extend(error.map(|code| ("ErrorCode", code)));
        let own = told("twilio", &[("key", "k1")], &form, "");
        assert_eq!(own, [(Some("k1".to_owned()), Some(fate))], "{status}");
    }
}

#[test]
fn a_receiver_of_ones_own_says_each_fate_by_its_name() {
    for (status, fate) in [
        ("accepted", Fate::Ignored),
        ("delivered", Fate::Delivered),
        ("opened", Fate::Opened),
        ("clicked", Fate::Clicked),
        ("replied", Fate::Replied),
        ("bounced", Fate::Bounced),
        ("failed", Fate::Failed),
        ("complained", Fate::Complained),
        ("unsubscribed", Fate::Unsubscribed),
    ] {
        let body = format!(r#"{{ "id": "k1", "status": "{status}" }}"#);
        assert_eq!(
            told("generic", &[], &[], &body),
            [(Some("k1".to_owned()), Some(fate))]
        );
    }
}

/// Viber has one, with its text as `caption` and its address as `action`; Telegram a row for each.
#[test]
fn buttons_stand_where_the_documentation_says() {
    let viber = json!({ "caption": "Look", "action": "https://shop.example" });
    for (name, settings, place, wanted) in [
        ("turbosms-viber", &["token"][..], "/viber", viber.clone()),
        (
            "gms-viber",
            &["site", "client_id", "user", "password", "sender"],
            "/channel_options/viber",
            viber,
        ),
        (
            "telegram",
            &["token"],
            "/reply_markup",
            json!({ "inline_keyboard": [
                [{ "text": "Look", "url": "https://shop.example" }],
                [{ "text": "More", "url": "https://shop.example/more" }],
            ] }),
        ),
    ] {
        let settings = settings
            .iter()
            .map(|own| ((*own).to_owned(), "1".to_owned()));
        let provider = preset(name).expect("one that comes along").clone();
        let composer = Composer::new(provider, None, settings.collect()).expect("a composer");
        let body = |buttons: &[(&str, &str)]| -> Value {
            let buttons = buttons.iter().map(|(text, url)| Button {
                text: (*text).to_owned(),
                url: (*url).to_owned(),
            });
            let to = ("to".to_owned(), "+380501112233".to_owned());
            let message = Message {
                fields: [to].into(),
                buttons: buttons.collect(),
            };
            match composer.request(&message).expect("a request").body {
                Some(Filled::Json(text)) => serde_json::from_str(&text).expect("JSON"),
                other => panic!("{name}: {other:?}"),
            }
        };
        let both = [
            ("Look", "https://shop.example"),
            ("More", "https://shop.example/more"),
        ];
        let told = body(&both);
        let own = told.pointer(place).expect("a place");
        for (part, value) in wanted.as_object().expect("an object") {
            assert_eq!(&own[part], value, "{name}: {told}");
        }
        let told = body(&[]);
        let none = told.pointer(place).and_then(|own| own.get("caption"));
        assert_eq!(none, None, "{name}: {told}");
    }
}
