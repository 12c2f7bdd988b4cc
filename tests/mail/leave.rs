//! Letters as people want them, and one click that ends them: from a mail server that isn't ours back to `kurant run`.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::read::{Receiver, header};
use super::tracked::shown;
use super::{paid, shop};
use crate::run::asking::asked;
use crate::run::sample::{Running, Shop};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const VARIABLES: [(&str, &str); 1] = [("KURANT_PUBLIC_SECRET", SECRET)];

/// A shop that writes offers to whoever pays, with pages of Kurant's own.
fn offering(receiver: &Receiver, more: &str) -> Shop {
    let shop = shop(&format!(
        "host: localhost, port: {}, tls: none",
        receiver.port
    ));
    shop.add_settings(more);
    std::fs::remove_file(shop.path("templates/thanks/email.md")).expect("the template");
    std::fs::remove_file(shop.path("journeys/thanks.yaml")).expect("the journey");
    for (name, category) in [("offers", "marketing"), ("receipts", "transactional")] {
        shop.write(
            &format!("journeys/{name}.yaml"),
            &format!(
                "journey: {name}\nstatus: live\ncategory: {category}\ntopic: news\ntrigger: {{ event: order.paid }}\n\
                 entry: {{ while_active: parallel, again: always }}\nsteps:\n  - {{ id: now, send: email, template: {name} }}\n"
            ),
        );
    }
    shop.write(
        "templates/receipts/email.txt",
        "---\nsubject: Paid\n---\nThank you, {{ customer.name }}.\n",
    );
    shop.write(
        "templates/offers/email.mjml",
        "---\nsubject: An offer\npreheader: For {{ customer.name }} only\n---\n\
         <mjml><mj-body><mj-section><mj-column><mj-text>Dear {{ customer.name }}</mj-text>\
         <mj-button href=\"https://shop.example/?a=1&amp;b=2\">Look</mj-button>\
         <mj-text><a href=\"{{ unsubscribe_url }}\">Unsubscribe</a> <a href=\"{{ preferences_url }}\">Choose</a></mj-text>\
         </mj-column></mj-section></mj-body></mjml>\n",
    );
    shop
}

const PAGES: &str = "public: { url: \"https://mail.shop.example\", listen: \"127.0.0.1:0\", secret: \"${env:KURANT_PUBLIC_SECRET}\", name: \"Shop <1>\" }\n";

/// Runs, and says where customers reach it.
fn running(shop: &Shop) -> (Running, String) {
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &VARIABLES);
    let line = running
        .wait_for("customers' pages are served at http://")
        .pop();
    let line = line.expect("a line");
    let (_, address) = line.split_once("http://").expect("an address");
    (running, address.trim().to_owned())
}

fn consenting(id: &str, customer: &str, name: &str) -> Vec<String> {
    let given = json!({
        "specversion": "1.0", "id": format!("{id}-consent"), "source": "test", "type": "consent.changed", "subject": customer,
        "data": { "channel": "email", "granted": true },
    });
    vec![
        given.to_string(),
        paid(id, customer, name, "anna@example.com"),
    ]
}

/// The next message with this subject.
fn next(receiver: &mut Receiver, subject: &str) -> Value {
    loop {
        let message = receiver.next();
        if header(&message, "Subject") == [subject] {
            return message;
        }
    }
}

/// The receipt of whoever was called so when they paid: all that was decided with it has left, or never will.
fn receipt_of(receiver: &mut Receiver, name: &str) {
    while !next(receiver, "Paid")["text"]
        .as_str()
        .is_some_and(|text| text.contains(name))
    {}
}

/// Where a link of ours leads, without its host.
fn path(link: &str) -> &str {
    link.trim_matches(['<', '>'])
        .strip_prefix("https://mail.shop.example")
        .expect("a page of ours")
}

const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

