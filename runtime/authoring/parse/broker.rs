//! What `kurant.yaml` says about the message broker: where events come from, and where CRM commands go.

use kurant_engine::definition::EventsFrom;

use super::Context;
use super::context::text;
use crate::diagnostic::Problem;
use crate::yaml::Node;

/// Into how many queues customers are spread unless told.
const SHARDS: u16 = 8;
/// More than that only cost memory.
const MOST_SHARDS: i64 = 256;
/// The longest name that a broker takes, in bytes; some of it is for what we add.
const LONGEST_NAME: usize = 200;
/// An example of each way.
const EXAMPLES: &str =
    "write `file://.kurant/inbox`, or `amqp://HOST/QUEUE` for a queue of RabbitMQ";

/// `events: { url, exchange, shards }`.
pub(super) fn events(context: &Context<'_>, node: &Node) -> Option<EventsFrom> {
    let mut map = context.open(node, "the events")?;
    map.synonyms(&[
        ("path", "url"),
        ("uri", "url"),
        ("address", "url"),
        ("queues", "shards"),
        ("partitions", "shards"),
    ]);
    map.misplaced(&[
        (
            "queue",
            "write it at the end of the address: `url: amqp://HOST/QUEUE`",
        ),
        (
            "vhost",
            "write it at the end of the address: `url: amqp://HOST/VHOST`",
        ),
    ]);
    let address = map.required("url");
    let exchange = map.read("exchange", exchange);
    let shards = map.read("shards", |node| node.integer(1..=MOST_SHARDS));
    let has_exchange = map.has("exchange");
    if let Some(address) = address {
        context
            .diagnostics
            .keep(address.span, known(address, has_exchange));
    }
    if let Some(shards) = node.get("shards").filter(|_| !has_exchange) {
        let problem = Problem::bad_value(
            "`shards` are the queues of an exchange of Kurant's own, and there is no `exchange`",
        );
        context.report(
            shards.span,
            problem.help("add `exchange: kurant.events`, or take `shards` out"),
        );
    }
    map.finish();
    let shards = shards.and_then(|shards| u16::try_from(shards).ok());
    Some(EventsFrom {
        url: text(address?).ok()?,
        shards: exchange.as_ref().map_or(0, |_| shards.unwrap_or(SHARDS)),
        exchange,
    })
}

/// `crm: { kind: amqp, exchange }`.
pub(super) fn crm(context: &Context<'_>, node: &Node) {
    let is_amqp = node
        .get("kind")
        .is_some_and(|kind| kind.text().is_ok_and(|kind| kind == "amqp"));
    if !is_amqp {
        return;
    }
    match node.get("exchange") {
        None => context.report(
            node.head(),
            Problem::new("missing-key", "the CRM lacks `exchange`").help(
                "add `exchange: crm.commands`: where tasks and profile changes are published",
            ),
        ),
        Some(name) => {
            context.diagnostics.keep(name.span, exchange(name));
        }
    }
    if let Some(address) = node.get("url") {
        context.diagnostics.keep(address.span, broker(address));
    }
}

/// A name of an exchange.
fn exchange(node: &Node) -> Result<String, Problem> {
    let name = text(node)?;
    let is_sound = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if name.len() <= LONGEST_NAME
        && name.starts_with(char::is_alphanumeric)
        && name.chars().all(is_sound)
    {
        return Ok(name);
    }
    Err(
        Problem::bad_value(format!("`{name}` is not a name of an exchange"))
            .help("use letters, digits, `.`, `_`, `:` and `-`, like `kurant.events`"),
    )
}

/// An address that events may come from.
fn known(node: &Node, has_exchange: bool) -> Result<(), Problem> {
    let url = text(node)?;
    if is_told_later(&url) {
        return Ok(());
    }
    if url.starts_with("file://") {
        if !has_exchange {
            return Ok(());
        }
        return Err(Problem::bad_value(
            "an exchange belongs to RabbitMQ, and events come from files here",
        )
        .help("write `url: amqp://HOST` beside `exchange`, or take `exchange` out"));
    }
    broker(node)?;
    let queue = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or("", |(_, path)| path.split('?').next().unwrap_or_default());
    if has_exchange || !queue.is_empty() {
        return Ok(());
    }
    Err(
        Problem::bad_value("this address names a broker, and neither a queue nor an exchange in it").help(
            "add `exchange: kurant.events` for queues of Kurant's own, or write the queue at the end: `amqp://HOST/QUEUE`",
        ),
    )
}

/// An address of a broker.
fn broker(node: &Node) -> Result<(), Problem> {
    let url = text(node)?;
    if is_told_later(&url) {
        return Ok(());
    }
    let Some(rest) = url
        .strip_prefix("amqp://")
        .or_else(|| url.strip_prefix("amqps://"))
    else {
        return Err(
            Problem::bad_value(format!("`{}` is no address of a broker", shown(&url)))
                .help(EXAMPLES),
        );
    };
    let host = rest.split('/').next().unwrap_or_default();
    let user = host.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    if password.is_empty() || password.contains("${") {
        return Ok(());
    }
    Err(
        Problem::new("secret-in-file", "the password stands in the file")
            .help("write `\"${env:RABBITMQ_URL}\"` and put the address into the environment"),
    )
}

/// Whether it stands in the environment or in a file, and is known at the start only.
fn is_told_later(url: &str) -> bool {
    url.starts_with("${env:") || url.starts_with("${file:")
}

/// An address without what may be a secret.
fn shown(url: &str) -> &str {
    if url.contains('@') {
        url.split("://").next().unwrap_or_default()
    } else {
        url
    }
}
