//! Links that lead by way of Kurant and the picture of letters: what is noticed, of whom, and that a link leads nowhere else.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::read::{Receiver, header};
use super::{paid, shop};
use crate::run::asking::asked;
use crate::run::sample::{Running, Shop, until};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const VARIABLES: [(&str, &str); 1] = [("KURANT_PUBLIC_SECRET", SECRET)];
const PUBLIC: &str = "https://mail.shop.example";

/// A shop that writes a letter to whoever pays, and tells the CRM once it was clicked or opened.
fn tracking(receiver: &Receiver, tracking: &str) -> Shop {
    let shop = shop(&format!(
        "host: localhost, port: {}, tls: none",
        receiver.port
    ));
    let more = format!(
        "public: {{ url: \"{PUBLIC}\", listen: \"127.0.0.1:0\", secret: \"${{env:KURANT_PUBLIC_SECRET}}\" }}\n{tracking}"
    );
    shop.add_settings(&more);
    std::fs::remove_file(shop.path("templates/thanks/email.md")).expect("the template");
    shop.write(
        "templates/thanks/email.html",
        "---\nsubject: Paid\n---\n<p>Dear {{ customer.name }}, <a href=\"https://shop.example/?a=1&amp;b={{ event.total }}\">look</a> \
         <a href=\"mailto:hello@shop.example\">write</a> <a href=\"{{ unsubscribe_url }}\">out</a></p>\n",
    );
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ncategory: service\ntrigger: { event: order.paid }\nentry: { while_active: parallel, again: always }\n\
         steps:\n  - { id: now, send: email, template: thanks }\n  - id: noticed\n    \
         wait_for: { any: [ { event: message.clicked, where: 'event.url == \"https://shop.example/?a=1&b=900\"' }, { event: message.opened } ], timeout: 1d }\n    \
         then:\n      - if: event.meta.type == \"message.clicked\"\n        then:\n          - tag: clicked\n        else:\n          - tag: opened\n",
    );
    shop
}

fn running(shop: &Shop) -> (Running, String) {
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &VARIABLES);
    let line = running
        .wait_for("customers' pages are served at http://")
        .pop();
    let line = line.expect("a line");
    let (_, address) = line.split_once("http://").expect("an address");
    (running, address.trim().to_owned())
}

/// What is answered to whoever asks for a picture.
fn picture(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}

/// The paths of ours in a letter that begin so.
fn paths(letter: &Value, begin: &str) -> Vec<String> {
    let html = letter["html"].as_str().expect("HTML");
    let html = html.replace("&#x2f;", "/");
    let own = format!("{PUBLIC}{begin}");
    let found = html.match_indices(&own).map(|(at, _)| {
        let rest = &html[at + PUBLIC.len()..];
        rest.split('"').next().expect("a path").to_owned()
    });
    found.collect()
}

fn tags(shop: &Shop, tag: &str) -> usize {
    let lines = shop.lines(".kurant/outbox/crm.jsonl");
    let own = lines.iter().filter(|line| line["command"] == "tag");
    own.filter(|line| line["data"].to_string().contains(tag))
        .count()
}

/// The link and the picture of a letter in which nothing else leads by way of here.
fn noticed(letter: &Value) -> (Vec<String>, Vec<String>) {
    assert_eq!(letter["defects"], json!([]), "{letter}");
    assert_eq!(header(letter, "Subject"), ["Paid"]);
    let html = letter["html"].as_str().expect("HTML");
    assert!(html.contains("\"mailto:hello@shop.example\""), "{html}");
    assert!(!html.contains("shop.example/?a=1"), "{html}");
    let (clicks, opens) = (paths(letter, "/c/"), paths(letter, "/o/"));
    assert_eq!((clicks.len(), opens.len()), (1, 1), "{html}");
    assert_eq!(paths(letter, "/u/").len(), 1, "{html}");
    assert!(!clicks[0].contains("anna"), "{html}");
    (clicks, opens)
}

