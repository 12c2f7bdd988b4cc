//! What providers say of messages once they have them: each fact takes effect once, whoever else calls changes nothing, and what was in
//! doubt is settled by what comes back of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::receiver::Does::{self, HangsUp, Says};
use super::receiver::Receiver;
use super::{DESCRIBED, outbox, paid, shop};
use crate::run::asking::asked;
use crate::run::sample::{Running, Shop, until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const VARIABLES: [(&str, &str); 1] = [("KURANT_PUBLIC_SECRET", SECRET)];
const PAGES: &str = "public: { url: \"https://mail.shop.example\", listen: \"127.0.0.1:0\", secret: \"${env:KURANT_PUBLIC_SECRET}\", trusted_proxies: [127.0.0.1] }\n";
const TAKEN: Does = Says(200, "", r#"{"code":0,"id":"a-1"}"#);
/// What the provider shows.
const TOKEN: &str = "x-token: c4llb4ck\r\ncontent-type: application/json\r\n";
const PHONE: &str = "+380501112233";
/// Whoever is written to tells the CRM once the message arrived, or once it did not.
const JOURNEY: &str = "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\n\
     entry: { while_active: parallel, again: always }\nsteps:\n  - { id: now, send: sms, template: thanks }\n  \
     - id: fate\n    wait_for: { any: [ { event: message.delivered }, { event: message.bounced } ], timeout: 1d }\n    \
     then:\n      - if: event.meta.type == \"message.delivered\"\n        then:\n          - tag: arrived\n        \
     else:\n          - tag: bounced\n";

/// How the provider tells which message it speaks of, and how it is known.
fn describes(message: &str) -> String {
    format!(
        "takes: [callback_secret]\n{DESCRIBED}callback:\n  \
         verify: {{ by: header, header: X-Token, secret: \"{{{{ callback_secret }}}}\" }}\n  message: {message}\n  statuses:\n    \
         - {{ field: status, is: [delivered, 2], means: delivered }}\n    - {{ field: status, is: bounced, means: bounced }}\n    \
         - {{ field: status, is: failed, means: failed }}\n    - {{ field: status, is: complained, means: complained }}\n    \
         - {{ field: status, is: sent, means: ignored }}\n"
    )
}

/// A shop whose provider calls back.
fn calling(receiver: &Receiver, message: &str) -> Shop {
    let secret = "${file:token}";
    let channel = format!(
        "provider: own, token: \"{secret}\", callback_secret: \"${{file:call}}\", timeout: 1s, url: \"http://127.0.0.1:{}/send\"",
        receiver.port
    );
    let shop = shop(&channel, PAGES);
    shop.write("token", "t0k3n");
    shop.write("call", "c4llb4ck");
    shop.write("channels/own.yaml", &describes(message));
    shop.write("journeys/thanks.yaml", JOURNEY);
    shop
}

/// Runs, and says where it is reached from outside.
fn running(shop: &Shop) -> (Running, String) {
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &VARIABLES);
    let line = running
        .wait_for("customers' pages are served at http://")
        .pop();
    let line = line.expect("a line");
    let (_, address) = line.split_once("http://").expect("an address");
    (running, address.trim().to_owned())
}

fn call(address: &str, path: &str, headers: &str, body: &Value) -> (u16, String) {
    let body = body.to_string();
    let (code, answer) = asked(address, &format!("POST {path}"), headers, &body);
    let (_, text) = answer.split_once("\r\n\r\n").unwrap_or_default();
    (code, text.to_owned())
}

/// The tags that the CRM was told of.
fn tags(shop: &Shop) -> Vec<String> {
    let lines = shop.lines(".kurant/outbox/crm.jsonl");
    let tags = lines.iter().filter(|line| line["command"] == "tag");
    tags.map(|line| line["data"].to_string()).collect()
}

fn has_tag(shop: &Shop, tag: &str) -> bool {
    tags(shop).iter().any(|own| own.contains(tag))
}

fn log(shop: &Shop) -> String {
    let log = shop.kurant(&["log", "--json", "--customer", "anna"]);
    String::from_utf8(log.stdout).expect("text")
}

#[test]
fn a_delivery_is_an_event_once_however_often_and_early_it_is_told() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", PHONE)]);
    let (running, address) = running(&shop);
    until("a request", || !receiver.came().is_empty());
    // Its answer may not be written down yet: the call waits for that.
    let told = json!({ "id": "a-1", "status": "delivered", "customer": "bohdan", "time": "2020-01-01T00:00:00Z" });
    for _ in 0..3 {
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
    }
    // Out of order, of nothing that anybody waits for, and of what nobody described.
    for status in ["sent", "teleported"] {
        let told = json!([{ "id": "a-1", "status": status }]);
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
    }
    until("a tag", || has_tag(&shop, "arrived"));
    let metrics = asked(&running.address(), "GET /metrics", "", "").1;
    for line in [
        "kurant_callbacks_total{channel=\"sms\",outcome=\"unknown_status\"} 1",
        "kurant_events_total{source=\"feedback\",outcome=\"taken\"} 1",
        "kurant_events_total{source=\"feedback\",outcome=\"repeated\"} 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    running.end();
    assert_eq!(tags(&shop).len(), 1);
    let log = log(&shop);
    assert!(!log.contains(PHONE) && !log.contains("bohdan"), "{log}");
    assert_eq!(log.matches("\"outcome\":\"delivered\"").count(), 1, "{log}");
}

#[test]
fn whoever_is_not_known_is_told_the_same_and_changes_nothing() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", PHONE)]);
    let (running, address) = running(&shop);
    until("a request", || !receiver.came().is_empty());
    let told = json!({ "id": "a-1", "status": "bounced" });
    let refused = call(&address, "/callback/sms", "x-token: wrong\r\n", &told);
    assert_eq!(refused.0, 401);
    for (path, headers) in [
        ("/callback/sms", ""),
        ("/callback/sms/c4llb4ck", ""),
        ("/callback/email", TOKEN),
        ("/callback/crm", TOKEN),
        ("/callback/%2e%2e", TOKEN),
    ] {
        assert_eq!(call(&address, path, headers, &told), refused, "{path}");
    }
    assert_eq!(asked(&address, "GET /callback/sms", TOKEN, "").0, 401);
    let large = json!({ "id": "a-1", "status": "x".repeat(70_000) });
    assert_eq!(call(&address, "/callback/sms", TOKEN, &large).0, 413);
    // A name of nobody's is counted, and not asked for again and again.
    let strange = json!({ "id": "zzz", "status": "delivered" });
    until("nothing under way", || {
        call(&address, "/callback/sms", TOKEN, &strange).0 == 200
    });
    // Whoever goes on trying is told to stop; a provider that calls from the same address is listened to, and who comes from inside.
    let from = |address: &str, more: &str| format!("x-forwarded-for: {address}\r\n{more}");
    let stranger = from("203.0.113.9", "");
    let answers: Vec<u16> = (0..100)
        .map(|_| call(&address, "/callback/sms", &stranger, &told).0)
        .collect();
    assert_eq!((answers[0], answers[99]), (401, 429));
    assert_eq!(call(&address, "/callback/none", &stranger, &told).0, 429);
    let beside = from("203.0.113.9", TOKEN);
    assert_eq!(call(&address, "/callback/sms", &beside, &strange).0, 200);
    let page = format!("GET /u/{}", "x".repeat(40));
    assert_eq!(asked(&address, &page, &stranger, "").0, 429);
    let provider = from("198.51.100.1", TOKEN);
    assert_eq!(call(&address, "/callback/sms", &provider, &strange).0, 200);
    assert_eq!(call(&address, "/callback/sms", TOKEN, &strange).0, 200);
    running.end();
    assert_eq!(tags(&shop), Vec::<String>::new());
    let dead = shop.kurant(&["dead", "list"]);
    assert!(!String::from_utf8_lossy(&dead.stdout).contains("a-1"));
}

