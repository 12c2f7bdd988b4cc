//! `channels/NAME.yaml`: a provider that messages are handed to by HTTP.

use std::collections::BTreeMap;

use kurant_engine::calendar::Duration;
use kurant_engine::provider::{
    Body, Idempotency, KeyPlace, MESSAGE, Means, Provider, Rule, environment,
};

use super::calendar::some_duration;
use super::computed::literal;
use super::context::{is_variable, text, variable};
use super::{Context, callback, jinja};
use crate::diagnostic::Problem;
use crate::yaml::{MapReader, Node};

/// How many days a provider remembers a key unless told.
const REMEMBERS: u32 = 1;
/// What the client writes itself.
const NOT_OURS: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
/// Headers that hold secrets.
const SECRET_HEADERS: [&str; 3] = ["authorization", "x-api-key", "api-key"];
/// Settings that `kurant.yaml` has for every channel by HTTP.
pub(crate) const OWN: [&str; 8] = [
    "kind",
    "preset",
    "provider",
    "url",
    "rate",
    "connections",
    "timeout",
    "valid_for",
];

/// What answers may mean.
const MEANINGS: [(&str, Means); 6] = [
    ("accepted", Means::Accepted),
    ("refused", Means::Refused),
    ("bounced", Means::Bounced),
    ("later", Means::Later),
    ("away", Means::Away),
    ("in_doubt", Means::InDoubt),
];
const METHODS: [(&str, &str); 4] = [
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("GET", "GET"),
];

/// Reads a provider; none when its file is no mapping.
pub(crate) fn read(context: &Context<'_>, name: &str, root: &Node) -> Option<Provider> {
    let mut map = context.open(root, "a provider")?;
    map.synonyms(&[
        ("address", "url"),
        ("uri", "url"),
        ("endpoint", "url"),
        ("settings", "needs"),
        ("required", "needs"),
        ("optional", "takes"),
        ("auth", "login"),
        ("basic", "login"),
        ("params", "query"),
        ("payload", "body"),
        ("responses", "answers"),
        ("response", "answers"),
        ("id", "message_id"),
        ("idempotency_key", "idempotency"),
        ("docs", "documentation"),
        ("callbacks", "callback"),
        ("receipts", "callback"),
        ("delivery_reports", "callback"),
    ]);
    map.examples(&[("url", "url: https://api.example.com/messages")]);
    let mut about = BTreeMap::new();
    for key in ["documentation", "read"] {
        about.extend(map.read(key, text).map(|own| (key.to_owned(), own)));
    }
    let needs = map.read_each("needs", setting).unwrap_or_default();
    let takes = map.read_each("takes", setting).unwrap_or_default();
    let texts = Texts {
        context,
        settings: needs.iter().chain(&takes).cloned().collect(),
    };
    let provider = Provider {
        name: name.to_owned(),
        url: map
            .optional("url")
            .and_then(|node| texts.read(node, Sees::Settings)),
        method: map
            .read("method", |node| node.choice(&METHODS))
            .unwrap_or("POST")
            .to_owned(),
        query: texts.named(&mut map, "query", |_, _| Ok(())),
        headers: texts.named(&mut map, "headers", header),
        login: map
            .optional("login")
            .and_then(|node| login(context, &texts, node)),
        body: map
            .optional("body")
            .and_then(|node| body(context, &texts, node)),
        answers: map
            .optional("answers")
            .map(|node| answers(context, node))
            .unwrap_or_default(),
        message_id: map.read("message_id", path),
        retry_after: map.read("retry_after", path),
        idempotency: map
            .optional("idempotency")
            .and_then(|node| idempotency(context, node)),
        callback: map
            .optional("callback")
            .and_then(|node| callback::read(context, &texts, node)),
        about,
        needs,
        takes,
    };
    map.finish();
    Some(provider)
}

/// What a text may name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// The settings of `kurant.yaml`.
    Settings,
    /// The message too.
    All,
}

/// The reader of texts that are Jinja.
pub(super) struct Texts<'a> {
    context: &'a Context<'a>,
    settings: Vec<String>,
}

