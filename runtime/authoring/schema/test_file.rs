//! The keys of a journey's test.

use super::shape::{Key, Shape};
use crate::scenario::ACTIONS;
use Shape::{Any, Fields, Instant, List, Object, OneOrList, Text, Words};

/// All keys of a journey's test.
pub(super) fn keys() -> Vec<Key> {
    let event = vec![
        Key::needed("at", "When it happens", Instant),
        Key::needed("type", "Its type", Text),
        Key::new("customer", "To whom; needed with several customers", Text),
        Key::new("id", "The same source and id twice is the same event", Text),
        Key::new("source", "Who says so", Text),
        Key::new("data", "Its data", Fields),
    ];
    vec![
        Key::needed("test", "What it shows", Text),
        Key::needed(
            "journey",
            "The journey, or a list of them",
            OneOrList(Box::new(Text)),
        ),
        Key::new("customer", "Who is known: id and attributes", Fields),
        Key::new(
            "customers",
            "Who is known, when there are several",
            List(Box::new(Fields)),
        ),
        Key::needed("at", "Where the clock starts", Instant),
        Key::new("events", "What happens", List(Box::new(Object(event)))),
        Key::needed("until", "Where the clock stops", Instant),
        Key::new(
            "expect",
            "All that the customer would notice, in order",
            List(Box::new(Object(expected()))),
        ),
        Key::new(
            "expect_some",
            "Some of what happens, in order",
            List(Box::new(Object(expected()))),
        ),
        Key::new("answers", "What web hooks reply, by step", Any),
    ]
}

/// The keys of one expectation.
fn expected() -> Vec<Key> {
    let mut keys = vec![
        Key::new("at", "When", Instant),
        Key::new("journey", "Which journey's", Text),
        Key::new("customer", "Whose", Text),
        Key::new("step", "Of which step", Text),
        Key::new("template", "For send", Text),
        Key::new("reason", "Why it was skipped or deferred", Text),
        Key::new(
            "status",
            "sent, skipped or deferred",
            Words(&["sent", "skipped", "deferred"]),
        ),
        Key::new("data", "The data, compared name by name", Fields),
    ];
    keys.extend(
        ACTIONS
            .iter()
            .map(|action| Key::new(action, "What was done, and with what", Any)),
    );
    keys
}
