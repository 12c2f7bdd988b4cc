//! Values whose names are the author's own: `data`, `set`, `vars` and their like.

use kurant_engine::definition::{Computed, Script};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::Context;
use crate::diagnostic::Problem;
use crate::yaml::{Kind, Node, Plain, Scalar};

/// A value that may be computed: a text that begins with `=` is an expression.
pub(super) fn computed(context: &Context<'_>, node: &Node) -> Result<Computed, Problem> {
    match &node.kind {
        Kind::Null => Ok(Computed::Literal(Value::Null)),
        Kind::Broken => Err(Problem::told()),
        Kind::Scalar(scalar) => match scalar.text.strip_prefix('=') {
            Some(source) => expression(context, node, source),
            None => Ok(Computed::Literal(plain(scalar))),
        },
        Kind::List(items) => {
            let values = items
                .iter()
                .filter_map(|item| keep(context, item))
                .collect::<Vec<_>>();
            Ok(match values.iter().map(as_literal).collect() {
                Some(literals) => Computed::Literal(Value::List(literals)),
                None => Computed::List(values),
            })
        }
        Kind::Map(_) => {
            let fields = fields(context, node)?;
            Ok(
                match fields
                    .iter()
                    .map(|(name, value)| Some((name.as_str(), as_literal(value)?)))
                    .collect::<Option<Map>>()
                {
                    Some(literals) => Computed::Literal(Value::Map(literals)),
                    None => Computed::Map(fields),
                },
            )
        }
    }
}

fn expression(context: &Context<'_>, node: &Node, source: &str) -> Result<Computed, Problem> {
    if source.trim().is_empty() {
        return Err(
            Problem::new("missing-value", "nothing stands after the `=`")
                .help("write an expression after it, like `=event.total`"),
        );
    }
    if source.starts_with('=') {
        return Err(
            Problem::bad_value("it begins with `==`").help("write one `=` before the expression")
        );
    }
    Ok(Computed::Expression(Script::new(
        source,
        context.place(node),
    )))
}

fn keep(context: &Context<'_>, node: &Node) -> Option<Computed> {
    context.diagnostics.keep(node.span, computed(context, node))
}

fn as_literal(value: &Computed) -> Option<Value> {
    match value {
        Computed::Literal(value) => Some(value.clone()),
        _ => None,
    }
}

/// A map of such values, in the author's order.
pub(super) fn fields(
    context: &Context<'_>,
    node: &Node,
) -> Result<Vec<(String, Computed)>, Problem> {
    let entries = node.map("a mapping of names and values")?;
    let read =
        |entry: &crate::yaml::Entry| Some((entry.key.text.clone(), keep(context, &entry.value)?));
    Ok(entries.iter().filter_map(read).collect())
}

/// A map of such values that has at least one.
pub(super) fn some_fields(
    context: &Context<'_>,
    node: &Node,
) -> Result<Vec<(String, Computed)>, Problem> {
    if node.as_map().is_some_and(<[_]>::is_empty) {
        return Err(Problem::new("missing-value", "the mapping is empty")
            .help("name at least one, like `{ lifecycle: churned }`"));
    }
    fields(context, node)
}

/// A value that is never computed: a leading `=` is reported.
pub(crate) fn literal(context: &Context<'_>, node: &Node) -> Result<Value, Problem> {
    Ok(match &node.kind {
        Kind::Null => Value::Null,
        Kind::Broken => return Err(Problem::told()),
        Kind::Scalar(scalar) if scalar.text.starts_with('=') => {
            return Err(Problem::new(
                "no-expression-here",
                "a value that begins with `=` cannot stand here: this one is not computed",
            )
            .help("write the value itself"));
        }
        Kind::Scalar(scalar) => plain(scalar),
        Kind::List(items) => Value::List(
            items
                .iter()
                .filter_map(|item| context.diagnostics.keep(item.span, literal(context, item)))
                .collect(),
        ),
        Kind::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                if let Some(value) = context
                    .diagnostics
                    .keep(entry.value.span, literal(context, &entry.value))
                {
                    map.insert(entry.key.text.as_str(), value);
                }
            }
            Value::Map(map)
        }
    })
}

fn plain(scalar: &Scalar) -> Value {
    match scalar.plain() {
        Plain::Bool(value) => Value::Bool(value),
        Plain::Integer(value) => Value::Integer(value),
        Plain::Decimal(value) => Value::from(value),
        Plain::Text(text) => Value::text(text),
    }
}

/// Text for people, or an expression for it; what looks like a number is text here too.
pub(super) fn text_or_computed(context: &Context<'_>, node: &Node) -> Result<Computed, Problem> {
    let text = node.text()?;
    if text.trim().is_empty() {
        return Err(Problem::new("missing-value", "the text is empty").help("write the text"));
    }
    match text.starts_with('=') {
        true => computed(context, node),
        false => Ok(Computed::Literal(Value::text(text))),
    }
}
