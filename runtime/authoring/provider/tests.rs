use kurant_engine::provider::{Button, Composer, Filled, Message};
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
