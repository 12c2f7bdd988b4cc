//! Names in events that no schema declares: they are kept, and no journey can ask for them.

use serde::{Deserialize, Serialize};

use super::Schema;
use crate::event::Event;

/// A name that no schema declares.
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
}

impl Undeclared {
    /// How long the name is, in bytes.
    #[expect(clippy::len_without_is_empty, reason = "a name is never empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Type(name) | Self::Attribute(name) => name.len(),
            Self::Field { kind, name } => kind.len() + name.len(),
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
        found
    }
}