/// An offer is read without a flaw, in both of its parts, and a customer's name is text wherever it stands.
fn is_whole(offer: &Value, hostile: &str) {
    assert_eq!(offer["defects"], json!([]), "{offer}");
    let link = header(offer, "List-Unsubscribe")[0];
    let lines = [
        format!("List-Unsubscribe: {link}"),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click".to_owned(),
    ];
    let why = "each in one line, and no others";
    assert_eq!(offer["raw"], json!(lines), "{why}");
    let kinds = json!(["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(offer["kinds"], kinds);
    let html = offer["html"].as_str().expect("HTML");
    for part in [
        "<!doctype html>",
        "Dear &lt;script&gt;{{ 7 * 7 }}",
        "For &lt;script&gt;{{ 7 * 7 }}&lt;&#x2f;mj-text&gt; only&#847;",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let is_markup = html.contains("<mj-") || html.contains("<script>");
    assert!(!is_markup, "{html}");
    let text = offer["text"].as_str().expect("text");
    let dear = format!("Dear {hostile}");
    for part in [
        dear.as_str(),
        "https://shop.example/?a=1&b=2",
        link.trim_matches(['<', '>']),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !text.contains("only"),
        "the preheader is none of it: {text}"
    );
    assert!(!link.contains("anna"), "{link}");
}

/// Whatever reads mail follows links: it gets a page, and changes nothing.
fn only_looks(address: &str, page: &str) {
    let (code, looked) = asked(address, &format!("GET {page}"), "", "");
    assert_eq!(code, 200);
    for part in ["Відписатися", "Shop &lt;1&gt;"] {
        assert!(looked.contains(part), "{part}: {looked}");
    }
    let small = looked.to_ascii_lowercase();
    for guard in [
        "content-security-policy: default-src 'none'",
        "x-robots-tag: noindex",
        "cache-control: no-store",
    ] {
        assert!(small.contains(guard), "{guard}: {looked}");
    }
    assert!(!small.contains("set-cookie"), "{looked}");
}

#[test]
fn one_click_ends_offers_and_nothing_else() {
    let mut receiver = Receiver::start(false);
    let shop = offering(&receiver, PAGES);
    let hostile = "<script>{{ 7 * 7 }}</mj-text>";
    shop.drop_events("1.jsonl", &consenting("1", "anna", hostile));
    let (running, address) = running(&shop);
    let (one, two) = (receiver.next(), receiver.next());
    let (offer, receipt) = match header(&one, "Subject")[0] {
        "An offer" => (one, two),
        _ => (two, one),
    };
    assert_eq!(receipt["raw"], json!([]), "a receipt is no offer");
    assert_eq!(receipt["defects"], json!([]), "{receipt}");
    is_whole(&offer, hostile);
    let page = path(header(&offer, "List-Unsubscribe")[0]).to_owned();
    only_looks(&address, &page);
    shop.drop_events("2.jsonl", &[paid("2", "anna", "Anna", "anna@example.com")]);
    next(&mut receiver, "An offer");
    // A mail program asks, and asks again.
    for _ in 0..3 {
        let (code, told) = asked(
            &address,
            &format!("POST {page}"),
            FORM,
            "List-Unsubscribe=One-Click",
        );
        assert_eq!(code, 200, "{told}");
        assert!(told.contains("більше не отримуєте"), "{told}");
    }
    shop.drop_events(
        "3.jsonl",
        &[paid("3", "anna", "Anna III", "anna@example.com")],
    );
    receipt_of(&mut receiver, "Anna III");
    running.end();
    let log = shop.kurant(&["log", "--json", "--customer", "anna"]);
    let log = String::from_utf8(log.stdout).expect("text");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    let skipped = lines
        .iter()
        .filter(|line| line["journey"] == "offers" && line["reason"] == "no_consent");
    assert_eq!(skipped.count(), 1, "{log}");
    let withdrawn: Vec<&Value> = lines
        .iter()
        .filter(|line| line["outcome"] == "consent_withdrawn")
        .collect();
    assert_eq!(withdrawn.len(), 1, "{log}");
    let line = withdrawn[0].to_string();
    assert!(
        line.contains("kurant/unsubscribe") && line.contains("email"),
        "{line}"
    );
    assert!(!log.contains("anna@example.com"), "{log}");
}

#[test]
fn whoever_chooses_gets_what_they_chose() {
    let mut receiver = Receiver::start(false);
    let shop = offering(&receiver, PAGES);
    shop.drop_events("1.jsonl", &consenting("1", "anna", "Anna"));
    let (running, address) = running(&shop);
    let offer = next(&mut receiver, "An offer");
    let unsubscribe = path(header(&offer, "List-Unsubscribe")[0]).to_owned();
    let preferences = unsubscribe.replacen("/u/", "/p/", 1);
    let (code, looked) = asked(&address, &format!("GET {preferences}"), "", "");
    assert_eq!(code, 200);
    for box_of in ["value=\"email\" checked", "value=\"news\" checked"] {
        assert!(looked.contains(box_of), "{box_of}: {looked}");
    }
    // Out by one click, in by the page, out by the same old link: the later word holds.
    let post = |path: &str, body: &str| asked(&address, &format!("POST {path}"), FORM, body);
    for _ in 0..2 {
        assert!(post(&unsubscribe, "").1.contains("більше не отримуєте"));
        let (code, saved) = post(
            &preferences,
            &(shown(&looked) + "&channel=email&topic=news"),
        );
        assert!(
            code == 200 && saved.contains("value=\"email\" checked"),
            "{saved}"
        );
        assert!(saved.contains("Збережено"), "{saved}");
    }
    shop.drop_events("2.jsonl", &[paid("2", "anna", "Anna", "anna@example.com")]);
    next(&mut receiver, "An offer");
    // One topic less, and nothing else.
    let (_, saved) = post(&preferences, &(shown(&looked) + "&channel=email"));
    assert!(saved.contains("value=\"news\"> news"), "{saved}");
    shop.drop_events(
        "3.jsonl",
        &[paid("3", "anna", "Anna III", "anna@example.com")],
    );
    receipt_of(&mut receiver, "Anna III");
    running.end();
    let log = shop.kurant(&["log", "--json", "--journey", "offers"]);
    let log = String::from_utf8(log.stdout).expect("text");
    assert_eq!(log.matches("\"opted_out\"").count(), 1, "{log}");
}

#[test]
fn whoever_has_no_link_is_told_nothing_and_changes_nothing() {
    let mut receiver = Receiver::start(false);
    let shop = offering(&receiver, PAGES);
    shop.drop_events("1.jsonl", &consenting("1", "anna", "Anna"));
    let (running, address) = running(&shop);
    let offer = next(&mut receiver, "An offer");
    let page = path(header(&offer, "List-Unsubscribe")[0]).to_owned();
    let mut changed = page.clone();
    let last = if page.ends_with('A') { 'B' } else { 'A' };
    changed.pop();
    changed.pop();
    changed.push(last);
    changed.push(last);
    let mut answers = Vec::new();
    for wrong in [
        changed.as_str(),
        "/u/anna",
        "/u/",
        "/p/x",
        "/",
        "/events",
        "/metrics",
        "/health",
        "/u/%0d%0aX:y",
    ] {
        for method in ["GET", "POST"] {
            let (code, told) = asked(&address, &format!("{method} {wrong}"), FORM, "");
            assert_eq!(code, 404, "{method} {wrong}: {told}");
            let (_, body) = told.split_once("\r\n\r\n").expect("a body");
            answers.push(body.to_owned());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "all are told the same: {answers:?}");
    // No more than a form is taken; it is said before any of it is sent.
    let mut stream = TcpStream::connect(&address).expect("somebody listens");
    let long = format!("POST {page} HTTP/1.1\r\nHost: x\r\n{FORM}Content-Length: 70000\r\n\r\n");
    stream.write_all(long.as_bytes()).expect("it is sent");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(stream);
    shop.drop_events("2.jsonl", &[paid("2", "anna", "Anna", "anna@example.com")]);
    next(&mut receiver, "An offer");
    running.end();
}

#[test]
fn a_page_of_their_own_is_named_without_one_click() {
    let mut receiver = Receiver::start(false);
    let links = "links: { unsubscribe: \"https://shop.example/out?n={{ customer.name }}\", preferences: \"https://shop.example/p\" }\n";
    let shop = offering(&receiver, links);
    shop.drop_events("1.jsonl", &consenting("1", "anna", "A>, <b"));
    shop.kurant(&["run", "--until-idle", "--quiet"]);
    let offer = next(&mut receiver, "An offer");
    assert_eq!(
        header(&offer, "List-Unsubscribe"),
        ["<https://shop.example/out?n=A%3E,%20%3Cb>"]
    );
    assert!(header(&offer, "List-Unsubscribe-Post").is_empty());
    assert_eq!(offer["defects"], json!([]), "{offer}");
    // What ends a header, or turns the reading round, never leaves.
    for (number, name) in (2..).zip(["A\r\nBcc: x@y.example", "A\u{202e}B", "A\u{0}B"]) {
        let order = paid(&number.to_string(), "anna", name, "anna@example.com");
        shop.drop_events(&format!("{number}.jsonl"), &[order]);
        shop.kurant(&["run", "--until-idle", "--quiet"]);
        let receipt = receiver.next();
        assert_eq!(header(&receipt, "Subject"), ["Paid"], "{name:?}");
    }
    let log = shop.kurant(&["log", "--journey", "offers"]);
    let log = String::from_utf8(log.stdout).expect("text");
    assert_eq!(log.matches("given up: unfit: the ").count(), 3, "{log}");
}

#[test]
fn the_doctor_and_a_preview_say_where_links_lead() {
    let receiver = Receiver::start(false);
    let shop = offering(&receiver, PAGES);
    shop.drop_events("1.jsonl", &consenting("1", "anna", "Anna"));
    let all = |arguments: &[&str], variables: &[(&str, &str)]| {
        let running = shop.start_in(arguments, variables);
        let lines: Vec<String> = running.lines.iter().collect();
        running.ended();
        lines.join("\n")
    };
    all(&["run", "--until-idle", "--quiet"], &VARIABLES);
    let preview = ["preview", "offers", "--customer", "anna"];
    let seen = all(&preview, &VARIABLES);
    for part in [
        "Dear Anna",
        "preheader: For Anna only",
        "https://mail.shop.example/u/",
        "https://mail.shop.example/p/",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let html = std::fs::read_to_string(shop.path(".kurant/preview/offers.email.html"));
    assert!(
        html.expect("a page to look at")
            .contains(">For Anna only&#847;")
    );
    let seen = all(&preview, &[]);
    assert!(
        seen.contains("without the links") && seen.contains("Dear Anna"),
        "{seen}"
    );
    let told = all(&["doctor"], &VARIABLES);
    assert!(
        told.contains("links of messages lead to https://mail.shop.example, and nobody listens"),
        "{told}"
    );
    for (secret, why) in [
        (None, "KURANT_PUBLIC_SECRET"),
        (Some("s3cret"), "shorter than 32 letters"),
    ] {
        let variables: Vec<_> = secret
            .map(|own| ("KURANT_PUBLIC_SECRET", own))
            .into_iter()
            .collect();
        let told = all(&["doctor"], &variables);
        assert!(told.contains("broken") && told.contains(why), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}

#[test]
fn where_somebody_listens_already_it_says_so_and_goes_on() {
    let receiver = Receiver::start(false);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let shop = offering(&receiver, &PAGES.replace("127.0.0.1:0", &address));
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &VARIABLES);
    running.wait_for(&format!("somebody listens at {address} already"));
    running.wait_for("running");
    running.end();
    // What can't be an address of this machine is no reason to go on without anybody noticing.
    let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
    shop.write(
        "kurant.yaml",
        &settings.replace(&address, "203.0.113.1:8090"),
    );
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &VARIABLES);
    running.wait_for("customers can't reach Kurant");
    assert!(!running.ended().success());
}
