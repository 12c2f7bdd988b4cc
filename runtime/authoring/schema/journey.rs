//! The keys of a journey.

use super::shape::{Key, Shape};
use Shape::{
    Attribute, Boolean, Duration, Either, Expression, Fields, Integer, Object, OneOrList, Steps,
    Text, Time, Words,
};

/// All keys of a journey's file.
pub(super) fn keys() -> Vec<Key> {
    let mut keys = who();
    keys.extend(rules());
    keys.push(Key::needed("steps", "What happens", Steps));
    keys
}

/// What it is, what starts it, and for whom.
fn who() -> Vec<Key> {
    vec![
        Key::needed(
            "journey",
            "Its id: kebab-case, unique in the workspace",
            Text,
        ),
        Key::new("title", "For people", Text),
        Key::new("owner", "Who answers for it", Text),
        Key::new(
            "status",
            "draft (default: acts only in test and simulate), live, or retired (nobody enters, those inside go on)",
            Words(&["draft", "live", "retired"]),
        ),
        Key::new(
            "category",
            "Which rules stand between its sends and the customer; marketing unless told",
            Words(&["marketing", "service", "transactional"]),
        ),
        Key::needed(
            "trigger",
            "What starts it: one trigger or a list",
            OneOrList(Box::new(Object(trigger()))),
        ),
        Key::new(
            "audience",
            "Condition at entry; false = not entered",
            Expression,
        ),
        Key::new(
            "entry",
            "Who may enter again, and under which key",
            Object(entry()),
        ),
    ]
}

/// What ends it, what counts, and what goes first.
fn rules() -> Vec<Key> {
    vec![
        Key::new(
            "exit",
            "What ends it early: a list of events and conditions",
            OneOrList(Box::new(Object(exit()))),
        ),
        Key::new(
            "goal",
            "Success that is counted, once per enrollment",
            Object(goal()),
        ),
        Key::new(
            "topic",
            "A marketing send also needs that the customer has not opted out of it",
            Text,
        ),
        Key::new(
            "expires",
            "Longest life of an enrollment; past it, exit with reason `expired`",
            Duration,
        ),
        Key::new(
            "priority",
            "Who goes first when a frequency cap lets only one through; 50 unless told",
            Integer(0, 100),
        ),
        Key::new(
            "holdout",
            "Share of customers, like 10%, who pass the same steps with each action skipped",
            Text,
        ),
        Key::new(
            "pilot",
            "Condition: while it stands, only those customers enter",
            Expression,
        ),
        Key::new(
            "vars",
            "Constants, seen as vars.NAME; a text that begins with = is an expression",
            Fields,
        ),
    ]
}

fn trigger() -> Vec<Key> {
    vec![
        Key::new("event", "When an event of this type is taken in", Text),
        Key::new("where", "With event: which of them", Expression),
        Key::new(
            "max_age",
            "With event: older ones, on arrival, start nothing; 1d unless told",
            Duration,
        ),
        Key::new(
            "date",
            "On a day reckoned from an attribute",
            Object(date()),
        ),
        Key::new(
            "inactive",
            "When the attribute's moment has become that old",
            Object(inactive()),
        ),
        Key::new("enters", "When the customer comes into this segment", Text),
        Key::new(
            "leaves",
            "When the customer falls out of this segment",
            Text,
        ),
        Key::new(
            "schedule",
            "At each time, for every customer that satisfies the audience: five fields of cron",
            Text,
        ),
        Key::new(
            "timezone",
            "With schedule: on whose clock; the workspace's unless told",
            Text,
        ),
        Key::new(
            "catch_up",
            "With date, inactive and schedule: how late a firing is made up for; 1d unless told",
            Duration,
        ),
        Key::new(
            "manual",
            "By the API, the console, the command line or another journey's start",
            Boolean,
        ),
    ]
}

fn date() -> Vec<Key> {
    vec![
        Key::needed("of", "The attribute", Attribute),
        Key::needed("every", "How often", Words(&["year", "month", "once"])),
        Key::new("offset", "How far from the day, like -7d", Duration),
        Key::new("at", "At which time of the day", Time),
        Key::new(
            "feb29",
            "What 29 February is in other years; feb28 unless told",
            Words(&["feb28", "mar1", "skip"]),
        ),
    ]
}

fn inactive() -> Vec<Key> {
    vec![
        Key::needed("since", "The attribute", Attribute),
        Key::needed("for", "How old it is then", Duration),
        Key::new("at", "At which time of the day", Time),
    ]
}

fn entry() -> Vec<Key> {
    vec![
        Key::new(
            "key",
            "What makes an enrollment its own; the customer unless told",
            Expression,
        ),
        Key::new(
            "again",
            "Whether one may come again; always unless told",
            Either(vec![Words(&["always", "never"]), Duration]),
        ),
        Key::new(
            "while_active",
            "What a firing does while the customer is inside; ignore unless told",
            Words(&["ignore", "restart", "queue", "parallel"]),
        ),
    ]
}

fn exit() -> Vec<Key> {
    vec![
        Key::new("event", "An event of the customer", Text),
        Key::new("where", "With event: which of them", Expression),
        Key::new(
            "when",
            "A condition, judged at entry, at each wake and each event of the customer",
            Expression,
        ),
        Key::new("reason", "The reason that is logged", Text),
    ]
}

fn goal() -> Vec<Key> {
    vec![
        Key::needed("event", "The event's type", Text),
        Key::new("where", "Which of them", Expression),
        Key::new(
            "within",
            "How long after the last send it still counts",
            Duration,
        ),
        Key::new("value", "What it is worth", Expression),
    ]
}
