//! The keys of a step.

use super::shape::{Key, Shape};
use Shape::{
    Any, Computed, Duration, Either, Expression, Fields, Integer, List, Named, Object, OneOrList,
    Steps, Text, Time, Weekdays, Words,
};

/// All keys of a step: the verbs, of which exactly one stands in it, and what stands beside them.
pub(super) fn keys() -> Vec<Key> {
    let mut keys = vec![
        Key::new(
            "id",
            "Unique in the journey; needed on send, waits, split and task once the journey is live",
            Text,
        ),
        Key::new("title", "For people", Text),
        Key::new(
            "when",
            "Condition: false = the step is passed over",
            Expression,
        ),
    ];
    keys.extend(send());
    keys.extend(time());
    keys.extend(branches());
    keys.extend(customer());
    keys.extend(outside());
    keys
}

fn send() -> Vec<Key> {
    let window = vec![
        Key::new("from", "When it opens", Time),
        Key::new("to", "When it closes", Time),
        Key::new("weekdays", "On which days", Weekdays),
    ];
    vec![
        Key::new(
            "send",
            "One message: email, sms, viber, telegram, push, or best",
            Text,
        ),
        Key::new("template", "With send: the template's name", Text),
        Key::new("data", "With send: what the template sees by name", Fields),
        Key::new(
            "to",
            "With send: another address than the customer's own",
            Computed,
        ),
        Key::new(
            "fallback",
            "With send: channels to try when this one fails",
            OneOrList(Box::new(Text)),
        ),
        Key::new(
            "fallback_after",
            "With send: how long a delivery may stay unconfirmed",
            Duration,
        ),
        Key::new(
            "window",
            "With send: hours and days in which it may leave",
            Object(window),
        ),
        Key::new(
            "valid_for",
            "With send: how long after it was due it still makes sense",
            Duration,
        ),
        Key::new(
            "on_late",
            "With send: what happens when it no longer does; skip unless told",
            Either(vec![Words(&["skip"]), Steps]),
        ),
        Key::new(
            "on_cap",
            "With send: what happens when a frequency cap stands in the way; skip unless told",
            Either(vec![Words(&["skip", "defer"]), Steps]),
        ),
    ]
}

fn time() -> Vec<Key> {
    let wait = vec![
        Key::new("for", "How long", Duration),
        Key::new(
            "since",
            "What `for` is counted from; now unless told",
            Expression,
        ),
        Key::new("until", "The moment itself", Expression),
        Key::new("at", "Then at this time on that day", Time),
        Key::new("weekdays", "Then the first of these days", Weekdays),
    ];
    let awaited = || {
        vec![
            Key::needed("event", "The event's type", Text),
            Key::new("where", "Which of them", Expression),
        ]
    };
    let wait_for = vec![
        Key::new("event", "The event's type", Text),
        Key::new("where", "Which of them", Expression),
        Key::new(
            "any",
            "Any of these events",
            List(Box::new(Object(awaited()))),
        ),
        Key::new("timeout", "How long to wait", Duration),
        Key::new("until", "Until when to wait", Expression),
        Key::new(
            "since",
            "Only events dated at or after it count; the moment the step was reached unless told",
            Expression,
        ),
    ];
    vec![
        Key::new(
            "wait",
            "Let time pass: a duration, or { for, since, until, at, weekdays }",
            Either(vec![Duration, Object(wait)]),
        ),
        Key::new(
            "wait_for",
            "Until such an event of this customer, or the timeout; then and else stand beside it",
            Object(wait_for),
        ),
    ]
}

