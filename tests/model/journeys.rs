//! Random definitions: a workspace with a few journeys that use everything the model covers.

use kurant_engine::calendar::{
    DateRule, Duration, Every, Feb29, InactiveRule, Schedule, SendWindow, Time, Weekday, Weekdays,
    Zone,
};
use kurant_engine::definition::{
    Again, Category, Computed, Entry, Exit, Goal, Journey, Script, Status, Trigger, TriggerKind,
    Version, WhileActive,
};
use kurant_engine::id::Key;

use super::chance::Chance;
use super::expression::{Expression as E, Meanings};
use super::random_steps::DEPTH;

/// Event types that customers cause.
pub(super) const EVENTS: [&str; 3] = ["order.paid", "page.viewed", "cart.filled"];
/// Tags that journeys give.
pub(super) const TAGS: [&str; 3] = ["a", "b", "c"];
const ZONES: [&str; 5] = [
    "Europe/Kyiv",
    "America/New_York",
    "UTC",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
];
pub(super) const HOURS: i64 = 3_600_000;

/// Makes definitions, and notes what their scripts mean.
pub(super) struct Maker<'m> {
    pub(super) chance: &'m mut Chance,
    pub(super) meanings: &'m mut Meanings,
    /// Whether `event` is known in the journey at hand.
    pub(super) has_event: bool,
    /// How many ids have been given to steps.
    pub(super) ids: u32,
    /// How many `repeat`s are around the step at hand.
    pub(super) rounds: u32,
    /// Which journey is at hand: journeys emit events and start journeys only onwards or themselves, and only once.
    pub(super) number: u64,
    pub(super) looped: bool,
    /// Whether no step of the journey at hand lets time pass so far.
    pub(super) at_once: bool,
}

pub(super) fn zone(name: &str) -> Zone {
    name.parse().expect("a zone")
}

pub(super) fn any_zone(chance: &mut Chance) -> &'static str {
    chance.pick(&ZONES)
}

pub(super) fn time(hour: u32, minute: u32) -> Time {
    Time::from_hms_opt(hour, minute, 0).expect("a time of day")
}

/// The version of a journey as it stands.
pub(super) fn version(journey: Journey) -> Version {
    let text = serde_json::to_string(&journey).expect("a journey");
    Version {
        hash: Key::of(&[&text]),
        journey,
        library: Vec::new(),
    }
}

