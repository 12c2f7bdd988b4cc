//! `kurant.yaml`: what all journeys of a team share.

use kurant_engine::calendar::{DAY, DayWindow, HOUR, MINUTE, SECOND, Zone};
use kurant_engine::definition::{
    Cap, EventsFrom, Guard, Links, Pool, Rate, Settings, UnknownCustomers, Workspace,
};
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::Context;
use super::calendar::{day_window, some_duration, work_hours, zone};
use super::channel::{channels, not_yet};
use super::context::{name, text};
use super::coupon_pools;
use super::deliver_only;
use super::journey::category;
use super::settings::with_kind;
use crate::diagnostic::{Diagnostic, Problem};
use crate::yaml::{Entry, MapReader, Node};

/// Where state, events and the console live unless told.
const STORE: &str = "sqlite://.kurant/state.db";
const EVENTS: &str = "file://.kurant/inbox";
const LISTEN: &str = "127.0.0.1:8080";
const LOCALE: &str = "en";
const NAME: &str = "kurant";

/// How the CRM can be reached.
const CRM_KINDS: &[&str] = &["file", "amqp", "http"];
/// Those that are still to come.
const CRM_TO_COME: &[&str] = &["http"];

/// The highest cap that makes sense.
const MAX_CAP: i64 = 10_000;

const SYNONYMS: &[(&str, &str)] = &[
    ("name", "workspace"),
    ("project", "workspace"),
    ("tz", "timezone"),
    ("time_zone", "timezone"),
    ("language", "locale"),
    ("lang", "locale"),
    ("silence", "quiet_hours"),
    ("caps", "frequency_caps"),
    ("frequency_cap", "frequency_caps"),
    ("limits", "frequency_caps"),
    ("channel", "channels"),
    ("teams", "pools"),
    ("people", "pools"),
    ("coupons", "coupon_pools"),
    ("coupon", "coupon_pools"),
    ("codes", "coupon_pools"),
    ("promocodes", "coupon_pools"),
    ("database", "store"),
    ("storage", "store"),
    ("db", "store"),
    ("broker", "events"),
    ("queue", "events"),
    ("http", "console"),
    ("guards", "guard"),
    ("keep", "retention"),
    ("retain", "retention"),
    ("urls", "links"),
    ("pages", "public"),
    ("web", "public"),
    ("send_only", "deliver_only"),
    ("only_to", "deliver_only"),
    ("whitelist", "deliver_only"),
    ("allowlist", "deliver_only"),
    ("link", "links"),
    ("track", "tracking"),
    ("webhook", "webhooks"),
    ("hooks", "webhooks"),
    ("allowed_hosts", "internal_hosts"),
    ("allow", "internal_hosts"),
];

/// Reads `kurant.yaml`; none when it is no mapping.
pub(super) fn read(context: &Context<'_>, root: &Node) -> Option<Workspace> {
    let mut map = context.open(root, "the workspace")?;
    map.synonyms(SYNONYMS);
    let name = map.read("workspace", name);
    let timezone = timezone(context, &mut map);
    let locale = map.read("locale", locale);
    let quiet_hours = map
        .optional("quiet_hours")
        .and_then(|node| quiet_hours(context, node));
    let channels = map
        .optional("channels")
        .map(|node| channels(context, node))
        .unwrap_or_default();
    let frequency_caps = map
        .optional("frequency_caps")
        .map(|node| caps(context, node))
        .unwrap_or_default();
    let pools = map
        .optional("pools")
        .map(|node| pools(context, node))
        .unwrap_or_default();
    let coupon_pools = map
        .optional("coupon_pools")
        .map(|node| coupon_pools::read(context, node))
        .unwrap_or_default();
    let unknown_customers = map.read("unknown_customers", |node| {
        node.choice(&[
            ("create", UnknownCustomers::Create),
            ("reject", UnknownCustomers::Reject),
        ])
    });
    let guard = map
        .optional("guard")
        .map(|node| guard(context, node))
        .unwrap_or_default();
    let deliver_only = map.optional("deliver_only");
    let deliver_only = deliver_only.map(|node| deliver_only::read(context, node));
    let settings = settings(context, &mut map);
    map.finish();
    Some(Workspace {
        name: name.unwrap_or_else(|| NAME.to_owned()),
        timezone,
        locale: locale.unwrap_or_else(|| LOCALE.to_owned()),
        quiet_hours,
        frequency_caps,
        channels,
        pools,
        coupon_pools,
        unknown_customers: unknown_customers.unwrap_or_default(),
        guard,
        deliver_only,
        settings,
    })
}

