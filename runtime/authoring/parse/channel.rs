//! What `kurant.yaml` says about each channel: the names that its kind knows, and what may stand there.

use kurant_engine::definition::ChannelSettings;
use std::net::IpAddr;

use super::Context;
use super::calendar::some_duration;
use super::context::text;
use super::settings::with_kind;
use crate::diagnostic::{Diagnostic, Problem};
use crate::yaml::{Entry, MapReader, Node};

/// How a channel can be reached.
const KINDS: &[&str] = &["file", "smtp", "http", "amqp", "terminal"];
/// Kinds that are still to come.
const TO_COME: &[&str] = &["terminal"];
/// How many connections to a mail server there are at the most.
const MOST_CONNECTIONS: i64 = 64;

/// How a connection is kept from others' eyes.
const ENCRYPTION: [(&str, &str); 3] = [
    ("required", "required"),
    ("starttls", "starttls"),
    ("none", "none"),
];

/// The channels by their names.
pub(super) fn channels(context: &Context<'_>, node: &Node) -> Vec<ChannelSettings> {
    if node.as_list().is_some() {
        let problem = Problem::wrong_type("expected the channels by name, found a list");
        let help = "write `channels: { email: { kind: file } }`, each with its name and its kind";
        context.report(node.head(), problem.help(help));
        return Vec::new();
    }
    let entries = context
        .diagnostics
        .keep(node.span, node.map("the channels by name"))
        .unwrap_or(&[]);
    let read = |entry: &Entry| {
        if entry.key.text == "best" || entry.key.text == "any" {
            let problem = Problem::bad_value(format!(
                "`{}` cannot be the name of a channel",
                entry.key.text
            ));
            context.report(
                entry.key.span,
                problem.help("give it another name: the word has a meaning of its own"),
            );
        }
        let settings = with_kind(context, &entry.value, "a channel", KINDS)?;
        match kind(&entry.value) {
            Some("smtp") => smtp(context, &entry.value),
            Some("http") => super::http::channel(context, &entry.value),
            _ => not_yet(context, &entry.value, &entry.key.text, TO_COME),
        }
        Some(ChannelSettings {
            name: entry.key.text.clone(),
            settings,
        })
    };
    entries.iter().filter_map(read).collect()
}

fn kind(node: &Node) -> Option<&str> {
    node.get("kind").and_then(|kind| kind.text().ok())
}

/// Warns of a kind that is known and that nothing goes out by yet: its lines are written to a file.
pub(super) fn not_yet(context: &Context<'_>, node: &Node, route: &str, to_come: &[&str]) {
    let Some(kind) = node.get("kind") else { return };
    let Some(word) = kind.text().ok().filter(|word| to_come.contains(word)) else {
        return;
    };
    let message = format!(
        "nothing is sent by `kind: {word}` yet: what goes to `{route}` is written to `.kurant/outbox/{route}.jsonl`"
    );
    let report = Diagnostic::warning("not-yet", kind.span, message);
    context.diagnostics.push(report.help(
        "write `kind: file` if that is meant, or `kind: amqp` to hand it to a queue; keep it to be ready for when it comes",
    ));
}

/// `{ kind: smtp, host, port, tls, user, password, from, reply_to, returned, connections, valid_for }`, or `url` for where it is.
fn smtp(context: &Context<'_>, node: &Node) {
    let Some(mut map) = context.open(node, "a channel by SMTP") else {
        return;
    };
    map.synonyms(&[
        ("server", "host"),
        ("hostname", "host"),
        ("address", "url"),
        ("uri", "url"),
        ("encryption", "tls"),
        ("ssl", "tls"),
        ("security", "tls"),
        ("username", "user"),
        ("login", "user"),
        ("pass", "password"),
        ("sender", "from"),
        ("replyto", "reply_to"),
        ("maildir", "returned"),
        ("bounces", "returned"),
        ("pool", "connections"),
        ("pool_size", "connections"),
        ("concurrency", "connections"),
    ]);
    map.examples(&[("from", "from: \"Shop <hello@shop.example>\"")]);
    map.know(&["kind"]);
    let _ = map.entry("kind");
    let host = place(context, &mut map);
    let tls = map.read("tls", |node| node.choice(&ENCRYPTION));
    if tls == Some("none")
        && let Some((node, host)) = host.filter(|(_, host)| !is_this_machine(host))
    {
        let problem = Problem::bad_value(format!(
            "`tls: none` would send messages and passwords to `{host}` in the clear"
        ));
        context.report(
            node.span,
            problem
                .help("write `tls: starttls` or `tls: required`; `none` is for this machine only"),
        );
    }
    login(context, &mut map);
    map.need("from", address);
    map.read("reply_to", address);
    if let Some(own) = map.optional("returned") {
        super::returned::read(context, own, node.get("reply_to"));
    }
    map.read("connections", |node| node.integer(1..=MOST_CONNECTIONS));
    map.read("valid_for", some_duration);
    map.finish();
}