impl Texts<'_> {
    pub(super) fn read(&self, node: &Node, sees: Sees) -> Option<String> {
        let written = self.context.diagnostics.keep(node.span, text(node))?;
        self.check(node, &written, sees);
        Some(written)
    }

    pub(super) fn report(&self, node: &Node, problem: Problem) {
        self.context.report(node.span, problem);
    }

    fn check(&self, node: &Node, written: &str, sees: Sees) {
        let settings = self.settings.iter().map(String::as_str);
        let message = MESSAGE.iter().copied();
        let known: Vec<&str> = match sees {
            Sees::Settings => settings.collect(),
            Sees::All => message.chain(settings).collect(),
        };
        for problem in jinja::problems(&environment(), written, &known) {
            self.context.report(node.span, problem);
        }
    }

    /// Names of the author's own, each with a text.
    fn named(
        &self,
        map: &mut MapReader<'_>,
        key: &'static str,
        check: impl Fn(&str, &str) -> Result<(), Problem>,
    ) -> Vec<(String, String)> {
        let Some(node) = map.optional(key) else {
            return Vec::new();
        };
        let entries = self.context.diagnostics.keep(node.head(), node.map(key));
        let mut named = Vec::new();
        for entry in entries.unwrap_or(&[]) {
            let name = &entry.key.text;
            let Some(text) = self.read(&entry.value, Sees::All) else {
                continue;
            };
            let span = entry.key.span;
            self.context.diagnostics.keep(span, check(name, &text));
            named.push((name.clone(), text));
        }
        named
    }
}

/// The name of a setting that texts can read.
fn setting(node: &Node) -> Result<String, Problem> {
    let name = variable(node)?;
    if OWN.contains(&name.as_str()) || MESSAGE.contains(&name.as_str()) {
        return Err(
            Problem::bad_value(format!("`{name}` has a meaning of its own"))
                .help("give the setting another name"),
        );
    }
    Ok(name)
}

pub(super) fn header(name: &str, value: &str) -> Result<(), Problem> {
    let lower = name.to_ascii_lowercase();
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-_!#$%&'*+.^`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(
            Problem::bad_value(format!("`{name}` is not the name of a header"))
                .help("use letters, digits and `-`, as in `X-Api-Key`"),
        );
    }
    if NOT_OURS.contains(&lower.as_str()) {
        return Err(
            Problem::bad_value(format!("`{name}` is written by Kurant itself"))
                .help("take the line away"),
        );
    }
    if SECRET_HEADERS.contains(&lower.as_str()) && !value.contains("{{") {
        return Err(Problem::new(
            "secret-in-file",
            format!("what `{name}` holds is a secret and stands in the file"),
        )
        .help("write `needs: [token]` and `Bearer {{ token }}`, and give the token in `kurant.yaml` as `\"${env:TOKEN}\"`"));
    }
    Ok(())
}

fn login(context: &Context<'_>, texts: &Texts<'_>, node: &Node) -> Option<(String, String)> {
    let mut map = context.open(node, "the login")?;
    map.synonyms(&[("username", "user"), ("pass", "password")]);
    map.examples(&[
        ("user", "user: \"{{ user }}\""),
        ("password", "password: \"{{ password }}\""),
    ]);
    let mut read = |key| {
        map.required(key)
            .and_then(|node| texts.read(node, Sees::All))
    };
    let (user, password) = (read("user"), read("password"));
    map.finish();
    user.zip(password)
}

/// `body: { json: { ... } }` or `body: { form: { ... } }`.
fn body(context: &Context<'_>, texts: &Texts<'_>, node: &Node) -> Option<Body> {
    let mut map = context.open(node, "the body")?;
    let (kind, entry) = map.exactly_one(&["json", "form"])?;
    let body = match kind {
        "json" => {
            leaves(&entry.value, &mut |leaf, written| {
                texts.check(leaf, written, Sees::All);
            });
            let tree = literal(context, &entry.value);
            let tree = context.diagnostics.keep(entry.value.span, tree);
            tree.map(|tree| Body::Json(tree.to_json()))
        }
        _ => {
            map.know(&["json"]);
            Some(Body::Form(texts.named(&mut map, "form", |_, _| Ok(()))))
        }
    };
    map.know(&["json", "form"]);
    map.finish();
    body
}

