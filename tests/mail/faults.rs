//! What becomes of a message when the mail server fails at any word, says no, or hangs up.

use super::script::At::{Data, From, Greeting, Hello, Message, To};
use super::script::Does::{HangsUp, Says};
use super::script::{At, Does, Scripted};
use super::{outbox, paid, shop};
use crate::run::sample::Shop;

/// More often than anything is tried here.
const MANY: usize = 50;

/// A shop whose mail server does these, and that has written to Anna once.
fn written(plan: &[(At, Does)]) -> (Shop, Scripted) {
    let server = Scripted::doing(plan);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    (shop, server)
}

const LOST: &str = "not now: the connection was lost";
const DOUBT: &str =
    "in doubt: the mail server was given the message, and then the connection was lost";

/// What a server does, and what becomes of the message: its state in the store, and why.
const CASES: &[(At, Does, &str, &str)] = &[
    (
        Greeting,
        Says("554 5.7.1 go away"),
        "pending",
        "away: it says 554 5.7.1",
    ),
    (
        Greeting,
        Says("421 4.3.2 busy"),
        "pending",
        "away: it says 421 4.3.2",
    ),
    (Greeting, HangsUp, "pending", "away: incomplete response"),
    (
        Hello,
        Says("502 5.5.1 what"),
        "pending",
        "away: it says 502 5.5.1",
    ),
    (Hello, HangsUp, "pending", "away: incomplete response"),
    (
        From,
        Says("450 4.7.1 anna@example.com, later"),
        "pending",
        "not now: the mail server says 450 4.7.1",
    ),
    (
        From,
        Says("553 5.1.8 no"),
        "dead",
        "refused: the mail server says 553 5.1.8",
    ),
    (From, HangsUp, "pending", LOST),
    (
        To,
        Says("451 4.7.1 greylisted"),
        "pending",
        "not now: the mail server says 451 4.7.1",
    ),
    (
        To,
        Says("550 5.1.1 <anna@example.com>: nobody"),
        "dead",
        "bounced: the mail server says 550 5.1.1",
    ),
    (
        To,
        Says("552 full"),
        "dead",
        "refused: the mail server says 552",
    ),
    (To, HangsUp, "pending", LOST),
    (
        Data,
        Says("452 4.3.1 full"),
        "pending",
        "not now: the mail server says 452 4.3.1",
    ),
    (
        Data,
        Says("554 5.7.1 no"),
        "dead",
        "refused: the mail server says 554 5.7.1",
    ),
    (
        Data,
        Says("250 what"),
        "pending",
        "not now: it did not ask for the message",
    ),
    (Data, HangsUp, "pending", LOST),
    (
        Message,
        Says("451 4.3.0 later"),
        "pending",
        "not now: the mail server says 451 4.3.0",
    ),
    (
        Message,
        Says("554 5.7.1 spam"),
        "dead",
        "refused: the mail server says 554 5.7.1",
    ),
    (Message, HangsUp, "in_doubt", DOUBT),
    (Message, Says("what is this"), "in_doubt", DOUBT),
    (
        Message,
        Says("354 more"),
        "in_doubt",
        "in doubt: the mail server was given the message, and then its answer was none",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_word_has_its_one_outcome() {
    for (at, does, state, reason) in CASES.iter().copied() {
        // However often it is tried meanwhile.
        let (shop, server) = written(&[(at, does); MANY]);
        let (open, left) = outbox(&shop).await;
        let expected = [(state.to_owned(), reason.to_owned())];
        assert_eq!(open, expected, "{at:?} {does:?}");
        assert_eq!(left, [], "{at:?} {does:?}");
        let is_whole = !server.seen().messages.is_empty();
        assert_eq!(is_whole, at == Message, "{at:?} {does:?}");
        assert!(server.to_do() < MANY, "{at:?} {does:?}");
        let log = shop.kurant(&["log", "--json"]);
        let log = String::from_utf8_lossy(&log.stdout);
        assert!(
            !log.contains("anna@example.com, later") && !log.contains("nobody"),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_comes_again_as_the_same_message() {
    let (shop, server) = written(&[(Message, Says("451 4.3.0 later"))]);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    for _ in 0..400 {
        if server.seen().messages.len() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    running.end();
    let seen = server.seen().messages;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0], seen[1], "byte for byte");
    assert_eq!(
        outbox(&shop).await,
        (vec![], vec![("accepted".to_owned(), 1)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_doubt_leaves_only_when_somebody_says_so() {
    let (shop, server) = written(&[(Message, HangsUp)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert_eq!(server.seen().messages.len(), 1);
    shop.kurant(&["dead", "retry", "--all"]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let seen = server.seen().messages;
    assert_eq!((seen.len(), &seen[0]), (2, &seen[1]));
    assert_eq!(outbox(&shop).await.1, [("accepted".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_on_a_connection_that_was_used_costs_nothing() {
    let server = Scripted::doing(&[(Message, Says("250 taken")), (From, Says("421 4.4.2 idle"))]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none, connections: 1",
        server.port
    ));
    let events = ["anna", "olha"].map(|name| paid(name, name, name, "a@example.com"));
    shop.drop_events("1.jsonl", &events);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let seen = server.seen();
    assert_eq!((seen.messages.len(), seen.connections), (2, 2));
    assert_eq!(
        outbox(&shop).await,
        (vec![], vec![("accepted".to_owned(), 2)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_a_header_of_its_own_is_refused_here() {
    let cases = [
        (
            "Anna\r\nBcc: eve@example.com",
            "a@example.com",
            "unfit: the subject",
        ),
        ("Anna\u{202e}moc", "a@example.com", "unfit: the subject"),
        ("Anna\u{0}", "a@example.com", "unfit: the subject"),
        (
            "Anna",
            "a@example.com\r\nRCPT TO:<eve@example.com>",
            "unfit: the address",
        ),
        ("Anna", "a@example.com>\u{0}", "unfit: the address"),
        (
            "Anna",
            "a@example.com, eve@example.com",
            "unfit: the customer's address",
        ),
        ("Anna", "anna", "unfit: the customer's address"),
    ];
    for (name, email, why) in cases {
        let server = Scripted::doing(&[]);
        let shop = shop(&format!(
            "host: 127.0.0.1, port: {}, tls: none",
            server.port
        ));
        shop.drop_events("1.jsonl", &[paid("1", "anna", name, email)]);
        shop.kurant(&["run", "--until-idle", "--quiet"]);
        let (open, _) = outbox(&shop).await;
        assert_eq!(server.seen().connections, 0, "{name:?} {email:?}");
        let told = open
            .first()
            .is_some_and(|(state, reason)| state == "dead" && reason.starts_with(why));
        assert!(told, "{name:?} {email:?}: {open:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_the_server_is_away_and_all_of_it_when_it_is_there() {
    let server = Scripted::doing(&[(Greeting, HangsUp)]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none, connections: 1",
        server.port
    ));
    let events: Vec<String> = (0..30)
        .map(|n| paid(&format!("{n}"), &format!("c{n}"), "x", "a@example.com"))
        .collect();
    shop.drop_events("1.jsonl", &events);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    assert_eq!(
        server.seen().connections,
        1,
        "the others don't try a server that isn't there"
    );
    assert_eq!(outbox(&shop).await.0.len(), 30);
}

#[test]
fn a_clock_that_is_not_the_machines_writes_to_nobody() {
    let server = Scripted::doing(&[]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    let event = paid("1", "anna", "Anna", "anna@example.com").replace(
        "\"id\":\"1\"",
        "\"id\":\"1\",\"time\":\"2026-01-05T10:00:00Z\"",
    );
    shop.write("history.jsonl", &(event + "\n"));
    shop.kurant(&["run", "--feed", "history.jsonl", "--quiet"]);
    assert_eq!(shop.lines(".kurant/outbox/email.jsonl").len(), 1);
    assert_eq!(server.seen().connections, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_there_are_all_of_them_leave_once() {
    let server = Scripted::doing(&[]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    let events: Vec<String> = (0..350)
        .map(|n| {
            paid(
                &format!("{n}"),
                &format!("c{}", n % 150),
                "x",
                "a@example.com",
            )
        })
        .collect();
    shop.drop_events("1.jsonl", &events);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let ids: Vec<String> = server
        .seen()
        .messages
        .iter()
        .filter_map(|message| {
            let id = message
                .lines()
                .find(|line| line.starts_with("Message-ID:"))?;
            Some(id.to_owned())
        })
        .collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (350, 350));
    assert_eq!(
        outbox(&shop).await,
        (vec![], vec![("accepted".to_owned(), 350)])
    );
}

#[test]
fn the_doctor_says_whether_the_server_is_there() {
    let server = Scripted::doing(&[]);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let said = |shop: &Shop| {
        let output = shop.run(&["doctor"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let good = said(&shop);
    assert!(
        good.contains("ok       messages of email go to the mail server at 127.0.0.1:"),
        "{good}"
    );
    assert_eq!(server.seen().messages.len(), 0, "nothing is sent");
    let away = Scripted::doing(&[(Greeting, Says("554 5.7.1 no"))]);
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    let (old, new) = (server.port.to_string(), away.port.to_string());
    shop.write("kurant.yaml", &settings.replace(&old, &new));
    let bad = said(&shop);
    assert!(
        bad.contains("broken   messages of email can't be handed to") && bad.contains("554 5.7.1"),
        "{bad}"
    );
}
