//! What is sent: a tree whose texts are Jinja. It is filled in leaf by leaf and written down only then, so that no value can become
//! a part of its structure.

use minijinja::value::ValueKind;
use minijinja::{Environment, Value as Seen};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// How the body of a request is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// As JSON.
    Json(Value),
    /// As a form: names and values.
    Form(Vec<(String, String)>),
}

impl Body {
    /// Every text in it.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Form(fields) => fields.iter().map(|(_, text)| text.as_str()).collect(),
            Self::Json(tree) => {
                let mut texts = Vec::new();
                collect(tree, &mut texts);
                texts
            }
        }
    }
}

fn collect<'t>(tree: &'t Value, texts: &mut Vec<&'t str>) {
    match tree {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// The expression that is the whole of a text: `{{ to }}`. Its value keeps its type.
pub(super) fn lone(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let is_one = !inner.contains("{{") && !inner.contains("}}");
    is_one.then(|| inner.trim())
}

/// A tree with its values; none where there is nothing, and what holds it leaves it out.
pub(super) fn filled(
    environment: &Environment<'_>,
    tree: &Value,
    seen: &Seen,
) -> Result<Option<Value>, minijinja::Error> {
    Ok(match tree {
        Value::String(text) => match lone(text) {
            Some(expression) => {
                let value = environment.compile_expression(expression)?.eval(seen)?;
                json(&value)
            }
            None => Some(Value::String(environment.render_str(text, seen)?)),
        },
        Value::Array(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                list.extend(filled(environment, item, seen)?);
            }
            Some(Value::Array(list))
        }
        Value::Object(fields) => {
            let mut map = Map::new();
            for (name, value) in fields {
                if let Some(value) = filled(environment, value, seen)? {
                    map.insert(name.clone(), value);
                }
            }
            Some(Value::Object(map))
        }
        other => Some(other.clone()),
    })
}

/// A value as JSON has it; none for what is not known.
fn json(value: &Seen) -> Option<Value> {
    Some(match value.kind() {
        ValueKind::Undefined | ValueKind::None => return None,
        ValueKind::Bool => Value::Bool(value.is_true()),
        ValueKind::Number => match i64::try_from(value.clone()) {
            Ok(number) => Value::Number(number.into()),
            Err(_) => f64::try_from(value.clone())
                .ok()
                .and_then(Number::from_f64)
                .map_or_else(|| Value::String(value.to_string()), Value::Number),
        },
        ValueKind::Seq | ValueKind::Iterable => Value::Array(
            value
                .try_iter()
                .ok()?
                .filter_map(|own| json(&own))
                .collect(),
        ),
        ValueKind::Map => {
            let named = value.try_iter().ok()?.filter_map(|name| {
                let own = value.get_item(&name).ok()?;
                Some((name.to_string(), json(&own)?))
            });
            Value::Object(named.collect())
        }
        _ => Value::String(value.to_string()),
    })
}
