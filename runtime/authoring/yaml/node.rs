//! The tree that a YAML text becomes: every key and value with its place, in the order written.

use crate::source::Span;

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// As a block, after `|` or `>`.
    Block,
}

/// A single value: text until a reader asks for a number, a bool or anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text; of a plain value as it was written, of a quoted one without quotes and escapes.
    pub text: String,
    /// How it was written.
    pub style: Style,
}

/// A mapping's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it stands, quotes included.
    pub span: Span,
    /// The key's text; never a number or a bool, whatever it looks like.
    pub text: String,
}

/// One `key: value` of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value; [`Kind::Null`] when there is none.
    pub value: Node,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: no value, `~` or `null`.
    Null,
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, without duplicate keys.
    Map(Vec<Entry>),
    /// Something that could not be read and has been reported; readers pass over it in silence.
    Broken,
}

/// One value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The bytes from its first to its last character; of nothing, the place where it would stand.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// The comment on the same line right after it, from its `#` on.
    pub comment: Option<Span>,
    /// Whether lines that belong to it could not be read, so that a key it lacks may be one of them.
    pub damaged: bool,
}

impl Node {
    pub(super) fn new(span: Span, kind: Kind) -> Self {
        Self {
            span,
            kind,
            comment: None,
            damaged: false,
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Whether it could not be read and has been reported.
    pub fn is_broken(&self) -> bool {
        matches!(self.kind, Kind::Broken)
    }

    /// The single value, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a mapping.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?
            .iter()
            .find(|entry| entry.key.text == key)
            .map(|entry| &entry.value)
    }

    /// The items of a list; any other value as the only item; nothing as none.
    pub fn one_or_many(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The place to point at for the node as a whole: a mapping's first key, a list's first item, else the value itself.
    pub fn head(&self) -> Span {
        match &self.kind {
            Kind::Map(entries) => entries.first().map_or(self.span, |entry| entry.key.span),
            Kind::List(items) => items.first().map_or(self.span, Node::head),
            _ => self.span,
        }
    }

    /// The comment on the same line right after the value. A `#` after a space begins one, also where the author meant it as text.
    pub fn followed_by_comment(&self) -> Option<Span> {
        self.comment
    }
}
