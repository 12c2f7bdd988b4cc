//! The keys of `kurant.yaml`, `profile.yaml` and `segments.yaml`.

use super::shape::{Key, Shape};
use Shape::{
    Duration, Either, Expression, Fields, Integer, List, Named, Object, Text, Time, Weekdays, Words,
};

/// All keys of `kurant.yaml`.
pub(super) fn keys() -> Vec<Key> {
    let mut keys = customs();
    keys.push(coupon_pools());
    keys.extend(places());
    keys.extend(called());
    keys.push(public());
    keys.push(tracking());
    keys
}

/// Names under which coupon codes are imported.
fn coupon_pools() -> Key {
    let pool = vec![Key::new(
        "warn_below",
        "With fewer codes left whoever watches is told; when it would be dry within a week unless said",
        Integer(1, 1_000_000_000),
    )];
    Key::new(
        "coupon_pools",
        "Names under which coupon codes are imported: none is made up from them",
        Either(vec![List(Box::new(Text)), Named(Box::new(Object(pool)))]),
    )
}

/// From when to when; of people also on which days, and then nothing is needed.
fn hours(weekdays: bool) -> Vec<Key> {
    if !weekdays {
        return vec![
            Key::needed("from", "When it begins", Time),
            Key::needed("to", "When it ends", Time),
        ];
    }
    vec![
        Key::new("from", "When it begins", Time),
        Key::new("to", "When it ends", Time),
        Key::new("weekdays", "On which days", Weekdays),
    ]
}

/// Whose clock, when it is quiet, which channels and people there are.
fn customs() -> Vec<Key> {
    let cap = vec![
        Key::needed(
            "category",
            "Which messages count",
            Words(&["marketing", "service", "transactional"]),
        ),
        Key::new("channel", "Through which channel; any unless told", Text),
        Key::needed("max", "So many", Integer(0, 10_000)),
        Key::needed("per", "In so much time", Duration),
    ];
    let pool = vec![
        Key::needed("people", "Who is in it, in turn", List(Box::new(Text))),
        Key::new("timezone", "Whose clock its hours are on", Text),
        Key::new(
            "hours",
            "When they work; always unless told",
            Object(hours(true)),
        ),
    ];
    vec![
        Key::new("workspace", "Its name", Text),
        Key::new(
            "timezone",
            "The clock of customers without one of their own, and of schedules: an IANA name",
            Text,
        ),
        Key::new(
            "locale",
            "The language of customers without one of their own",
            Text,
        ),
        Key::new(
            "quiet_hours",
            "When marketing and service messages wait, on the customer's clock",
            Object(hours(false)),
        ),
        Key::new(
            "frequency_caps",
            "How much one customer gets at the most",
            List(Box::new(Object(cap))),
        ),
        Key::new(
            "channels",
            "How each channel is reached, in order of preference for send: best",
            Named(Box::new(super::channel::channel())),
        ),
        Key::new(
            "pools",
            "People that tasks and customers are given to",
            Named(Box::new(Either(vec![List(Box::new(Text)), Object(pool)]))),
        ),
    ]
}

/// Who is let in, how many, and where everything lives.
fn places() -> Vec<Key> {
    let url = |about| vec![Key::needed("url", about, Text)];
    let guard = vec![
        Key::new("enter", "How many may enter, like 20000/h", Text),
        Key::new("send", "How many messages may leave, like 50000/h", Text),
    ];
    let mut events =
        url("file://FOLDER, amqp://HOST/QUEUE, or amqp://HOST/VHOST beside an exchange");
    events.extend([
        Key::new(
            "exchange",
            "An exchange of RabbitMQ that Kurant declares, with queues of its own",
            Text,
        ),
        Key::new(
            "shards",
            "Into how many queues it spreads customers; 8 unless told",
            Integer(1, 256),
        ),
    ]);
    vec![
        Key::new(
            "unknown_customers",
            "What an event of an unknown customer does; create unless told",
            Words(&["create", "reject"]),
        ),
        Key::new(
            "guard",
            "A journey that goes over it holds and alerts",
            Object(guard),
        ),
        Key::new(
            "deliver_only",
            "Whom alone messages leave to, in a workspace that tries things out",
            List(Box::new(Text)),
        ),
        Key::new(
            "retention",
            "How long is kept what is of no use for ever",
            Object(retention()),
        ),
        Key::new(
            "store",
            "Where state lives",
            Object(url("sqlite://... or postgres://...")),
        ),
        Key::new("events", "Where events come from", Object(events)),
        Key::new(
            "console",
            "Where the console listens",
            Object(vec![
                Key::new("listen", "An address and a port, like 127.0.0.1:8080", Text),
                Key::new(
                    "token",
                    "What whoever sends events has to show, like ${env:KURANT_TOKEN}",
                    Text,
                ),
            ]),
        ),
        Key::new(
            "links",
            "Where the links of templates lead; Jinja, like https://shop.example/u?id={{ customer.id }}",
            Object(vec![
                Key::new("unsubscribe", "unsubscribe_url", Text),
                Key::new("preferences", "preferences_url", Text),
            ]),
        ),
        Key::new("crm", "Where tasks, owners and profile changes go", Fields),
    ]
}