/// Where the server is; its host, where that stands in the file.
fn place<'n>(context: &Context<'_>, map: &mut MapReader<'n>) -> Option<(&'n Node, String)> {
    map.read("port", |node| node.integer(1..=i64::from(u16::MAX)));
    match map.exactly_one(&["host", "url"])? {
        ("url", entry) => {
            map.know(&["host"]);
            context
                .diagnostics
                .keep(entry.value.span, url(&entry.value));
            None
        }
        (_, entry) => {
            map.know(&["url"]);
            let host = context
                .diagnostics
                .keep(entry.value.span, host(&entry.value))?;
            (!is_told_later(&host)).then_some((&entry.value, host))
        }
    }
}

fn host(node: &Node) -> Result<String, Problem> {
    let host = text(node)?;
    if is_told_later(&host) {
        return Ok(host);
    }
    let is_sound = |c: char| c.is_alphanumeric() || ".-_:[]".contains(c);
    if host.contains("://") || !host.chars().all(is_sound) {
        let problem = Problem::bad_value(format!("`{host}` is not a host"));
        return Err(problem
            .help("write its name, like `host: smtp.example.com`, and `port: 587` beside it"));
    }
    Ok(host)
}

fn url(node: &Node) -> Result<(), Problem> {
    let url = text(node)?;
    if is_told_later(&url) {
        return Ok(());
    }
    let Some(rest) = url
        .strip_prefix("smtp://")
        .or_else(|| url.strip_prefix("smtps://"))
    else {
        return Err(
            Problem::bad_value("this is no address of a mail server").help(
                "write `smtp://HOST:587` or `smtps://HOST:465`, or `host: HOST` and `port: 587`",
            ),
        );
    };
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    if password.is_empty() || password.contains("${") {
        return Ok(());
    }
    Err(
        Problem::new("secret-in-file", "the password stands in the file")
            .help("write `url: \"${env:SMTP_URL}\"` and put the address into the environment"),
    )
}

/// User and password: both or none of them.
fn login(context: &Context<'_>, map: &mut MapReader<'_>) {
    let user = map.optional("user");
    let password = map.optional("password");
    for node in [user, password].into_iter().flatten() {
        context.diagnostics.keep(node.span, text(node));
    }
    let (node, lacks, example) = match (user, password) {
        (Some(user), None) => (user, "password", "password: \"${env:SMTP_PASSWORD}\""),
        (None, Some(password)) => (password, "user", "user: \"${env:SMTP_USER}\""),
        _ => return,
    };
    let problem = Problem::new(
        "missing-key",
        format!("a channel by SMTP that logs in lacks `{lacks}`"),
    );
    context.report(node.span, problem.help(format!("add `{example}`")));
}

/// `hello@shop.example`, `Shop <hello@shop.example>`.
pub(super) fn address(node: &Node) -> Result<(), Problem> {
    let written = text(node)?;
    if written.contains("${") {
        return Ok(());
    }
    let inner = match written.split_once('<') {
        Some((_, inner)) => inner.strip_suffix('>').unwrap_or_default(),
        None => written.as_str(),
    };
    let is_sound = |c: char| !c.is_whitespace() && !c.is_control() && !"<>,;".contains(c);
    let parts = inner.split_once('@');
    if parts.is_some_and(|(name, domain)| !name.is_empty() && domain.len() > 2)
        && inner.chars().all(is_sound)
        && !written.chars().any(char::is_control)
    {
        return Ok(());
    }
    Err(Problem::bad_value("this is no address of an email")
        .help("write `hello@shop.example`, or `\"Shop <hello@shop.example>\"`"))
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |address: IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(is_loopback)
}

/// Whether it stands in the environment or in a file, and is known at the start only.
fn is_told_later(text: &str) -> bool {
    text.contains("${env:") || text.contains("${file:")
}
