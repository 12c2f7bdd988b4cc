//! The keys of a channel in `kurant.yaml`, by its kind.

use super::shape::{Key, Shape};
use Shape::{Duration, Either, Integer, Object, Open, Text, Words};

/// What a channel looks like.
pub(super) fn channel() -> Shape {
    let others = vec![Key::needed(
        "kind",
        "How it is reached",
        Words(&["file", "amqp", "http", "terminal"]),
    )];
    Either(vec![Object(smtp()), Open(others)])
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
