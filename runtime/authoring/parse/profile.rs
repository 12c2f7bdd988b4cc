//! `profile.yaml`: which events change which attributes of the customer.

use kurant_engine::definition::ProfileUpdate;

use super::Context;
use super::computed::some_fields;
use super::context::event_type;
use super::step::attribute_key;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// Reads `profile.yaml`; none when it is no mapping.
pub(super) fn read(context: &Context<'_>, root: &Node) -> Option<Vec<ProfileUpdate>> {
    if root.is_null() {
        return Some(Vec::new());
    }
    if root.as_list().is_some() {
        let problem = Problem::wrong_type("expected `updates`, found a list")
            .help("write `updates:` on a line of its own above the list");
        context.report(root.head(), problem);
        return None;
    }
    let mut map = context.open(root, "`profile.yaml`")?;
    map.synonyms(&[
        ("update", "updates"),
        ("profile", "updates"),
        ("rules", "updates"),
        ("events", "updates"),
    ]);
    map.examples(&[(
        "updates",
        "updates: [ { event: order.paid, set: { orders_count: ... } } ]",
    )]);
    let node = map.required("updates");
    let items = node.map_or(&[][..], |node| context.items(node, "a list of updates"));
    map.finish();
    let updates = items.iter().map(|item| update(context, item));
    Some(updates.map(|read| read.unwrap_or_else(unread)).collect())
}

fn update(context: &Context<'_>, node: &Node) -> Option<ProfileUpdate> {
    let mut map = context.open(node, "an update")?;
    map.synonyms(&[
        ("on", "event"),
        ("type", "event"),
        ("attributes", "set"),
        ("update", "set"),
    ]);
    map.misplaced(&[
        ("where", "put the condition into the value: `=if event.total > 0 { event.total } else { customer.last_total }`"),
        ("when", "put the condition into the value: `=if event.total > 0 { event.total } else { customer.last_total }`"),
    ]);
    map.examples(&[
        ("event", "event: order.paid"),
        ("set", "set: { last_purchase_at: =event.meta.time }"),
    ]);
    let event = map.need("event", event_type);
    let set = map.required("set");
    for entry in set.and_then(Node::as_map).unwrap_or(&[]) {
        if let Some(problem) = attribute_key(&entry.key.text) {
            context.report(entry.key.span, problem);
        }
    }
    let set = set.and_then(|node| {
        context
            .diagnostics
            .keep(node.span, some_fields(context, node))
    });
    map.finish();
    Some(ProfileUpdate {
        event: event.unwrap_or_default(),
        set: set.unwrap_or_default(),
    })
}

/// Stands for an update that could not be read and has been reported, so that the others keep their places.
fn unread() -> ProfileUpdate {
    ProfileUpdate {
        event: String::new(),
        set: Vec::new(),
    }
}
