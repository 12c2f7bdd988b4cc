//! Random histories: what happens to one customer, with duplicates, disorder, edits, restarts and outages.

use std::sync::Arc;

use kurant_engine::calendar::{Date, Instant};
use kurant_engine::customer::{Consent, Customer, Suppressed};
use kurant_engine::definition::{Definitions, Status};
use kurant_engine::event::Event;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::chance::Chance;
use super::expression::Meanings;
use super::journeys::{EVENTS, Maker, any_zone, version};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Definitions with their edits, and what their scripts mean.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) definitions: Vec<Definitions>,
    pub(super) meanings: Meanings,
}

/// Something that happens at an instant.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// An event arrives, perhaps once more.
    Event(Arc<Event>),
    /// Feedback on one of the messages or tasks so far.
    Feedback {
        kind: &'static str,
        id: String,
        late: i64,
        nth: usize,
    },
    /// Somebody enrolls the customer by hand.
    Enroll { journey: String, request: String },
    /// Somebody ends the customer's enrollments in a journey.
    Stop { journey: String },
    /// Other definitions are deployed.
    Edit { number: usize },
    /// The state is stored and read again.
    Restart,
    /// Nothing runs until then.
    Outage { until: Instant },
}

/// A customer and what happens, in the order of arrival.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) customer: Customer,
    pub(super) from: Instant,
    pub(super) until: Instant,
    pub(super) happenings: Vec<(Instant, Happening)>,
}

/// Random definitions, and one or two edits of them.
pub(super) fn written(seed: u64) -> Written {
    let mut chance = Chance::new(seed);
    let mut meanings = Meanings::default();
    let mut maker = Maker {
        chance: &mut chance,
        meanings: &mut meanings,
        has_event: false,
        ids: 0,
        rounds: 0,
        number: 0,
        looped: false,
        at_once: true,
    };
    let first = maker.definitions();
    let mut definitions = vec![first];
    if maker.chance.one_in(2) {
        let edited = edit(&definitions[0], &mut maker);
        definitions.push(edited);
    }
    Written {
        definitions,
        meanings,
    }
}

/// One journey gets other steps, or is retired; perhaps a segment another condition.
fn edit(before: &Definitions, maker: &mut Maker<'_>) -> Definitions {
    let mut edited = before.clone();
    let number = maker.chance.below(edited.journeys.len() as u64);
    let own = &mut edited.journeys[number as usize];
    let mut journey = own.journey.clone();
    if maker.chance.one_in(6) {
        journey.status = Status::Retired;
    } else {
        let other = maker.journey(number).journey;
        journey.exits = other
            .exits
            .into_iter()
            .filter(|exit| {
                matches!(
                    exit,
                    kurant_engine::definition::Exit::Event { filter: None, .. }
                )
            })
            .collect();
        maker.has_event = false;
        maker.looped = false;
        maker.at_once = false;
        journey.steps = maker.steps(2, 4);
    }
    *own = version(journey);
    if maker.chance.one_in(3) {
        let condition = maker.any_condition(0);
        let watched = matches!(
            condition,
            super::expression::Expression::Customer(_)
                | super::expression::Expression::Asks("has_tag", _)
                | super::expression::Expression::Bool(_)
        );
        if watched {
            edited.segments[1].condition = maker.script(condition);
        }
    }
    edited
}

fn day(year: i32, month: u32, day: u32) -> Instant {
    let date = Date::from_ymd_opt(year, month, day).expect("a date");
    Instant::from_millis(
        date.and_hms_opt(0, 0, 0)
            .expect("a time")
            .and_utc()
            .timestamp_millis(),
    )
}

fn customer(chance: &mut Chance, from: Instant) -> Customer {
    let mut customer = Customer::new("c1".into());
    let mut set = |name: &str, value: Value| drop(customer.attributes.insert(name, value));
    if !chance.one_in(6) {
        set("email", Value::text("a@example.com"));
    }
    if chance.one_in(2) {
        set("phone", Value::text("+380501112233"));
    }
    if chance.one_in(2) {
        set("timezone", Value::text(any_zone(chance)));
    }
    if chance.one_in(3) {
        set("preferred_channel", Value::text("sms"));
    }
    if chance.one_in(2) {
        set("owner", Value::text("taras"));
    }
    if chance.one_in(2) {
        set(
            "last_at",
            Value::Instant(from.plus_millis(-(chance.below(40) as i64) * 6 * HOUR)),
        );
    }
    if chance.one_in(2) {
        set("birthday", Value::Date(birthday(chance, from)));
    }
    for channel in ["email", "sms"] {
        if !chance.one_in(4) {
            customer.consents.push(Consent {
                channel: channel.into(),
                granted: !chance.one_in(8),
                at: Instant::MIN,
            });
        }
    }
    if chance.one_in(10) {
        customer.suppressed.push(Suppressed {
            channel: "email".into(),
            address: "a@example.com".to_owned(),
        });
    }
    if chance.one_in(10) {
        customer.opted_out.push("news".to_owned());
    }
    customer
}

/// Born near this day of the year, so that something happens; or on 29 February.
fn birthday(chance: &mut Chance, near: Instant) -> Date {
    if chance.one_in(4) {
        return Date::from_ymd_opt(1992, 2, 29).expect("a date");
    }
    let about = near
        .plus_millis(chance.below(20) as i64 * DAY)
        .date(chrono_tz::UTC);
    about - chrono::TimeDelta::days(365 * 30 + 7)
}