#[test]
fn a_link_leads_where_it_was_meant_to_and_is_noticed_once() {
    let mut receiver = Receiver::start(false);
    let shop = tracking(&receiver, "tracking: { links: on, opens: on }\n");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    let (running, address) = running(&shop);
    let letter = receiver.next();
    let (clicks, opens) = noticed(&letter);
    // Whoever looks ahead gets there, and is nobody.
    let leads = |what: &str, headers: &str| {
        let (code, answer) = asked(&address, &format!("{what} {}", clicks[0]), headers, "");
        assert_eq!(code, 302, "{answer}");
        let small = answer.to_ascii_lowercase();
        assert!(
            small.contains("location: https://shop.example/?a=1&b=900\r\n"),
            "{answer}"
        );
        assert!(!small.contains("set-cookie"), "{answer}");
    };
    leads("HEAD", "");
    leads("GET", "Sec-Purpose: prefetch;prerender\r\n");
    for wrong in [
        "/c/x",
        "/c/",
        &clicks[0][..clicks[0].len() - 1],
        &clicks[0].replacen("/c/", "/u/", 1),
        "/c/https://evil.example/",
    ] {
        let (code, answer) = asked(&address, &format!("GET {wrong}"), "", "");
        assert_eq!(code, 404, "{answer}");
        assert!(
            !answer.to_ascii_lowercase().contains("location:"),
            "{answer}"
        );
    }
    let events = running.address();
    let counted = |outcome: &str| {
        let (_, metrics) = asked(&events, "GET /metrics", "", "");
        let line = format!("kurant_events_total{{source=\"feedback\",outcome=\"{outcome}\"}} ");
        let own = metrics
            .lines()
            .find_map(|own| own.strip_prefix(&line).map(str::to_owned));
        own.map_or(0.0, |own| own.trim().parse::<f64>().expect("a number"))
    };
    assert_eq!(counted("taken"), 0.0);
    for _ in 0..3 {
        leads("GET", "");
    }
    until("a tag", || tags(&shop, "clicked") == 1);
    until("the repeats", || counted("repeated") >= 2.0);
    assert_eq!(counted("taken"), 1.0);
    let picture = picture(&address, &opens[0]);
    let (head, own) = picture.split_at(
        picture
            .windows(6)
            .position(|own| own == b"GIF89a")
            .expect("GIF"),
    );
    let head = String::from_utf8_lossy(head);
    assert!(
        head.contains("200 OK") && head.contains("image/gif"),
        "{head}"
    );
    assert!(own.len() < 60);
    until("the opening", || counted("taken") >= 2.0);
    // A picture of nobody's is one all the same.
    assert!(self::picture(&address, "/o/x").ends_with(own));
    running.end();
    assert_eq!(tags(&shop, "opened"), 0, "the click was first");
    is_in_the_log(&shop);
}

/// That the letter was clicked and opened, once each, and not which link it was.
fn is_in_the_log(shop: &Shop) {
    for outcome in ["clicked", "opened"] {
        let told = noted(shop, outcome);
        assert_eq!(told.len(), 1, "{outcome}: {told:?}");
        let line = &told[0];
        let own = [&line["journey"], &line["step"], &line["channel"]];
        assert_eq!(own, ["thanks", "now", "email"], "{line}");
        assert!(!line.to_string().contains("shop.example"), "{line}");
    }
}

/// The lines of the log that ended so.
fn noted(shop: &Shop, outcome: &str) -> Vec<Value> {
    let log = shop.kurant(&["log", "--json", "--outcome", outcome]);
    let log = String::from_utf8(log.stdout).expect("text");
    let lines = log.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect()
}

fn consents(id: &str, granted: bool) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "consent.changed", "subject": "anna",
        "data": { "channel": "tracking", "granted": granted },
    })
    .to_string()
}

#[test]
fn nothing_is_noticed_unless_it_is_told_and_agreed_to() {
    let mut receiver = Receiver::start(false);
    let shop = tracking(
        &receiver,
        "tracking: { links: consented, opens: consented }\n",
    );
    let order = |id: &str| paid(id, "anna", "Anna", "anna@example.com");
    let (running, _) = running(&shop);
    for (file, events, count) in [
        ("1.jsonl", vec![order("1")], 0),
        ("2.jsonl", vec![consents("2", true), order("3")], 1),
        ("3.jsonl", vec![consents("4", false), order("5")], 0),
    ] {
        shop.drop_events(file, &events);
        let letter = receiver.next();
        let found = (paths(&letter, "/c/").len(), paths(&letter, "/o/").len());
        assert_eq!(found, (count, count), "{file}: {letter}");
    }
    running.end();
    // By itself nothing is noticed of anybody.
    let shop = tracking(&receiver, "");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    let (running, _) = self::running(&shop);
    let letter = receiver.next();
    assert_eq!(
        (paths(&letter, "/c/").len(), paths(&letter, "/o/").len()),
        (0, 0)
    );
    running.end();
}

/// Whether the box of a page is there, ticked or empty.
fn is_ticked(page: &str, ticked: bool) -> bool {
    let ticked = if ticked { " checked" } else { "" };
    page.contains(&format!("name=\"tracking\" value=\"tracking\"{ticked}>"))
}

/// What a browser sends of the boxes that a page shows, whatever is ticked.
pub(super) fn shown(page: &str) -> String {
    let fields = page.split("name=\"shown\" value=\"").skip(1);
    let fields = fields.map(|rest| rest.split('"').next().expect("a value"));
    let fields: Vec<String> = fields.map(|own| format!("shown={own}")).collect();
    assert!(!fields.is_empty(), "{page}");
    fields.join("&")
}

