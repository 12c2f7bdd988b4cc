//! Runs a history through the engine and through the model.

use std::sync::Arc;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::definition::{Definitions, Version};
use kurant_engine::desk::Desk;
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_engine::input::Input;
use kurant_engine::map::Map;
use kurant_engine::person::Person;
use kurant_engine::process::process;
use kurant_engine::value::Value;

use super::histories::{Happening, History, Written};
use super::reference::Model;

/// What can be seen from outside.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) actions: Vec<Action>,
    pub(super) notes: Vec<(String, String)>,
}

/// Something that a history can be played to.
pub(super) trait Player {
    /// Works off whatever is due before an instant.
    fn run_until(&mut self, until: Instant);
    /// Works off whatever is due up to and at an instant, by a clock that stands there.
    fn catch_up(&mut self, clock: Instant);
    fn event(&mut self, event: &Arc<Event>, clock: Instant);
    fn enroll(&mut self, journey: &str, request: &str, clock: Instant);
    fn stop(&mut self, journey: &str, clock: Instant);
    fn edit(&mut self, number: usize);
    fn restart(&mut self);
    fn seen(&self) -> Seen;
}

/// Plays a history, as far as its end.
pub(super) fn play(history: &History, player: &mut impl Player) -> Seen {
    let mut outage: Option<Instant> = None;
    for (at, happening) in &history.happenings {
        if let Some(until) = outage.filter(|until| until <= at) {
            player.catch_up(until);
            outage = None;
        }
        if outage.is_none() {
            player.run_until(*at);
        }
        let clock = outage.unwrap_or(*at);
        match happening {
            Happening::Event(event) => player.event(event, clock),
            Happening::Feedback {
                kind,
                id,
                late,
                nth,
            } => {
                let event = feedback(
                    kind,
                    id,
                    at.plus_millis(-late),
                    *nth,
                    &player.seen().actions,
                );
                player.event(&event, clock);
            }
            Happening::Enroll { journey, request } => player.enroll(journey, request, clock),
            Happening::Stop { journey } => player.stop(journey, clock),
            Happening::Edit { number } => player.edit(*number),
            Happening::Restart => player.restart(),
            Happening::Outage { until } => {
                outage = Some(outage.map_or(*until, |own| own.max(*until)))
            }
        }
    }
    if let Some(until) = outage {
        player.catch_up(until);
    }
    player.run_until(history.until);
    player.seen()
}

/// Feedback on a message or a task that has left.
fn feedback(kind: &str, id: &str, time: Instant, nth: usize, actions: &[Action]) -> Arc<Event> {
    let own = |action: &&Action| match kind {
        "task.done" => action.action == "task",
        _ => action.action == "send" && action.channel.is_some(),
    };
    let answered: Vec<&Action> = actions.iter().filter(own).collect();
    let mut data = Map::new();
    if let Some(action) = answered
        .len()
        .checked_sub(1 + nth)
        .and_then(|index| answered.get(index))
    {
        data.insert("key", Value::text(action.key.to_string()));
    }
    data.insert("channel", Value::text("email"));
    Arc::new(Event {
        id: id.into(),
        source: "provider".into(),
        kind: kind.into(),
        customer: "c1".into(),
        time,
        data,
        attributes: Map::new(),
    })
}

/// The model, with the definitions that it may be edited to.
pub(super) struct ModelPlayer<'c> {
    written: &'c Written,
    pub(super) model: Model<'c>,
}

impl<'c> ModelPlayer<'c> {
    pub(super) fn new(written: &'c Written, history: &History) -> Self {
        let model = Model::new(
            &written.definitions[0],
            &written.meanings,
            history.customer.clone(),
            history.from,
        );
        Self { written, model }
    }
}

impl Player for ModelPlayer<'_> {
    fn run_until(&mut self, until: Instant) {
        while let Some(due) = self.model.next_due(until.plus_millis(-1)) {
            let clock = due.max(self.model.wall);
            self.model.work_off(clock);
        }
        self.model.scanned = until.plus_millis(-1);
        self.model.wall = until;
    }

    fn catch_up(&mut self, clock: Instant) {
        self.model.work_off(clock);
    }

    fn event(&mut self, event: &Arc<Event>, clock: Instant) {
        self.model.event(event, clock);
    }

    fn enroll(&mut self, journey: &str, request: &str, clock: Instant) {
        self.model
            .enroll(journey, Map::new(), request.to_owned(), clock);
    }

    fn stop(&mut self, journey: &str, clock: Instant) {
        self.model.stop(journey, clock);
    }

    fn edit(&mut self, number: usize) {
        self.model.edit(&self.written.definitions[number]);
    }

    fn restart(&mut self) {}

    fn seen(&self) -> Seen {
        Seen {
            actions: self.model.actions.clone(),
            notes: self.model.notes.clone(),
        }
    }
}

