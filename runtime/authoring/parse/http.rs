//! What `kurant.yaml` says about HTTP: a channel by it, how web hooks leave, and which hosts may be inside.

use std::net::IpAddr;

use kurant_engine::calendar::Duration;
use kurant_engine::map::Map;

use super::Context;
use super::calendar::some_duration;
use super::context::text;
use super::settings::with_kind;
use super::workspace::rate;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// How many requests there are at once at the most.
const MOST_CONNECTIONS: i64 = 64;
/// How long an answer is waited for at the most, in milliseconds: a claim lasts a minute.
const LONGEST_TIMEOUT: i64 = 25_000;
/// How web hooks can leave.
const KINDS: &[&str] = &["file", "http"];

/// What stands for every channel by HTTP; what its provider wants is held against the provider later.
pub(super) fn channel(context: &Context<'_>, node: &Node) {
    let keep = |key: &str, check: &dyn Fn(&Node) -> Result<(), Problem>| {
        if let Some(node) = node.get(key) {
            context.diagnostics.keep(node.span, check(node));
        }
    };
    if let (Some(_), Some(provider)) = (node.get("preset"), node.get("provider")) {
        let problem = Problem::new("two-in-one", "a channel has `preset` and also `provider`");
        context.report(
            provider.span,
            problem
                .help("keep `preset` for one that comes along, `provider` for one of `channels/`"),
        );
    }
    keep("preset", &|node| text(node).map(drop));
    keep("provider", &|node| text(node).map(drop));
    keep("url", &address);
    keep("rate", &|node| rate(node).map(drop));
    manners(context, node);
}

/// `connections`, `timeout` and `valid_for`.
fn manners(context: &Context<'_>, node: &Node) {
    let keep = |key: &str, check: &dyn Fn(&Node) -> Result<(), Problem>| {
        if let Some(node) = node.get(key) {
            context.diagnostics.keep(node.span, check(node));
        }
    };
    keep("connections", &|node| {
        node.integer(1..=MOST_CONNECTIONS).map(drop)
    });
    keep("timeout", &|node| timeout(node).map(drop));
    keep("valid_for", &|node| some_duration(node).map(drop));
}

fn timeout(node: &Node) -> Result<Duration, Problem> {
    let duration = some_duration(node)?;
    if duration.at_most_millis() <= LONGEST_TIMEOUT {
        return Ok(duration);
    }
    Err(
        Problem::bad_value("an answer is waited for 25 seconds at the most")
            .help("write `timeout: 25s` or less"),
    )
}

fn address(node: &Node) -> Result<(), Problem> {
    let written = text(node)?;
    let is_address = ["https://", "http://", "${"];
    if is_address.iter().any(|begin| written.starts_with(begin)) {
        return Ok(());
    }
    Err(
        Problem::bad_value(format!("`{written}` is not an address on the web"))
            .help("begin it with `https://`"),
    )
}

/// `webhooks: { kind: http, secret: "${env:WEBHOOK_SECRET}", connections, timeout, valid_for }`.
pub(super) fn webhooks(context: &Context<'_>, node: &Node) -> Option<Map> {
    let settings = with_kind(context, node, "the way of web hooks", KINDS)?;
    let mut map = context.open(node, "the way of web hooks")?;
    map.synonyms(&[
        ("key", "secret"),
        ("signature", "secret"),
        ("pool", "connections"),
        ("concurrency", "connections"),
    ]);
    map.examples(&[("secret", "secret: \"${env:WEBHOOK_SECRET}\"")]);
    map.know(&["kind"]);
    let _ = map.entry("kind");
    let is_http = node.get("kind").and_then(|kind| kind.text().ok()) == Some("http");
    match is_http {
        true => drop(map.need("secret", text)),
        false => drop(map.read("secret", text)),
    }
    for key in ["connections", "timeout", "valid_for"] {
        let _ = map.optional(key);
    }
    manners(context, node);
    map.finish();
    Some(settings)
}

/// `internal_hosts: [crm.internal, "127.0.0.1:8080"]`.
pub(super) fn internal_host(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    if written.contains("://") || written.contains(['/', '?', '#', '@', '*']) {
        return Err(Problem::bad_value(format!("`{written}` is not a host"))
            .help("write its name or address, and a port if only that one is meant: `crm.internal:8080`"));
    }
    let bare = written.trim_matches(['[', ']']);
    if bare.parse::<IpAddr>().is_ok() {
        return Ok(written);
    }
    let (host, port) = written.rsplit_once(':').unwrap_or((&written, "1"));
    let is_sound = |c: char| c.is_alphanumeric() || ".-_:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_sound) || port.parse::<u16>().is_err() {
        return Err(Problem::bad_value(format!("`{written}` is not a host"))
            .help("write its name or address, and a port if only that one is meant: `crm.internal:8080`"));
    }
    Ok(written)
}
