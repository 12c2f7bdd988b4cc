//! The keys of `channels/NAME.yaml`.

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
    let answer = vec![
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
            Words(&["accepted", "refused", "later", "away", "in_doubt"]),
        ),
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
            List(Box::new(Object(answer))),
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
    ]
}