#[test]
fn a_secret_that_changes_holds_from_the_next_call_on_and_that_of_before_for_a_while() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    let (running, address) = running(&shop);
    let strange = json!({ "id": "zzz", "status": "delivered" });
    let answer = |token: &str| {
        let headers = format!("x-token: {token}\r\ncontent-type: application/json\r\n");
        call(&address, "/callback/sms", &headers, &strange).0
    };
    assert_eq!((answer("c4llb4ck"), answer("fr3sh")), (200, 401));
    shop.write("call.next", "fr3sh\n");
    std::fs::rename(shop.path("call.next"), shop.path("call")).expect("a new secret");
    let said = running.wait_for("known by another secret");
    assert_eq!((answer("c4llb4ck"), answer("fr3sh")), (200, 200));
    assert_eq!(answer("wrong"), 401);
    let said = said.join("\n");
    assert!(
        !said.contains("fr3sh") && !said.contains("c4llb4ck"),
        "{said}"
    );
    running.end();
}

#[test]
fn whoever_sends_slowly_takes_nobodys_place() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    let (running, address) = running(&shop);
    let begun = |path: &str| {
        let mut stream = TcpStream::connect(&address).expect("somebody listens");
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx");
        stream.write_all(head.as_bytes()).expect("it is sent");
        stream
    };
    let slow: Vec<TcpStream> = ["/callback/sms", "/u/none"]
        .iter()
        .flat_map(|path| (0..80).map(|_| begun(path)))
        .collect();
    let strange = json!({ "id": "zzz", "status": "delivered" });
    assert_eq!(call(&address, "/callback/sms", TOKEN, &strange).0, 200);
    assert_eq!(asked(&address, "GET /u/none", "", "").0, 404);
    for mut stream in slow {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
    running.end();
}