/// One catalog for each edit, with the versions of all others at hand for those still inside.
pub(super) fn catalogs(written: &Written) -> Vec<Catalog> {
    let versions: Vec<Version> = written
        .definitions
        .iter()
        .flat_map(|definitions| definitions.journeys.clone())
        .collect();
    let load = |definitions: &Definitions| Catalog::load(definitions, &versions, Acting::Live);
    let catalogs = written.definitions.iter().map(load);
    catalogs
        .collect::<Result<_, _>>()
        .expect("definitions that compile")
}

/// The engine, one input at a time.
pub(super) struct EnginePlayer<'c> {
    catalogs: &'c [Catalog],
    current: usize,
    person: Person,
    desk: Desk,
    /// Every event taken in so far: what a store would load from.
    log: Vec<Arc<Event>>,
    identities: Vec<Key>,
    clock: Instant,
    scanned: Instant,
    seen: Seen,
}

impl<'c> EnginePlayer<'c> {
    pub(super) fn new(catalogs: &'c [Catalog], history: &History) -> Self {
        let mut player = Self {
            catalogs,
            current: 0,
            person: Person::new(history.customer.clone()),
            desk: Desk::default(),
            log: Vec::new(),
            identities: Vec::new(),
            clock: history.from,
            scanned: history.from.plus_millis(-1),
            seen: Seen::default(),
        };
        player.give(Input::Baseline, history.from);
        player
    }

    fn catalog(&self) -> &'c Catalog {
        &self.catalogs[self.current]
    }

    fn give(&mut self, input: Input, clock: Instant) {
        self.clock = clock;
        let changes = process(
            self.catalog(),
            &mut self.person,
            &mut self.desk,
            input,
            clock,
        );
        self.seen.actions.extend(changes.actions);
        for trace in changes.trace {
            let about = match (
                &trace.what[..],
                trace.enrollment,
                &trace.journey,
                &trace.reason,
            ) {
                ("goal" | "too_late" | "timeout", Some(enrollment), ..) => enrollment.to_string(),
                ("not_entered", _, Some(journey), Some(reason)) if reason != "missed" => {
                    format!("{journey} {reason}")
                }
                ("passed_over", ..) => String::new(),
                _ => continue,
            };
            self.seen.notes.push((trace.what, about));
        }
        for command in changes.commands {
            if let kurant_engine::input::Effect::Emit { event } = command.what {
                self.log.push(event);
            }
        }
    }

    /// Keeps an event, as a store would: an erasure takes all with it, and what comes late of the time before.
    fn keep(&mut self, event: &Arc<Event>) {
        match self.person.customer.erased {
            Some(at) if at == event.time => self.log.clear(),
            Some(at) if at > event.time => {}
            // Until a consent is given anew nothing is kept.
            Some(_) if self.person.customer.is_erased() => {}
            _ => self.log.push(event.clone()),
        }
    }

    fn next(&self) -> Option<Instant> {
        let catalog = self.catalog();
        let firing = catalog.next_firing(&self.person, self.scanned);
        [
            self.person.wake_at(),
            firing,
            catalog.next_schedule(self.scanned),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

impl Player for EnginePlayer<'_> {
    fn run_until(&mut self, until: Instant) {
        while let Some(due) = self.next().filter(|due| *due < until) {
            self.catch_up(due.max(self.clock));
        }
        self.clock = until;
        self.scanned = until.plus_millis(-1);
    }

    fn catch_up(&mut self, clock: Instant) {
        let catalog = self.catalog();
        let mut firings = catalog.firings(&self.person, self.scanned, clock);
        firings.extend(catalog.schedule_firings(self.scanned, clock));
        for _ in 0..1_000 {
            let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= clock);
            if !firings.is_empty() || is_due(self.person.timer_due()) {
                self.give(Input::Due(std::mem::take(&mut firings)), clock);
            } else if is_due(self.person.hand_over_due()) {
                self.give(Input::HandOver, clock);
            } else {
                break;
            }
        }
        self.scanned = clock;
    }

    fn event(&mut self, event: &Arc<Event>, clock: Instant) {
        if !self.identities.contains(&event.identity()) {
            self.identities.push(event.identity());
            self.give(Input::Event(event.clone()), clock);
            self.keep(event);
        }
    }

    fn enroll(&mut self, journey: &str, request: &str, clock: Instant) {
        let (journey, request) = (journey.to_owned(), request.to_owned());
        self.give(
            Input::Enroll {
                journey,
                vars: Map::new(),
                request,
            },
            clock,
        );
    }

    fn stop(&mut self, journey: &str, clock: Instant) {
        self.give(
            Input::Stop {
                journey: journey.to_owned(),
            },
            clock,
        );
    }

    fn edit(&mut self, number: usize) {
        self.current = number;
        let needs = self.catalog().needs();
        self.person.history = self
            .log
            .iter()
            .filter(|event| needs.keeps(&event.kind).is_some())
            .cloned()
            .collect();
    }

    fn restart(&mut self) {
        let history = serde_json::to_string(&self.person.history).expect("a history");
        let person = serde_json::to_string(&self.person).expect("a person");
        self.person = serde_json::from_str(&person).expect("a person");
        self.person.history = serde_json::from_str(&history).expect("a history");
    }

    fn seen(&self) -> Seen {
        self.seen.clone()
    }
}