fn timezone(context: &Context<'_>, map: &mut MapReader<'_>) -> Zone {
    let read = map.read("timezone", zone);
    if !map.has("timezone") && !map.node().damaged {
        let report = Diagnostic::warning(
            "no-timezone",
            map.node().head(),
            "the workspace has no `timezone`, so its clock is UTC",
        );
        context.diagnostics.push(
            report.help(
                "add `timezone: Europe/Kyiv`: the clock of customers without one of their own",
            ),
        );
    }
    read.unwrap_or(Zone::UTC)
}

/// `uk`, `uk-UA`.
fn locale(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    if super::templates::is_locale(&written) {
        return Ok(written);
    }
    Err(Problem::bad_value(format!("`{written}` is not a locale"))
        .help("write a language, like `uk`, or a language and a country, like `uk-UA`"))
}

/// Reports a single value where more is wanted, with what that looks like.
fn is_in_short(context: &Context<'_>, node: &Node, example: &str) -> bool {
    let is_short = node.as_scalar().is_some();
    if is_short {
        let message = format!("expected more than {}", node.what());
        let problem = Problem::wrong_type(message).help(format!("write it like `{example}`"));
        context.report(node.span, problem);
    }
    is_short
}

fn quiet_hours(context: &Context<'_>, node: &Node) -> Option<DayWindow> {
    if is_in_short(
        context,
        node,
        "quiet_hours: { from: \"21:00\", to: \"09:00\" }",
    ) {
        return None;
    }
    day_window(context, node, "`quiet_hours`")
}

fn caps(context: &Context<'_>, node: &Node) -> Vec<Cap> {
    if is_in_short(
        context,
        node,
        "frequency_caps: [ { category: marketing, channel: any, max: 2, per: 7d } ]",
    ) {
        return Vec::new();
    }
    let items = context.items(node, "a list of frequency caps").iter();
    items.filter_map(|item| cap(context, item)).collect()
}

fn cap(context: &Context<'_>, node: &Node) -> Option<Cap> {
    let mut map = context.open(node, "a frequency cap")?;
    map.synonyms(&[
        ("limit", "max"),
        ("count", "max"),
        ("period", "per"),
        ("every", "per"),
        ("within", "per"),
        ("window", "per"),
    ]);
    map.examples(&[
        ("category", "category: marketing"),
        ("max", "max: 3"),
        ("per", "per: 7d"),
    ]);
    let category = map.need("category", category);
    let channel = map.read("channel", name).filter(|channel| channel != "any");
    let max = map.need("max", |node| node.integer(0..=MAX_CAP));
    let per = map.need("per", some_duration);
    map.finish();
    Some(Cap {
        category: category?,
        channel,
        max: u32::try_from(max?).ok()?,
        per: per?,
    })
}

fn pools(context: &Context<'_>, node: &Node) -> Vec<Pool> {
    let entries = context
        .diagnostics
        .keep(node.span, node.map("the pools by name"))
        .unwrap_or(&[]);
    entries
        .iter()
        .filter_map(|entry| pool(context, entry))
        .collect()
}

fn pool(context: &Context<'_>, entry: &Entry) -> Option<Pool> {
    let name = entry.key.text.clone();
    if name == "owner" {
        let problem = Problem::bad_value(
            "`owner` cannot be the name of a pool: it means the customer's own manager",
        );
        context.report(entry.key.span, problem.help("give the pool another name"));
    }
    if entry.value.as_list().is_some() || entry.value.as_scalar().is_some() {
        return Some(Pool {
            name,
            people: people(context, &entry.value),
            timezone: None,
            hours: None,
        });
    }
    let mut map = context.open(&entry.value, "a pool")?;
    map.synonyms(&[
        ("members", "people"),
        ("persons", "people"),
        ("managers", "people"),
        ("tz", "timezone"),
    ]);
    map.examples(&[("people", "people: [olena, taras]")]);
    let members = map
        .required("people")
        .map(|node| people(context, node))
        .unwrap_or_default();
    let timezone = map.read("timezone", zone);
    let hours = map
        .optional("hours")
        .and_then(|node| work_hours(context, node));
    map.finish();
    Some(Pool {
        name,
        people: members,
        timezone,
        hours,
    })
}

fn people(context: &Context<'_>, node: &Node) -> Vec<String> {
    let people: Vec<String> = node
        .one_or_many()
        .iter()
        .filter_map(|item| context.diagnostics.keep(item.span, text(item)))
        .collect();
    if node.one_or_many().is_empty() {
        context.report(
            node.span,
            Problem::new("missing-value", "nobody is in this pool")
                .help("name at least one person"),
        );
    }
    people
}

