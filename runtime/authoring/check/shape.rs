//! What a value is, as far as that is known before anything runs.

use std::collections::BTreeMap;
use std::rc::Rc;

use kurant_engine::definition::{Fields, Type};
use kurant_engine::script::Kind;
use kurant_engine::value::Value;

/// What a value is. Any of them may also be `()` at run time: attributes and fields can be missing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Not known.
    Any,
    /// `()`.
    Nothing,
    Bool,
    Integer,
    Number,
    /// Text; when not empty, one of these.
    Text(Vec<String>),
    Date,
    Instant,
    /// A length of time.
    Span,
    List(Rc<Shape>),
    Record(Rc<Record>),
}

/// Fields by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    /// Whose fields they are.
    pub(super) owner: Owner,
    /// Those that are known.
    pub(super) fields: BTreeMap<String, Shape>,
    /// Whether there may be others.
    pub(super) open: bool,
}

/// Whose fields they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// `customer`.
    Customer,
    /// `event`, of one of these types.
    Event(Vec<String>),
    /// `event.meta`.
    Meta,
    /// `customer.consents`: its fields are the channels.
    Consents,
    /// `trigger`.
    Trigger,
    /// `vars`.
    Vars,
    /// A field that has fields itself, by its path.
    Nested(String),
}

impl Shape {
    /// Any text.
    pub(super) fn text() -> Self {
        Self::Text(Vec::new())
    }

    /// A record whose fields are all known.
    pub(super) fn record(owner: Owner, fields: BTreeMap<String, Shape>) -> Self {
        Self::Record(Rc::new(Record {
            owner,
            fields,
            open: false,
        }))
    }

    /// What a schema says of a field at a path.
    pub(super) fn of(kind: &Type, path: &str) -> Self {
        match kind {
            Type::Any => Self::Any,
            Type::Boolean => Self::Bool,
            Type::Integer => Self::Integer,
            Type::Number => Self::Number,
            Type::Text(texts) => Self::Text(texts.clone()),
            Type::Date => Self::Date,
            Type::Instant => Self::Instant,
            Type::List(item) => Self::List(Rc::new(Self::of(item, path))),
            Type::Map(fields) if fields.is_empty() => Self::Any,
            Type::Map(fields) => Self::record(Owner::Nested(path.to_owned()), shapes(fields, path)),
        }
    }

    /// What a literal value is.
    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(_) => Self::Bool,
            Value::Integer(_) => Self::Integer,
            Value::Decimal(_) => Self::Number,
            Value::Text(_) => Self::text(),
            Value::Instant(_) => Self::Instant,
            Value::Date(_) => Self::Date,
            Value::List(_) => Self::List(Rc::new(Self::Any)),
            Value::Map(_) => Self::Any,
        }
    }

    /// What a built-in function gives.
    pub(super) fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Any | Kind::Event | Kind::Moment => Self::Any,
            Kind::Boolean => Self::Bool,
            Kind::Integer => Self::Integer,
            Kind::Number => Self::Number,
            Kind::Text => Self::text(),
            Kind::Instant => Self::Instant,
            Kind::Date => Self::Date,
            Kind::Span => Self::Span,
        }
    }

    /// What is known of a value that is one of two.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, known) | (known, Self::Nothing) => known,
            (a, b) if a == b => a,
            (Self::Text(_), Self::Text(_)) => Self::text(),
            (Self::Integer | Self::Number, Self::Integer | Self::Number) => Self::Number,
            _ => Self::Any,
        }
    }

    /// The kind in words, with its article.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Nothing => "`()`",
            Self::Bool => "`true` or `false`",
            Self::Integer | Self::Number => "a number",
            Self::Text(_) => "text",
            Self::Date => "a date",
            Self::Instant => "an instant",
            Self::Span => "a length of time",
            Self::List(_) => "a list",
            Self::Record(_) => "a map",
        }
    }

    /// Whether it may be an instant or a date.
    pub(super) fn may_be_moment(&self) -> bool {
        matches!(self, Self::Any | Self::Nothing | Self::Date | Self::Instant)
    }

    /// Whether it may be a number.
    pub(super) fn may_be_number(&self) -> bool {
        matches!(
            self,
            Self::Any | Self::Nothing | Self::Integer | Self::Number
        )
    }

    /// Whether it is known to be a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }

    /// Whether it is known to be an instant or a date.
    pub(super) fn is_moment(&self) -> bool {
        matches!(self, Self::Date | Self::Instant)
    }

    /// Whether a built-in function's parameter may take it.
    pub(super) fn fits(&self, kind: Kind) -> bool {
        match (kind, self) {
            (Kind::Any, _) | (_, Self::Any | Self::Nothing) => true,
            (Kind::Boolean, shape) => *shape == Self::Bool,
            (Kind::Integer, shape) => *shape == Self::Integer,
            (Kind::Number, shape) => shape.is_number(),
            (Kind::Text, shape) => matches!(shape, Self::Text(_)),
            (Kind::Moment, shape) => shape.is_moment(),
            (Kind::Instant, shape) => *shape == Self::Instant,
            (Kind::Date, shape) => *shape == Self::Date,
            (Kind::Span, shape) => *shape == Self::Span,
            (Kind::Event, shape) => matches!(shape, Self::Record(_)),
        }
    }

    /// Whether two values can be equal, or have an order, at all.
    pub(super) fn compares_with(&self, other: &Self) -> bool {
        use Shape::{Any, Bool, Date, Instant, Integer, List, Nothing, Number, Record, Span, Text};
        matches!(
            (self, other),
            (Any | Nothing, _)
                | (_, Any | Nothing)
                | (Bool, Bool)
                | (Integer | Number, Integer | Number)
                | (Text(_), Text(_))
                | (Date | Instant, Date | Instant)
                | (Span, Span)
                | (List(_), List(_))
                | (Record(_), Record(_))
        )
    }
}

/// The shapes of fields under a path.
pub(super) fn shapes(fields: &Fields, path: &str) -> BTreeMap<String, Shape> {
    let one =
        |(name, kind): (&String, &Type)| (name.clone(), Shape::of(kind, &format!("{path}.{name}")));
    fields.iter().map(one).collect()
}
