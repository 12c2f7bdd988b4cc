//! The words of steps, and those that people write instead of them.

use crate::diagnostic::Problem;
use crate::source::Span;
use crate::suggest::{either, nearest, nearest_or_synonym};
use crate::yaml::{Entry, MapReader, Node};

/// The verbs, in the order in which they are listed to people.
pub(crate) const VERBS: &[&str] = &[
    "send", "wait", "wait_for", "choose", "if", "split", "set", "tag", "untag", "score", "task",
    "assign", "coupon", "emit", "webhook", "run", "start", "repeat", "exit",
];

/// What stands beside a verb.
pub(crate) const BESIDE_VERBS: &[&str] = &[
    "id",
    "when",
    "template",
    "data",
    "to",
    "fallback",
    "fallback_after",
    "window",
    "valid_for",
    "on_late",
    "on_cap",
    "then",
    "else",
];

/// What people write for a verb, or for what stands beside it.
const SYNONYMS: &[(&str, &str)] = &[
    ("delay", "wait"),
    ("sleep", "wait"),
    ("pause", "wait"),
    ("wait_until", "wait"),
    ("await", "wait_for"),
    ("wait_event", "wait_for"),
    ("wait_for_event", "wait_for"),
    ("switch", "choose"),
    ("branch", "choose"),
    ("case", "choose"),
    ("ab", "split"),
    ("ab_test", "split"),
    ("experiment", "split"),
    ("random", "split"),
    ("update", "set"),
    ("set_attribute", "set"),
    ("attributes", "set"),
    ("add_tag", "tag"),
    ("tags", "tag"),
    ("remove_tag", "untag"),
    ("points", "score"),
    ("todo", "task"),
    ("notify", "task"),
    ("promo", "coupon"),
    ("promocode", "coupon"),
    ("event", "emit"),
    ("publish", "emit"),
    ("http", "webhook"),
    ("request", "webhook"),
    ("script", "run"),
    ("code", "run"),
    ("goto", "start"),
    ("enroll", "start"),
    ("loop", "repeat"),
    ("foreach", "repeat"),
    ("stop", "exit"),
    ("end", "exit"),
    ("finish", "exit"),
    ("name", "id"),
    ("step", "id"),
    ("description", "title"),
    ("condition", "when"),
    ("filter", "when"),
    ("where", "when"),
    ("only_if", "when"),
    ("unless", "when"),
];

/// Verbs that do not exist, each with what to write.
const OTHERS: &[(&str, &str)] = &[
    (
        "email",
        "write `send: email` and `template: NAME` beside it",
    ),
    ("sms", "write `send: sms` and `template: NAME` beside it"),
    (
        "viber",
        "write `send: viber` and `template: NAME` beside it",
    ),
    (
        "whatsapp",
        "write `send: whatsapp` and `template: NAME` beside it",
    ),
    (
        "telegram",
        "write `send: telegram` and `template: NAME` beside it",
    ),
    ("push", "write `send: push` and `template: NAME` beside it"),
    (
        "message",
        "write `send: email`, or another channel, and `template: NAME` beside it",
    ),
    (
        "send_email",
        "write `send: email` and `template: NAME` beside it",
    ),
    (
        "send_sms",
        "write `send: sms` and `template: NAME` beside it",
    ),
    (
        "send_push",
        "write `send: push` and `template: NAME` beside it",
    ),
    (
        "action",
        "the verb itself is the key: `send: email`, `wait: 3d`, `tag: vip`",
    ),
    (
        "type",
        "the verb itself is the key: `send: email`, `wait: 3d`, `tag: vip`",
    ),
    (
        "template",
        "write `send: email`, or another channel, beside `template`",
    ),
    ("then", "`then` stands beside `if` or `wait_for`"),
    ("else", "`else` stands beside `if` or `wait_for`"),
    (
        "steps",
        "steps stand inside a branch: `then`, `else`, or `steps` of a branch of `choose`, `split` or `repeat`",
    ),
    (
        "otherwise",
        "`otherwise` is the last branch of `choose`; after an `if` it is `else`",
    ),
    ("elif", "use `choose` with one `when` for each case"),
    ("else_if", "use `choose` with one `when` for each case"),
    ("elseif", "use `choose` with one `when` for each case"),
    (
        "times",
        "write it inside: `repeat: { times: 3, steps: [...] }`",
    ),
    (
        "while",
        "write it inside: `repeat: { while: ..., at_most: 3, steps: [...] }`",
    ),
    ("until", "write it inside: `wait: { until: ... }`"),
    ("for", "write it inside: `wait: { for: 3d }`"),
    ("at", "write it inside: `wait: { at: \"10:00\" }`"),
    (
        "weekdays",
        "write it inside: `wait: { at: \"10:00\", weekdays: workdays }`",
    ),
    (
        "timeout",
        "write it inside: `wait_for: { event: ..., timeout: 3d }`",
    ),
    (
        "any",
        "write it inside: `wait_for: { any: [...], timeout: 3d }`",
    ),
    (
        "save",
        "write it inside: `webhook: { url: ..., save: NAME }`",
    ),
    ("due", "write it inside: `task: { title: ..., due: 4h }`"),
    ("pool", "write it inside: `assign: { pool: NAME }`"),
];

