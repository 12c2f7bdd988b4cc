//! What comes back as mail: from a mail server that isn't ours back to `kurant run`, by a folder.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use super::read::{Receiver, header};
use super::{paid, shop};
use crate::run::sample::Shop;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// What nobody but the customer and the shop should read.
const WORDS: &str = "Yes, at seven please";

/// A shop that writes offers to whoever pays, and asks for what comes back.
fn asking(port: u64, more: &str) -> Shop {
    let shop = shop(&format!(
        "host: localhost, port: {port}, tls: none, returned: {{ folder: .kurant/returned, secret: \"${{file:mail.secret}}\", {more} }}"
    ));
    shop.write("mail.secret", SECRET);
    shop.write(
        "journeys/thanks.yaml",
        "journey: thanks\nstatus: live\ntrigger: { event: order.paid }\nentry: { while_active: parallel, again: always }\n\
         steps:\n  - { id: now, send: email, template: thanks }\n  - id: answer\n    wait_for: { event: message.replied, timeout: 3d }\n    \
         then:\n      - id: call\n        task: { title: '=\"Answer: \" + (event.text ?? \"\")', for: owner }\n",
    );
    shop
}

/// Somebody who takes offers pays, and what is due leaves.
fn buys(shop: &Shop, id: &str) {
    buys_from(shop, id, "anna@example.com");
}

/// The same, with an address that is hers by now.
fn buys_from(shop: &Shop, id: &str, address: &str) {
    let consent = json!({
        "specversion": "1.0", "id": format!("{id}-consent"), "source": "test", "type": "consent.changed", "subject": "anna",
        "data": { "channel": "email", "granted": true },
    });
    let order = paid(id, "anna", "Anna", address);
    shop.drop_events(&format!("{id}.jsonl"), &[consent.to_string(), order]);
    shop.kurant(&["run", "--until-idle", "--quiet"]);
}

/// A mail is there, as whoever brings mail does it.
fn brings(shop: &Shop, name: &str, mail: &str) {
    shop.write(&format!(".kurant/returned/tmp/{name}"), mail);
    let place = |part: &str| shop.path(&format!(".kurant/returned/{part}/{name}"));
    std::fs::rename(place("tmp"), place("new")).expect("a mail in the folder");
}

