//! Names in events that nothing declares: of types, fields and attributes that no schema has, and of time zones that are none.
//! They are kept, and no journey can ask for them.

use serde::{Deserialize, Serialize};

use super::Schema;
use crate::calendar::Zone;
use crate::customer::TIMEZONE;
use crate::event::Event;
use crate::map::Map;
use crate::value::Value;

/// A name that nothing declares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undeclared {
    /// A type of events.
    Type(String),
    /// A field of a type's data.
    Field {
        /// The type.
        kind: String,
        /// The field.
        name: String,
    },
    /// An attribute that an event brings along under `customer`.
    Attribute(String),
    /// What stands as a customer's time zone: what it says is not kept here, it may be anything.
    Zone,
}

impl Undeclared {
    /// How long the name is, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a name is never empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Type(name) | Self::Attribute(name) => name.len(),
            Self::Field { kind, name } => kind.len() + name.len(),
            Self::Zone => TIMEZONE.len(),
        }
    }

    /// Whether a schema declares it after all.
    pub fn is_declared(&self, schema: &Schema) -> bool {
        match self {
            Self::Type(kind) => schema.events.contains_key(kind),
            Self::Field { kind, name } => {
                let fields = schema.events.get(kind);
                fields.is_some_and(|fields| fields.is_empty() || fields.contains_key(name))
            }
            Self::Attribute(name) => schema.customer.contains_key(name),
            Self::Zone => false,
        }
    }
}

impl Schema {
    /// What of an event is not declared: its type, or else fields of its data; and attributes that it brings along. A type whose
    /// schema names no field takes any.
    pub fn undeclared(&self, event: &Event) -> Vec<Undeclared> {
        let mut found = Vec::new();
        match self.events.get(&*event.kind) {
            None => found.push(Undeclared::Type(event.kind.to_string())),
            Some(fields) if fields.is_empty() => {}
            Some(fields) => {
                let unknown = event.data.iter().map(|(name, _)| name);
                let unknown = unknown.filter(|name| !fields.contains_key(*name));
                found.extend(unknown.map(|name| Undeclared::Field {
                    kind: event.kind.to_string(),
                    name: name.to_string(),
                }));
            }
        }
        let brought = event.attributes.iter().map(|(name, _)| name);
        let unknown = brought.filter(|name| !self.customer.contains_key(*name));
        found.extend(unknown.map(|name| Undeclared::Attribute(name.to_string())));
        let is_customer = matches!(&*event.kind, "customer.created" | "customer.updated");
        if has_no_zone(&event.attributes) || (is_customer && has_no_zone(&event.data)) {
            found.push(Undeclared::Zone);
        }
        found
    }
}

/// Whether these attributes of a customer have a time zone that is none: the workspace's clock holds for them then.
pub fn has_no_zone(attributes: &Map) -> bool {
    let zone = attributes.get(TIMEZONE).and_then(Value::as_text);
    zone.is_some_and(|name| name.parse::<Zone>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_is_none_is_seen_and_one_of_before_is_a_zone() {
        for (zone, is_none) in [
            ("Europe/Kyiv", false),
            ("Europe/Kiev", false),
            ("Kyiv", true),
            ("", true),
        ] {
            let attributes = Map::from_iter([(TIMEZONE, Value::text(zone))]);
            assert_eq!(has_no_zone(&attributes), is_none, "{zone}");
        }
        assert!(!has_no_zone(&Map::new()));
    }
}
