//! What is judged again after a pause, which occasions are one, and that whatever follows from itself comes to an end.

mod coupons;
mod declared;
mod due;
mod fallbacks;
mod feedback;
mod hooks;
mod judged;
mod lookback;
mod operator;
mod pause;
mod profile;

use std::sync::Arc;

use crate::action::Action;
use crate::calendar::{
    DateRule, DayWindow, Duration, Every, Feb29, InactiveRule, Instant, Time, Zone,
};
use crate::catalog::{Acting, Catalog};
use crate::customer::Customer;
use crate::definition::{
    Awaited, Category, Channel, Computed, Definitions, Exit, Journey, OnStop, ProfileUpdate,
    Repeat, Schema, Script, Send, Start, Status, Step, Template, Trigger, TriggerKind, Verb,
    Version, WaitFor, Workspace,
};
use crate::desk::Desk;
use crate::event::Event;
use crate::id::Key;
use crate::input::{Command, GivenCode, Input, Trace};
use crate::map::Map;
use crate::person::{LastEntry, Person};
use crate::process::{MAX_DEPTH, process};
use crate::value::Value;

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn step(verb: Verb) -> Step {
    Step {
        id: Some("s".into()),
        title: None,
        when: None,
        verb,
    }
}

fn send() -> Send {
    Send {
        channel: Channel::Named("email".into()),
        template: "t".into(),
        data: Vec::new(),
        to: None,
        fallback: Vec::new(),
        fallback_after: None,
        window: None,
        valid_for: None,
        on_late: OnStop::Skip,
        on_cap: OnStop::Skip,
    }
}

fn start_itself() -> Step {
    step(Verb::Start(Start {
        journey: "j".into(),
        vars: Vec::new(),
    }))
}

fn trigger(kind: TriggerKind) -> Trigger {
    let catch_up = Duration::from_days(1);
    Trigger { kind, catch_up }
}

fn journey(triggers: Vec<TriggerKind>, steps: Vec<Step>) -> Journey {
    let triggers = triggers.into_iter().map(trigger).collect();
    Journey {
        status: Status::Live,
        category: Category::Service,
        ..Journey::new("j", triggers, steps)
    }
}

/// A day in which the enrollment goes on.
fn a_day() -> Step {
    step(Verb::WaitFor(WaitFor {
        any: vec![Awaited {
            event: "x".into(),
            filter: None,
        }],
        timeout: Some(Duration::from_days(1)),
        until: None,
        since: None,
        then: Vec::new(),
        otherwise: Vec::new(),
    }))
}

/// One customer with one journey, and all that has happened.
struct Play {
    catalog: Catalog,
    person: Person,
    desk: Desk,
    clock: Instant,
    actions: Vec<Action>,
    withdrawn: Vec<Key>,
    commands: Vec<Command>,
    trace: Vec<Trace>,
    codes: Vec<GivenCode>,
}

impl Play {
    fn new(journey: Journey, quiet: Option<DayWindow>) -> Self {
        Self::in_workspace(journey, quiet, Vec::new())
    }

    fn in_workspace(
        journey: Journey,
        quiet: Option<DayWindow>,
        profile: Vec<ProfileUpdate>,
    ) -> Self {
        Self::with_schema(journey, quiet, profile, Schema::default())
    }

    fn with_schema(
        journey: Journey,
        quiet: Option<DayWindow>,
        profile: Vec<ProfileUpdate>,
        schema: Schema,
    ) -> Self {
        let channel = |name: &str| crate::definition::ChannelSettings {
            name: name.into(),
            settings: Map::new(),
        };
        let workspace = Workspace {
            quiet_hours: quiet,
            channels: vec![channel("email"), channel("sms")],
            ..Workspace::new("test", Zone::UTC, "uk")
        };
        let template = |channel: &str| Template {
            name: "t".into(),
            channel: channel.into(),
            locale: None,
            extension: "txt".into(),
            front: Default::default(),
            body: String::new(),
        };
        let definitions = Definitions {
            templates: vec![template("email"), template("sms")],
            profile,
            schema,
            journeys: vec![Version {
                hash: Key::of(&["j"]),
                journey,
                library: Vec::new(),
            }],
            ..Definitions::new(workspace)
        };
        let mut customer = Customer::new("c1".into());
        for (name, address) in [("email", "a@example.com"), ("phone", "+380501112233")] {
            customer.attributes.insert(name, Value::text(address));
        }
        Self {
            catalog: Catalog::load(&definitions, &[], Acting::Live).unwrap(),
            person: Person::new(customer),
            desk: Desk::default(),
            clock: instant("2026-03-01T00:00:00Z"),
            actions: Vec::new(),
            withdrawn: Vec::new(),
            commands: Vec::new(),
            trace: Vec::new(),
            codes: Vec::new(),
        }
    }

