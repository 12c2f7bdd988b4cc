//! What the value of a key looks like.

use serde_json::{Map, Value, json};

/// A key: its name, what it means, what its value looks like, and whether it is needed.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) shape: Shape,
    pub(super) needed: bool,
}

impl Key {
    /// A key that may be absent.
    pub(super) fn new(name: &'static str, about: &'static str, shape: Shape) -> Self {
        Self {
            name,
            about,
            shape,
            needed: false,
        }
    }

    /// A key that must be there.
    pub(super) fn needed(name: &'static str, about: &'static str, shape: Shape) -> Self {
        Self {
            needed: true,
            ..Self::new(name, about, shape)
        }
    }
}

/// What a value looks like.
pub(super) enum Shape {
    /// Text: a plain value is the text as written.
    Text,
    /// A Rhai expression by nature.
    Expression,
    /// A literal, or a text that begins with `=`.
    Computed,
    /// Names of the author's own, with such values.
    Fields,
    /// `3d`, `9 months`.
    Duration,
    /// `"10:00"`.
    Time,
    /// RFC 3339.
    Instant,
    /// `workdays`, or a list of days.
    Weekdays,
    /// `customer.NAME`.
    Attribute,
    /// `true` or `false`.
    Boolean,
    /// A whole number from, to.
    Integer(i64, i64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// These keys and no others.
    Object(Vec<Key>),
    /// These keys, and others.
    Open(Vec<Key>),
    /// Names of the author's own, each with such a value.
    Named(Box<Shape>),
    /// A list.
    List(Box<Shape>),
    /// One, or a list.
    OneOrList(Box<Shape>),
    /// Either.
    Either(Vec<Shape>),
    /// A list of steps.
    Steps,
    /// Anything.
    Any,
}

/// The days of the week as they are written.
const DAYS: [&str; 8] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workdays"];

impl Shape {
    /// Its JSON Schema.
    pub(super) fn schema(&self) -> Value {
        match self {
            Self::Text => json!({ "type": ["string", "number", "boolean"] }),
            Self::Expression => {
                json!({ "type": ["string", "number", "boolean"], "description": "A Rhai expression, without a leading `=`" })
            }
            Self::Computed | Self::Any => json!(true),
            Self::Fields => json!({ "type": "object" }),
            Self::Duration => {
                json!({ "type": "string", "pattern": "^(P|-|[0-9])", "examples": ["15m", "36h", "3d", "9 months"] })
            }
            Self::Time => {
                json!({ "type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$" })
            }
            Self::Instant => json!({ "type": "string", "examples": ["2026-11-22T10:00:00+02:00"] }),
            Self::Weekdays => {
                let day = json!({ "enum": DAYS });
                json!({ "anyOf": [day, { "type": "array", "items": day }] })
            }
            Self::Attribute => {
                json!({ "type": "string", "pattern": "^customer\\.[A-Za-z_][A-Za-z0-9_]*$" })
            }
            Self::Boolean => json!({ "type": "boolean" }),
            Self::Integer(low, high) => {
                json!({ "type": "integer", "minimum": low, "maximum": high })
            }
            Self::Words(words) => json!({ "enum": words }),
            Self::Object(keys) => object(keys),
            Self::Open(keys) => {
                let mut schema = object(keys);
                schema["additionalProperties"] = json!(true);
                schema
            }
            Self::Named(shape) => {
                json!({ "type": "object", "additionalProperties": shape.schema() })
            }
            Self::List(shape) => json!({ "type": "array", "items": shape.schema() }),
            Self::OneOrList(shape) => {
                json!({ "anyOf": [shape.schema(), { "type": "array", "items": shape.schema() }] })
            }
            Self::Either(shapes) => {
                json!({ "anyOf": shapes.iter().map(Self::schema).collect::<Vec<_>>() })
            }
            Self::Steps => json!({ "$ref": "#/definitions/steps" }),
        }
    }
}

/// A mapping with these keys and no others.
pub(super) fn object(keys: &[Key]) -> Value {
    let property = |key: &Key| {
        let mut schema = match key.shape.schema() {
            Value::Object(schema) => schema,
            _ => Map::new(),
        };
        // What stands beside a `$ref` is not read.
        if schema.contains_key("$ref") {
            schema = Map::from_iter([("allOf".to_owned(), json!([schema]))]);
        }
        schema.insert("description".to_owned(), json!(key.about));
        (key.name.to_owned(), Value::Object(schema))
    };
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert(
        "properties".to_owned(),
        Value::Object(keys.iter().map(property).collect()),
    );
    let needed: Vec<&str> = keys
        .iter()
        .filter(|key| key.needed)
        .map(|key| key.name)
        .collect();
    if !needed.is_empty() {
        schema.insert("required".to_owned(), json!(needed));
    }
    Value::Object(schema)
}
