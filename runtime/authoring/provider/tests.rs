use kurant_engine::provider::Composer;

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
