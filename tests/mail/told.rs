//! `kurant log` and `kurant explain` say what became of a message, not only what was decided.

use super::script::At::{Greeting, Message, To};
use super::script::Does::{HangsUp, Says};
use super::script::{At, Does, Scripted};
use super::{paid, shop};

/// What the log, `explain` and the log for programs say once a server has done this.
fn told(plan: &[(At, Does)]) -> (String, String, serde_json::Value) {
    let server = Scripted::doing(plan);
    let shop = shop(&format!(
        "host: 127.0.0.1, port: {}, tls: none",
        server.port
    ));
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let said = |arguments: &[&str]| {
        let output = shop.kurant(arguments);
        String::from_utf8(output.stdout).expect("text")
    };
    let step = ["log", "--step", "now", "--outcome", "sent"];
    let line = said(&[&step[..], &["--json"]].concat());
    let line = serde_json::from_str(line.lines().next().expect("a line")).expect("an object");
    let explained = said(&["explain", "--customer", "anna", "--journey", "thanks"]);
    (said(&step), explained, line)
}

#[test]
fn what_became_of_a_message_is_told_where_it_was_decided() {
    let away = [(Greeting, Says("535 5.7.8 who are you")); 3];
    for (plan, says, state) in [
        (
            &away[..],
            "send email waits: the server of `email` does not let us in: it says 535 5.7.8; tried ",
            "waits",
        ),
        (
            &[(To, Says("550 5.1.1 nobody"))],
            "send email given up: bounced: the mail server says 550 5.1.1",
            "given_up",
        ),
        (
            &[(Message, HangsUp)],
            "send email in doubt: the mail server was given the message",
            "in_doubt",
        ),
    ] {
        let (log, explained, line) = told(plan);
        assert!(log.contains(says), "{says}: {log}");
        let what = says.trim_start_matches("send email ");
        assert!(
            explained.contains(&format!("now email {what}")),
            "{explained}"
        );
        let first = log.lines().next().unwrap_or_default();
        assert!(!first.contains(" sent"), "{first}");
        assert_eq!(line["hand_over"]["state"], state, "{line}");
        assert_eq!(line["outcome"], "sent", "what was decided stays");
    }
    let (log, explained, line) = told(&[]);
    assert!(log.contains("send email sent"), "{log}");
    assert!(explained.contains("now email handed over"), "{explained}");
    assert_eq!(line["hand_over"]["state"], "handed_over");
}
