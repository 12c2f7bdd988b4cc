//! `kurant channel try`: one message, and what came of it in people's words.

use super::script::At::{Greeting, Message, To};
use super::script::Does::{HangsUp, Says};
use super::script::{At, Does, Scripted};
use super::shop;

/// The exit code and all that was said.
fn tried(plan: &[(At, Does)], arguments: &[&str]) -> (i32, String, Scripted) {
    let server = Scripted::doing(plan);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    let output = shop.run(&[&["channel", "try"], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    let code = output.status.code().unwrap_or_default();
    (code, String::from_utf8_lossy(&said).into_owned(), server)
}

#[test]
fn a_message_that_is_taken_is_said_to_be_and_goes_to_whom_it_should() {
    let (code, said, server) = tried(&[], &["email", "--to", "olena@shop.example"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("email: the mail server took the message for olena@shop.example"),
        "{said}"
    );
    let message = server.seen().messages.pop().expect("a message");
    assert!(
        message.contains("To: olena@shop.example") && message.contains("A test of Kurant"),
        "{message}"
    );
    // Links that ask for a customer ask for none here.
    let linked = Scripted::doing(&[]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        linked.port
    ));
    let links = "links: { unsubscribe: 'https://shop.example/u?id={{ customer.id }}' }\n";
    shop.add_settings(links);
    shop.kurant(&["channel", "try", "email"]);
    let (code, said, _) = tried(&[], &["email"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("took the message for hello@shop.example"),
        "to whoever sends: {said}"
    );
}

#[test]
fn what_was_not_taken_is_told_with_why_and_what_to_do() {
    for (at, does, says) in [
        (
            To,
            Says("550 5.1.1 nobody"),
            "refused for good: bounced: the mail server says 550 5.1.1",
        ),
        (
            To,
            Says("451 4.7.1 later"),
            "was not taken: not now: the mail server says 451 4.7.1",
        ),
        (Greeting, HangsUp, "was not taken: away: "),
        (
            Message,
            HangsUp,
            "nobody knows whether the message was taken",
        ),
    ] {
        let (code, said, _) = tried(&[(at, does)], &["email", "--to", "olena@shop.example"]);
        assert_eq!(code, 3, "{said}");
        assert!(
            said.contains(says) && said.contains("hint: "),
            "{says}: {said}"
        );
    }
}

#[test]
fn a_channel_that_is_not_there_is_named_with_the_one_that_was_meant() {
    let (code, said, server) = tried(&[], &["emial"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("did you mean email?"), "{said}");
    assert_eq!(server.seen().connections, 0);
}
