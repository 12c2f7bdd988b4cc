//! Reads `*.test.yaml`.

use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::{Answer, Expect, Expected, Happening, Named, Person, Reply, Scenario};
use crate::diagnostic::Problem;
use crate::parse::context::{event_type, kebab_id, text};
use crate::parse::{Context, instant, literal};
use crate::source::Span;
use crate::yaml::{Entry, MapReader, Node};

/// What an expectation may name besides `at`, `step` and the like: the verbs, and the ends of an enrollment.
pub(crate) const ACTIONS: &[&str] = &[
    "send", "task", "exit", "enter", "goal", "set", "tag", "untag", "score", "assign", "coupon",
    "emit", "webhook", "run", "start",
];

/// What people write for a test's keys.
const SYNONYMS: &[(&str, &str)] = &[
    ("name", "test"),
    ("title", "test"),
    ("journeys", "journey"),
    ("start", "at"),
    ("from", "at"),
    ("now", "at"),
    ("end", "until"),
    ("to", "until"),
    ("expected", "expect"),
    ("then", "expect"),
    ("person", "customer"),
    ("event", "events"),
    ("when", "events"),
    ("webhooks", "answers"),
    ("replies", "answers"),
];

const EXAMPLES: &[(&str, &str)] = &[
    ("test", "test: a purchase ends the cascade"),
    ("journey", "journey: dormant-cascade"),
    ("at", "at: 2026-01-31T12:00:00+02:00"),
    ("until", "until: 2027-06-30T00:00:00+03:00"),
];

/// How long an instant is without its offset: `2026-01-31T12:00:00`.
const CLOCK: usize = 19;

/// Reads one test; none, after reports, when it cannot be run.
pub(crate) fn read(context: &Context<'_>, root: &Node) -> Option<Scenario> {
    let mut map = context.open(root, "a test")?;
    map.synonyms(SYNONYMS).examples(EXAMPLES);
    let before = context.diagnostics.len();
    let test = map.need("test", text);
    let journeys = map.required("journey").map(|node| journeys(context, node));
    let customers = customers(context, &mut map);
    let start = map.need("at", instant);
    let only = match customers.as_deref() {
        Some([one]) => Some(one.id.clone()),
        // Who could not be read may be the only one.
        None | Some([]) => Some(String::new()),
        Some(_) => None,
    };
    let events = map
        .optional("events")
        .map(|node| events(context, node, only.as_deref()))
        .unwrap_or_default();
    let until = map.need("until", instant);
    if let (Some(start), Some(end)) = (start, until)
        && end <= start
    {
        let at = root.get("until").map_or(root.span, |node| node.span);
        context.report(
            at,
            Problem::bad_value("the test ends before it begins")
                .help("let `until` be later than `at`"),
        );
    }
    let expect = expect(context, &mut map);
    let answers = map
        .optional("answers")
        .map(|node| answers(context, node))
        .unwrap_or_default();
    map.finish();
    if context.diagnostics.len() > before {
        return None;
    }
    Some(Scenario {
        test: test?,
        file: context.file,
        span: root.get("test").map_or(root.span, |node| node.span),
        journeys: journeys?,
        customers: customers?,
        start: start?,
        events,
        until: until?,
        expect: expect?,
        answers,
    })
}

fn journeys(context: &Context<'_>, node: &Node) -> Vec<Named> {
    let one = |item: &Node| {
        Some(Named {
            name: context.diagnostics.keep(item.span, kebab_id(item))?,
            span: item.span,
        })
    };
    if node.one_or_many().is_empty() {
        context.report(
            node.span,
            Problem::new("missing-value", "the list is empty")
                .help("name the journey that is tested"),
        );
    }
    node.one_or_many().iter().filter_map(one).collect()
}