#[test]
fn a_bounce_and_a_complaint_end_what_is_sent_there_and_a_failure_does_not() {
    for (status, suppresses) in [("bounced", true), ("complained", true), ("failed", false)] {
        let receiver = Receiver::that(TAKEN);
        let shop = calling(&receiver, "{ id: id }");
        shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", PHONE)]);
        let (running, address) = running(&shop);
        until("a request", || !receiver.came().is_empty());
        let told = json!({ "id": "a-1", "status": status });
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
        shop.drop_events(
            "2.jsonl",
            &[
                paid("2", "anna", "Anna", PHONE),
                paid("3", "vasyl", "V", "+380509998877"),
            ],
        );
        let least = if suppresses { 2 } else { 3 };
        until("the others", || receiver.came().len() >= least);
        running.end();
        assert_eq!(receiver.came().len(), least, "{status}");
        let log = log(&shop);
        assert_eq!(
            log.contains("\"suppressed\""),
            suppresses,
            "{status}: {log}"
        );
        let line = format!("\"outcome\":\"{status}\"");
        assert_eq!(log.matches(&line).count(), 1, "{status}: {log}");
    }
}

#[tokio::test]
async fn what_was_in_doubt_is_settled_by_what_comes_back_of_it() {
    let receiver = Receiver::that(HangsUp);
    let shop = calling(&receiver, "{ key: ref }");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", PHONE)]);
    let (running, address) = running(&shop);
    until("doubt", || {
        let held = shop.kurant(&["log", "--json", "--customer", "anna"]);
        String::from_utf8_lossy(&held.stdout).contains("in_doubt")
    });
    let sent: Value = serde_json::from_str(&receiver.came()[0].body).expect("JSON");
    let told = json!({ "ref": sent["ref"], "status": "delivered" });
    let elsewhere = json!({ "ref": "0123456789abcdef0123456789abcdef", "status": "delivered" });
    assert_eq!(call(&address, "/callback/sms", TOKEN, &elsewhere).0, 200);
    assert_eq!(outbox(&shop, "sms").await.0.len(), 1);
    for _ in 0..2 {
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
    }
    let settled = (Vec::new(), vec![("accepted".to_owned(), 1)]);
    assert_eq!(outbox(&shop, "sms").await, settled);
    until("a tag", || has_tag(&shop, "arrived"));
    running.end();
    assert_eq!(receiver.came().len(), 1, "once");
}

#[test]
fn what_can_not_be_read_is_kept_for_somebody_to_look_at() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    let (running, address) = running(&shop);
    for _ in 0..2 {
        let (code, _) = asked(&address, "POST /callback/sms", TOKEN, "<status>2</status>");
        assert_eq!(code, 200);
    }
    running.end();
    let dead = shop.kurant(&["dead", "list"]);
    let dead = String::from_utf8_lossy(&dead.stdout).into_owned();
    assert_eq!(dead.matches("callback/sms").count(), 1, "{dead}");
}