fn branches() -> Vec<Key> {
    let branch = vec![
        Key::new("when", "The condition", Expression),
        Key::new("steps", "What happens when it holds", Steps),
        Key::new(
            "otherwise",
            "Last of all: what happens when none holds",
            Steps,
        ),
    ];
    let arm = vec![
        Key::needed(
            "weight",
            "Its share of the sum of all weights",
            Integer(0, 1_000_000),
        ),
        Key::needed("steps", "What happens", Steps),
    ];
    let repeat = vec![
        Key::new("times", "How often", Integer(1, 1_000)),
        Key::new("while", "As long as it holds; needs at_most", Expression),
        Key::new(
            "at_most",
            "With while: how often at the most",
            Integer(1, 1_000),
        ),
        Key::needed("steps", "What is repeated", Steps),
    ];
    vec![
        Key::new(
            "choose",
            "The first branch that holds",
            List(Box::new(Object(branch))),
        ),
        Key::new(
            "if",
            "One of two: then and else stand beside it",
            Expression,
        ),
        Key::new("then", "With if and wait_for: what follows", Steps),
        Key::new(
            "else",
            "With if and wait_for: what follows otherwise",
            Steps,
        ),
        Key::new(
            "split",
            "A/B/n: the arms by name",
            Named(Box::new(Object(arm))),
        ),
        Key::new(
            "repeat",
            "A bounded loop; round is 1, 2, ... inside",
            Object(repeat),
        ),
        Key::new("exit", "Ends the enrollment with this reason", Text),
    ]
}

fn customer() -> Vec<Key> {
    let score = vec![
        Key::needed(
            "add",
            "How many points; may be negative",
            Integer(-1_000_000, 1_000_000),
        ),
        Key::needed("because", "Why", Text),
        Key::new(
            "lasts",
            "How long they count; for ever unless told",
            Duration,
        ),
    ];
    let coupon = vec![
        Key::needed("codes", "The pool of codes, or a pattern", Text),
        Key::new("valid", "How long it is valid", Duration),
        Key::new("until", "Until when it is valid", Expression),
        Key::needed("as", "The variable that holds it: vars.NAME", Text),
    ];
    vec![
        Key::new("set", "Changes the profile and tells the CRM", Fields),
        Key::new(
            "tag",
            "Adds a tag, or a list of them",
            OneOrList(Box::new(Text)),
        ),
        Key::new(
            "untag",
            "Takes a tag away, or a list of them",
            OneOrList(Box::new(Text)),
        ),
        Key::new("score", "Points with their reason", Object(score)),
        Key::new("coupon", "A code of the customer's own", Object(coupon)),
        Key::new("run", "Rhai whose map is merged into vars", Expression),
    ]
}

fn outside() -> Vec<Key> {
    let task = vec![
        Key::needed("title", "What is to be done", Text),
        Key::new("for", "owner, a person, or a pool; owner unless told", Text),
        Key::new("due", "In how much time; a pool's hours count", Duration),
        Key::new("priority", "As the CRM calls it", Text),
    ];
    let assign = vec![
        Key::needed("pool", "The pool's name", Text),
        Key::new(
            "by",
            "Who of them; round_robin unless told",
            Words(&["round_robin", "least_loaded"]),
        ),
    ];
    let emit = vec![
        Key::needed("type", "The event's type", Text),
        Key::new("data", "Its data", Fields),
    ];
    let webhook = vec![
        Key::needed("url", "Where to", Text),
        Key::new(
            "method",
            "POST unless told",
            Words(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
        ),
        Key::new("headers", "Its headers", Fields),
        Key::new("body", "Its body", Any),
        Key::new(
            "save",
            "The variable that takes the answer's JSON: vars.NAME",
            Text,
        ),
        Key::new(
            "on_error",
            "What happens when it fails for good; continue unless told",
            Either(vec![Words(&["continue", "exit"]), Steps]),
        ),
    ];
    let start = vec![
        Key::needed("journey", "The other journey's id", Text),
        Key::new("vars", "Variables that it begins with", Fields),
    ];
    vec![
        Key::new(
            "task",
            "A task in the CRM; the journey goes on at once",
            Object(task),
        ),
        Key::new(
            "assign",
            "Gives the customer an owner from a pool",
            Object(assign),
        ),
        Key::new("emit", "An event to the broker", Object(emit)),
        Key::new("webhook", "An HTTP call", Object(webhook)),
        Key::new(
            "start",
            "Enrolls the customer in another journey",
            Object(start),
        ),
    ]
}