/// Runs until nothing is left to do; all that it said.
fn runs(shop: &Shop) -> String {
    let output = shop.kurant(&["run", "--until-idle", "--log-level", "trace"]);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn log(shop: &Shop) -> Vec<Value> {
    let output = shop.kurant(&["log", "--json", "--customer", "anna"]);
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"));
    lines.collect()
}

fn count(shop: &Shop, outcome: &str) -> usize {
    let log = log(shop);
    log.iter().filter(|own| own["outcome"] == outcome).count()
}

/// The report of a mail server on a message that it took: nobody has the address.
fn report(sender: &str, id: &str) -> String {
    format!(
        "Return-Path: <>\nTo: {sender}\nFrom: MAILER-DAEMON@mail.example\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n\
         <anna@example.com>: nobody\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\n\
         Final-Recipient: rfc822; anna@example.com\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 nobody\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {id}\nTo: anna@example.com\n\n--b--\n"
    )
}

fn answer(headers: &str) -> String {
    format!(
        "From: Anna <anna@example.com>\nMessage-ID: <1@example.com>\n{headers}\n\n{WORDS}.\n\n> Дякуємо\n"
    )
}

/// Whom a message names as its sender to mail servers, its id, and where answers go.
fn names(message: &Value) -> [String; 3] {
    let first = |name| {
        header(message, name)
            .first()
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    let sender = message["from"].as_str().expect("a sender").to_owned();
    [sender, first("Message-ID"), first("Reply-To")]
}

#[test]
fn an_address_that_a_report_says_nobody_has_is_written_to_no_more() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    buys(&shop, "1");
    let message = receiver.next();
    assert_eq!(message["defects"], json!([]), "{message}");
    let [sender, id, replies] = names(&message);
    let name = sender
        .strip_prefix("bounces+")
        .and_then(|own| own.strip_suffix("@shop.example"));
    let name = name.expect("a name of the message").to_owned();
    assert_eq!(id, format!("<{name}@shop.example>"));
    assert_eq!(replies, "");
    // Whoever knows the key and not the secret says nothing.
    let forged = format!("{}{}", &name[..32], "0".repeat(16));
    brings(
        &shop,
        "forged",
        &report(
            &format!("bounces+{forged}@shop.example"),
            &format!("<{forged}@shop.example>"),
        ),
    );
    runs(&shop);
    assert_eq!(count(&shop, "bounced"), 0);
    // Told by its sender alone, then by its id alone, and once more.
    brings(&shop, "1", &report(&sender, "<0@shop.example>"));
    let told = runs(&shop);
    assert!(!told.contains("anna@example.com"), "{told}");
    assert_eq!(count(&shop, "bounced"), 1);
    for (name, mail) in [
        ("2", report("bounces@shop.example", &id)),
        ("3", report(&sender, &id)),
    ] {
        brings(&shop, name, &mail);
    }
    runs(&shop);
    assert_eq!(count(&shop, "bounced"), 1, "a fact takes effect once");
    buys(&shop, "2");
    let log = log(&shop);
    let is_skipped = |own: &&Value| own["reason"] == "suppressed" && own["step"] == "now";
    assert_eq!(log.iter().filter(is_skipped).count(), 1, "{log:#?}");
    let listed = |part: &str| {
        let folder =
            std::fs::read_dir(shop.path(&format!(".kurant/returned/{part}"))).expect("a folder");
        let mut names: Vec<String> = folder
            .map(|own| {
                own.expect("a file")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(listed("new"), Vec::<String>::new());
    assert_eq!(
        listed("cur"),
        ["1:2,S", "2:2,S", "3:2,S", "forged:2,"],
        "what was taken is seen"
    );
}

#[test]
fn a_report_on_an_address_that_was_given_up_leaves_the_new_one() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    buys(&shop, "1");
    let [sender, id, _] = names(&receiver.next());
    buys_from(&shop, "2", "anna@shop.example");
    let [newer, newer_id, _] = names(&receiver.next());
    brings(&shop, "1", &report(&sender, &id));
    runs(&shop);
    let bounced = |log: &[Value]| -> Vec<Value> {
        let own = log.iter().filter(|own| own["outcome"] == "bounced");
        own.map(|own| own["reason"].clone()).collect()
    };
    assert_eq!(bounced(&log(&shop)), [json!("other_address")]);
    assert_eq!(count(&shop, "suppressed"), 0);
    buys_from(&shop, "3", "anna@shop.example");
    assert_eq!(receiver.next()["to"], json!(["anna@shop.example"]));
    brings(&shop, "2", &report(&newer, &newer_id));
    runs(&shop);
    assert_eq!(count(&shop, "suppressed"), 1);
}

#[test]
fn a_mail_that_was_noted_and_lies_there_still_is_taken_once() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    buys(&shop, "1");
    let [sender, id, _] = names(&receiver.next());
    brings(&shop, "1", &report(&sender, &id));
    let dies = [("FAILPOINTS", "returned.durable=panic")];
    let ended = shop.start_in(&["run", "--until-idle"], &dies).ended();
    assert!(!ended.success(), "{ended}");
    let lies = |place: &str| shop.path(&format!(".kurant/returned/{place}")).is_file();
    assert!(lies("new/1") && !lies("cur/1:2,S"));
    assert_eq!(count(&shop, "bounced"), 1, "it is durable");
    runs(&shop);
    assert!(!lies("new/1") && lies("cur/1:2,S"));
    assert_eq!(count(&shop, "bounced"), 1, "its event is the same");
}

#[test]
fn an_answer_moves_the_journey_that_waits_for_it() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "replies: \"Shop <answers@shop.example>\"");
    buys(&shop, "1");
    let [sender, id, replies] = names(&receiver.next());
    assert_eq!(sender, "hello@shop.example");
    let name = id.trim_matches(['<', '>']);
    assert_eq!(replies, format!("Shop <answers+{name}>"));
    brings(
        &shop,
        "away",
        &answer(&format!("In-Reply-To: {id}\nAuto-Submitted: auto-replied")),
    );
    brings(
        &shop,
        "strange",
        &answer("In-Reply-To: <1@shop.example>\nTo: answers@shop.example"),
    );
    // Whoever answers for the shop in the same talk is not the customer.
    let hers = answer(&format!("In-Reply-To: {id}"));
    let ours = hers.replace("anna@example.com", "Answers@shop.example");
    brings(&shop, "own", &ours);
    runs(&shop);
    assert_eq!(count(&shop, "replied"), 0);
    brings(
        &shop,
        "1",
        &answer(&format!("In-Reply-To: {id}\nTo: answers@shop.example")),
    );
    brings(&shop, "2", &answer(&format!("To: {replies}")));
    let told = runs(&shop);
    assert!(
        !told.contains(WORDS) && !told.contains("anna@example.com"),
        "{told}"
    );
    assert_eq!(count(&shop, "replied"), 1, "the same answer twice");
    let tasks = shop.lines(".kurant/outbox/crm.jsonl");
    let titles: Vec<&Value> = tasks.iter().map(|own| &own["data"]["title"]).collect();
    assert_eq!(titles, [&json!(format!("Answer: {WORDS}."))], "{tasks:#?}");
}