#[test]
fn what_names_no_message_or_has_no_list_is_kept_with_the_field_and_what_else_is_said_holds() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    let described = describes("{ id: id }").replace("  message:", "  list: reports\n  message:");
    shop.write("channels/own.yaml", &described);
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", PHONE)]);
    let (running, address) = running(&shop);
    until("a request", || !receiver.came().is_empty());
    for told in [
        json!({ "reports": [{ "id": "a-1", "status": "delivered" }, { "status": "delivered" }] }),
        json!({ "reports": { "id": "a-1", "status": "bounced" } }),
        json!({ "reports": [{ "refrence": "a-1", "status": "delivered" }] }),
    ] {
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
    }
    until("a tag", || has_tag(&shop, "arrived"));
    let metrics = asked(&running.address(), "GET /metrics", "", "").1;
    let line = "kurant_callbacks_total{channel=\"sms\",outcome=\"unreadable\"} 3";
    assert!(metrics.contains(line), "{metrics}");
    let told = "the description doesn't fit what a provider says";
    running.wait_for(told);
    running.end_silently(told);
    let dead = shop.kurant(&["dead", "list"]);
    let dead = String::from_utf8_lossy(&dead.stdout).into_owned();
    for reason in [
        "1 of 2 name no message in `id`",
        "1 of 1 name no message in `id`",
        "`list: reports`: no list is there",
    ] {
        assert_eq!(dead.matches(reason).count(), 1, "{reason}: {dead}");
    }
    assert!(!has_tag(&shop, "bounced"));
}

/// One message by SMS, then by email if nothing confirms it in two seconds.
fn falling_back(receiver: &Receiver) -> Shop {
    let shop = calling(receiver, "{ id: id }");
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    let settings = settings.replace("channels:\n", "channels:\n  email: { kind: file }\n");
    shop.write("kurant.yaml", &settings);
    shop.write(
        "templates/thanks/email.txt",
        "---\nsubject: Paid\n---\nThanks\n",
    );
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: transactional\ntrigger: { event: order.paid }\nsteps:\n  \
         - { id: now, send: sms, template: thanks, fallback: [email], fallback_after: 3s }\n",
    );
    shop
}

fn paid_with_email(id: &str) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "order.paid", "subject": "anna",
        "data": { "total": 900, "customer": { "phone": PHONE, "name": "Anna", "email": "anna@example.com" } },
    })
    .to_string()
}

#[test]
fn another_channel_takes_its_place_only_if_nothing_confirms_the_first_in_time() {
    for status in ["delivered", "bounced", "nothing"] {
        let receiver = Receiver::that(TAKEN);
        let shop = falling_back(&receiver);
        shop.drop_events("1.jsonl", &[paid_with_email("1")]);
        let (running, address) = running(&shop);
        until("a request", || !receiver.came().is_empty());
        let told = json!({ "id": "a-1", "status": status });
        assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
        let emails = || shop.lines(".kurant/outbox/email.jsonl").len();
        if status == "delivered" {
            // What waits is gone: nothing is left that time could bring.
            let shown = shop.kurant(&["log", "--json", "--customer", "anna"]);
            let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
            assert!(shown.contains("fallback_cancelled"), "{shown}");
        } else {
            until("an email", || emails() == 1);
            // Late, and nothing more comes of it.
            let told = json!({ "id": "a-1", "status": "delivered" });
            assert_eq!(call(&address, "/callback/sms", TOKEN, &told).0, 200);
        }
        running.end();
        assert_eq!(emails(), usize::from(status != "delivered"), "{status}");
        assert_eq!(receiver.came().len(), 1, "{status}");
    }
}

#[test]
fn doctor_says_of_which_channel_nothing_can_come_back() {
    let receiver = Receiver::that(TAKEN);
    let shop = calling(&receiver, "{ id: id }");
    shop.write("public", SECRET);
    let whole = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    let whole = whole.replace("${env:KURANT_PUBLIC_SECRET}", "${file:public}");
    let (inside, _) = whole
        .split_once("public:")
        .expect("what is reached from outside");
    let secretless = whole.replace("callback_secret: \"${file:call}\", ", "");
    for (settings, says) in [
        (
            whole.as_str(),
            "says what became of messages at https://mail.shop.example/callback/sms",
        ),
        (inside, "and is not told where"),
        (&secretless, "its secret is missing"),
    ] {
        shop.write("kurant.yaml", settings);
        let told = shop.run(&["doctor"]);
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        assert!(told.contains(says), "{says}: {told}");
        assert!(!told.contains("c4llb4ck"), "{told}");
    }
}
