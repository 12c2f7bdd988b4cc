//! Secrets that change while it runs.

use super::receiver::Does::Says;
use super::receiver::{Does, Receiver};
use super::{own, paid};
use crate::run::sample::{Running, Shop};

const TAKEN: Does = Says(200, "", r#"{"code":0,"id":"a-1"}"#);

/// As whoever keeps secrets changes a file: whole, under its name.
fn change(shop: &Shop, value: &str) {
    shop.write("token.next", value);
    std::fs::rename(shop.path("token.next"), shop.path("token")).expect("a new token");
}

/// Somebody pays, and what is shown with the message.
fn shown(shop: &Shop, running: &Running, receiver: &Receiver, number: usize) -> String {
    let id = format!("o{number}");
    let event = paid(&id, &format!("c{number}"), "Anna", "+380501112233");
    shop.drop_events(&format!("{id}.jsonl"), &[event]);
    running.wait_for("thanks");
    while receiver.came().len() < number {
        std::thread::yield_now();
    }
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
    change(&shop, "fr3sh\n");
    let mut said = running.wait_for("another secret holds from now on");
    assert_eq!(shown(&shop, &running, &receiver, 2), "Bearer fr3sh");
    // One that is gone holds on.
    std::fs::remove_file(shop.path("token")).expect("it goes");
    said.extend(running.wait_for("what it held before goes on holding"));
    assert_eq!(shown(&shop, &running, &receiver, 3), "Bearer fr3sh");
    // Asked to look again, it goes on too, and says no more of the one that is gone.
    running.signal("HUP");
    change(&shop, "th1rd");
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
    change(&shop, "fr3sh");
    running.wait_for("messages are handed to");
    let came = receiver.came();
    let last = came.last().and_then(|own| own.header("authorization"));
    assert_eq!(last, Some("Bearer fr3sh"));
    running.end();
}
