//! `schemas/customer.json` and `schemas/events/TYPE.json`: the part of JSON Schema that gives fields their types.

use std::collections::{BTreeMap, BTreeSet};

use kurant_engine::definition::{Fields, Schema, Type};

use super::{json, known};
use crate::diagnostic::{Diagnostic, Diagnostics, Problem};
use crate::source::FileId;
use crate::suggest::{either, nearest, nearest_or_synonym};
use crate::yaml::{Kind, Node};

/// Deepest chain of `$ref`.
const MAX_REFS: usize = 16;

/// What is read of JSON Schema.
const KEYWORDS: [&str; 9] = [
    "required",
    "type",
    "format",
    "properties",
    "items",
    "enum",
    "const",
    "anyOf",
    "oneOf",
];
/// What is not read and looks like what is.
const OTHER_KEYWORDS: [&str; 9] = [
    "allOf",
    "not",
    "if",
    "then",
    "title",
    "prefixItems",
    "propertyNames",
    "minProperties",
    "maxProperties",
];

const TYPES: [&str; 7] = [
    "string", "integer", "number", "boolean", "array", "object", "null",
];
const TYPE_SYNONYMS: [(&str, &str); 12] = [
    ("text", "string"),
    ("str", "string"),
    ("int", "integer"),
    ("float", "number"),
    ("decimal", "number"),
    ("double", "number"),
    ("money", "number"),
    ("bool", "boolean"),
    ("list", "array"),
    ("map", "object"),
    ("dict", "object"),
    ("none", "null"),
];
/// Types that people write and that are a string with a format.
const FORMATS: [(&str, &str); 5] = [
    ("date", "date"),
    ("datetime", "date-time"),
    ("date-time", "date-time"),
    ("timestamp", "date-time"),
    ("instant", "date-time"),
];

/// The schema files read so far.
#[derive(Default)]
pub(super) struct Files {
    customer: Fields,
    events: BTreeMap<String, Fields>,
    required: BTreeMap<String, BTreeSet<String>>,
    required_of_customer: BTreeSet<String>,
    /// Whether the customer's schema is there and could not be read: it may declare any attribute.
    customer_unread: bool,
}

impl Files {
    /// Reads one schema file.
    pub(super) fn add(&mut self, file: FileId, path: &str, text: &str, diagnostics: &Diagnostics) {
        let before = diagnostics.len();
        let event = path
            .strip_prefix("schemas/events/")
            .and_then(|rest| rest.strip_suffix(".json"));
        let Some(root) = json::read(file, text, diagnostics) else {
            self.customer_unread |= event.is_none();
            return;
        };
        let reader = Reader {
            root: &root,
            diagnostics,
        };
        let fields = match reader.read(&root, 0) {
            Type::Map(fields) => fields,
            Type::Any => Fields::new(),
            _ => {
                let report =
                    Diagnostic::error("bad-schema", root.head(), "this schema describes no fields");
                diagnostics.push(
                    report.help("write `\"type\": \"object\"` and `\"properties\": { ... }`"),
                );
                return;
            }
        };
        match event {
            // What could not be read may declare any field.
            Some(_) if diagnostics.len() > before => {}
            Some(kind) => {
                let required = required(&root, &fields, diagnostics);
                self.required.insert(kind.to_owned(), required);
                self.events.insert(kind.to_owned(), fields);
            }
            None => {
                self.customer_unread |= diagnostics.len() > before;
                let known = known::attributes();
                let mut all: Fields = fields.clone();
                all.extend(known);
                self.required_of_customer = required(&root, &all, diagnostics);
                // No line is a customer's without it.
                self.required_of_customer.remove("id");
                self.customer = fields;
            }
        }
    }

    /// What is declared, together with what is known unasked. A declaration may add to what is known, not change it.
    pub(super) fn finish(self) -> Schema {
        let mut customer = self.customer;
        for (name, kind) in known::attributes() {
            let declared = customer.get(&name);
            // An enumeration of texts, or the names of `consents`, say more than what is known.
            let narrower = matches!(
                (declared, &kind),
                (Some(Type::Text(_)), Type::Text(_)) | (Some(Type::Map(_)), Type::Map(_))
            );
            if !narrower {
                customer.insert(name, kind);
            }
        }
        let mut events = known::events(&customer);
        if self.customer_unread {
            known::OF_CUSTOMERS
                .iter()
                .for_each(|kind| drop(events.remove(*kind)));
        }
        for (kind, fields) in self.events {
            events.entry(kind).or_default().extend(fields);
        }
        Schema {
            customer,
            events,
            required: self.required,
            required_of_customer: self.required_of_customer,
        }
    }
}