#[test]
fn a_mail_that_cant_be_opened_for_a_moment_is_read_later() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    buys(&shop, "1");
    let [sender, id, _] = names(&receiver.next());
    brings(&shop, "1", &report(&sender, &id));
    let shut = [("FAILPOINTS", "returned.opens=return")];
    let examined = shop.start_in(&["doctor"], &shut);
    examined.wait_for("what comes back as mail of email can't be read");
    examined.ended();
    let shut = [("FAILPOINTS", "returned.opens=2*return->off")];
    let running = shop.start_in(&["run", "--listen", "127.0.0.1:0"], &shut);
    running.wait_for("a mail can't be opened");
    crate::run::sample::until("it is read", || {
        shop.path(".kurant/returned/cur/1:2,S").is_file()
    });
    running.end();
    assert_eq!(count(&shop, "bounced"), 1);
}

#[test]
fn a_folder_of_two_names_is_read_once() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    std::fs::create_dir_all(shop.path(".kurant/returned")).expect("a folder");
    std::os::unix::fs::symlink(shop.path(".kurant/returned"), shop.path("mail")).expect("a link");
    shop.add_settings(&format!(
        "  aside: {{ kind: smtp, from: a@shop.example, host: localhost, port: {}, tls: none, returned: {{ folder: mail, secret: \"${{file:mail.secret}}\" }} }}\n",
        receiver.port
    ));
    buys(&shop, "1");
    let [sender, id, _] = names(&receiver.next());
    let mails = 20;
    for at in 0..mails {
        brings(&shop, &at.to_string(), &report(&sender, &id));
    }
    runs(&shop);
    let seen = |at: u32| shop.path(&format!(".kurant/returned/cur/{at}:2,S"));
    let taken = (0..mails).filter(|at| seen(*at).is_file()).count();
    assert_eq!(taken, 20, "none is strange to whoever reads it");
}

