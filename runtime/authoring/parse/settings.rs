//! Maps whose names a channel or a driver knows: `kind` and whatever it takes, with secrets as `${env:NAME}`.

use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::Context;
use super::computed::literal;
use crate::diagnostic::Problem;
use crate::suggest::{either, nearest};
use crate::yaml::Node;

/// Keys whose values are secrets: they never stand in a file.
const SECRETS: [&str; 11] = [
    "token",
    "password",
    "secret",
    "api_key",
    "apikey",
    "key",
    "auth_token",
    "access_token",
    "client_secret",
    "private_key",
    "callback_secret",
];

/// A map with a `kind` of those that exist.
pub(super) fn with_kind(
    context: &Context<'_>,
    node: &Node,
    what: &'static str,
    kinds: &[&str],
) -> Option<Map> {
    if let Some(scalar) = node.as_scalar() {
        let problem = Problem::wrong_type(format!("expected {what}, found {}", node.what()));
        context.report(
            node.span,
            problem.help(format!("write `{{ kind: {} }}`", scalar.text)),
        );
        return None;
    }
    let entries = context.diagnostics.keep(node.head(), node.map(what))?;
    match node.get("kind") {
        None => {
            let problem = Problem::new("missing-key", format!("{what} lacks `kind`"));
            context.report(
                node.head(),
                problem.help(format!(
                    "add `kind: ...`: {}",
                    either(kinds.iter().copied())
                )),
            );
        }
        Some(kind) => {
            context.diagnostics.keep(kind.span, known_kind(kind, kinds));
        }
    }
    for entry in entries {
        secret(context, &entry.key.text, &entry.value);
    }
    match context
        .diagnostics
        .keep(node.span, literal(context, node))?
    {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn known_kind(node: &Node, kinds: &[&str]) -> Result<(), Problem> {
    let kind = node.text()?;
    if kinds.contains(&kind) {
        return Ok(());
    }
    let problem = Problem::new("unknown-word", format!("there is no kind `{kind}`"));
    Err(match nearest(kind, kinds.iter().copied()) {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(format!("write {}", either(kinds.iter().copied()))),
    })
}

fn secret(context: &Context<'_>, key: &str, node: &Node) {
    let Some(scalar) = node.as_scalar().filter(|_| SECRETS.contains(&key)) else {
        return;
    };
    if !scalar.text.contains("${env:") && !scalar.text.contains("${file:") {
        let name = key.to_ascii_uppercase();
        let problem = Problem::new(
            "secret-in-file",
            format!("`{key}` is a secret and stands in the file"),
        );
        context.report(
            node.span,
            problem.help(format!(
                "write `\"${{env:{name}}}\"` and put the value into the environment"
            )),
        );
    }
}