#[test]
fn who_leaves_the_box_empty_is_left_alone_also_where_links_are_noticed_without_a_word() {
    let mut receiver = Receiver::start(false);
    let shop = tracking(&receiver, "tracking: { links: on, opens: consented }\n");
    let (running, address) = running(&shop);
    let mut letter = |id: &str| {
        let order = paid(id, "anna", "Anna", "anna@example.com");
        shop.drop_events(&format!("{id}.jsonl"), &[order]);
        receiver.next()
    };
    let noticed = |letter: &Value| (paths(letter, "/c/").len(), paths(letter, "/o/").len());
    let first = letter("1");
    assert_eq!(noticed(&first), (1, 0), "never a word");
    let page = paths(&first, "/u/")[0].replacen("/u/", "/p/", 1);
    let (_, looked) = asked(&address, &format!("GET {page}"), "", "");
    assert!(is_ticked(&looked, false), "{looked}");
    for (id, form, count) in [
        // Of a page that never showed the box: nothing is said.
        ("2", String::new(), (1, 0)),
        ("3", shown(&looked), (0, 0)),
        ("4", shown(&looked) + "&tracking=tracking", (1, 1)),
        ("5", String::new(), (1, 1)),
        ("6", shown(&looked), (0, 0)),
    ] {
        let (code, saved) = asked(&address, &format!("POST {page}"), "", &form);
        assert_eq!(code, 200, "{saved}");
        assert_eq!(noticed(&letter(id)), count, "{id}: {form}");
    }
    running.end();
}

#[test]
fn somebody_agrees_on_the_page_to_be_noticed_and_takes_it_back_there() {
    let mut receiver = Receiver::start(false);
    let shop = tracking(&receiver, "tracking: { links: consented, opens: off }\n");
    let (running, address) = running(&shop);
    let letter = |receiver: &mut Receiver, id: &str| {
        let order = paid(id, "anna", "Anna", "anna@example.com");
        shop.drop_events(&format!("{id}.jsonl"), &[order]);
        receiver.next()
    };
    let first = letter(&mut receiver, "1");
    assert_eq!(paths(&first, "/c/").len(), 0, "nobody has agreed");
    let page = paths(&first, "/u/")[0].replacen("/u/", "/p/", 1);
    let (_, looked) = asked(&address, &format!("GET {page}"), "", "");
    assert!(is_ticked(&looked, false), "{looked}");
    for (id, form, agrees) in [("2", "&tracking=tracking", true), ("3", "", false)] {
        let form = shown(&looked) + form;
        let (code, saved) = asked(&address, &format!("POST {page}"), "", &form);
        assert_eq!(code, 200, "{saved}");
        assert!(is_ticked(&saved, agrees), "{saved}");
        let own = letter(&mut receiver, id);
        assert_eq!(paths(&own, "/c/").len(), usize::from(agrees), "{own}");
    }
    running.end();
    for outcome in ["consent_given", "consent_withdrawn"] {
        let told = noted(&shop, outcome);
        assert_eq!(told.len(), 1, "{told:?}");
        let line = told[0].to_string();
        assert!(
            line.contains("kurant/preferences") && line.contains("tracking"),
            "{line}"
        );
    }
}

/// Follows both links of a letter; what came of it, as counters have it.
fn followed(running: &Running, address: &str, letter: &Value, outcome: &str) {
    let (code, answer) = asked(address, &format!("GET {}", paths(letter, "/c/")[0]), "", "");
    assert!(
        code == 302 && answer.contains("https://shop.example/?a=1&b=900"),
        "{answer}"
    );
    assert!(picture(address, &paths(letter, "/o/")[0]).ends_with(b";"));
    let events = running.address();
    for what in ["click", "open"] {
        let line = format!("kurant_tracked_total{{what=\"{what}\",outcome=\"{outcome}\"}} ");
        until(&line, || {
            asked(&events, "GET /metrics", "", "").1.contains(&line)
        });
    }
}

#[test]
fn an_old_link_leads_on_and_is_noticed_no_more_once_that_is_not_wanted() {
    const ON: &str = "tracking: { links: on, opens: on }\n";
    const OFF: &str = "tracking: { links: off, opens: off }\n";
    const CONSENTED: &str = "tracking: { links: consented, opens: consented }\n";
    for (before, word, after, outcome) in [
        (CONSENTED, None, CONSENTED, "told"),
        (CONSENTED, Some(false), CONSENTED, "unwanted"),
        (ON, Some(false), ON, "unwanted"),
        (ON, None, OFF, "unwanted"),
    ] {
        let mut receiver = Receiver::start(false);
        let shop = tracking(&receiver, before);
        let order = paid("2", "anna", "Anna", "anna@example.com");
        shop.drop_events("1.jsonl", &[consents("1", true), order]);
        let (running, _) = running(&shop);
        let letter = receiver.next();
        running.end();
        let settings = std::fs::read_to_string(shop.path("kurant.yaml")).expect("the workspace");
        shop.write("kurant.yaml", &settings.replace(before, after));
        let word = word.map(|granted| consents("3", granted));
        shop.drop_events("2.jsonl", &word.into_iter().collect::<Vec<_>>());
        shop.start_in(&["run", "--until-idle"], &VARIABLES).ends();
        let (running, address) = self::running(&shop);
        followed(&running, &address, &letter, outcome);
        let is_tagged = || tags(&shop, "clicked") + tags(&shop, "opened") > 0;
        if outcome == "told" {
            until("a tag", is_tagged);
        }
        running.end();
        assert_eq!(is_tagged(), outcome == "told", "{before}{after}");
    }
}