#[test]
fn whatever_else_lies_in_the_folder_harms_nothing() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    buys(&shop, "1");
    let [sender, id, _] = names(&receiver.next());
    let half = report(&sender, &id);
    shop.write(".kurant/returned/tmp/half", &half[..200]);
    let place = |name: &str| shop.path(&format!(".kurant/returned/new/{name}"));
    std::fs::write(place("empty"), "").expect("a file");
    std::fs::write(place("picture"), b"\x89PNG\r\n\x1a\n\0\0\xff\xfe").expect("a file");
    let cut = half.find("Action").expect("what became of it");
    std::fs::write(place("cut"), &half[..cut]).expect("a file");
    let mut large = File::create(place("large")).expect("a file");
    large.write_all(&vec![b'x'; 40 << 20]).expect("40 MB");
    let mut heavy = File::create(place("heavy")).expect("a file");
    let head = format!(
        "In-Reply-To: {id}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{WORDS}\n--b\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    );
    heavy.write_all(head.as_bytes()).expect("a beginning");
    heavy.write_all(&vec![b'A'; 40 << 20]).expect("40 MB");
    std::os::unix::fs::symlink(shop.path("mail.secret"), place("link")).expect("a link");
    let made = std::process::Command::new("mkfifo")
        .arg(place("pipe"))
        .status();
    assert!(made.expect("mkfifo runs").success());
    runs(&shop);
    assert_eq!(
        count(&shop, "replied"),
        1,
        "the beginning of a large one is enough"
    );
    assert_eq!(count(&shop, "bounced"), 0);
    let left: Vec<_> = std::fs::read_dir(shop.path(".kurant/returned/new"))
        .expect("a folder")
        .collect();
    assert_eq!(left.len(), 2, "a link and a pipe are no mail: {left:?}");
    let dead = shop.kurant(&["dead", "list", "--json"]).stdout;
    let dead = String::from_utf8(dead).expect("text");
    assert_eq!(dead.lines().count(), 4, "{dead}");
    assert!(
        dead.lines()
            .all(|line| line.contains("unreadable: it is") && line.contains("returned/email")),
        "{dead}"
    );
    let retried = shop.run(&["dead", "retry", "--all"]);
    let said = String::from_utf8_lossy(&retried.stderr);
    assert!(
        !retried.status.success()
            && said.contains("4 mails stay")
            && said.contains("`cur` to `new`"),
        "{said}"
    );
    runs(&shop);
    let dead = shop.kurant(&["dead", "list", "--json"]).stdout;
    assert_eq!(
        String::from_utf8_lossy(&dead).lines().count(),
        4,
        "none is read as an event"
    );
    // Once it is whole it is moved there, as ever.
    brings(&shop, "half", &half);
    runs(&shop);
    assert_eq!(count(&shop, "bounced"), 1);
}

#[test]
fn a_folder_that_cant_be_read_is_told_and_stops_nothing() {
    let mut receiver = Receiver::start(false);
    let shop = asking(receiver.port, "bounces: bounces@shop.example");
    let examined = || {
        let output = shop.run(&["doctor", "--json"]).stdout;
        let findings: Vec<Value> = serde_json::from_slice(&output).expect("findings");
        let own = findings.into_iter().find(|own| own["check"] == "returned");
        own.expect("what is said of the folder")
    };
    assert_eq!(examined()["state"], "doubtful");
    shop.write(".kurant/returned", "this is no folder");
    assert_eq!(examined()["state"], "broken");
    let running = shop.start(&["run", "--listen", "127.0.0.1:0"]);
    running.wait_for("what comes back as mail can't be read");
    shop.drop_events("1.jsonl", &[paid("1", "anna", "Anna", "anna@example.com")]);
    shop.drop_events("2.jsonl", &[json!({
        "specversion": "1.0", "id": "2", "source": "test", "type": "consent.changed", "subject": "olha",
        "data": { "channel": "email", "granted": true },
    }).to_string()]);
    shop.drop_events("3.jsonl", &[paid("3", "olha", "Olha", "olha@example.com")]);
    let [sender, id, _] = names(&receiver.next());
    std::fs::remove_file(shop.path(".kurant/returned")).expect("it can go");
    crate::run::sample::until("the folder is made", || {
        shop.path(".kurant/returned/new").is_dir()
    });
    brings(&shop, "1", &report(&sender, &id));
    crate::run::sample::until("it is read", || {
        shop.path(".kurant/returned/cur/1:2,S").is_file()
    });
    running.end();
    assert_eq!(examined()["state"], "ok");
    let log = shop.kurant(&["log", "--json", "--customer", "olha"]).stdout;
    assert!(String::from_utf8_lossy(&log).contains("\"bounced\""));
}