    fn give(&mut self, input: Input) {
        let changes = process(
            &self.catalog,
            &mut self.person,
            &mut self.desk,
            input,
            self.clock,
        );
        self.actions.extend(changes.actions);
        self.withdrawn.extend(changes.withdrawn);
        self.commands.extend(changes.commands);
        self.trace.extend(changes.trace);
        self.codes.extend(changes.codes);
    }

    fn enroll(&mut self) {
        self.give(Input::Enroll {
            journey: "j".into(),
            vars: Map::new(),
            request: "r".into(),
        });
    }

    fn event(&mut self, kind: &str, name: &str, value: Value) {
        let id = format!("{kind} {name} {value}");
        self.give(Input::Event(Arc::new(Event {
            id: id.as_str().into(),
            source: "shop".into(),
            kind: kind.into(),
            customer: "c1".into(),
            time: self.clock,
            data: Map::from_iter([(name, value)]),
            attributes: Map::new(),
        })));
    }

    /// Lets time pass and does all that is due on the way; as often as anybody would want.
    fn until(&mut self, text: &str) {
        let until = instant(text);
        for _ in 0..500 {
            let firing = self.catalog.next_firing(&self.person, self.clock);
            let due = self.person.wake_at().into_iter().chain(firing).min();
            let Some(due) = due.filter(|due| *due <= until) else {
                self.clock = until;
                return;
            };
            let before = self.clock;
            self.clock = due.max(before);
            let firings = self.catalog.firings(&self.person, before, self.clock);
            self.give(Input::Due(firings));
            self.give(Input::HandOver);
        }
        panic!("there is no end of it");
    }

    fn count(&self, action: &str, reason: Option<&str>) -> usize {
        let alike = |own: &&Action| own.action == action && own.reason.as_deref() == reason;
        self.actions.iter().filter(alike).count()
    }
}

/// From midnight to nine in the morning.
fn quiet() -> Option<DayWindow> {
    Some(DayWindow {
        from: Time::MIN,
        to: Time::from_hms_opt(9, 0, 0).unwrap(),
    })
}

fn date(of: &str) -> TriggerKind {
    TriggerKind::Date {
        of: of.into(),
        rule: DateRule {
            every: Every::Year,
            offset: Duration::ZERO.forward(),
            at: Time::from_hms_opt(10, 0, 0),
            feb29: Feb29::Feb28,
        },
    }
}

fn day(text: &str) -> Value {
    Value::Date(text.parse().unwrap())
}

#[test]
fn an_exit_condition_is_judged_again_before_a_deferred_message_leaves() {
    for (level, sent) in [("gold", 1), ("none", 0)] {
        let mut own = journey(vec![TriggerKind::Manual], vec![step(Verb::Send(send()))]);
        own.exits.push(Exit::When {
            when: Script::new(
                "now >= instant(\"2026-03-01T08:00:00Z\") && customer.level != \"gold\"",
                "x",
            ),
            reason: "over".into(),
        });
        let mut play = Play::new(own, quiet());
        let attributes = &mut play.person.customer.attributes;
        attributes.insert("level", Value::text(level));
        play.enroll();
        play.until("2026-03-02T00:00:00Z");
        assert_eq!(play.count("send", None), sent, "{level}");
        assert_eq!(play.count("exit", Some("over")), 1 - sent, "{level}");
    }
}

#[test]
fn the_condition_of_a_send_is_judged_again_before_its_fallback() {
    for (level, sent) in [("gold", 2), ("plain", 1)] {
        let mut first = step(Verb::Send(Send {
            fallback: vec!["sms".into()],
            fallback_after: Some(Duration::from_millis(7_200_000)),
            ..send()
        }));
        first.when = Some(Script::new("customer.level == \"gold\"", "x"));
        let mut play = Play::new(
            journey(vec![TriggerKind::Manual], vec![first, a_day()]),
            None,
        );
        let attributes = &mut play.person.customer.attributes;
        attributes.insert("level", Value::text("gold"));
        play.enroll();
        play.until("2026-03-01T00:00:00Z");
        play.event("customer.updated", "level", Value::text(level));
        play.until("2026-03-05T00:00:00Z");
        assert_eq!(play.count("send", None), sent, "{level}");
        assert_eq!(play.count("send", Some("condition")), 2 - sent, "{level}");
    }
}

