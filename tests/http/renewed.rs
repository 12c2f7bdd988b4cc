//! Secrets that change while it runs.

use super::receiver::Does::Says;
use super::receiver::{Came, Does, Receiver};
use super::{hooks, own, paid};
use crate::run::sample::{Running, Shop, until};

const TAKEN: Does = Says(200, "", r#"{"code":0,"id":"a-1"}"#);

/// Somebody pays, and what is shown with the message.
fn shown(shop: &Shop, running: &Running, receiver: &Receiver, number: usize) -> String {
    let id = format!("o{number}");
    let event = paid(&id, &format!("c{number}"), "Anna", "+380501112233");
    shop.drop_events(&format!("{id}.jsonl"), &[event]);
    running.wait_for("thanks");
    until("the message comes", || receiver.came().len() >= number);
    let came = receiver.came();
    let header = came[number - 1].header("authorization");
    header.expect("who we are").to_owned()
}

#[test]
fn a_token_that_changes_holds_from_the_next_message_on() {
    let receiver = Receiver::that(TAKEN);
    let shop = own(&receiver);
    let running = shop.start(&["run"]);
    running.wait_for("running");
    assert_eq!(shown(&shop, &running, &receiver, 1), "Bearer t0k3n");
    shop.keep("token", "fr3sh\n");
    let mut said = running.wait_for("another secret holds from now on");
    assert_eq!(shown(&shop, &running, &receiver, 2), "Bearer fr3sh");
    // One that is gone holds on.
    std::fs::remove_file(shop.path("token")).expect("it goes");
    said.extend(running.wait_for("what it held before goes on holding"));
    assert_eq!(shown(&shop, &running, &receiver, 3), "Bearer fr3sh");
    // Asked to look again, it goes on too, and says no more of the one that is gone.
    running.signal("HUP");
    shop.keep("token", "th1rd");
    running.signal("HUP");
    said.extend(running.wait_for("another secret holds from now on"));
    assert_eq!(shown(&shop, &running, &receiver, 4), "Bearer th1rd");
    let told = said.join("\n");
    assert_eq!(told.matches("goes on holding").count(), 1, "{told}");
    for secret in ["t0k3n", "fr3sh", "th1rd"] {
        assert!(!told.contains(secret), "{told}");
    }
    running.end_silently("th1rd");
}

#[test]
fn whoever_is_refused_tries_again_with_the_token_of_then() {
    let receiver = Receiver::doing(&[Says(401, "", "")], TAKEN);
    let shop = own(&receiver);
    let running = shop.start(&["run"]);
    running.wait_for("running");
    assert_eq!(shown(&shop, &running, &receiver, 1), "Bearer t0k3n");
    running.wait_for("the provider says 401");
    shop.keep("token", "fr3sh");
    running.wait_for("messages are handed to");
    let came = receiver.came();
    let last = came.last().and_then(|own| own.header("authorization"));
    assert_eq!(last, Some("Bearer fr3sh"));
    running.end();
}

/// Another key of Standard Webhooks.
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[test]
fn a_secret_that_changes_signs_web_hooks_from_the_next_call_on() {
    let receiver = Receiver::that(Says(200, "", "{}"));
    let step = format!(
        "{{ url: \"http://127.0.0.1:{}/hook\", body: {{ customer: =customer.id }} }}",
        receiver.port
    );
    let shop = hooks::shop(&step, "[127.0.0.1]");
    shop.write("token", "t0k3n");
    let console = "console: { token: \"${file:token}\" }\n";
    shop.add_settings(console);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    let called = |number: usize| {
        let id = format!("o{number}");
        let event = paid(&id, &format!("c{number}"), "Anna", "+380501112233");
        shop.drop_events(&format!("{id}.jsonl"), &[event]);
        until("the web hook is called", || receiver.came().len() >= number);
        receiver.came()[number - 1].clone()
    };
    let signed = |came: &Came, secret| hooks::verified(came, secret);
    let first = called(1);
    assert_eq!(
        [signed(&first, hooks::SECRET), signed(&first, OTHER)],
        [true, false]
    );
    shop.keep("secret", OTHER);
    let mut said = running.wait_for("another secret signs web hooks from now on");
    let second = called(2);
    assert_eq!(
        [signed(&second, hooks::SECRET), signed(&second, OTHER)],
        [false, true]
    );
    // What is no key is refused, and the one of before goes on holding; other secrets are taken up all the same.
    shop.keep("secret", "no key at all");
    said.extend(running.wait_for("secrets can't be taken up"));
    shop.keep("token", "fr3sh");
    said.extend(running.wait_for("another token lets events in from now on"));
    assert!(signed(&called(3), OTHER));
    shop.keep("secret", hooks::SECRET);
    running.signal("HUP");
    said.extend(running.wait_for("another secret signs web hooks from now on"));
    assert!(signed(&called(4), hooks::SECRET));
    running.end();
    let told = said.join("\n");
    for secret in [hooks::SECRET, OTHER, "no key at all"] {
        assert!(!told.contains(secret), "{told}");
    }
}