/// The channels that are known by name to everybody.
const CHANNELS: [&str; 6] = ["email", "sms", "viber", "telegram", "push", "whatsapp"];

/// What is wrong with a step that has no verb at all, if one of its keys tells what was meant.
pub(super) fn no_verb(node: &Node) -> Option<(Span, Problem)> {
    let entries = node.as_map()?;
    let is_verb = |key: &str| {
        nearest_or_synonym(key, VERBS.iter().copied(), SYNONYMS)
            .is_some_and(|word| VERBS.contains(&word))
    };
    let mut others = entries
        .iter()
        .filter(|entry| !BESIDE.contains(&entry.key.text.as_str()));
    if entries
        .iter()
        .any(|entry| VERBS.contains(&entry.key.text.as_str()))
    {
        return None;
    }
    let is_other = |key: &str| OTHERS.iter().any(|(word, _)| *word == key);
    // A slip of the finger in the verb says more than what stands beside it: `sned: best` with its `template`.
    let is_slip = |key: &str| !is_other(key) && nearest(key, VERBS.iter().copied()).is_some();
    if others.clone().any(|entry| is_slip(&entry.key.text)) {
        return None;
    }
    let telling = entries.iter().find(|entry| is_other(&entry.key.text));
    let entry = match telling {
        Some(entry) => entry,
        None if others.clone().any(|entry| is_verb(&entry.key.text)) => return None,
        None => others.next()?,
    };
    let key = &entry.key;
    let problem = Problem::new(
        "unknown-verb",
        format!("no step begins with `{}`", key.text),
    );
    Some((key.span, problem.help(meant(entry))))
}

/// What stands beside a verb, of whatever kind.
const BESIDE: &[&str] = &["id", "title", "when"];

fn meant(entry: &Entry) -> String {
    let key = entry.key.text.as_str();
    let value = entry.value.as_scalar().map(|scalar| scalar.text.as_str());
    match (OTHERS.iter().find(|(word, _)| *word == key), value) {
        (Some(_), Some(value)) if CHANNELS.contains(&key) => {
            format!("write `send: {key}` and `template: {value}` beside it")
        }
        (Some(_), Some(value)) if matches!(key, "type" | "action") && CHANNELS.contains(&value) => {
            format!("write `send: {value}` and `template: NAME` beside it")
        }
        (Some((_, help)), _) => (*help).to_owned(),
        (None, _) => match key.split_once(' ') {
            Some(("if", condition)) => {
                format!("write `if: {condition}`, and below it `then:` with the steps")
            }
            Some((verb, rest)) if VERBS.contains(&verb) => format!("write `{verb}: {rest}`"),
            _ => format!("write one of {}", either(VERBS.iter().copied())),
        },
    }
}

