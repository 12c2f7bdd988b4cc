//! `webhook: { url, method, headers, body, save, on_error }`.

use kurant_engine::definition::{OnError, Webhook};

use super::{At, list};
use crate::diagnostic::Problem;
use crate::parse::computed::{computed, fields};
use crate::parse::context::{text, variable};
use crate::yaml::{MapReader, Node};

const METHODS: [(&str, &str); 6] = [
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
    ("HEAD", "HEAD"),
];

pub(super) fn read(at: At<'_, '_>) -> Option<Webhook> {
    let mut map = at.inside_not_text(
        "a web hook",
        "webhook: { url: \"https://crm.example/lead\" }",
        |text| format!("webhook: {{ url: \"{text}\" }}"),
    )?;
    map.synonyms(&[
        ("address", "url"),
        ("endpoint", "url"),
        ("verb", "method"),
        ("data", "body"),
        ("payload", "body"),
        ("json", "body"),
        ("as", "save"),
        ("save_as", "save"),
        ("result", "save"),
        ("on_failure", "on_error"),
    ]);
    let context = at.context;
    let url = map.need("url", url);
    let method = map.read("method", |node| node.choice(&METHODS));
    let headers = map.read("headers", |node| fields(context, node));
    let body = map.read("body", |node| computed(context, node));
    let save = map.read("save", variable);
    let on_error = on_error(&at, &mut map);
    map.finish();
    Some(Webhook {
        url: url.unwrap_or_default(),
        method: method.unwrap_or("POST").to_owned(),
        headers: headers.unwrap_or_default(),
        body,
        save,
        on_error,
    })
}

fn url(node: &Node) -> Result<String, Problem> {
    let url = text(node)?;
    let wrong =
        |help: &str| Err(Problem::bad_value(format!("`{url}` is not an address")).help(help));
    if url.starts_with("${env:") || url.starts_with("${file:") {
        return Ok(url);
    }
    let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
    let host = rest.unwrap_or_default().split(['/', '?', '#']).next();
    if url.contains("{{") {
        return wrong(
            "an address is the same for everybody; what differs stands in `body` or `headers`: `body: { id: =customer.id }`",
        );
    }
    match host {
        Some(host) if !host.is_empty() && !url.contains(char::is_whitespace) => Ok(url),
        _ => wrong("write it whole, like `https://crm.example/lead`"),
    }
}

fn on_error(at: &At<'_, '_>, map: &mut MapReader<'_>) -> OnError {
    let Some(node) = map.optional("on_error") else {
        return OnError::default();
    };
    if node.as_list().is_some() {
        return OnError::Steps(list(at.steps, node));
    }
    at.keep(
        node,
        node.choice(&[("continue", OnError::Continue), ("exit", OnError::Exit)]),
    )
    .unwrap_or_default()
}
