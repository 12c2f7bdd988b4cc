//! The types of attributes and of events' fields, from the JSON Schemas in `schemas/`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The fields of a customer, of an event's data or of a nested object.
pub type Fields = BTreeMap<String, Type>;

/// What is declared of customers and events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The customer's attributes, those that are known unasked included.
    pub customer: Fields,
    /// The data of each event type, those that are known unasked included.
    pub events: BTreeMap<String, Fields>,
    /// The fields that an event type lists under `required`. Only `check` asks for them: what has happened is taken in as it was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub required: BTreeMap<String, BTreeSet<String>>,
    /// The attributes that the customer's schema lists under `required`: an import brings nobody in without them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub required_of_customer: BTreeSet<String>,
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// Anything; nothing is checked.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// An integer or a decimal.
    Number,
    /// Text; when the schema has an `enum`, only these.
    Text(Vec<String>),
    /// A day, written `YYYY-MM-DD`.
    Date,
    /// A moment, RFC 3339.
    Instant,
    /// Several of one type.
    List(Box<Type>),
    /// Named fields; empty = any names.
    Map(Fields),
}