/// Visits every single value of a tree.
fn leaves(node: &Node, visit: &mut impl FnMut(&Node, &str)) {
    if let Some(scalar) = node.as_scalar() {
        visit(node, &scalar.text);
    }
    for item in node.as_list().unwrap_or(&[]) {
        leaves(item, visit);
    }
    for entry in node.as_map().unwrap_or(&[]) {
        leaves(&entry.value, visit);
    }
}

fn answers(context: &Context<'_>, node: &Node) -> Vec<Rule> {
    let items = context.items(node, "a list of answers").iter();
    items.filter_map(|item| answer(context, item)).collect()
}

/// `{ status: 200, field: code, is: [0, 800], means: accepted }`.
fn answer(context: &Context<'_>, node: &Node) -> Option<Rule> {
    let mut map = context.open(node, "an answer")?;
    map.synonyms(&[
        ("code", "status"),
        ("path", "field"),
        ("value", "is"),
        ("values", "is"),
        ("equals", "is"),
        ("meaning", "means"),
        ("outcome", "means"),
    ]);
    map.examples(&[("means", "means: accepted")]);
    let has_status = map.has("status");
    let status = map.read_each("status", status).unwrap_or_default();
    let field = map.read("field", path);
    let is = map.read_each("is", text).unwrap_or_default();
    let means = map.need("means", |node| node.choice(&MEANINGS));
    if !map.has("field") && map.has("is") {
        let problem = Problem::new("missing-key", "nothing says which field is meant");
        context.report(
            node.head(),
            problem.help("add `field: NAME`, as in `field: result.0.code`"),
        );
    }
    map.finish();
    // One that could not be read must not become one that fits everything.
    (!has_status || !status.is_empty()).then_some(Rule {
        status,
        field,
        is,
        means: means?,
    })
}

/// `200`, `2xx`, `500-599`.
fn status(node: &Node) -> Result<(u16, u16), Problem> {
    let written = text(node)?;
    let number = |text: &str| {
        let number = text.trim().parse::<u16>().ok();
        number.filter(|number| (100..600).contains(number))
    };
    let read = match written.strip_suffix("xx") {
        Some(hundred) => number(&format!("{hundred}00")).map(|from| (from, from + 99)),
        None => match written.split_once('-') {
            Some((from, to)) => number(from).zip(number(to)).filter(|(from, to)| from <= to),
            None => number(&written).map(|own| (own, own)),
        },
    };
    read.ok_or_else(|| {
        Problem::bad_value(format!("`{written}` is not a status of HTTP"))
            .help("write one, like `200`, a hundred, like `4xx`, or from and to, like `500-599`")
    })
}

/// A path of names and numbers: `result.0.code`.
pub(super) fn path(node: &Node) -> Result<String, Problem> {
    let written = text(node)?;
    let is_sound = written
        .split('.')
        .all(|part| !part.is_empty() && !part.contains(['[', ']', '$', '{', ' ']));
    if is_sound {
        return Ok(written);
    }
    Err(
        Problem::bad_value(format!("`{written}` is not a field of an answer"))
            .help("write names and numbers with dots between them, like `result.0.code`"),
    )
}

/// `{ header: Idempotency-Key, for: 24h }`, or `field` for a field of the body.
fn idempotency(context: &Context<'_>, node: &Node) -> Option<Idempotency> {
    let mut map = context.open(node, "the idempotency")?;
    map.synonyms(&[("key", "header"), ("lasts", "for"), ("window", "for")]);
    let (kind, entry) = map.exactly_one(&["header", "field"])?;
    map.know(&["header", "field"]);
    let lasts = map.read("for", some_duration);
    map.finish();
    let name = context
        .diagnostics
        .keep(entry.value.span, text(&entry.value))?;
    let place = match kind {
        "header" => {
            let sound = header(&name, "{{ key }}");
            context.diagnostics.keep(entry.value.span, sound)?;
            KeyPlace::Header(name)
        }
        _ if is_variable(&name) => KeyPlace::Field(name),
        _ => {
            let problem = Problem::bad_value(format!("`{name}` is not a field of the body"));
            context.report(
                entry.value.span,
                problem.help("write one name, as in `field: request_id`"),
            );
            return None;
        }
    };
    Some(Idempotency {
        place,
        lasts: lasts.unwrap_or(Duration::from_days(REMEMBERS)),
    })
}
