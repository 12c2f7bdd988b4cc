//! The reference model: one customer, written from the description of the language and as simply as possible. Everything is
//! looked for in plain lists and worked out anew each time.

use std::sync::Arc;

use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::customer::Customer;
use kurant_engine::definition::{Category, Definitions, Journey, Script, Status};
use kurant_engine::enrollment::Started;
use kurant_engine::event::Event;
use kurant_engine::id::Key;
use kurant_engine::map::Map;
use kurant_engine::value::Value;

use super::Cover;
use super::evaluate::{Failed, Scene};
use super::expression::Meanings;
use super::plan::Plan;

/// One customer's way through one version of a journey.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    pub(super) id: Key,
    pub(super) version: Key,
    pub(super) journey: Arc<str>,
    pub(super) key: String,
    pub(super) entered: Instant,
    /// How deep in events and starts it began.
    pub(super) depth: u32,
    pub(super) started: Started,
    pub(super) vars: Map,
    pub(super) step: Option<usize>,
    pub(super) state: State,
    pub(super) answered: Vec<(usize, Arc<Event>)>,
    /// Of each wait that timed out: the step, from when and until when an answer would have counted.
    pub(super) timeouts: Vec<(usize, Instant, Instant)>,
    pub(super) control: bool,
    pub(super) expires: Option<Instant>,
    pub(super) rounds: Vec<(usize, u32)>,
    pub(super) keys: Vec<Key>,
    pub(super) last_send: Option<Instant>,
    pub(super) goal_reached: bool,
    pub(super) fallbacks: Vec<Fallback>,
    pub(super) ended: Option<Instant>,
}

/// What a passage does at its step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    Going,
    Waiting {
        due: Instant,
    },
    Listening {
        since: Instant,
        deadline: Option<Instant>,
    },
    Sending {
        planned: Instant,
        due: Instant,
        deferred: bool,
    },
}

/// Another channel that is tried when a delivery isn't confirmed in time.
#[derive(Debug, Clone)]
pub(super) struct Fallback {
    pub(super) step: usize,
    pub(super) rounds: Vec<u32>,
    pub(super) key: Key,
    pub(super) next: usize,
    /// What `best` was.
    pub(super) besides: Option<String>,
    pub(super) planned: Instant,
    pub(super) due: Instant,
    /// Only a bounce lets it be tried, until `due`.
    pub(super) only_if_bounced: bool,
    pub(super) deferred: bool,
}

/// Somebody at the door of a journey.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) journey: String,
    pub(super) started: Started,
    pub(super) occasion: String,
    pub(super) once: bool,
    pub(super) vars: Map,
}

impl Visitor {
    pub(super) fn of(journey: &str, started: Started, occasion: String) -> Self {
        Self {
            journey: journey.to_owned(),
            started,
            occasion,
            once: false,
            vars: Map::new(),
        }
    }
}

/// What started a passage.
pub(super) fn started(kind: &str, time: Instant) -> Started {
    Started {
        kind: kind.into(),
        time,
        event: None,
        date: None,
        since: None,
    }
}

/// Everything that is known of the one customer.
pub(super) struct Model<'m> {
    pub(super) definitions: &'m Definitions,
    pub(super) meanings: &'m Meanings,
    pub(super) plans: Vec<Arc<Plan>>,
    pub(super) customer: Customer,
    /// The logical instant of the latest input.
    pub(super) last: Instant,
    pub(super) inside: Vec<Passage>,
    /// Every entry there ever was: journey, key, when, and its occasion if that counts once.
    pub(super) entries: Vec<(String, String, Instant, Option<String>)>,
    /// Key, visitor, and how deep in events and starts it was.
    pub(super) queue: Vec<(String, Visitor, u32)>,
    pub(super) sends: Vec<(Instant, Category, String)>,
    /// Segment, its condition, inside or not.
    pub(super) members: Vec<(String, String, bool)>,
    pub(super) history: Vec<Arc<Event>>,
    pub(super) seen: Vec<Key>,
    /// All firings up to here have been looked at.
    pub(super) scanned: Instant,
    pub(super) actions: Vec<Action>,
    /// What else can be seen: goals, refusals at the door, late answers.
    pub(super) notes: Vec<(String, String)>,
    /// How often each kind of step had each outcome.
    pub(super) covered: Cover,
    /// The engine's clock, and the input's logical instant.
    pub(super) wall: Instant,
    pub(super) now: Instant,
    pub(super) depth: u32,
    pub(super) emitted: Vec<(Arc<Event>, u32)>,
    /// The attributes as they stood when anchors were last looked at.
    pub(super) known: Map,
    /// The event that is followed up.
    pub(super) cause: Option<String>,
    /// Whether a changed profile fires nothing.
    pub(super) silent: bool,
}