fn customers(context: &Context<'_>, map: &mut MapReader<'_>) -> Option<Vec<Person>> {
    let (key, entry) = map.exactly_one(&["customer", "customers"])?;
    let node = &entry.value;
    if key == "customers" {
        let items = context
            .diagnostics
            .keep(node.span, node.list("a list of customers"))?;
        if items.is_empty() {
            context.report(
                node.span,
                Problem::new("missing-value", "the list is empty")
                    .help("a test needs at least one customer"),
            );
        }
        return Some(
            items
                .iter()
                .filter_map(|item| customer(context, item))
                .collect(),
        );
    }
    if node.as_list().is_some() {
        let problem = Problem::wrong_type("expected one customer, found a list")
            .help("write `customers:` for several");
        context.report(entry.key.span, problem);
        return None;
    }
    customer(context, node).map(|one| vec![one])
}

fn customer(context: &Context<'_>, node: &Node) -> Option<Person> {
    context.diagnostics.keep(
        node.head(),
        node.map("a customer, like `{ id: c1, email: a@example.com }`"),
    )?;
    let Some(id) = node.get("id") else {
        context.report(
            node.head(),
            Problem::new("missing-key", "a customer lacks `id`").help("add `id: c1`"),
        );
        return None;
    };
    let id = context.diagnostics.keep(id.span, text(id))?;
    let mut attributes = data(context, node)?;
    attributes.insert("id", Value::text(id.clone()));
    Some(Person {
        id,
        attributes,
        span: node.head(),
    })
}

