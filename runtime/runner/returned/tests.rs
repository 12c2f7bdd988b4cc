use kurant_engine::id::Key;
use kurant_engine::provider::Fate;

use super::letter::{Letter, Says, read};
use super::name::tests::own;
use super::reply::LONGEST;

fn key() -> Key {
    Key::of(&["message"])
}

/// A mail with the name of a message of ours in the place of `NAME`, as it comes over the wire.
fn mail(text: &str) -> Vec<u8> {
    let text = text.replace("NAME", &own("email").name(key()));
    text.replace("\r\n", "\n")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn letter(text: &str) -> Letter {
    read(&mail(text), &["hello@shop.example".to_owned()]).expect("a mail")
}

fn named(letter: &Letter) -> Option<Key> {
    let own = own("email");
    letter.places.iter().find_map(|place| own.first_in(place))
}

/// It speaks of our message, and says this.
fn says(text: &str, says: &Says) {
    let read = letter(text);
    assert_eq!(&read.says, says, "{text}");
    assert_eq!(named(&read), Some(key()), "{text}");
}

#[test]
fn what_we_wrote_ourselves_is_no_answer() {
    for from in ["Shop <Hello@Shop.Example>", "hello+NAME@shop.example"] {
        let copy = format!(
            "From: {from}\nMessage-ID: <1@a.example>\nIn-Reply-To: <NAME@shop.example>\n\nHello\n"
        );
        says(&copy, &Says::Nothing("own"));
    }
    let hers = "From: hello@a.example\nMessage-ID: <1@a.example>\nIn-Reply-To: <NAME@shop.example>\n\nHello\n";
    assert!(matches!(letter(hers).says, Says::Reply { .. }));
}

/// As Postfix writes it.
const POSTFIX: &str = "Return-Path: <>
Delivered-To: DELIVERED
Received: by mail.shop.example (Postfix)
\tid 4F1A2B3C4D; Tue,  1 Dec 2026 10:00:05 +0200 (EET)
Date: Tue,  1 Dec 2026 10:00:05 +0200 (EET)
From: MAILER-DAEMON@mail.shop.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: DELIVERED
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary=\"9A8B7C6D5E.1764576005/mail.shop.example\"
Content-Transfer-Encoding: 8bit
Message-Id: <20261201080005.4F1A2B3C4D@mail.shop.example>

This is a MIME-encapsulated message.

--9A8B7C6D5E.1764576005/mail.shop.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mail.shop.example.

<anna@example.com>: host mx.example.com[192.0.2.1] said: 550 5.1.1
    <anna@example.com>: Recipient address rejected (in reply to RCPT TO command)

--9A8B7C6D5E.1764576005/mail.shop.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.shop.example
X-Postfix-Queue-ID: 9A8B7C6D5E
X-Postfix-Sender: rfc822; bounces@shop.example
Arrival-Date: Tue,  1 Dec 2026 10:00:04 +0200 (EET)

Final-Recipient: rfc822; anna@example.com
Original-Recipient: rfc822;anna@example.com
Action: ACTION
Status: STATUS
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; SAID

--9A8B7C6D5E.1764576005/mail.shop.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 8bit

Return-Path: <bounces@shop.example>
Received: from localhost (localhost [127.0.0.1])
\tby mail.shop.example (Postfix) with ESMTP id 9A8B7C6D5E
From: Shop <hello@shop.example>
To: anna@example.com
Message-ID: QUOTED
Subject: An offer

--9A8B7C6D5E.1764576005/mail.shop.example--
";

fn postfix(action: &str, status: &str, said: &str) -> String {
    let own = POSTFIX.replace("DELIVERED", "bounces+NAME@shop.example");
    let own = own.replace("QUOTED", "<0@shop.example>");
    let own = own.replace("ACTION", action).replace("STATUS", status);
    own.replace("SAID", said)
}

#[test]
fn a_report_says_whether_nobody_has_the_address_or_it_failed_or_arrived() {
    for (action, status, said, fate) in [
        (
            "failed",
            "5.1.1",
            "550 5.1.1 <anna@example.com>: nobody",
            Some(Fate::Bounced),
        ),
        (
            "Failed (fatal)",
            "5.1.10 (no such)",
            "550 5.1.10 nobody",
            Some(Fate::Bounced),
        ),
        (
            "failed",
            "5.0.0",
            "550-5.1.1 The email account that you tried",
            Some(Fate::Bounced),
        ),
        ("failed", "5.2.1", "550 5.2.1 closed", Some(Fate::Bounced)),
        ("failed", "5.2.2", "552 5.2.2 full", Some(Fate::Failed)),
        ("failed", "5.7.1", "550 5.7.1 policy", Some(Fate::Failed)),
        (
            "failed",
            "4.4.1",
            "connect to mx.example.com: timed out",
            Some(Fate::Failed),
        ),
        ("failed", "5.0.0", "550 No", Some(Fate::Failed)),
        ("failed", "", "", Some(Fate::Failed)),
        (
            "delayed",
            "4.4.1",
            "connect to mx.example.com: timed out",
            None,
        ),
        ("relayed", "2.0.0", "250 ok", None),
        ("delivered", "2.0.0", "250 ok", Some(Fate::Delivered)),
    ] {
        let wanted = fate.map_or(Says::Nothing("no_fact"), Says::Fate);
        says(&postfix(action, status, said), &wanted);
    }
}

#[test]
fn a_report_names_the_message_by_its_recipient_or_by_what_it_gives_back() {
    let bounced = postfix("failed", "5.1.1", "550 5.1.1 nobody");
    let quoted = bounced.replace("bounces+NAME@", "bounces@");
    assert_eq!(named(&letter(&quoted)), None);
    says(
        &quoted.replace("<0@shop.example>", "<NAME@shop.example>"),
        &Says::Fate(Fate::Bounced),
    );
    let sender = quoted.replace("Return-Path: <bounces@", "Return-Path: <bounces+NAME@");
    says(&sender, &Says::Fate(Fate::Bounced));
    let envelope = quoted.replace("X-Postfix-Queue-ID: ", "Original-Envelope-Id: NAME\nX-Id: ");
    says(&envelope, &Says::Fate(Fate::Bounced));
    // Words of people are no names.
    assert_eq!(named(&letter(&quoted.replace("An offer", "NAME"))), None);
    assert_eq!(named(&letter(&quoted.replace("said: 550", "NAME"))), None);
}

#[test]
fn reports_of_other_programs_are_read_too() {
    let exim = "Return-path: <>
Envelope-to: bounces+NAME@shop.example
Received: from Debian-exim by mail.shop.example with local (Exim 4.96)
\tid 1rABcd-0001ab-2C
X-Failed-Recipients: anna@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.shop.example>
To: bounces+NAME@shop.example
Content-Type: multipart/report; report-type=delivery-status; boundary=1764576005-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1rABcd-0001ab-2C@mail.shop.example>

--1764576005-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

  anna@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<anna@example.com>:
    550-5.1.1 The email account that you tried to reach does not exist.

--1764576005-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mail.shop.example

Action: failed
Final-Recipient: rfc822;anna@example.com
Status: 5.0.0
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.

--1764576005-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <bounces+NAME@shop.example>
From: Shop <hello@shop.example>
To: anna@example.com
Message-ID: <NAME@shop.example>
Subject: An offer

Dear Anna

--1764576005-eximdsn-1804289383--
";
    says(exim, &Says::Fate(Fate::Bounced));
    let exchange = "From: <postmaster@example.com>
To: <bounces@shop.example>
Date: Tue, 1 Dec 2026 08:00:05 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary=\"58ddc0a2-7f4d-4b4e-8a0e\"
Content-Language: en-US
Message-ID: <16c8@AM0PR01MB1234.example.com>
In-Reply-To: <NAME@shop.example>
References: <NAME@shop.example>
Subject: Undeliverable: An offer
Auto-Submitted: auto-replied
MIME-Version: 1.0

--58ddc0a2-7f4d-4b4e-8a0e
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary=\"e2b7e2b7\"

--e2b7e2b7
Content-Type: text/plain; charset=\"us-ascii\"
Content-Transfer-Encoding: quoted-printable

The email address you entered couldn't be found.

--e2b7e2b7
Content-Type: text/html; charset=\"us-ascii\"

<html><body>The email address you entered couldn't be found.</body></html>

--e2b7e2b7--

--58ddc0a2-7f4d-4b4e-8a0e
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB1234.example.com
Received-From-MTA: dns;mail.shop.example
Arrival-Date: Tue, 1 Dec 2026 08:00:04 +0000

Final-Recipient: rfc822;anna@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: anna@example.com

--58ddc0a2-7f4d-4b4e-8a0e
Content-Type: message/rfc822

From: Shop <hello@shop.example>
To: <anna@example.com>
Message-ID: <NAME@shop.example>
Subject: An offer

Dear Anna
--58ddc0a2-7f4d-4b4e-8a0e--
";
    says(exchange, &Says::Fate(Fate::Bounced));
    let gmail = "Delivered-To: bounces+NAME@shop.example
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: bounces+NAME@shop.example
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <NAME@shop.example>
In-Reply-To: <NAME@shop.example>
X-Failed-Recipients: anna@example.com
Message-ID: <656a.1@mx.google.com>
MIME-Version: 1.0
Content-Type: multipart/report; boundary=\"000000000000abc\"; report-type=delivery-status

--000000000000abc
Content-Type: multipart/related; boundary=\"000000000000def\"

--000000000000def
Content-Type: multipart/alternative; boundary=\"000000000000fed\"

--000000000000fed
Content-Type: text/plain; charset=\"UTF-8\"

** Address not found **

--000000000000fed
Content-Type: text/html; charset=\"UTF-8\"

<html><body>Address not found</body></html>

--000000000000fed--
--000000000000def
Content-Type: image/png; name=\"icon.png\"
Content-Disposition: attachment; filename=\"icon.png\"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgo=
--000000000000def--
--000000000000abc
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; hello@shop.example
Arrival-Date: Tue, 01 Dec 2026 00:00:04 -0800 (PST)
X-Original-Message-ID: <NAME@shop.example>

Final-Recipient: rfc822; anna@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com. (192.0.2.1, the server for the domain example.com.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos.
Last-Attempt-Date: Tue, 01 Dec 2026 00:00:05 -0800 (PST)

--000000000000abc
Content-Type: message/rfc822

From: Shop <hello@shop.example>
Message-ID: <NAME@shop.example>

Dear Anna
--000000000000abc--
";
    says(gmail, &Says::Fate(Fate::Bounced));
}

#[test]
fn who_calls_a_message_unwanted_is_heard_and_other_reports_say_nothing() {
    let complaint = "From: <abusedesk@example.com>
Date: Tue, 1 Dec 2026 17:40:36 +0000
Subject: FW: An offer
To: <abuse@shop.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
\tboundary=\"part1_13d.2e68ed54_boundary\"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset=\"US-ASCII\"
Content-Transfer-Encoding: 7bit

This is an email abuse report.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: KIND
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounces+NAME@shop.example>

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: Shop <hello@shop.example>
Message-ID: <redacted@shop.example>
Subject: An offer

Dear Anna
--part1_13d.2e68ed54_boundary--
";
    says(
        &complaint.replace("KIND", "abuse"),
        &Says::Fate(Fate::Complained),
    );
    for kind in ["not-spam", "fraud", "virus", "auth-failure"] {
        says(&complaint.replace("KIND", kind), &Says::Nothing("no_fact"));
    }
    let seen = postfix("failed", "5.1.1", "").replace(
        "message/delivery-status",
        "message/disposition-notification",
    );
    let seen = seen.replace(
        "report-type=delivery-status",
        "report-type=disposition-notification",
    );
    assert_eq!(letter(&seen).says, Says::Nothing("automatic"));
}

const REPLY: &str = "Return-Path: <anna@example.com>
Delivered-To: answers@shop.example
From: Anna <anna@example.com>
To: Shop <answers@shop.example>
Subject: Re: An offer
Message-ID: <CAB1@mail.example.com>
In-Reply-To: <NAME@shop.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=\"b\"

--b
Content-Type: text/plain; charset=\"UTF-8\"
Content-Transfer-Encoding: base64

0KLQsNC6LCDQsdGD0LTRjCDQu9Cw0YHQutCwLg0KDQrQstGCLCDQodC80ZbQuyA8aGVsbG9Ac2hvcC5leGFtcGxlPiDQv9C40YjQtToNCg0KPiDQkNC90L3Qvg0K
--b
Content-Type: text/html; charset=\"UTF-8\"

<p>Так, будь ласка.</p>
--b--
";

fn words(text: &str) -> String {
    match letter(text).says {
        Says::Reply { text, .. } => text,
        other => panic!("{other:?}: {text}"),
    }
}

#[test]
fn an_answer_is_known_by_what_it_answers_and_says_what_the_person_wrote() {
    assert_eq!(named(&letter(REPLY)), Some(key()));
    assert_eq!(words(REPLY), "Так, будь ласка.");
    let bare = REPLY.replace("In-Reply-To: <NAME@shop.example>\n", "");
    assert_eq!(named(&letter(&bare)), None, "nothing is guessed");
    for header in [
        "References: <1@a.example> <NAME@shop.example>\n\t<2@a.example>",
        "X-Original-To: answers+NAME@shop.example",
        "Cc: Shop <answers+NAME@shop.example>, taras@example.com",
    ] {
        let other = bare.replace("MIME-Version", &format!("{header}\nMIME-Version"));
        assert_eq!(named(&letter(&other)), Some(key()), "{header}");
    }
    let html = "From: a@example.com\nIn-Reply-To: <NAME@shop.example>\nContent-Type: text/html\n\n<p>Yes,<br>please</p>\n";
    assert!(words(html).starts_with("Yes,") && !words(html).contains('<'));
}

#[test]
fn the_latest_message_of_a_talk_is_the_one_that_is_answered() {
    let own = own("email");
    let (first, last) = (own.name(Key::of(&["1"])), own.name(Key::of(&["2"])));
    let text = format!("From: a@example.com\nReferences: <{first}@x> <{last}@x> <3@x>\n\nYes\n");
    assert_eq!(named(&letter(&text)), Some(Key::of(&["2"])));
    let text = format!("To: answers+{first}@shop.example\n{text}");
    assert_eq!(
        named(&letter(&text)),
        Some(Key::of(&["1"])),
        "the address is surer"
    );
}

#[test]
fn what_programs_write_by_themselves_is_no_answer() {
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=\"x\"",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "List-Id: <talk.example.com>",
        "Return-Path: <>",
    ] {
        let text = REPLY.replace("Return-Path: <anna@example.com>", header);
        assert_eq!(letter(&text).says, Says::Nothing("automatic"), "{header}");
    }
    let text = REPLY.replace("MIME-Version", "Auto-Submitted: no\nMIME-Version");
    assert_eq!(words(&text), "Так, будь ласка.");
}

#[test]
fn the_same_answer_is_the_same_and_another_is_not() {
    let id = |text: &str| match letter(text).says {
        Says::Reply { id, .. } => id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(REPLY), id(REPLY));
    assert_eq!(
        id(REPLY),
        id(&REPLY.replace("Subject: Re", "Subject: RE")),
        "told by another server"
    );
    assert_ne!(id(REPLY), id(&REPLY.replace("CAB1", "CAB2")));
    let nameless = REPLY.replace("Message-ID: <CAB1@mail.example.com>\n", "");
    assert_ne!(id(&nameless), id(&nameless.replace("Re: An", "Re: A n")));
}

#[test]
fn what_is_no_mail_is_told_without_what_stands_in_it() {
    let own = |bytes: &[u8]| read(bytes, &[]).err();
    assert_eq!(own(b""), Some("it is empty"));
    assert_eq!(own(b" \r\n\r\n"), Some("it is empty"));
    for bytes in [
        &b"\x89PNG\r\n\x1a\n\0\0\0"[..],
        &[0; 10_000],
        &[b'x'; 256 * 1024],
        b"\n\n\n.",
    ] {
        assert!(own(bytes).is_some(), "{:?}", &bytes[..bytes.len().min(20)]);
    }
    let nobody = postfix("failed", "5.1.1", "").replace("Action:", "Acton:");
    let why = read(&mail(&nobody), &[]).expect_err("nothing is told");
    assert!(why.contains("delivery report"), "{why}");
}

#[test]
fn a_mail_that_is_cut_off_anywhere_is_read_as_far_as_it_goes() {
    let report = mail(&postfix("failed", "5.1.1", "550 5.1.1 nobody"));
    let known_as_one = report
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a line");
    for end in 0..report.len() {
        let says = read(&report[..end], &[]).map(|own| own.says);
        let is_reply = matches!(says, Ok(Says::Reply { .. }));
        assert!(!is_reply || end <= known_as_one, "{end}");
    }
    let answer = mail(REPLY);
    for end in 0..answer.len() {
        if let Ok(Says::Reply { text, .. }) = read(&answer[..end], &[]).map(|own| own.says) {
            assert!(text.chars().count() <= LONGEST);
        }
    }
}

/// Reads it on a stack as the reader has it: a depth that overflows it would end the process.
fn survives(bytes: Vec<u8>) -> Result<Says, &'static str> {
    let reading = std::thread::Builder::new().stack_size(super::reader::STACK);
    let reading = reading.spawn(move || read(&bytes, &[]).map(|own| own.says));
    reading.expect("a thread").join().expect("no panic")
}

