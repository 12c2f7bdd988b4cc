//! Small made-up rows.

use std::sync::Arc;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::customer::Customer;
use kurant_engine::definition::{Category, Definitions, Journey, Status, Version, Workspace};
use kurant_engine::enrollment::{Ended, Enrollment, Place, Started};
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Command, Effect};
use kurant_engine::map::Map;
use kurant_engine::person::Person;
use kurant_engine::value::Value;
use kurant_store::{Batch, OutboxState, Outgoing, Seen, Store, Stored};

pub(super) fn at(millis: i64) -> Instant {
    Instant::from_millis(millis)
}

pub(super) fn id(text: &str) -> CustomerId {
    text.into()
}

pub(super) fn person(name: &str) -> Stored {
    let mut customer = Customer::new(id(name));
    customer
        .attributes
        .insert("email", Value::text(format!("{name}@example.com")));
    customer
        .attributes
        .insert("last_purchase_at", Value::Instant(at(1_000)));
    Stored {
        person: Person::new(customer),
        fired: at(7),
        revision: 1,
    }
}

/// The same customer, written once more.
pub(super) fn again(stored: &Stored) -> Stored {
    Stored {
        revision: stored.revision + 1,
        ..stored.clone()
    }
}

/// A person who waits in a journey until `due`.
pub(super) fn waiting(name: &str, due: i64) -> Stored {
    let mut stored = person(name);
    stored.person.enrollments.push(enrollment(name, due));
    stored
}

/// Writes these customers, and nothing else.
pub(super) async fn put(store: &dyn Store, persons: Vec<Arc<Stored>>) {
    let batch = Batch {
        persons,
        ..Batch::default()
    };
    store.commit(batch).await.unwrap();
}

pub(super) fn enrollment(name: &str, due: i64) -> Enrollment {
    Enrollment {
        id: Key::of(&["enrollment", name]),
        journey: "welcome".into(),
        version: Key::of(&["welcome", "1"]),
        key: String::new(),
        parallel: false,
        held: false,
        entered: at(500),
        trigger: Started {
            kind: "event".into(),
            time: at(500),
            event: None,
            date: None,
            since: None,
        },
        vars: Map::new(),
        place: Place::Waiting {
            node: 3,
            due: at(due),
        },
        awaited: Vec::new(),
        timeouts: Vec::new(),
        control: false,
        depth: 0,
        expires: None,
        rounds: Vec::new(),
        moved: 0,
        made: Vec::new(),
        last_send: None,
        goal_reached: false,
        fallbacks: Vec::new(),
        turned_away: None,
        returned: 0,
        ended: None,
    }
}

pub(super) fn ended(name: &str) -> Enrollment {
    let mut enrollment = enrollment(name, 0);
    enrollment.place = Place::Done;
    enrollment.ended = Some(Ended {
        at: at(900),
        reason: "completed".into(),
    });
    enrollment
}

pub(super) fn event(customer: &str, kind: &str, number: u32, time: i64) -> Arc<Event> {
    let mut data = Map::new();
    data.insert("number", Value::Integer(number.into()));
    data.insert("at", Value::Instant(at(time)));
    Arc::new(Event {
        id: format!("{kind}-{number}").into(),
        source: "shop".into(),
        kind: kind.into(),
        customer: id(customer),
        time: at(time),
        data,
        attributes: Map::new(),
    })
}

pub(super) fn seen(event: &Event) -> Seen {
    Seen {
        identity: event.identity(),
        body: u64::MAX,
    }
}

pub(super) fn action(customer: &str, number: i64) -> Action {
    Action {
        at: at(number),
        journey: "welcome".into(),
        step: Some("hello".into()),
        customer: id(customer),
        enrollment: Key::of(&["enrollment", customer]),
        action: "send".into(),
        channel: Some("email".into()),
        template: Some("hello".into()),
        data: Map::new(),
        key: Key::of(&["action", customer, &number.to_string()]),
        status: ActionStatus::Sent,
        reason: None,
    }
}

pub(super) fn outgoing(customer: &str, number: i64, state: OutboxState) -> Outgoing {
    Outgoing {
        command: Command {
            key: Key::of(&["command", customer, &number.to_string()]),
            customer: id(customer),
            journey: "welcome".into(),
            step: "hello".into(),
            at: at(number),
            planned: at(number),
            what: Effect::Send {
                channel: "email".into(),
                to: format!("{customer}@example.com"),
                template: "hello".into(),
                valid_until: None,
                context: Map::new(),
                category: Category::Marketing,
            },
        },
        route: "email".into(),
        due: at(number),
        state,
        attempt: u32::from(state == OutboxState::Claimed),
        tries: 0,
        lease: None,
        is_withdrawn: false,
    }
}

/// Definitions of one journey at a version.
pub(super) fn definitions(version: &str) -> Definitions {
    let journey = Journey {
        status: Status::Live,
        ..Journey::new("welcome", Vec::new(), Vec::new())
    };
    Definitions {
        journeys: vec![Version {
            hash: Key::of(&["welcome", version]),
            journey,
            library: Vec::new(),
        }],
        ..Definitions::new(Workspace::new("test", Zone::Europe__Kyiv, "uk"))
    }
}