/// What is noticed of how messages are read.
fn tracking() -> Key {
    Key::new(
        "tracking",
        "What is noticed of how messages are read: nothing unless told",
        Object(vec![
            Key::new("links", "Whose clicks are noticed", Words(&WHOSE)),
            Key::new(
                "opens",
                "Whose letters tell that they were opened",
                Words(&WHOSE),
            ),
        ]),
    )
}

/// Whose messages something is noticed of.
const WHOSE: [&str; 3] = ["off", "consented", "on"];

/// What is called by HTTP beside the channels.
fn called() -> Vec<Key> {
    vec![
        Key::new(
            "webhooks",
            "How web hooks leave; to a file unless told",
            Object(super::channel::webhooks()),
        ),
        Key::new(
            "internal_hosts",
            "Hosts that may be called by HTTP although they are inside",
            List(Box::new(Text)),
        ),
    ]
}

/// The pages that customers reach.
fn public() -> Key {
    let keys = vec![
        Key::needed(
            "url",
            "How they reach it, like https://mail.shop.example",
            Text,
        ),
        Key::needed("listen", "An address and a port, like 0.0.0.0:8090", Text),
        Key::needed(
            "secret",
            "What seals the links, like ${env:KURANT_PUBLIC_SECRET}",
            Text,
        ),
        Key::new("name", "Who sends, as the pages say it", Text),
        Key::new(
            "trusted_proxies",
            "Addresses and networks of proxies in front, like 10.0.0.0/8",
            List(Box::new(Text)),
        ),
    ];
    Key::new(
        "public",
        "Where customers' browsers and mail programs reach Kurant, to unsubscribe and to choose what they get",
        Object(keys),
    )
}

/// How long what is kept.
fn retention() -> Vec<Key> {
    vec![
        Key::new(
            "repeats",
            "How long the ids of events are kept, like 14d; older ones are looked for in their customers' histories",
            Text,
        ),
        Key::new(
            "history",
            "How long the events of customers are kept, like 3y, or forever; what something looks back on stays",
            Text,
        ),
        Key::new(
            "log",
            "How long the execution log is kept, like 2y, or forever",
            Text,
        ),
        Key::new(
            "bodies",
            "How long the log holds what messages, tasks and calls were made of, like 90d, or forever; their lines stay",
            Text,
        ),
        Key::new(
            "dead_letters",
            "How long what was refused or given up is kept, like 90d, or forever",
            Text,
        ),
        Key::new(
            "receipts",
            "How long what providers say of a message finds it, like 30d",
            Text,
        ),
    ]
}

/// All keys of `profile.yaml`.
pub(super) fn profile() -> Vec<Key> {
    let update = vec![
        Key::needed("event", "The event's type", Text),
        Key::needed("set", "Which attributes become what", Fields),
    ];
    vec![Key::needed(
        "updates",
        "In this order, each seeing the profile as it was before the event",
        List(Box::new(Object(update))),
    )]
}

/// All keys of `segments.yaml`.
pub(super) fn segments() -> Vec<Key> {
    vec![Key::needed(
        "segments",
        "A condition by name",
        Named(Box::new(Expression)),
    )]
}
