//! The keys of `channels/NAME.yaml`.

use kurant_engine::provider::Fate;

use super::shape::{Key, Shape};
use Shape::{Any, Duration, Fields, List, Object, OneOrList, Text, Words};

/// All keys of a provider.
pub(super) fn keys() -> Vec<Key> {
    let names = || List(Box::new(Text));
    let login = vec![
        Key::needed("user", "Who we are", Text),
        Key::needed("password", "Best as {{ password }}", Text),
    ];
    let body = vec![
        Key::new("json", "A tree whose texts are Jinja", Any),
        Key::new("form", "Fields by name, whose texts are Jinja", Fields),
    ];
    let idempotency = vec![
        Key::new("header", "The header that holds the key", Text),
        Key::new("field", "The field of the body that holds the key", Text),
        Key::new("for", "How long it remembers; 24h unless told", Duration),
    ];
    vec![
        Key::new("documentation", "Where it is written", Text),
        Key::new("read", "When it was read", Text),
        Key::new("needs", "Settings that kurant.yaml has to give", names()),
        Key::new("takes", "Settings that kurant.yaml may give", names()),
        Key::new("url", "Where requests go; sees the settings", Text),
        Key::new(
            "method",
            "POST unless told",
            Words(&["POST", "PUT", "PATCH", "GET"]),
        ),
        Key::new("query", "What stands behind the ?, by name", Fields),
        Key::new("headers", "By name", Fields),
        Key::new("login", "Basic authentication", Object(login)),
        Key::new("body", "What is sent", Object(body)),
        Key::new(
            "answers",
            "What answers mean; the first that fits counts",
            List(Box::new(Object(answer()))),
        ),
        Key::new(
            "message_id",
            "The field with its own id of the message",
            Text,
        ),
        Key::new(
            "retry_after",
            "The field that says after how many seconds to come again",
            Text,
        ),
        Key::new(
            "idempotency",
            "It knows a message that comes again",
            Object(idempotency),
        ),
        Key::new(
            "callback",
            "It calls back to say what became of messages",
            Object(callback()),
        ),
    ]
}

/// What an answer means.
fn answer() -> Vec<Key> {
    vec![
        Key::new(
            "status",
            "200, 4xx, 500-599, or a list of such",
            OneOrList(Box::new(Text)),
        ),
        Key::new("field", "Where to look: result.0.code", Text),
        Key::new(
            "is",
            "What stands there; anything unless told",
            OneOrList(Box::new(Text)),
        ),
        Key::needed(
            "means",
            "What it means for the message",
            Words(&[
                "accepted", "refused", "bounced", "later", "away", "in_doubt",
            ]),
        ),
    ]
}

/// How it calls back.
fn callback() -> Vec<Key> {
    let message = vec![
        Key::new("key", "The field with our key", Text),
        Key::new("id", "The field with its own id of the message", Text),
        Key::new(
            "in",
            "Where that stands; body unless told",
            Words(&["body", "query"]),
        ),
    ];
    let status = vec![
        Key::needed("field", "Where to look: status", Text),
        Key::new(
            "is",
            "What stands there; anything unless told",
            OneOrList(Box::new(Text)),
        ),
        Key::needed("means", "What became of the message", Words(&Fate::WORDS)),
    ];
    vec![
        Key::needed(
            "verify",
            "By what it is known that it calls, and nobody else",
            Object(verify()),
        ),
        Key::new(
            "form",
            "json unless told",
            Words(&["json", "form", "query"]),
        ),
        Key::new(
            "list",
            "Where the list stands, if it tells of several at once",
            Text,
        ),
        Key::needed("message", "Which message it tells of", Object(message)),
        Key::needed(
            "statuses",
            "What became of the message; the first that fits counts",
            List(Box::new(Object(status))),
        ),
        Key::new("time", "The field that says when", Text),
        Key::new("event", "The field with an id of what happened", Text),
        Key::new("url", "The field with the link that was clicked", Text),
        Key::new("text", "The field with the words of a reply", Text),
    ]
}

/// By what it is known that it calls.
fn verify() -> Vec<Key> {
    vec![
        Key::needed(
            "by",
            "An address that nobody guesses, a secret, or a signature",
            Words(&["address", "header", "query", "hmac", "standard", "form"]),
        ),
        Key::new(
            "header",
            "The header with the secret or the signature",
            Text,
        ),
        Key::new("field", "The field behind the ? with the secret", Text),
        Key::new("secret", "Best as {{ callback_secret }}", Text),
        Key::new(
            "algorithm",
            "sha256 unless told",
            Words(&["sha256", "sha1", "sha512"]),
        ),
        Key::new("encoding", "hex unless told", Words(&["hex", "base64"])),
        Key::new("prefix", "What stands before the signature: sha256=", Text),
        Key::new(
            "timestamp",
            "The header that says when it was signed, in seconds since 1970",
            Text,
        ),
    ]
}