impl<'m> Model<'m> {
    pub(super) fn new(
        definitions: &'m Definitions,
        meanings: &'m Meanings,
        customer: Customer,
        from: Instant,
    ) -> Self {
        let mut model = Self {
            definitions,
            meanings,
            plans: Vec::new(),
            known: customer.attributes.clone(),
            customer,
            last: Instant::MIN,
            inside: Vec::new(),
            entries: Vec::new(),
            queue: Vec::new(),
            sends: Vec::new(),
            members: Vec::new(),
            history: Vec::new(),
            seen: Vec::new(),
            scanned: from.plus_millis(-1),
            actions: Vec::new(),
            notes: Vec::new(),
            covered: Cover::new(),
            wall: from,
            now: from,
            depth: 0,
            emitted: Vec::new(),
            silent: false,
            cause: None,
        };
        model.edit(definitions);
        model.set_now(from);
        model.know_segments();
        model
    }

    /// New definitions; whoever is inside ends on the version it began with.
    pub(super) fn edit(&mut self, definitions: &'m Definitions) {
        self.definitions = definitions;
        for version in &definitions.journeys {
            if self
                .plans
                .iter()
                .all(|plan| plan.version.hash != version.hash)
            {
                self.plans.push(Arc::new(Plan::new(version.clone())));
            }
        }
    }

    pub(super) fn plan(&self, version: Key) -> Arc<Plan> {
        self.plans
            .iter()
            .find(|plan| plan.version.hash == version)
            .expect("a known version")
            .clone()
    }

    /// The current version of a journey, if anybody may enter.
    pub(super) fn open(&self, journey: &str) -> Option<Arc<Plan>> {
        let version = self
            .definitions
            .journeys
            .iter()
            .find(|version| version.journey.id == journey)?;
        (version.journey.status == Status::Live).then(|| self.plan(version.hash))
    }

    pub(super) fn zone(&self) -> Zone {
        let own = self
            .customer
            .attributes
            .get("timezone")
            .and_then(Value::as_text);
        own.and_then(|name| name.parse().ok())
            .unwrap_or(self.definitions.workspace.timezone)
    }

    /// Never later than the engine's clock, never earlier than the previous input.
    pub(super) fn set_now(&mut self, instant: Instant) {
        self.now = instant.min(self.wall).max(self.last);
        self.last = self.now;
    }

    pub(super) fn note(&mut self, what: &str, about: impl ToString) {
        self.notes.push((what.to_owned(), about.to_string()));
    }

