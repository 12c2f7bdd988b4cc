//! Web hooks: signed, called again until they are taken, and never where they must not go.

use serde_json::{Value, json};

use super::outbox;
use super::receiver::Does::{self, HangsUp, IsSilent, Says};
use super::receiver::{Came, Receiver};
use crate::run::sample::Shop;

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A shop that calls a web hook for whoever pays.
pub(super) fn shop(step: &str, internal_hosts: &str) -> Shop {
    let shop = Shop::with(&[
        (
            "schemas/customer.json",
            r#"{"type":"object","properties":{"name":{"type":"string"}}}"#,
        ),
        (
            "schemas/events/order.paid.json",
            r#"{"type":"object","properties":{"total":{"type":"number"},"note":{"type":"string"}}}"#,
        ),
        ("secret", SECRET),
    ]);
    shop.write(
        "kurant.yaml",
        &format!(
            "workspace: shop\ntimezone: Europe/Kyiv\nlocale: uk\ninternal_hosts: {internal_hosts}\n\
             webhooks: {{ kind: http, secret: \"${{file:secret}}\", timeout: 1s }}\n"
        ),
    );
    shop.write(
        "journeys/tell.yaml",
        &format!(
            "journey: tell\nstatus: live\ntrigger: {{ event: order.paid }}\nsteps:\n  - id: call\n    webhook: {step}\n"
        ),
    );
    shop
}

fn called(receiver: &Receiver) -> Shop {
    let step = format!(
        "{{ url: \"http://127.0.0.1:{}/hook?a=1\", headers: {{ X-Shop: retail }}, body: {{ customer: =customer.id, total: =event.total }} }}",
        receiver.port
    );
    let shop = shop(&step, "[127.0.0.1]");
    run(&shop, "Thanks");
    shop
}

fn order(note: &str) -> String {
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "test", "type": "order.paid", "subject": "anna",
        "data": { "total": 900, "note": note },
    });
    event.to_string()
}