struct Reader<'a> {
    root: &'a Node,
    diagnostics: &'a Diagnostics,
}

impl Reader<'_> {
    fn report(&self, node: &Node, problem: Problem) {
        self.diagnostics.report(node.head(), problem);
    }

    fn read(&self, node: &Node, refs: usize) -> Type {
        if node.as_map().is_none() {
            // `true` allows anything.
            if node
                .as_scalar()
                .is_none_or(|scalar| scalar.as_bool().is_none())
            {
                self.report(
                    node,
                    Problem::new(
                        "bad-schema",
                        format!("expected a schema, found {}", node.what()),
                    )
                    .help("write `{ \"type\": \"string\" }`"),
                );
            }
            return Type::Any;
        }
        if let Some(target) = node.get("$ref") {
            return self.reference(target, refs);
        }
        if let Some(alternatives) = node.get("anyOf").or_else(|| node.get("oneOf")) {
            return self.alternatives(alternatives, refs);
        }
        self.keywords(node);
        let mut kinds = self.kinds(node);
        if let Some(texts) = enumeration(node) {
            return texts;
        }
        if kinds.is_empty() && node.get("properties").is_some() {
            kinds.push("object");
        }
        match kinds.as_slice() {
            [one] => self.one(one, node, refs),
            ["integer", "number"] | ["number", "integer"] => Type::Number,
            _ => Type::Any,
        }
    }

    /// Reports words that are slips for those that are read; others are left to other readers of JSON Schema.
    fn keywords(&self, node: &Node) {
        for entry in node.as_map().unwrap_or(&[]) {
            let word = entry.key.text.as_str();
            if OTHER_KEYWORDS.contains(&word) || KEYWORDS.contains(&word) {
                continue;
            }
            if let Some(meant) = nearest(word, KEYWORDS) {
                let problem = Problem::new("bad-schema", format!("JSON Schema has no `{word}`"));
                self.diagnostics.report(
                    entry.key.span,
                    problem.help(format!("did you mean `\"{meant}\"`?")),
                );
            }
        }
    }

    /// The types that a schema names, without `null`: every field may be absent.
    fn kinds(&self, node: &Node) -> Vec<&'static str> {
        let Some(kind) = node.get("type") else {
            return Vec::new();
        };
        let known = |item: &Node| self.diagnostics.keep(item.span, type_name(item));
        kind.one_or_many()
            .iter()
            .filter_map(known)
            .filter(|kind| *kind != "null")
            .collect()
    }

    fn one(&self, kind: &str, node: &Node, refs: usize) -> Type {
        match kind {
            "string" => match node.get("format").and_then(|format| format.text().ok()) {
                Some("date") => Type::Date,
                Some("date-time") => Type::Instant,
                Some(other) => {
                    self.format(node, other);
                    known::any_text()
                }
                None => known::any_text(),
            },
            "integer" => Type::Integer,
            "number" => Type::Number,
            "boolean" => Type::Boolean,
            "array" => Type::List(Box::new(
                node.get("items")
                    .map_or(Type::Any, |items| self.read(items, refs)),
            )),
            _ => Type::Map(self.fields(node, refs)),
        }
    }

    /// A format that is a slip for one that makes a date; others are left to other readers of JSON Schema.
    fn format(&self, node: &Node, written: &str) {
        const OTHERS: [&str; 2] = ["time", "duration"];
        let meant = match nearest_or_synonym(written, ["date", "date-time"], &FORMATS) {
            Some(meant) if !OTHERS.contains(&written) => meant,
            _ => return,
        };
        if let Some(format) = node.get("format") {
            let problem = Problem::new(
                "bad-schema",
                format!("JSON Schema has no format `{written}`"),
            );
            self.diagnostics.report(
                format.span,
                problem.help(format!("did you mean `\"{meant}\"`?")),
            );
        }
    }

    fn fields(&self, node: &Node, refs: usize) -> Fields {
        let Some(properties) = node.get("properties") else {
            return Fields::new();
        };
        let entries = self
            .diagnostics
            .keep(properties.head(), properties.map("the fields by name"))
            .unwrap_or(&[]);
        entries
            .iter()
            .map(|entry| (entry.key.text.clone(), self.read(&entry.value, refs)))
            .collect()
    }

    /// One alternative besides `null` is that one; several are anything.
    fn alternatives(&self, node: &Node, refs: usize) -> Type {
        let is_null = |item: &&Node| {
            item.get("type")
                .is_some_and(|kind| kind.text() == Ok("null"))
        };
        let others: Vec<&Node> = node
            .one_or_many()
            .iter()
            .filter(|item| !is_null(item))
            .collect();
        match others.as_slice() {
            [one] => self.read(one, refs),
            _ => Type::Any,
        }
    }

    fn reference(&self, target: &Node, refs: usize) -> Type {
        let found = target.text().ok().and_then(|text| {
            let path = text.strip_prefix("#/")?;
            path.split('/')
                .try_fold(self.root, |node, key| node.get(key))
        });
        match found {
            Some(node) if refs < MAX_REFS => self.read(node, refs + 1),
            Some(_) => Type::Any,
            None => {
                let problem = Problem::new("bad-schema", "this `$ref` leads nowhere in this file");
                self.report(target, problem.help("refer to a schema in this file, like `#/$defs/address`; other files are not read"));
                Type::Any
            }
        }
    }
}