fn settings(context: &Context<'_>, map: &mut MapReader<'_>) -> Settings {
    let one = |node: &Node, what: &'static str, key: &'static str| {
        let mut map = context.open(node, what)?;
        map.synonyms(&[
            ("path", "url"),
            ("uri", "url"),
            ("address", key),
            ("port", key),
        ]);
        let value = map.need(key, text);
        map.finish();
        value
    };
    let store = map
        .optional("store")
        .and_then(|node| one(node, "the store", "url"));
    let events = map
        .optional("events")
        .and_then(|node| super::broker::events(context, node))
        .unwrap_or_else(|| EventsFrom {
            url: EVENTS.to_owned(),
            ..EventsFrom::default()
        });
    let (listen, token) = map
        .optional("console")
        .map(|node| console(context, node))
        .unwrap_or_default();
    let crm = map.optional("crm").and_then(|node| {
        super::broker::crm(context, node);
        not_yet(context, node, "crm", CRM_TO_COME);
        with_kind(context, node, "the CRM", CRM_KINDS)
    });
    let links = map.optional("links").map(|node| links(context, node));
    let public = map.optional("public");
    let is_reached = public.is_some();
    let public = public.and_then(|node| super::public::read(context, node));
    let tracking = map.optional("tracking");
    let tracking = tracking.map(|node| super::tracking::read(context, node, is_reached));
    let webhooks = map
        .optional("webhooks")
        .and_then(|node| super::http::webhooks(context, node));
    let internal_hosts = map.read_each("internal_hosts", super::http::internal_host);
    let retention = map.optional("retention");
    Settings {
        retention: retention
            .map(|node| super::retention::read(context, node))
            .unwrap_or_default(),
        links: links.unwrap_or_default(),
        tracking: tracking.unwrap_or_default(),
        public,
        store: store.unwrap_or_else(|| STORE.to_owned()),
        events,
        crm: crm.unwrap_or_else(|| Map::from_iter([("kind", Value::text("file"))])),
        webhooks: webhooks.unwrap_or_default(),
        internal_hosts: internal_hosts.unwrap_or_default(),
        listen: listen.unwrap_or_else(|| LISTEN.to_owned()),
        token,
    }
}

/// `console: { listen: "127.0.0.1:8080", token: "${env:KURANT_TOKEN}" }`.
fn console(context: &Context<'_>, node: &Node) -> (Option<String>, Option<String>) {
    let Some(mut map) = context.open(node, "the console") else {
        return (None, None);
    };
    map.synonyms(&[
        ("address", "listen"),
        ("port", "listen"),
        ("url", "listen"),
        ("secret", "token"),
        ("password", "token"),
        ("key", "token"),
        ("api_key", "token"),
    ]);
    let read = (map.read("listen", text), map.read("token", secret));
    map.finish();
    read
}

/// A secret: it never stands in the file itself.
fn secret(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    if written.starts_with("${") && written.ends_with('}') {
        return Ok(written);
    }
    Err(Problem::bad_value("a secret stands in the file").help(
        "write where it is, like `token: \"${env:KURANT_TOKEN}\"` or `token: \"${file:token.secret}\"`",
    ))
}

/// `links: { unsubscribe: "https://...", preferences: "https://..." }`.
fn links(context: &Context<'_>, node: &Node) -> Links {
    let Some(mut map) = context.open(node, "the links") else {
        return Links::default();
    };
    map.synonyms(&[
        ("unsubscribe_url", "unsubscribe"),
        ("opt_out", "unsubscribe"),
        ("preferences_url", "preferences"),
        ("settings", "preferences"),
    ]);
    let links = Links {
        unsubscribe: map.read("unsubscribe", link),
        preferences: map.read("preferences", link),
    };
    map.finish();
    links
}

/// An address, with what of the customer it needs.
fn link(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    if written.starts_with("https://") || written.starts_with("http://") {
        return Ok(written);
    }
    Err(
        Problem::bad_value(format!("`{written}` is not an address on the web"))
            .help("begin it with `https://`"),
    )
}

/// `guard: { enter: 20000/h, send: 50000/h }`.
fn guard(context: &Context<'_>, node: &Node) -> Guard {
    let mut guard = Guard::default();
    let Some(mut map) = context.open(node, "the guard") else {
        return guard;
    };
    guard.enter = map.read("enter", rate).unwrap_or(guard.enter);
    guard.send = map.read("send", rate).unwrap_or(guard.send);
    map.finish();
    guard
}

/// `20000/h`.
pub(super) fn rate(node: &Node) -> Result<Rate, Problem> {
    let written = text(node)?;
    let read = written.split_once('/').and_then(|(number, unit)| {
        let per = match unit {
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return None,
        };
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let count = number.parse().ok().filter(|_| digits)?;
        Some(Rate { count, per })
    });
    if let Some(rate) = read {
        return Ok(rate);
    }
    Err(Problem::bad_value(format!("`{written}` is not a rate"))
        .help("write a number and a unit of time, like `20000/h`"))
}
