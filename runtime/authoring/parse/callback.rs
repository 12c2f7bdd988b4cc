//! `callback` of `channels/NAME.yaml`: how a provider calls back to say what became of messages.

use kurant_engine::provider::{
    Algorithm, Callback, Encoding, Fate, Form, Hmac, NamedBy, Status, Verify, Which,
};

use super::Context;
use super::context::text;
use super::provider::{Sees, Texts, header, path};
use crate::diagnostic::Problem;
use crate::yaml::{MapReader, Node};

/// By what a provider may be known.
const WAYS: [(&str, Way); 6] = [
    ("address", Way::Address),
    ("header", Way::Header),
    ("query", Way::Query),
    ("hmac", Way::Hmac),
    ("standard", Way::Standard),
    ("form", Way::Form),
];
const ALGORITHMS: [(&str, Algorithm); 3] = [
    ("sha256", Algorithm::Sha256),
    ("sha1", Algorithm::Sha1),
    ("sha512", Algorithm::Sha512),
];
const ENCODINGS: [(&str, Encoding); 2] = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];
const FORMS: [(&str, Form); 3] = [
    ("json", Form::Json),
    ("form", Form::Form),
    ("query", Form::Query),
];
/// Where the name of a message stands.
const PLACES: [(&str, bool); 2] = [("body", false), ("query", true)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Address,
    Header,
    Query,
    Hmac,
    Standard,
    Form,
}

/// Reads it; none if it lacks what it can't be without.
pub(super) fn read(context: &Context<'_>, texts: &Texts<'_>, node: &Node) -> Option<Callback> {
    let mut map = context.open(node, "the callback")?;
    map.synonyms(&[
        ("signature", "verify"),
        ("auth", "verify"),
        ("body", "form"),
        ("format", "form"),
        ("items", "list"),
        ("id", "message"),
        ("key", "message"),
        ("status", "statuses"),
        ("answers", "statuses"),
        ("at", "time"),
        ("timestamp", "time"),
        ("event_id", "event"),
        ("link", "url"),
        ("reply", "text"),
    ]);
    map.examples(&[
        ("verify", "verify: { by: address }"),
        ("message", "message: { id: message_id }"),
        (
            "statuses",
            "statuses: [ { field: status, is: [delivered], means: delivered } ]",
        ),
    ]);
    let verify = map.required("verify");
    let verify = verify.and_then(|node| verified(context, texts, node));
    let form = map.read("form", |node| node.choice(&FORMS));
    let message = map.required("message");
    let message = message.and_then(|node| which(context, node));
    let statuses = map.required("statuses");
    let statuses = statuses.map(|node| {
        let items = context.items(node, "a list of statuses").iter();
        items.filter_map(|item| status(context, item)).collect()
    });
    let (list, time, event) = (
        map.read("list", path),
        map.read("time", path),
        map.read("event", path),
    );
    let (url, text) = (map.read("url", path), map.read("text", path));
    map.finish();
    Some(Callback {
        verify: verify?,
        form: form.unwrap_or(Form::Json),
        list,
        message: message?,
        statuses: statuses?,
        time,
        event,
        url,
        text,
    })
}

/// `{ by: hmac, header: X-Signature, secret: "{{ callback_secret }}" }`.
fn verified(context: &Context<'_>, texts: &Texts<'_>, node: &Node) -> Option<Verify> {
    let mut map = context.open(node, "the verification")?;
    map.synonyms(&[
        ("kind", "by"),
        ("scheme", "by"),
        ("token", "secret"),
        ("key", "secret"),
        ("name", "header"),
        ("hash", "algorithm"),
        ("digest", "algorithm"),
        ("time", "timestamp"),
    ]);
    map.examples(&[
        ("by", "by: hmac"),
        ("header", "header: X-Signature"),
        ("field", "field: token"),
        ("secret", "secret: \"{{ callback_secret }}\""),
    ]);
    let way = map.need("by", |node| node.choice(&WAYS))?;
    let verify = match way {
        Way::Address => Some(Verify::Address),
        Way::Header => {
            let (name, is) = (named(&mut map), secret(&mut map, texts));
            name.zip(is).map(|(name, is)| Verify::Header { name, is })
        }
        Way::Query => {
            let (name, is) = (map.need("field", text), secret(&mut map, texts));
            name.zip(is).map(|(name, is)| Verify::Query { name, is })
        }
        Way::Standard => secret(&mut map, texts).map(|secret| Verify::Standard { secret }),
        Way::Form => {
            let (header, secret) = (named(&mut map), secret(&mut map, texts));
            header
                .zip(secret)
                .map(|(header, secret)| Verify::Form { header, secret })
        }
        Way::Hmac => signed(&mut map, texts),
    };
    map.know(&[
        "header",
        "field",
        "secret",
        "algorithm",
        "encoding",
        "prefix",
        "timestamp",
    ]);
    map.finish();
    verify
}

