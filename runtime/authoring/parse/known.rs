//! The attributes and events that are known unasked.

use std::collections::BTreeMap;

use kurant_engine::definition::{Fields, Type};

/// Any text.
pub(super) fn any_text() -> Type {
    Type::Text(Vec::new())
}

/// The customer's attributes that need no schema.
pub(super) fn attributes() -> Fields {
    let text = [
        "id",
        "email",
        "phone",
        "timezone",
        "locale",
        "owner",
        "preferred_channel",
    ];
    let mut fields: Fields = text
        .into_iter()
        .map(|name| (name.to_owned(), any_text()))
        .collect();
    fields.insert("tags".to_owned(), Type::List(Box::new(any_text())));
    fields.insert("score".to_owned(), Type::Integer);
    fields.insert("consents".to_owned(), Type::Map(Fields::new()));
    fields.insert("topics".to_owned(), Type::Map(Fields::new()));
    fields
}

/// The event types whose data are attributes of the customer.
pub(crate) const OF_CUSTOMERS: [&str; 2] = ["customer.created", "customer.updated"];

/// The event types that need no schema, with their data; `customer` are all of the customer's attributes.
pub(super) fn events(customer: &Fields) -> BTreeMap<String, Fields> {
    let texts = |names: &[&str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), any_text()))
            .collect::<Fields>()
    };
    let mut events = BTreeMap::new();
    for kind in OF_CUSTOMERS {
        events.insert(kind.to_owned(), customer.clone());
    }
    events.insert("customer.erased".to_owned(), Fields::new());
    let mut consent = texts(&["channel"]);
    consent.insert("granted".to_owned(), Type::Boolean);
    events.insert("consent.changed".to_owned(), consent);
    for kind in ["person.away", "person.back"] {
        events.insert(kind.to_owned(), texts(&["person"]));
    }
    events.insert("task.done".to_owned(), texts(&["key", "journey", "step"]));
    for kind in [
        "delivered",
        "opened",
        "clicked",
        "replied",
        "bounced",
        "unsubscribed",
    ] {
        let mut data = texts(&["key", "journey", "step", "channel"]);
        match kind {
            "clicked" => data.extend(texts(&["url"])),
            "replied" => data.extend(texts(&["text"])),
            // Another message may reach the same address.
            "bounced" => data.extend([("soft".to_owned(), Type::Boolean)]),
            "unsubscribed" => data.extend([("complaint".to_owned(), Type::Boolean)]),
            _ => {}
        }
        events.insert(format!("message.{kind}"), data);
    }
    events
}
