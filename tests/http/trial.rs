//! `kurant channel try` and `kurant doctor` of channels by HTTP, and that no secret is told.

use super::own;
use super::receiver::{Does, Receiver};
use crate::run::sample::Shop;

fn said(shop: &Shop, arguments: &[&str]) -> (i32, String) {
    let output = shop.run(arguments);
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap_or_default();
    (code, String::from_utf8_lossy(&said).into_owned())
}

const TRY: &[&str] = &["channel", "try", "sms", "--to", "+380501112233"];

#[test]
fn a_provider_is_unproven_until_it_has_taken_a_message() {
    let receiver = Receiver::that(Does::Says(200, "", r#"{"code":0,"id":"a-1"}"#));
    let shop = own(&receiver);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let unproven = "own is described, and has taken no message of sms from here yet";
    let (_, before) = said(&shop, &["doctor"]);
    assert!(before.contains(unproven), "{before}");
    assert!(
        before.contains("ok       messages of sms go to own at 127.0.0.1:"),
        "{before}"
    );
    assert_eq!(receiver.came().len(), 0, "nothing is sent");
    let (code, tried) = said(&shop, TRY);
    assert_eq!(code, 0, "{tried}");
    assert!(
        tried.contains("sms: the provider took the message for +380501112233"),
        "{tried}"
    );
    let (_, after) = said(&shop, &["doctor"]);
    assert!(!after.contains(unproven), "{after}");
    // Another description is another provider.
    let described = std::fs::read_to_string(shop.path("channels/own.yaml")).expect("described");
    let other = described.replace("is: 0,", "is: [0, 1],");
    shop.write("channels/own.yaml", &other);
    let (_, changed) = said(&shop, &["doctor"]);
    assert!(changed.contains(unproven), "{changed}");
}

#[test]
fn a_provider_that_took_a_message_of_a_journey_is_proven_too() {
    let receiver = Receiver::that(Does::Says(200, "", r#"{"code":0,"id":"a-1"}"#));
    let shop = own(&receiver);
    let event = super::paid("1", "anna", "Anna", "+380501112233");
    shop.drop_events("1.jsonl", &[event]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert_eq!(receiver.came().len(), 1);
    let (_, told) = said(&shop, &["doctor"]);
    assert!(!told.contains("has taken no message of sms"), "{told}");
}

#[test]
fn what_was_not_taken_is_told_with_why_and_what_to_do_and_without_the_token() {
    for (does, says) in [
        (
            Does::Says(401, "", ""),
            "was not taken: away: the provider says 401",
        ),
        (
            Does::Says(200, "", r#"{"code":305}"#),
            "refused for good: refused: the provider says 200, code 305",
        ),
        (Does::HangsUp, "nobody knows whether the message was taken"),
    ] {
        let shop = own(&Receiver::that(does));
        let (code, told) = said(&shop, TRY);
        assert_eq!(code, 3, "{told}");
        assert!(
            told.contains(says) && told.contains("hint: "),
            "{says}: {told}"
        );
        assert!(!told.contains("t0k3n"), "{told}");
    }
    let shop = own(&Receiver::that(Does::HangsUp));
    let (code, told) = said(&shop, &["channel", "try", "sms"]);
    assert_eq!(code, 2, "{told}");
    assert!(
        told.contains("nobody is named whom sms should send to"),
        "{told}"
    );
}

#[test]
fn a_description_that_comes_along_is_printed_to_begin_another_with() {
    let shop = own(&Receiver::that(Does::HangsUp));
    let (code, names) = said(&shop, &["channel", "show"]);
    assert!(code == 0 && names.contains("twilio\n"), "{names}");
    let (code, text) = said(&shop, &["channel", "show", "twilio"]);
    assert_eq!(code, 0);
    shop.write("channels/other.yaml", &text);
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    let twilio = "  viber: { kind: http, provider: other, account: AC1, token: \"${file:token}\", sender: Shop }\ninternal_hosts";
    shop.write("kurant.yaml", &settings.replace("internal_hosts", twilio));
    let (code, checked) = said(&shop, &["check"]);
    assert_eq!(code, 0, "{checked}");
    let (code, told) = said(&shop, &["channel", "show", "twillio"]);
    assert!(code == 2 && told.contains("twilio"), "{told}");
}

#[test]
fn no_secret_and_no_person_is_told_at_any_level() {
    let receiver = Receiver::that(Does::Says(500, "", r#"{"error":"t0k3n Anna"}"#));
    let shop = own(&receiver);
    let event = super::paid("1", "anna", "Canary", "+380509998877");
    shop.drop_events("1.jsonl", &[event]);
    let (_, told) = said(&shop, &["run", "--until-idle", "--log-level", "trace"]);
    assert_eq!(receiver.came().len(), 1);
    for secret in ["t0k3n", "380509998877", "Canary"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}