/// What happens to one customer.
pub(super) fn history(seed: u64, definitions: usize) -> History {
    let mut chance = Chance::new(seed ^ 0x5eed);
    let starts = [
        day(2026, 3, 26),
        day(2026, 10, 22),
        day(2027, 1, 27),
        day(2028, 2, 25),
        day(2026, 6, 10),
        day(2026, 4, 2),
        day(2026, 10, 1),
    ];
    let from = chance.pick(&starts);
    let customer = customer(&mut chance, from);
    let count = 4 + chance.below(20);
    let pace = chance.pick(&[HOUR, 6 * HOUR, DAY]);
    let mut at = from;
    let mut happenings: Vec<(Instant, Happening)> = Vec::new();
    for number in 0..count {
        at = at.plus_millis(step(&mut chance, pace));
        let happening = match chance.below(20) {
            0 | 1 => repeated(&mut chance, &happenings)
                .unwrap_or_else(|| Happening::Event(event(&mut chance, number, at))),
            2..=4 => Happening::Feedback {
                kind: chance.pick(&[
                    "message.clicked",
                    "message.delivered",
                    "message.bounced",
                    "task.done",
                    "message.unsubscribed",
                ]),
                id: format!("f{number}"),
                late: if chance.one_in(4) { HOUR } else { 0 },
                nth: chance.pick(&[0, 0, 1, 3]),
            },
            5 => Happening::Enroll {
                journey: format!("j{}", chance.below(4)),
                request: format!("r{number}"),
            },
            6 if chance.one_in(3) => Happening::Stop {
                journey: format!("j{}", chance.below(4)),
            },
            7 if definitions > 1 => Happening::Edit {
                number: chance.below(definitions as u64) as usize,
            },
            8 => Happening::Restart,
            9 if chance.one_in(2) => Happening::Outage {
                until: at.plus_millis(chance.pick(&[2 * HOUR, 30 * HOUR])),
            },
            _ => Happening::Event(event(&mut chance, number, at)),
        };
        happenings.push((at, happening));
    }
    let until = at.plus_millis(chance.pick(&[2, 10, 40]) * DAY);
    History {
        customer,
        from,
        until,
        happenings,
    }
}

/// Round times, so that things meet; sometimes the same instant; sometimes any millisecond.
fn step(chance: &mut Chance, pace: i64) -> i64 {
    match chance.below(8) {
        0 => 0,
        1 => chance.below(pace as u64) as i64,
        2 => HOUR,
        3 => 30 * MINUTE,
        _ => (chance.below(4) as i64 * pace / 2 / (30 * MINUTE)) * 30 * MINUTE,
    }
}

fn repeated(chance: &mut Chance, happenings: &[(Instant, Happening)]) -> Option<Happening> {
    if happenings.is_empty() {
        return None;
    }
    match chance.pick(happenings) {
        (_, event @ Happening::Event(_)) => Some(event),
        _ => None,
    }
}

fn event(chance: &mut Chance, number: u64, arrival: Instant) -> Arc<Event> {
    let kind = match chance.below(12) {
        0 => "customer.updated",
        1 => "consent.changed",
        2 if chance.one_in(8) => "customer.erased",
        2 => "x.0",
        3..=5 => "order.paid",
        _ => chance.pick(&EVENTS),
    };
    let mut data = Map::new();
    let mut attributes = Map::new();
    match kind {
        "order.paid" => drop(data.insert("total", Value::Integer(chance.pick(&[50, 100, 150])))),
        "page.viewed" => drop(data.insert("page", Value::text(chance.pick(&["p1", "p2"])))),
        "cart.filled" if !chance.one_in(4) => {
            data.insert("cart", Value::text(chance.pick(&["k1", "k2"])));
        }
        "consent.changed" => {
            data.insert("channel", Value::text(chance.pick(&["email", "sms"])));
            data.insert("granted", Value::Bool(chance.one_in(2)));
        }
        "customer.updated" => attribute(chance, &mut data, arrival),
        _ => {}
    }
    // An attribute that the same event sets and sets back: whether that is a change nobody can say.
    if chance.one_in(10) && kind != "customer.updated" {
        attribute(chance, &mut attributes, arrival);
        attributes.remove("last_at");
    }
    let late = match chance.below(8) {
        0 => chance.below(6) as i64 * HOUR,
        1 => chance.below(4) as i64 * DAY,
        _ => 0,
    };
    Arc::new(Event {
        id: format!("e{number}").into(),
        source: "shop".into(),
        kind: kind.into(),
        customer: "c1".into(),
        time: arrival.plus_millis(-late),
        data,
        attributes,
    })
}

fn attribute(chance: &mut Chance, map: &mut Map, now: Instant) {
    match chance.below(7) {
        0 => map.insert("level", Value::text(chance.pick(&["gold", "plain"]))),
        1 => map.insert("birthday", Value::Date(birthday(chance, now))),
        2 => map.insert("timezone", Value::text(any_zone(chance))),
        3 => map.insert(
            "last_at",
            Value::Instant(now.plus_millis(-(chance.below(80) as i64) * HOUR)),
        ),
        4 => map.insert(
            "email",
            if chance.one_in(3) {
                Value::Null
            } else {
                Value::text("b@example.com")
            },
        ),
        5 => map.insert(
            "consents",
            Value::Map(
                [("email", Value::Bool(chance.one_in(2)))]
                    .into_iter()
                    .collect(),
            ),
        ),
        _ => map.insert("renews", Value::Date(birthday(chance, now))),
    };
}
