//! The keys of a channel in `kurant.yaml`, by its kind.

use super::shape::{Key, Shape};
use Shape::{Duration, Either, Integer, Object, Open, Text, Words};

/// What a channel looks like.
pub(super) fn channel() -> Shape {
    let others = vec![Key::needed(
        "kind",
        "How it is reached",
        Words(&["file", "amqp", "terminal"]),
    )];
    Either(vec![Object(smtp()), Open(http()), Open(others)])
}

/// What its provider needs stands there too.
fn http() -> Vec<Key> {
    vec![
        Key::needed("kind", "A provider by HTTP", Words(&["http"])),
        Key::new(
            "preset",
            "A provider that comes along: turbosms, gms, esputnik, twilio, telegram, generic",
            Text,
        ),
        Key::new("provider", "One that channels/NAME.yaml describes", Text),
        Key::new(
            "url",
            "Where requests go, if not where its description says",
            Text,
        ),
        Key::new("rate", "No more than so many, like 50/s", Text),
        Key::new(
            "connections",
            "So many messages at once; 16 unless told",
            Integer(1, 64),
        ),
        Key::new(
            "timeout",
            "How long an answer is waited for, up to 25s; 20s unless told",
            Duration,
        ),
        Key::new(
            "valid_for",
            "How long a message is tried; 1d unless told",
            Duration,
        ),
    ]
}

/// How web hooks leave.
pub(super) fn webhooks() -> Vec<Key> {
    vec![
        Key::needed("kind", "How they leave", Words(&["file", "http"])),
        Key::new(
            "secret",
            "What they are signed with, as ${env:WEBHOOK_SECRET}",
            Text,
        ),
        Key::new(
            "connections",
            "So many calls of one host at once; 8 unless told",
            Integer(1, 64),
        ),
        Key::new(
            "timeout",
            "How long an answer is waited for, up to 25s; 15s unless told",
            Duration,
        ),
        Key::new(
            "valid_for",
            "How long a call is tried; 1d unless told",
            Duration,
        ),
    ]
}

fn returned() -> Vec<Key> {
    vec![
        Key::needed(
            "folder",
            "The Maildir that your mail server brings it into",
            Text,
        ),
        Key::needed(
            "secret",
            "What seals the names of messages, as ${env:KURANT_MAIL_SECRET}",
            Text,
        ),
        Key::new(
            "bounces",
            "Whom mail servers tell what becomes of a message: bounces@shop.example",
            Text,
        ),
        Key::new(
            "replies",
            "Where answers go, known by their address: answers@shop.example",
            Text,
        ),
    ]
}

fn smtp() -> Vec<Key> {
    vec![
        Key::needed("kind", "A mail server", Words(&["smtp"])),
        Key::new("host", "Where the mail server is", Text),
        Key::new(
            "port",
            "587 unless told; 465 with tls: required",
            Integer(1, 65_535),
        ),
        Key::new(
            "url",
            "Instead of host, port, user and password: smtp://HOST:587 or smtps://HOST:465, best as ${env:SMTP_URL}",
            Text,
        ),
        Key::new(
            "tls",
            "starttls unless told; none on this machine only",
            Words(&["required", "starttls", "none"]),
        ),
        Key::new("user", "Who it is to the server", Text),
        Key::new("password", "As ${env:SMTP_PASSWORD}", Text),
        Key::needed("from", "Who sends: Shop <hello@shop.example>", Text),
        Key::new("reply_to", "Where answers go", Text),
        Key::new(
            "returned",
            "Where what comes back as mail is read, and whom it comes back to",
            Object(returned()),
        ),
        Key::new(
            "connections",
            "So many messages at once; 4 unless told",
            Integer(1, 64),
        ),
        Key::new(
            "valid_for",
            "How long a message is tried; 1d unless told",
            Duration,
        ),
    ]
}