/// The names under `required`; one that is no field is reported.
fn required(root: &Node, fields: &Fields, diagnostics: &Diagnostics) -> BTreeSet<String> {
    let Some(list) = root.get("required").and_then(Node::as_list) else {
        return BTreeSet::new();
    };
    let mut names = BTreeSet::new();
    for item in list {
        let Ok(name) = item.text() else { continue };
        if fields.contains_key(name) {
            // Null and absent are the same: what may be null may be absent.
            let property = root.get("properties").and_then(|all| all.get(name));
            if !property.is_some_and(allows_null) {
                names.insert(name.to_owned());
            }
        } else {
            let message = format!("`{name}` is required, and no field is called so");
            let help = match nearest(name, fields.keys().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("declare it: `\"{name}\": {{ \"type\": \"string\" }}`"),
            };
            diagnostics.push(Diagnostic::warning("bad-schema", item.span, message).help(help));
        }
    }
    names
}

/// Whether a schema names `null` among its types.
fn allows_null(schema: &Node) -> bool {
    let is_null = |kind: &Node| kind.is_null() || kind.text() == Ok("null");
    let types = schema.get("type").map(Node::one_or_many).unwrap_or(&[]);
    let others = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|word| schema.get(word));
    let mut others = others.flat_map(Node::one_or_many);
    types.iter().any(is_null) || others.any(|one| one.get("type").is_some_and(is_null))
}

fn enumeration(node: &Node) -> Option<Type> {
    let values = match (node.get("enum"), node.get("const")) {
        (Some(list), _) => list.as_list()?,
        (None, Some(one)) => std::slice::from_ref(one),
        (None, None) => return None,
    };
    let quoted = |item: &Node| match &item.kind {
        Kind::Scalar(scalar) if scalar.style == crate::yaml::Style::Double => {
            Some(scalar.text.clone())
        }
        _ => None,
    };
    let texts = values
        .iter()
        .filter(|item| !item.is_null())
        .map(quoted)
        .collect::<Option<Vec<String>>>()?;
    Some(Type::Text(texts))
}

fn type_name(node: &Node) -> Result<&'static str, Problem> {
    let text = node.text()?;
    if let Some(kind) = TYPES.iter().find(|kind| **kind == text) {
        return Ok(kind);
    }
    let problem = Problem::new("bad-schema", format!("JSON Schema has no type `{text}`"));
    if let Some((_, format)) = FORMATS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
    {
        return Err(problem.help(format!(
            "write `\"type\": \"string\", \"format\": \"{format}\"`"
        )));
    }
    Err(match nearest_or_synonym(text, TYPES, &TYPE_SYNONYMS) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!("write {}", either(TYPES))),
    })
}
