//! The workspace that is put under load, and what its journeys promise.

use std::collections::BTreeMap;

use super::rules::{Bound, Entry, Fork, Journey, Over, Path, Rules, Sum, Timer};

/// Files beside `kurant.yaml`.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "profile.yaml",
        "updates:\n  \
         - { event: order.paid, set: { orders: =(customer.orders ?? 0) + 1, spent: =(customer.spent ?? 0) + event.total } }\n  \
         - { event: visit.made, set: { visits: =(customer.visits ?? 0) + 1 } }\n  \
         - { event: visit.counted, set: { counted: =(customer.counted ?? 0) + event.by } }\n",
    ),
    (
        "schemas/customer.json",
        r#"{"type":"object","properties":{"orders":{"type":"integer"},"spent":{"type":"integer"},
           "visits":{"type":"integer"},"counted":{"type":"integer"}}}"#,
    ),
    (
        "schemas/events/order.paid.json",
        r#"{"type":"object","properties":{"total":{"type":"integer"}}}"#,
    ),
    (
        "schemas/events/cart.left.json",
        r#"{"type":"object","properties":{"cart":{"type":"integer"}}}"#,
    ),
    (
        "schemas/events/cart.paid.json",
        r#"{"type":"object","properties":{"cart":{"type":"integer"}}}"#,
    ),
    (
        "schemas/events/visit.made.json",
        r#"{"type":"object","properties":{"page":{"type":"integer"}}}"#,
    ),
    (
        "schemas/events/visit.counted.json",
        r#"{"type":"object","properties":{"by":{"type":"integer"}}}"#,
    ),
    (
        "templates/hello/email.txt",
        "---\nsubject: Hello\n---\nHello {{ customer.id }}, {{ customer.orders }} orders and {{ customer.visits }} visits\n",
    ),
    (THANKS, THANKS_FIRST),
    (
        "journeys/cart.yaml",
        "journey: cart\nstatus: live\ncategory: transactional\ntrigger: { event: cart.left, max_age: 100y }\n\
         entry: { key: event.cart }\nsteps:\n  - id: bought\n    \
         wait_for: { event: cart.paid, where: event.cart == trigger.event.cart, timeout: 2s }\n    \
         then:\n      - { id: praise, tag: buyer }\n    \
         else:\n      - { id: remind, send: email, template: hello }\n",
    ),
    (
        "journeys/trial.yaml",
        "journey: trial\nstatus: live\ncategory: transactional\ntrigger: { event: visit.made, max_age: 100y }\n\
         entry: { again: never }\nexit:\n  - { event: order.paid, reason: bought }\nsteps:\n  \
         - { id: hello, send: email, template: hello }\n  - { id: pause, wait: 2s }\n  \
         - { id: nudge, task: { title: Nudge, for: owner } }\n",
    ),
    (
        "journeys/regular.yaml",
        "journey: regular\nstatus: live\ncategory: transactional\ntrigger: { event: visit.made, max_age: 100y }\n\
         steps:\n  - { id: rest, wait: 1s }\n  - { id: count, emit: { type: visit.counted, data: { by: 1 } } }\n  \
         - { id: points, score: { add: 1, because: visits } }\n",
    ),
];

/// The file of the journey that is changed while it runs.
pub(super) const THANKS: &str = "journeys/thanks.yaml";
/// Its first version.
pub(super) const THANKS_FIRST: &str = "journey: thanks\nstatus: live\ncategory: transactional\n\
    trigger: { event: order.paid, max_age: 100y }\nentry: { while_active: parallel }\nsteps:\n  \
    - { id: now, send: email, template: hello }\n  - { id: later, wait: 1s }\n  \
    - { id: ask, task: { title: Call, for: owner } }\n";
/// Its second version, whose steps have other names.
pub(super) const THANKS_SECOND: &str = "journey: thanks\nstatus: live\ncategory: transactional\n\
    trigger: { event: order.paid, max_age: 100y }\nentry: { while_active: parallel }\nsteps:\n  \
    - { id: second-now, send: email, template: hello }\n  - { id: second-later, wait: 2s }\n  \
    - { id: second-ask, task: { title: Call again, for: owner } }\n";

/// What the journeys promise; the routes are those of the place where it runs.
pub(super) fn rules(routes: BTreeMap<&'static str, Bound>) -> Rules {
    let sum = |attribute, over| Sum { attribute, over };
    Rules {
        sums: vec![
            sum("orders", Over::Events("order.paid")),
            sum("spent", Over::Field("order.paid", "total")),
            sum("visits", Over::Events("visit.made")),
            sum("counted", Over::Emitted("regular", "count")),
        ],
        journeys: vec![thanks(), cart(), trial(), regular()],
        routes,
    }
}

fn path(steps: &[&'static str]) -> Path {
    Path {
        version: 1,
        steps: steps.to_vec(),
    }
}

fn thanks() -> Journey {
    let second = Path {
        version: 2,
        steps: vec!["second-now", "second-ask"],
    };
    let timer = |then| Timer {
        place: "steps[1]",
        then,
    };
    Journey {
        name: "thanks",
        starts: "order.paid",
        entry: Entry::Each,
        paths: vec![path(&["now", "ask"]), second],
        cut_short: Vec::new(),
        timers: vec![timer("ask"), timer("second-ask")],
        forks: Vec::new(),
    }
}

fn cart() -> Journey {
    Journey {
        name: "cart",
        starts: "cart.left",
        entry: Entry::Each,
        paths: vec![path(&["praise"]), path(&["remind"])],
        cut_short: Vec::new(),
        timers: vec![Timer {
            place: "steps[0]",
            then: "remind",
        }],
        forks: vec![Fork {
            place: "steps[0]",
            answered: "praise",
            timeout: "remind",
        }],
    }
}

fn trial() -> Journey {
    Journey {
        name: "trial",
        starts: "visit.made",
        entry: Entry::Once,
        paths: vec![path(&["hello", "nudge"])],
        cut_short: vec!["bought"],
        timers: vec![Timer {
            place: "steps[1]",
            then: "nudge",
        }],
        forks: Vec::new(),
    }
}

fn regular() -> Journey {
    Journey {
        name: "regular",
        starts: "visit.made",
        entry: Entry::OneAtATime,
        paths: vec![path(&["count", "points"])],
        cut_short: Vec::new(),
        timers: vec![Timer {
            place: "steps[0]",
            then: "count",
        }],
        forks: Vec::new(),
    }
}