#[test]
fn hostile_mail_ends_soon_and_fills_nothing() {
    let most = usize::try_from(super::maildir::LARGEST).expect("a size");
    let upto = |text: &str| text.repeat(most / text.len()).into_bytes();
    let mut headers = String::new();
    let mut nested = String::new();
    for number in 0..most / 60 {
        headers += &format!("To: a{number}@example.com\nReferences: <{number}@x>\n");
        nested += &format!("Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n");
    }
    for bytes in [
        upto("Content-Type: message/rfc822\n\n"),
        upto("Content-Type: multipart/digest; boundary=b\n\n--b\n"),
        upto("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"),
        nested.into_bytes(),
        headers.into_bytes(),
        [b"From: a@example.com\n\n".to_vec(), upto(">")].concat(),
        [b"From: a@example.com\n\n".to_vec(), upto("a:\n")].concat(),
        [
            b"From: a@example.com\nContent-Type: text/html\n\n".to_vec(),
            upto("<a <b "),
        ]
        .concat(),
        [
            b"From: a@example.com\nSubject: ".to_vec(),
            upto("=?utf-8?B?"),
        ]
        .concat(),
        [
            b"Content-Type: message/delivery-status\n\n".to_vec(),
            upto("Action: failed\n\n"),
        ]
        .concat(),
        [b"From: ".to_vec(), upto("(")].concat(),
        [b"From: ".to_vec(), upto("\"\\")].concat(),
    ] {
        if let Ok(Says::Reply { text, .. }) = survives(bytes) {
            assert!(text.chars().count() <= LONGEST);
        }
    }
}