    /// What an expression sees that belongs to no passage.
    pub(super) fn scene(&self, journey: Option<&Journey>, event: Option<Arc<Event>>) -> Scene<'_> {
        Scene {
            customer: &self.customer,
            history: &self.history,
            definitions: self.definitions,
            meanings: self.meanings,
            now: self.now,
            zone: self.zone(),
            category: journey.map_or(Category::Marketing, |journey| journey.category),
            event,
            started: None,
            vars: Map::new(),
            round: None,
        }
    }

    /// What an expression of a passage sees where it stands.
    pub(super) fn scene_of(&self, passage: usize) -> Scene<'_> {
        self.scene_at(passage, self.inside[passage].step)
    }

    /// What an expression of a passage sees at a step: inside a `then` the awaited event, else the trigger's.
    pub(super) fn scene_at(&self, passage: usize, step: Option<usize>) -> Scene<'_> {
        let own = &self.inside[passage];
        let plan = self.plan(own.version);
        let around = step.map(|step| plan.around(step)).unwrap_or_default();
        let awaited = around
            .iter()
            .filter(|(_, block)| *block == "then")
            .find_map(|(step, _)| own.answered.iter().find(|(answered, _)| answered == step));
        let repeat = around.iter().find(|(_, block)| *block == "repeat.steps");
        let round = repeat.map(|(repeat, _)| {
            let rounds = own.rounds.iter();
            rounds
                .filter(|(step, _)| step == repeat)
                .map(|(_, round)| *round)
                .sum()
        });
        let event = awaited.map(|(_, event)| event.clone());
        let mut scene = self.scene(
            Some(&plan.version.journey),
            event.or_else(|| own.started.event.clone()),
        );
        scene.started = Some(own.started.clone());
        scene.vars = own.vars.clone();
        scene.round = round;
        scene
    }

    pub(super) fn holds(&self, scene: &Scene<'_>, script: &Script) -> Result<bool, Failed> {
        scene.holds(self.meanings.of(script))
    }

    /// Whether a passage's script holds there.
    pub(super) fn holds_for(&self, passage: usize, script: &Script) -> Result<bool, Failed> {
        self.holds(&self.scene_of(passage), script)
    }

    /// An event arrives. One that came before does nothing.
    pub(super) fn event(&mut self, event: &Arc<Event>, wall: Instant) {
        if self.seen.contains(&event.identity()) {
            return;
        }
        self.seen.push(event.identity());
        self.wall = wall;
        self.take_in(event);
        self.follow_up();
    }

    /// The first moment at which something has to be done, in a stretch of time.
    pub(super) fn next_due(&self, upto: Instant) -> Option<Instant> {
        let timers = (0..self.inside.len()).filter_map(|passage| self.timer_of(passage));
        let messages = self.messages().into_iter().map(|message| message.due);
        let firings = self
            .firings(self.scanned, upto)
            .into_iter()
            .map(|firing| firing.at);
        timers
            .chain(messages)
            .chain(firings)
            .min()
            .filter(|due| *due <= upto)
    }

    /// Works off everything that is due by now: timers and firings first, then messages, until nothing is left.
    pub(super) fn work_off(&mut self, wall: Instant) {
        self.wall = wall;
        for _ in 0..1_000 {
            if self.do_timers() {
                continue;
            }
            if !self.hand_over() {
                break;
            }
        }
        self.scanned = wall;
    }

    /// Enrolls by hand.
    pub(super) fn enroll(&mut self, journey: &str, vars: Map, request: String, wall: Instant) {
        self.wall = wall;
        self.set_now(wall);
        let _ = self.start(journey, vars, request);
        self.follow_up();
    }

    /// Ends everything in a journey.
    pub(super) fn stop(&mut self, journey: &str, wall: Instant) {
        self.wall = wall;
        self.set_now(wall);
        self.queue
            .retain(|(_, visitor, _)| visitor.journey != journey);
        for passage in 0..self.inside.len() {
            if *self.inside[passage].journey == *journey {
                self.end(passage, "stopped");
            }
        }
        self.follow_up();
    }

    /// Ends a passage early; whatever is not handed over is cancelled.
    pub(super) fn end(&mut self, passage: usize, reason: &str) {
        self.cancel(passage);
        if self.inside[passage].ended.is_none() {
            self.close(passage, reason);
        }
    }

    /// Ends a passage, and lets its fallbacks be.
    pub(super) fn close(&mut self, passage: usize, reason: &str) {
        let own = &mut self.inside[passage];
        own.ended = Some(self.now);
        own.step = None;
        own.state = State::Going;
        let (id, journey) = (own.id, own.journey.clone());
        let mut action = self.line(id, journey, None, "exit", id.within("exit", &[]));
        action.reason = Some(reason.into());
        self.actions.push(action);
    }

    /// A line of the actions file.
    pub(super) fn line(
        &self,
        id: Key,
        journey: Arc<str>,
        step: Option<String>,
        verb: &str,
        key: Key,
    ) -> Action {
        Action {
            at: self.now,
            journey,
            step: step.map(Into::into),
            customer: self.customer.id.clone(),
            enrollment: id,
            action: verb.into(),
            channel: None,
            template: None,
            data: Map::new(),
            key,
            status: ActionStatus::Sent,
            reason: None,
        }
    }
}