#[test]
fn a_fallback_sees_the_round_in_which_it_was_first_sent() {
    let round = Computed::Expression(Script::new("round", "x"));
    let message = step(Verb::Send(Send {
        data: vec![("n".into(), round)],
        fallback: vec!["sms".into()],
        fallback_after: Some(Duration::from_millis(7_200_000)),
        ..send()
    }));
    let repeat = step(Verb::Repeat(Repeat {
        condition: None,
        at_most: 2,
        steps: vec![message],
    }));
    let mut play = Play::new(
        journey(vec![TriggerKind::Manual], vec![repeat, a_day()]),
        None,
    );
    play.enroll();
    play.until("2026-03-05T00:00:00Z");
    let sends = play.actions.iter().filter(|action| action.action == "send");
    let seen: Vec<String> = sends
        .map(|send| send.data.get("n").unwrap().to_string())
        .collect();
    assert_eq!(seen, ["1", "2", "1", "2"]);
}

#[test]
fn two_dates_of_a_customer_are_two_occasions_and_a_moved_one_is_none() {
    let triggers = vec![date("birthday"), date("name_day")];
    let mut play = Play::new(journey(triggers, Vec::new()), None);
    play.event("customer.updated", "birthday", day("1990-03-03"));
    play.event("customer.updated", "name_day", day("1990-03-05"));
    play.until("2026-03-10T00:00:00Z");
    assert_eq!(play.count("enter", None), 2);
    play.event("customer.updated", "birthday", day("1990-03-15"));
    play.until("2026-03-20T00:00:00Z");
    assert_eq!(play.count("enter", None), 2);
}

#[test]
fn a_year_is_remembered_whatever_comes_of_another_attribute() {
    let seen = TriggerKind::Inactive {
        since: "seen_at".into(),
        rule: InactiveRule {
            for_: Duration::from_millis(3_600_000),
            at: None,
        },
    };
    let mut play = Play::new(journey(vec![date("birthday"), seen], Vec::new()), None);
    play.event("customer.updated", "birthday", day("1990-03-01"));
    for number in 2..12 {
        play.until(&format!("2026-03-{number:02}T12:00:00Z"));
        play.event("customer.updated", "seen_at", play.clock.into());
    }
    play.event("customer.updated", "birthday", day("1990-03-15"));
    play.until("2026-03-20T00:00:00Z");
    assert_eq!(play.count("enter", None), 11);
}

#[test]
fn a_year_that_an_import_names_is_taken() {
    let mut play = Play::new(journey(vec![date("birthday")], Vec::new()), None);
    play.person.entries.push(LastEntry {
        journey: "j".into(),
        key: String::new(),
        at: instant("2026-01-01T00:00:00Z"),
        occasions: vec!["2026".into()],
    });
    play.event("customer.updated", "birthday", day("1990-03-03"));
    play.until("2026-12-31T00:00:00Z");
    assert_eq!(play.count("enter", None), 0);
    play.until("2027-12-31T00:00:00Z");
    assert_eq!(play.count("enter", None), 1);
}

#[test]
fn a_journey_that_starts_itself_at_the_same_instant_comes_to_an_end() {
    let over = step(Verb::WaitFor(WaitFor {
        any: vec![Awaited {
            event: "x".into(),
            filter: None,
        }],
        timeout: None,
        until: Some(Script::new("trigger.time", "x")),
        since: None,
        then: Vec::new(),
        otherwise: Vec::new(),
    }));
    for first in [step(Verb::Send(send())), over] {
        let steps = vec![first, start_itself()];
        let mut own = journey(vec![TriggerKind::Manual], steps);
        own.entry.while_active = crate::definition::WhileActive::Parallel;
        let mut play = Play::new(own, None);
        play.enroll();
        play.until("2026-03-02T00:00:00Z");
        assert_eq!(play.count("enter", None), MAX_DEPTH as usize);
        assert_eq!(play.count("start", Some("too_deep")), 1);
    }
}
