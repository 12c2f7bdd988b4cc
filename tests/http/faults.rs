//! What becomes of a message whatever the provider does with it: each way to fail has its one outcome.

use super::receiver::Does::{
    self, Babbles, BreaksOff, Drips, DripsBody, Floods, HangsUp, IsSilent, Resets, Says, SaysSoon,
};
use super::receiver::Receiver;
use super::{DESCRIBED, KNOWS_KEYS, outbox, own, paid, shop};
use crate::run::sample::Shop;

const TAKEN: Does = Says(200, "", r#"{"code":0,"id":"a-1"}"#);
const GIVEN: &str = "in doubt: the provider was given the message, and ";

/// What a provider does, and what becomes of the message: its state, and why. An empty state means that it has left.
const CASES: &[(Does, &str, &str)] = &[
    (TAKEN, "", ""),
    (SaysSoon(200, r#"{"code":0}"#), "", ""),
    (Says(202, "", r#"{"code":"0"}"#), "", ""),
    (
        Says(200, "", r#"{"code":7,"text":"+380501112233 is unknown"}"#),
        "dead",
        "refused: the provider says 200, code 7",
    ),
    (
        Says(200, "", r#"{"code":203}"#),
        "pending",
        "away: the provider says 200, code 203",
    ),
    (
        Says(200, "", r#"{"code":503}"#),
        "pending",
        "not now: the provider says 200, code 503",
    ),
    (Says(200, "", ""), "in_doubt", "says 200"),
    (Says(200, "", "<h1>It works!</h1>"), "in_doubt", "says 200"),
    (Says(200, "", "{\"code\":0"), "in_doubt", "says 200"),
    (
        Says(200, "", r#"{"status":"fine"}"#),
        "in_doubt",
        "says 200",
    ),
    (
        Says(200, "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
        "in_doubt",
        "says 200",
    ),
    (Says(204, "", ""), "in_doubt", "says 204"),
    (Floods, "in_doubt", "says 200"),
    (DripsBody, "in_doubt", "says 200"),
    (BreaksOff, "in_doubt", "says 200"),
    (
        Says(301, "Location: http://127.0.0.1:1/\r\n", ""),
        "pending",
        "away: the provider says 301",
    ),
    (
        Says(307, "Location: http://169.254.169.254/latest/\r\n", ""),
        "pending",
        "away: the provider says 307",
    ),
    (
        Says(400, "", "{}"),
        "dead",
        "refused: the provider says 400",
    ),
    (Says(401, "", ""), "pending", "away: the provider says 401"),
    (Says(402, "", ""), "pending", "away: the provider says 402"),
    (Says(403, "", ""), "pending", "away: the provider says 403"),
    (Says(404, "", ""), "pending", "away: the provider says 404"),
    (
        Says(408, "", ""),
        "pending",
        "not now: the provider says 408",
    ),
    (Says(409, "", ""), "dead", "refused: the provider says 409"),
    (Says(413, "", ""), "dead", "refused: the provider says 413"),
    (Says(422, "", ""), "dead", "refused: the provider says 422"),
    (
        Says(429, "", ""),
        "pending",
        "not now: the provider says 429",
    ),
    (
        Says(429, "Retry-After: 1\r\n", ""),
        "pending",
        "not now: the provider says 429",
    ),
    (
        Says(503, "Retry-After: 1\r\n", ""),
        "pending",
        "not now: the provider says 503",
    ),
    (Says(500, "", ""), "in_doubt", "says 500"),
    (Says(502, "", ""), "in_doubt", "says 502"),
    (Says(503, "", ""), "in_doubt", "says 503"),
    (Says(504, "", ""), "in_doubt", "says 504"),
    (HangsUp, "in_doubt", "then the connection was lost"),
    (Resets, "in_doubt", "then the connection was lost"),
    (Babbles, "in_doubt", "then the connection was lost"),
    (IsSilent, "in_doubt", "then it said nothing for 1s"),
    (Drips, "in_doubt", "then it said nothing for 1s"),
];

/// Whether what is in doubt is told as such.
fn expected(state: &str, reason: &str) -> Vec<(String, String)> {
    let reason = match state {
        "in_doubt" => format!("{GIVEN}{reason}"),
        _ => reason.to_owned(),
    };
    match state {
        "" => Vec::new(),
        _ => vec![(state.to_owned(), reason)],
    }
}

fn written(shop: &Shop) {
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Анна", "+380501112233")]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_does_has_its_one_outcome() {
    for (does, state, reason) in CASES.iter().copied() {
        let receiver = Receiver::that(does);
        let shop = own(&receiver);
        written(&shop);
        let (open, left) = outbox(&shop, "sms").await;
        assert_eq!(open, expected(state, reason), "{does:?}");
        let accepted = i64::from(state.is_empty());
        assert_eq!(left.len() as i64, accepted, "{does:?}: {left:?}");
        let came = receiver.came().len();
        let is_tried_once = matches!(state, "" | "dead" | "in_doubt");
        assert!(came == 1 || !is_tried_once && came > 0, "{does:?}: {came}");
        let log = shop.kurant(&["log", "--json"]);
        let log = String::from_utf8_lossy(&log.stdout).into_owned();
        assert!(
            !log.contains("is unknown") && !log.contains("380501112233"),
            "{log}"
        );
    }
}

/// What would be in doubt, where the provider knows messages that come again.
const KNOWN: &[Does] = &[
    Says(200, "", "<h1>It works!</h1>"),
    Says(500, "", ""),
    Says(503, "", ""),
    Floods,
    BreaksOff,
    HangsUp,
    Resets,
    IsSilent,
];

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_in_doubt_comes_again_under_its_key_where_keys_are_known() {
    for does in KNOWN.iter().copied() {
        let receiver = Receiver::doing(&[does], TAKEN);
        let shop = own(&receiver);
        shop.write("channels/own.yaml", &format!("{DESCRIBED}{KNOWS_KEYS}"));
        shop.drop_events("1.jsonl", &[paid("1", "anna", "Анна", "+380501112233")]);
        let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
        running.wait_for("running");
        for _ in 0..400 {
            if receiver.came().len() > 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        running.end();
        let came = receiver.came();
        assert_eq!(came.len(), 2, "{does:?}");
        let key = came[0].header("idempotency-key");
        assert!(key.is_some_and(|key| key == came[1].header("idempotency-key").unwrap_or("")));
        assert!(
            came[1].body.starts_with(&came[0].body),
            "byte for byte: {does:?}"
        );
        let left = outbox(&shop, "sms").await;
        assert_eq!(left, (vec![], vec![("accepted".to_owned(), 1)]), "{does:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_known_there_refuses_nothing() {
    // The first call may have been taken: what is said of the second one is no word on it.
    let again = [HangsUp, Says(422, "", ""), Says(409, "", "")];
    let receiver = Receiver::doing(&again, TAKEN);
    let shop = own(&receiver);
    shop.write("channels/own.yaml", &format!("{DESCRIBED}{KNOWS_KEYS}"));
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Анна", "+380501112233")]);
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    running.wait_for("running");
    for _ in 0..1_200 {
        if receiver.came().len() > again.len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    running.end();
    assert_eq!(receiver.came().len(), again.len() + 1);
    let left = outbox(&shop, "sms").await;
    assert_eq!(left, (vec![], vec![("accepted".to_owned(), 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_is_waited_for() {
    // Nobody listens at this port any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let receiver = Receiver::that(TAKEN);
    for (url, why) in [
        (format!("http://127.0.0.1:{port}/"), "away: "),
        // It speaks no TLS.
        (format!("https://127.0.0.1:{}/", receiver.port), "away: "),
        ("http://nobody-is-called-so.invalid/".to_owned(), "away: "),
    ] {
        let channel = format!("provider: own, token: \"${{file:token}}\", url: \"{url}\"");
        let shop = shop(&channel, "");
        let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
        let hosts = "internal_hosts: [127.0.0.1, nobody-is-called-so.invalid, ";
        shop.write(
            "kurant.yaml",
            &settings.replace("internal_hosts: [127.0.0.1, ", hosts),
        );
        shop.write("token", "t0k3n");
        written(&shop);
        let (open, _) = outbox(&shop, "sms").await;
        let is_told =
            |(state, reason): &(String, String)| state == "pending" && reason.starts_with(why);
        assert!(
            open.len() == 1 && open.iter().all(is_told),
            "{url}: {open:?}"
        );
    }
    assert_eq!(receiver.came().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_says_when_to_come_again() {
    let receiver = Receiver::that(Says(429, "Retry-After: 3000\r\n", ""));
    let shop = own(&receiver);
    written(&shop);
    assert_eq!(receiver.came().len(), 1, "it is not asked before its time");
    let (open, _) = outbox(&shop, "sms").await;
    assert_eq!(open[0].0, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_a_provider_refuses_us() {
    let receiver = Receiver::that(Says(401, "", ""));
    let shop = own(&receiver);
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    shop.write(
        "kurant.yaml",
        &settings.replace("timeout: 1s", "timeout: 1s, connections: 1"),
    );
    let events: Vec<String> = (0..30)
        .map(|n| paid(&format!("{n}"), &format!("c{n}"), "x", "+380501112233"))
        .collect();
    shop.drop_events("1.jsonl", &events);
    let output = shop.kurant(&["run", "--until-idle"]);
    assert_eq!(receiver.came().len(), 1, "the others don't try");
    assert_eq!(outbox(&shop, "sms").await.0.len(), 30);
    let said = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    let told = "messages can't be handed to own at 127.0.0.1";
    assert_eq!(said.matches(told).count(), 1, "{said}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is what is asked"
)]
#[tokio::test(flavor = "multi_thread")]
async fn however_many_there_are_all_of_them_leave_once_and_no_faster_than_allowed() {
    let receiver = Receiver::that(TAKEN);
    let shop = own(&receiver);
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("settings");
    shop.write(
        "kurant.yaml",
        &settings.replace("timeout: 1s", "timeout: 9s, rate: 100/s"),
    );
    let events: Vec<String> = (0..250)
        .map(|n| {
            paid(
                &format!("{n}"),
                &format!("c{}", n % 150),
                "x",
                "+380501112233",
            )
        })
        .collect();
    shop.drop_events("1.jsonl", &events);
    let begun = std::time::Instant::now();
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let took = begun.elapsed();
    let refs: std::collections::BTreeSet<String> =
        receiver.came().into_iter().map(|came| came.body).collect();
    assert_eq!((receiver.came().len(), refs.len()), (250, 250));
    assert!(took.as_millis() > 2_300, "{took:?}");
    assert_eq!(
        outbox(&shop, "sms").await,
        (vec![], vec![("accepted".to_owned(), 250)])
    );
}

#[test]
fn a_clock_that_is_not_the_machines_calls_nobody() {
    let receiver = Receiver::that(TAKEN);
    let shop = own(&receiver);
    let event = paid("1", "anna", "Анна", "+380501112233").replace(
        "\"id\":\"1\"",
        "\"id\":\"1\",\"time\":\"2026-01-05T10:00:00Z\"",
    );
    shop.write("history.jsonl", &(event + "\n"));
    shop.kurant(&["run", "--feed", "history.jsonl", "--quiet"]);
    assert_eq!(shop.lines(".kurant/outbox/sms.jsonl").len(), 1);
    assert_eq!(receiver.came().len(), 0);
}