impl Maker<'_> {
    pub(super) fn script(&mut self, expression: E) -> Script {
        self.meanings.script(expression, "here")
    }

    pub(super) fn condition(&mut self) -> Script {
        let condition = self.any_condition(2);
        self.script(condition)
    }

    /// A condition that mostly holds.
    fn mild(&mut self) -> Script {
        let condition = self.any_condition(1);
        let mild = if self.chance.one_in(3) {
            condition
        } else {
            E::Or(Box::new(E::Bool(true)), Box::new(condition))
        };
        self.script(mild)
    }

    pub(super) fn any_condition(&mut self, depth: u32) -> E {
        if depth > 0 && self.chance.one_in(3) {
            let (a, b) = (
                Box::new(self.any_condition(depth - 1)),
                Box::new(self.any_condition(depth - 1)),
            );
            return match self.chance.below(3) {
                0 => E::And(a, b),
                1 => E::Or(a, b),
                _ => E::Not(a),
            };
        }
        let number = E::Int(self.chance.below(4) as i64);
        let event = self.chance.pick(&EVENTS).to_owned();
        let days = self.chance.below(4) as i64 + 1;
        match self.chance.below(if self.has_event { 17 } else { 15 }) {
            0 => E::Bool(self.chance.one_in(2)),
            1 | 2 => E::Customer("orders_count".to_owned())
                .compare(self.chance.pick(&[">", "<=", "==", "!="]), number),
            3 => E::Else(
                Box::new(E::Customer("orders_count".to_owned())),
                Box::new(E::Int(0)),
            )
            .compare(">=", number),
            4 => E::Asks("has_tag", self.chance.pick(&TAGS).to_owned()),
            5 => E::Since("days_since", Box::new(E::Customer("last_at".to_owned())))
                .compare(self.chance.pick(&["<", ">="]), number),
            6 => E::Since("months_since", Box::new(E::Customer("birthday".to_owned())))
                .compare(">", E::Int(300)),
            7 => E::Count(event, days).compare(self.chance.pick(&[">", "<", "=="]), E::Int(1)),
            8 => {
                E::Sum("order.paid".to_owned(), "total".to_owned(), days).compare(">=", E::Int(120))
            }
            9 => E::Happened(event),
            10 => E::Asks(
                "in_segment",
                self.chance.pick(&["vip", "tagged", "busy"]).to_owned(),
            ),
            11 => E::Asks(
                self.chance.pick(&["consented", "reachable"]),
                self.chance.pick(&["email", "sms"]).to_owned(),
            ),
            12 => E::Bucket("pilot".to_owned(), 3).compare("<", number),
            13 => E::IsSet(Box::new(E::Customer(
                self.chance
                    .pick(&["level", "last_at", "birthday"])
                    .to_owned(),
            ))),
            14 if self.chance.one_in(6) => E::Broken,
            14 => E::Customer("level".to_owned())
                .compare(self.chance.pick(&["==", "!="]), E::Text("gold".to_owned())),
            15 => E::Event("total".to_owned()).compare(">=", E::Int(100)),
            _ => E::Event("page".to_owned())
                .compare("==", E::Text(self.chance.pick(&["p1", "p2"]).to_owned())),
        }
    }

    /// A condition on an event that is tried out: `where`.
    pub(super) fn filter(&mut self, event: &str) -> Option<Script> {
        if !self.chance.one_in(3) {
            return None;
        }
        let filter = match event {
            "order.paid" => {
                E::Event("total".to_owned()).compare(self.chance.pick(&[">=", "<"]), E::Int(100))
            }
            "page.viewed" => E::Event("page".to_owned()).compare("==", E::Text("p1".to_owned())),
            _ if self.chance.one_in(8) => E::Broken,
            _ => self.any_condition(0),
        };
        Some(self.script(filter))
    }

    /// A moment that a wait can be counted from.
    pub(super) fn moment(&mut self) -> Script {
        let own = match self.chance.below(6) {
            0 => E::Customer("last_at".to_owned()),
            1 => E::Customer("birthday".to_owned()),
            2 => E::Trigger(self.chance.pick(&["date", "since"]).to_owned()),
            3 if self.has_event => E::EventTime,
            3 => E::Now,
            _ => E::Trigger("time".to_owned()),
        };
        let count = self.chance.below(5) as i64 - 1;
        let own = match self.chance.below(4) {
            0 => E::Shift(
                Box::new(own),
                self.chance.pick(&["days", "hours", "months"]),
                count,
            ),
            1 => E::Pick(
                self.chance.pick(&["latest", "earliest"]),
                Box::new(own),
                Box::new(E::Trigger("time".to_owned())),
            ),
            _ => own,
        };
        self.script(own)
    }

    pub(super) fn short(&mut self) -> Duration {
        match self.chance.below(8) {
            0 => Duration::from_millis(HOURS / 2),
            1 => Duration::from_millis(2 * HOURS),
            2 => Duration::from_millis(36 * HOURS),
            3 => Duration {
                workdays: 2,
                ..Duration::default()
            },
            4 => Duration {
                months: 1,
                ..Duration::default()
            },
            5 => Duration {
                days: 1,
                millis: HOURS,
                ..Duration::default()
            },
            6 => Duration::from_days(3),
            _ => Duration::from_days(1),
        }
    }

    pub(super) fn at(&mut self) -> Time {
        self.chance.pick(&[
            time(10, 0),
            time(3, 30),
            time(2, 15),
            time(0, 0),
            time(21, 30),
        ])
    }

    pub(super) fn weekdays(&mut self) -> Weekdays {
        self.chance.pick(&[
            Weekdays::WORKDAYS,
            Weekdays::of(&[Weekday::Mon, Weekday::Thu]),
            Weekdays::of(&[Weekday::Sun]),
        ])
    }

    pub(super) fn window(&mut self) -> SendWindow {
        let (from, to) = self.chance.pick(&[
            (time(9, 0), time(20, 0)),
            (time(22, 0), time(3, 30)),
            (time(12, 0), time(13, 0)),
        ]);
        let weekdays = if self.chance.one_in(2) {
            Weekdays::ALL
        } else {
            self.weekdays()
        };
        SendWindow { from, to, weekdays }
    }

    fn trigger(&mut self, events_only: bool) -> Trigger {
        let event = self
            .chance
            .pick(&["order.paid", "page.viewed", "cart.filled", "x.own"]);
        let own = format!("x.{}", self.number);
        let event = if event == "x.own" {
            own.as_str()
        } else {
            event
        };
        let kind = match self.chance.below(if events_only { 1 } else { 9 }) {
            0 | 1 => TriggerKind::Event {
                event: event.to_owned(),
                filter: self.filter(event),
                max_age: self
                    .chance
                    .pick(&[Duration::from_days(1), Duration::from_millis(HOURS)]),
            },
            2 | 3 => TriggerKind::Date {
                of: self
                    .chance
                    .pick(&["birthday", "last_at", "renews"])
                    .to_owned(),
                rule: DateRule {
                    every: self.chance.pick(&[Every::Year, Every::Month, Every::Once]),
                    offset: self.offset(),
                    at: Some(self.at()),
                    feb29: self.chance.pick(&[Feb29::Feb28, Feb29::Mar1, Feb29::Skip]),
                },
            },
            4 => TriggerKind::Inactive {
                since: "last_at".to_owned(),
                rule: InactiveRule {
                    for_: self.short(),
                    at: self.chance.maybe(2, |_| time(10, 0)),
                },
            },
            5 => TriggerKind::Enters {
                segment: self.chance.pick(&["vip", "tagged"]).to_owned(),
            },
            6 => TriggerKind::Leaves {
                segment: self.chance.pick(&["vip", "tagged"]).to_owned(),
            },
            7 => TriggerKind::Schedule {
                schedule: Schedule::parse(self.chance.pick(&[
                    "0 9 * * 1",
                    "30 3 * * *",
                    "0 12 1,15 * 5",
                    "@weekly",
                ]))
                .expect("a schedule"),
                timezone: self.chance.maybe(2, |chance| zone(any_zone(chance))),
            },
            _ => TriggerKind::Manual,
        };
        let catch_up = self.chance.pick(&[
            Duration::from_days(1),
            Duration::from_days(3),
            Duration::from_millis(HOURS),
        ]);
        Trigger { kind, catch_up }
    }

    fn offset(&mut self) -> kurant_engine::calendar::Offset {
        let duration = self.chance.pick(&[
            Duration::ZERO,
            Duration::from_days(2),
            Duration::from_millis(5 * HOURS),
        ]);
        if self.chance.one_in(2) {
            duration.forward()
        } else {
            duration.backward()
        }
    }

    fn triggers(&mut self) -> Vec<Trigger> {
        let first = self.trigger(false);
        let is_event = matches!(first.kind, TriggerKind::Event { .. });
        self.has_event = is_event;
        let mut triggers = vec![first];
        if self.chance.one_in(4) {
            let manual = Trigger {
                kind: TriggerKind::Manual,
                catch_up: Duration::from_days(1),
            };
            triggers.push(match self.trigger(is_event) {
                second if is_event || second.kind.anchor().is_some() => second,
                _ => manual,
            });
        }
        triggers.dedup();
        triggers
    }

    fn exits(&mut self) -> Vec<Exit> {
        let mut exits = Vec::new();
        if self.chance.one_in(3) {
            let event = self.chance.pick(&[
                "order.paid",
                "cart.filled",
                "message.clicked",
                "message.clicked",
                "task.done",
                "task.done",
                "x.1",
            ]);
            let filter = self.filter(event);
            exits.push(Exit::Event {
                event: event.to_owned(),
                filter,
                reason: event.to_owned(),
            });
        }
        if self.chance.one_in(4) {
            let known = std::mem::replace(&mut self.has_event, false);
            let condition = E::And(
                Box::new(self.any_condition(0)),
                Box::new(self.any_condition(1)),
            );
            self.has_event = known;
            let when = self.script(condition);
            exits.push(Exit::When {
                when,
                reason: "condition".to_owned(),
            });
        }
        exits
    }

    fn goal(&mut self) -> Goal {
        let event = self.chance.pick(&["order.paid", "message.clicked", "x.2"]);
        Goal {
            event: event.to_owned(),
            filter: self.filter(event),
            within: self.chance.maybe(2, |_| Duration::from_days(3)),
            value: None,
        }
    }

    fn entry(&mut self) -> Entry {
        let key = if self.has_event && self.chance.one_in(4) {
            let field = self.chance.pick(&["cart", "page"]);
            Some(self.script(E::Event(field.to_owned())))
        } else {
            None
        };
        Entry {
            key,
            again: self.chance.pick(&[
                Again::Always,
                Again::Always,
                Again::Never,
                Again::After(Duration::from_days(2)),
                Again::After(Duration::from_millis(3 * HOURS)),
            ]),
            while_active: self.chance.pick(&[
                WhileActive::Ignore,
                WhileActive::Restart,
                WhileActive::Queue,
                WhileActive::Parallel,
            ]),
        }
    }

    pub(super) fn journey(&mut self, number: u64) -> Version {
        self.number = number;
        let triggers = self.triggers();
        self.ids = 0;
        self.looped = false;
        self.at_once = true;
        let audience = if self.chance.one_in(2) {
            Some(self.mild())
        } else {
            None
        };
        let pilot = if self.chance.one_in(8) {
            Some(self.mild())
        } else {
            None
        };
        let entry = self.entry();
        let exits = self.exits();
        let goal = if self.chance.one_in(3) {
            Some(self.goal())
        } else {
            None
        };
        let mut vars = vec![("v".to_owned(), Computed::Literal(7.into()))];
        if self.chance.one_in(10) {
            vars.push(("w".to_owned(), self.value()));
        }
        let steps = self.steps(DEPTH, 5);
        version(Journey {
            id: format!("j{number}"),
            title: None,
            owner: None,
            status: if self.chance.one_in(30) {
                Status::Draft
            } else {
                Status::Live
            },
            category: self.chance.pick(&[
                Category::Marketing,
                Category::Marketing,
                Category::Service,
                Category::Transactional,
            ]),
            triggers,
            audience,
            entry,
            exits,
            goal,
            topic: self.chance.maybe(4, |_| "news".to_owned()),
            expires: self.chance.maybe(4, |chance| {
                chance.pick(&[Duration::from_days(2), Duration::from_millis(2 * HOURS)])
            }),
            priority: self.chance.pick(&[50, 50, 10, 90]),
            holdout: self.chance.pick(&[0, 0, 0, 5_000]),
            pilot,
            vars,
            steps,
        })
    }
}