fn run(shop: &Shop, note: &str) {
    shop.drop_events("1.jsonl", &[order(note)]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

/// What a receiver does that trusts nobody, in Python and so in another hand than ours.
pub(super) fn verified(came: &Came, secret: &str) -> bool {
    let program = "import sys,hmac,hashlib,base64,json\n\
        key=base64.b64decode(sys.argv[1].removeprefix('whsec_'))\n\
        signed=f'{sys.argv[2]}.{sys.argv[3]}.{sys.argv[4]}'.encode()\n\
        made='v1,'+base64.b64encode(hmac.new(key,signed,hashlib.sha256).digest()).decode()\n\
        sys.exit(0 if hmac.compare_digest(made,sys.argv[5]) else 1)\n";
    let header = |name: &str| came.header(name).expect("a header").to_owned();
    let (id, at, signature) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    let status = std::process::Command::new("/usr/bin/python3")
        .args(["-c", program, secret, &id, &at, &came.body, &signature])
        .status();
    status.expect("Python runs").success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_signed_and_its_receiver_can_tell_who_called() {
    let receiver = Receiver::that(Says(200, "", r#"{"ok":true}"#));
    let shop = called(&receiver);
    let came = receiver.came();
    assert_eq!(came.len(), 1);
    let came = &came[0];
    assert_eq!(came.line, "POST /hook?a=1");
    let body: Value = serde_json::from_str(&came.body).expect("JSON");
    assert_eq!(body, json!({ "customer": "anna", "total": 900 }));
    assert_eq!(came.header("content-type"), Some("application/json"));
    assert_eq!(came.header("x-shop"), Some("retail"));
    assert!(verified(came, SECRET), "{came:?}");
    let forged = Came {
        body: came.body.replace("900", "901"),
        ..came.clone()
    };
    assert!(!verified(&forged, SECRET));
    let log = shop.kurant(&["log", "--json"]);
    let id = came.header("webhook-id").expect("an id");
    assert!(
        String::from_utf8_lossy(&log.stdout).contains(id),
        "the key of the action"
    );
    assert_eq!(
        outbox(&shop, "webhook").await,
        (vec![], vec![("accepted".to_owned(), 1)])
    );
}

/// What a receiver does, and what becomes of the call.
const CASES: &[(Does, &str, &str)] = &[
    (Says(204, "", ""), "", ""),
    (
        Says(302, "Location: http://169.254.169.254/\r\n", ""),
        "dead",
        "refused: the receiver says 302, and nobody follows elsewhere",
    ),
    (Says(400, "", ""), "dead", "refused: the receiver says 400"),
    (Says(401, "", ""), "dead", "refused: the receiver says 401"),
    (Says(404, "", ""), "dead", "refused: the receiver says 404"),
    (Says(410, "", ""), "dead", "refused: the receiver says 410"),
    (
        Says(429, "", ""),
        "pending",
        "not now: the receiver says 429",
    ),
    (
        Says(500, "", ""),
        "pending",
        "not now: the receiver says 500",
    ),
    (
        Says(503, "", ""),
        "pending",
        "not now: the receiver says 503",
    ),
    (HangsUp, "pending", "not now: the connection was lost"),
    (IsSilent, "pending", "not now: it said nothing for 1s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receiver_does_has_its_one_outcome() {
    for (does, state, reason) in CASES.iter().copied() {
        let receiver = Receiver::that(does);
        let shop = called(&receiver);
        let (open, _) = outbox(&shop, "webhook").await;
        let expected = match state {
            "" => vec![],
            _ => vec![(state.to_owned(), reason.to_owned())],
        };
        assert_eq!(open, expected, "{does:?}");
        assert!(!receiver.came().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_goes_inside_unless_its_host_is_named() {
    let inside = Receiver::that(Says(200, "", ""));
    let port = inside.port;
    for host in [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "user@127.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let step = format!("{{ url: \"{scheme}://{host}:{port}/\" }}");
            let shop = shop(&step, "[\"crm.internal\", \"127.0.0.1:1\"]");
            let event = json!({
                "specversion": "1.0", "id": "1", "source": "test", "type": "order.paid",
                "subject": "anna", "data": { "total": 900 },
            });
            shop.drop_events("1.jsonl", &[event.to_string()]);
            // Some of these `check` finds already.
            let output = shop.run(&["run", "--until-idle", "--quiet"]);
            if !output.status.success() {
                continue;
            }
            let (open, _) = outbox(&shop, "webhook").await;
            let is_refused =
                |(state, why): &(String, String)| state == "dead" && why.starts_with("unfit: ");
            assert!(
                open.len() == 1 && open.iter().all(is_refused),
                "{scheme} {host}: {open:?}"
            );
        }
    }
    assert_eq!(inside.came().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_can_be_hidden_in_a_header() {
    let receiver = Receiver::that(Says(200, "", ""));
    for note in [
        "x\r\nX-Admin: 1",
        "x\nX-Admin: 1",
        "x\u{0}",
        "x\u{7f}",
        "\u{202e}x",
        "Дякуємо",
    ] {
        let step = format!(
            "{{ url: \"http://127.0.0.1:{}/\", headers: {{ X-Note: =event.note }} }}",
            receiver.port
        );
        let shop = shop(&step, "[127.0.0.1]");
        run(&shop, note);
        let (open, _) = outbox(&shop, "webhook").await;
        let is_refused =
            |(state, why): &(String, String)| state == "dead" && why.contains("`X-Note`");
        assert!(
            open.len() == 1 && open.iter().all(is_refused),
            "{note:?}: {open:?}"
        );
    }
    assert_eq!(receiver.came().len(), 0);
    for header in [
        "Host",
        "webhook-signature",
        "Transfer-Encoding",
        "Content-Length",
    ] {
        let step = format!(
            "{{ url: \"http://127.0.0.1:{}/\", headers: {{ {header}: x }} }}",
            receiver.port
        );
        let shop = shop(&step, "[127.0.0.1]");
        run(&shop, "x");
        assert_eq!(outbox(&shop, "webhook").await.0[0].0, "dead", "{header}");
    }
    assert_eq!(receiver.came().len(), 0);
}

/// A shop whose journey goes by what a web hook answers, once it has.
fn asked(receiver: &Receiver, on_error: &str) -> Shop {
    let step = format!(
        "{{ url: \"http://127.0.0.1:{}/ask\", method: POST, save: answer, on_error: {on_error} }}\n  - if: is_set(vars.answer.level)\n    \
         then:\n      - tag: =vars.answer.level\n    else:\n      - tag: nothing",
        receiver.port
    );
    let shop = shop(&step, "[127.0.0.1]");
    shop.drop_events("1.jsonl", &[order("Thanks")]);
    shop.kurant(&["run", "--until-idle", "--quiet", "--actions", "out.jsonl"]);
    shop
}

/// What the customer was tagged with, and why the journey ended.
fn came_of(shop: &Shop) -> (Vec<String>, Vec<String>) {
    let lines = shop.lines("out.jsonl");
    let of = |verb: &str, what: &dyn Fn(&Value) -> String| {
        let own = lines.iter().filter(|line| line["action"] == verb);
        own.map(what).collect()
    };
    let tags = of("tag", &|line| line["data"].to_string());
    let reason = |line: &Value| line["reason"].as_str().unwrap_or_default().to_owned();
    (tags, of("exit", &reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_goes_by_what_a_web_hook_answers() {
    let large = format!(r#"{{"level":"gold","more":"{}"}}"#, "x".repeat(64 * 1024));
    for (does, tag) in [
        (Says(200, "", r#"{"level":"gold"}"#), "gold"),
        (Says(200, "", r#"{"other":1}"#), "nothing"),
        (Says(200, "", "no JSON"), "nothing"),
        (Says(204, "", ""), "nothing"),
        (Says(200, "", Box::leak(large.into_boxed_str())), "nothing"),
        (Says(404, "", ""), "nothing"),
    ] {
        let told = format!("{does:?}").chars().take(60).collect::<String>();
        let receiver = Receiver::that(does);
        let (tags, exits) = came_of(&asked(&receiver, "continue"));
        assert_eq!(tags.len(), 1, "{told}: {tags:?}");
        assert!(tags[0].contains(tag), "{told}: {tags:?}");
        assert_eq!(exits, ["completed"], "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_hook_that_fails_for_good_lets_the_journey_decide() {
    let receiver = Receiver::that(Says(410, "", ""));
    let shop = asked(&receiver, "exit");
    assert_eq!(came_of(&shop), (vec![], vec!["webhook_failed".to_owned()]));
    let told = shop.kurant(&["doctor", "--deep"]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(!told.contains("broken"), "{told}");
    let receiver = Receiver::that(Says(410, "", ""));
    let (tags, exits) = came_of(&asked(&receiver, "[ { tag: failed } ]"));
    assert!(
        tags[0].contains("failed") && tags[1].contains("nothing"),
        "{tags:?}"
    );
    assert_eq!(exits, ["completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lets_go_of_a_call_lets_the_journey_go_on_at_once() {
    let receiver = Receiver::that(HangsUp);
    let shop = asked(&receiver, "[ { tag: failed } ]");
    // What waits to be called again may have been called before the restore.
    let arguments = ["run", "--until-idle", "--quiet", "--actions", "out.jsonl"];
    shop.kurant(&[&arguments[..], &["--after-restore"]].concat());
    let held = outbox(&shop, "webhook").await.0;
    assert_eq!(held, [("in_doubt".to_owned(), "restored".to_owned())]);
    shop.kurant(&arguments);
    assert_eq!(came_of(&shop), (vec![], vec![]), "it waits");
    shop.kurant(&["held", "skip", "--all"]);
    shop.kurant(&arguments);
    let (tags, exits) = came_of(&shop);
    assert!(tags[0].contains("failed"), "{tags:?}");
    assert_eq!(exits, ["completed"]);
    let log = shop.kurant(&["log"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    let place = |word: &str| log.find(word).unwrap_or_else(|| panic!("{word}: {log}"));
    assert!(place("dropped") < place("hook_failed"), "{log}");
    assert!(place("hook_failed") < place("completed"), "{log}");
}