/// What stands beside `send`.
const SEND: &[(&str, &str)] = &[
    (
        "channel",
        "the channel stands after the verb: `send: email`",
    ),
    (
        "subject",
        "the subject stands in the template, between its `---` lines",
    ),
    (
        "text",
        "the text stands in the template, under `templates/`",
    ),
    (
        "body",
        "the text stands in the template, under `templates/`",
    ),
    (
        "at",
        "a `wait` before this step finds the moment: `wait: { at: \"10:00\" }`",
    ),
    ("vars", "what the template sees is `data`"),
];

const SEND_SYNONYMS: &[(&str, &str)] = &[
    ("tmpl", "template"),
    ("message", "template"),
    ("content", "template"),
    ("params", "data"),
    ("variables", "data"),
    ("recipient", "to"),
    ("address", "to"),
    ("fallbacks", "fallback"),
    ("hours", "window"),
    ("ttl", "valid_for"),
    ("expires", "valid_for"),
    ("valid", "valid_for"),
    ("on_expired", "on_late"),
    ("late", "on_late"),
];

/// Teaches the reader of a step what people write for its words.
pub(super) fn teach(map: &mut MapReader<'_>, written: &[&str]) {
    map.synonyms(SYNONYMS);
    let verb_there = written.iter().any(|key| VERBS.contains(key));
    // `email: welcome` is a verb that does not exist only where no other verb stands.
    let wanted = |word: &str| !verb_there || !matches!(word, "type" | "action");
    let others: Vec<_> = OTHERS
        .iter()
        .copied()
        .filter(|(word, _)| wanted(word))
        .collect();
    map.misplaced(&others);
}

/// Teaches it what stands beside this verb and not inside, or the other way round.
pub(super) fn teach_options(map: &mut MapReader<'_>, verb: &str) {
    match verb {
        "send" => {
            map.synonyms(SEND_SYNONYMS).misplaced(SEND);
        }
        "if" => {
            map.misplaced(&[("elif", "use `choose` with one `when` for each case")]);
            map.synonyms(&[
                ("otherwise", "else"),
                ("steps", "then"),
                ("yes", "then"),
                ("no", "else"),
            ]);
        }
        "wait_for" => {
            map.synonyms(&[
                ("otherwise", "else"),
                ("on_timeout", "else"),
                ("steps", "then"),
            ]);
        }
        "wait" => {
            map.misplaced(&[
                ("since", "write it inside: `wait: { for: 3d, since: ... }`"),
                ("at", "write it inside: `wait: { for: 3d, at: \"10:00\" }`"),
                (
                    "weekdays",
                    "write it inside: `wait: { for: 3d, weekdays: workdays }`",
                ),
                ("until", "write it inside: `wait: { until: ... }`"),
            ]);
        }
        "start" => {
            map.misplaced(&[(
                "vars",
                "write it inside: `start: { journey: ..., vars: { ... } }`",
            )]);
        }
        "emit" => {
            map.misplaced(&[(
                "data",
                "write it inside: `emit: { type: ..., data: { ... } }`",
            )]);
        }
        "coupon" => {
            map.misplaced(&[("as", "write it inside: `coupon: { codes: ..., as: NAME }`")]);
        }
        _ => {}
    }
}

/// What to write for a step that is only a text.
pub(super) fn for_text(text: &str) -> String {
    let word = text.split([' ', ':']).next().unwrap_or("");
    match word {
        "exit" | "stop" | "end" => "write `- exit: REASON`".to_owned(),
        word if VERBS.contains(&word) => match text[word.len()..].trim_start_matches([':', ' ']) {
            "" => format!("write `- {word}: ...`"),
            rest if word == "send" && rest.contains(' ') => {
                let (channel, template) = rest.split_once(' ').unwrap_or((rest, "NAME"));
                format!("write `- send: {channel}`, and `template: {template}` below it")
            }
            rest => format!("write `- {word}: {rest}`"),
        },
        _ => "write the verb and a colon, like `- send: email` or `- wait: 3d`".to_owned(),
    }
}