fn signed(map: &mut MapReader<'_>, texts: &Texts<'_>) -> Option<Verify> {
    let (header, secret) = (named(map), secret(map, texts));
    let algorithm = map.read("algorithm", |node| node.choice(&ALGORITHMS));
    let encoding = map.read("encoding", |node| node.choice(&ENCODINGS));
    let prefix = map.read("prefix", text);
    let timestamp = map.read("timestamp", header_name);
    Some(Verify::Hmac(Hmac {
        header: header?,
        secret: secret?,
        algorithm: algorithm.unwrap_or(Algorithm::Sha256),
        encoding: encoding.unwrap_or(Encoding::Hex),
        prefix: prefix.unwrap_or_default(),
        timestamp,
    }))
}

fn named(map: &mut MapReader<'_>) -> Option<String> {
    map.need("header", header_name)
}

fn header_name(node: &Node) -> Result<String, Problem> {
    let name = text(node)?;
    header(&name, "{{ secret }}")?;
    Ok(name)
}

/// A secret: a setting that `kurant.yaml` gives.
fn secret(map: &mut MapReader<'_>, texts: &Texts<'_>) -> Option<String> {
    let node = map.required("secret")?;
    let written = texts.read(node, Sees::Settings)?;
    if written.contains("{{") {
        return Some(written);
    }
    let problem = Problem::new(
        "secret-in-file",
        "`secret` is a secret and stands in the file",
    );
    texts.report(
        node,
        problem.help(
            "write `takes: [callback_secret]` and `secret: \"{{ callback_secret }}\"`, and give it in `kurant.yaml` as `\"${env:CALLBACK_SECRET}\"`",
        ),
    );
    None
}

/// `{ key: extra_id }`, `{ id: message_id }`, `{ key: key, in: query }`.
fn which(context: &Context<'_>, node: &Node) -> Option<Which> {
    let mut map = context.open(node, "the message")?;
    let (kind, entry) = map.exactly_one(&["key", "id"])?;
    map.know(&["key", "id"]);
    let place = map.read("in", |node| node.choice(&PLACES));
    map.finish();
    let field = context
        .diagnostics
        .keep(entry.value.span, path(&entry.value))?;
    Some(Which {
        by: match kind {
            "key" => NamedBy::Key,
            _ => NamedBy::Id,
        },
        field,
        in_query: place.unwrap_or(false),
    })
}

/// `{ field: status, is: [2], means: delivered }`.
fn status(context: &Context<'_>, node: &Node) -> Option<Status> {
    let mut map = context.open(node, "a status")?;
    map.synonyms(&[
        ("path", "field"),
        ("value", "is"),
        ("values", "is"),
        ("equals", "is"),
        ("meaning", "means"),
        ("outcome", "means"),
    ]);
    map.examples(&[("field", "field: status"), ("means", "means: delivered")]);
    let field = map.need("field", path);
    let has_values = map.has("is");
    let is = map.read_each("is", text).unwrap_or_default();
    let means = map.need("means", |node| node.choice(&Fate::ALL));
    map.finish();
    // One whose values could not be read must not become one that fits everything.
    if has_values && is.is_empty() {
        return None;
    }
    Some(Status {
        field: field?,
        is,
        means: means?,
    })
}