/// A map of values as they stand in JSON.
fn data(context: &Context<'_>, node: &Node) -> Option<Map> {
    context
        .diagnostics
        .keep(node.head(), node.map("a mapping of names and values"))?;
    match context
        .diagnostics
        .keep(node.span, literal(context, node))?
    {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn events(context: &Context<'_>, node: &Node, only: Option<&str>) -> Vec<Happening> {
    let items = context.items(node, "a list of events").iter();
    items
        .filter_map(|item| event(context, item, only))
        .collect()
}

fn event(context: &Context<'_>, node: &Node, only: Option<&str>) -> Option<Happening> {
    let mut map = context.open(node, "an event")?;
    map.synonyms(&[
        ("time", "at"),
        ("event", "type"),
        ("kind", "type"),
        ("subject", "customer"),
        ("payload", "data"),
    ])
    .examples(&[
        ("at", "at: 2026-01-31T12:00:00+02:00"),
        ("type", "type: order.paid"),
        ("customer", "customer: c1"),
    ])
    .others_inside("data");
    let at = map.need("at", instant);
    let kind = map.need("type", event_type);
    let customer = match only {
        Some(only) => Some(
            map.read("customer", text)
                .unwrap_or_else(|| only.to_owned()),
        ),
        None => map.need("customer", text),
    };
    let (id, source) = (map.read("id", text), map.read("source", text));
    let data = map
        .optional("data")
        .map_or(Some(Map::new()), |node| data(context, node));
    map.finish();
    Some(Happening {
        at: at?,
        kind: kind?,
        customer: customer?,
        id,
        source,
        data: data?,
        span: node.head(),
    })
}

fn expect(context: &Context<'_>, map: &mut MapReader<'_>) -> Option<Expect> {
    let (key, entry) = map.exactly_one(&["expect", "expect_some"])?;
    let node = &entry.value;
    let items = context
        .diagnostics
        .keep(node.span, node.list("a list of what is expected"))?;
    let some = key == "expect_some";
    if some && items.is_empty() {
        let problem = Problem::new("missing-value", "an empty `expect_some` expects nothing")
            .help("write `expect: []` if nothing may happen");
        context.report(node.span, problem);
    }
    let list = items
        .iter()
        .filter_map(|item| expected(context, item, some))
        .collect();
    Some(if some {
        Expect::Some(list)
    } else {
        Expect::All(list)
    })
}

fn expected(context: &Context<'_>, node: &Node, some: bool) -> Option<Expected> {
    if node.as_scalar().is_some() {
        let message = format!("expected what is to happen, found {}", node.what());
        let problem = Problem::wrong_type(message).help(
            "write it like `{ at: 2026-01-31T12:00:00+02:00, step: NAME, send: email }` or `{ exit: REASON }`",
        );
        context.report(node.span, problem);
        return None;
    }
    let mut map = context.open(node, "an expectation")?;
    map.synonyms(&[
        ("time", "at"),
        ("channel", "send"),
        ("action", "send"),
        ("id", "step"),
        ("subject", "customer"),
    ]);
    let at = map.read("at", instant);
    let clock = map.read("at", text);
    let clock = clock.and_then(|written| Some(written.get(..CLOCK)?.to_owned()));
    let (journey, customer) = (map.read("journey", kebab_id), map.read("customer", text));
    let (step, template) = (map.read("step", text), map.read("template", text));
    let reason = map.read("reason", text);
    let status = map.read("status", |node| {
        node.choice(&[
            ("sent", "sent"),
            ("skipped", "skipped"),
            ("deferred", "deferred"),
        ])
        .map(str::to_owned)
    });
    let data = map.optional("data").map(|node| data(context, node));
    let what = match some && step.is_some() && !ACTIONS.iter().any(|action| map.has(action)) {
        true => None,
        false => map.exactly_one(ACTIONS),
    };
    let (action, what) = match what {
        Some((action, entry)) => (Some(action.to_owned()), self::what(context, action, entry)),
        None => (None, Some(Value::Null)),
    };
    map.finish();
    let data = match data {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Expected {
        at,
        clock,
        journey,
        customer,
        step,
        action,
        what: what?,
        template,
        data,
        status,
        reason,
        span: node.head(),
    })
}

/// What stands after the verb of an expectation.
fn what(context: &Context<'_>, action: &str, entry: &Entry) -> Option<Value> {
    let node = &entry.value;
    if node.is_null() {
        return Some(Value::Null);
    }
    if matches!(action, "send" | "task" | "exit" | "start") {
        return context
            .diagnostics
            .keep(node.span, text(node))
            .map(Value::text);
    }
    let value = context
        .diagnostics
        .keep(node.span, literal(context, node))?;
    Some(match value {
        // One tag is written without a list in the step too.
        Value::Text(_) if matches!(action, "tag" | "untag") => Value::List(vec![value]),
        value => value,
    })
}

fn answers(context: &Context<'_>, node: &Node) -> Vec<Answer> {
    if let Some(items) = node.as_list() {
        return several(items.iter().filter_map(|item| listed(context, item)));
    }
    let entries = context
        .diagnostics
        .keep(node.span, node.map("the answers by step"))
        .unwrap_or(&[]);
    let one = |entry: &Entry| {
        let value = context
            .diagnostics
            .keep(entry.value.span, literal(context, &entry.value))?;
        Some(Answer {
            step: entry.key.text.clone(),
            replies: vec![Reply::Value(value)],
            span: entry.key.span,
        })
    };
    entries.iter().filter_map(one).collect()
}

/// `{ step: ID, reply: VALUE }` or `{ step: ID, fails: true }`: one for each call, in turn.
fn listed(context: &Context<'_>, node: &Node) -> Option<(String, Reply, Span)> {
    let mut map = context.open(node, "an answer")?;
    map.synonyms(&[
        ("id", "step"),
        ("webhook", "step"),
        ("body", "reply"),
        ("json", "reply"),
        ("answer", "reply"),
        ("error", "fails"),
    ]);
    let step = map.need("step", text);
    let reply = match map.exactly_one(&["reply", "fails"]) {
        Some(("reply", entry)) => context
            .diagnostics
            .keep(entry.value.span, literal(context, &entry.value))
            .map(Reply::Value),
        Some((_, entry)) => match context
            .diagnostics
            .keep(entry.value.span, entry.value.boolean())?
        {
            true => Some(Reply::Failure),
            false => Some(Reply::Value(Value::Null)),
        },
        None => None,
    };
    map.finish();
    Some((step?, reply?, node.head()))
}

fn several(listed: impl Iterator<Item = (String, Reply, Span)>) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for (step, reply, span) in listed {
        match answers.iter_mut().find(|answer| answer.step == step) {
            Some(answer) => answer.replies.push(reply),
            None => answers.push(Answer {
                step,
                replies: vec![reply],
                span,
            }),
        }
    }
    answers
}
