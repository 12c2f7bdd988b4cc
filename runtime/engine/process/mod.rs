//! Decides: one input of one customer becomes the person's next state and the changes to the world.
//!
//! One event acts in this order: profile, consent, exits, goal, waits, triggers; then what follows from a changed profile:
//! segments entered and left, date and inactivity triggers that are due by now. One file here is one of these.

mod again;
mod answer;
mod awaits;
mod backlog;
mod compute;
mod due;
mod effects;
mod entry;
mod event;
mod exits;
mod explain;
mod fallbacks;
mod feedback;
mod forks;
mod gates;
mod given;
mod hand_over;
mod occasions;
mod operator;
mod pause;
mod profile;
mod refilled;
mod seen;
mod segments;
mod trace;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use compact_str::CompactString;

use crate::calendar::{Instant, Zone};
use crate::catalog::{Catalog, Loaded};
use crate::definition::{Journey, Script};
use crate::desk::Desk;
use crate::event::Event;
use crate::id::Key;
use crate::input::{Changes, Input};
use crate::person::Person;
use crate::script::{self, Frame};
use crate::value::Value;

pub(crate) use answer::{is_awaited, unanswered_at};
pub(crate) use backlog::BACKLOG;
pub(crate) use entry::Entrance;
pub(crate) use forks::drawn_arm;
pub(crate) use pause::{PAUSED, UNTIL_RESUMED};
pub(crate) use refilled::pool_of;

pub use again::{Again, again};
pub use explain::{Explanation, Gate, Standing, explain, whereabouts};
pub use given::{Given, given};
pub use operator::refusal;
pub use refilled::turned_away;

/// How deep events that journeys emit, and journeys that journeys start, may follow from one input.
pub const MAX_DEPTH: u32 = 8;

/// How often what follows from one thing that happened is gone through: events that follow from each other, and attributes and
/// segments that change on the way.
const MAX_ROUNDS: u32 = 64;

/// Decides what an input does.
///
/// `person` is the snapshot and becomes the next state; `desk` is shared between customers. `clock` is the engine's clock:
/// the gates before a send use it, while conditions see the input's logical instant. Nothing fails: what goes wrong in a
/// script ends an enrollment, or keeps the customer from entering, with a trace.
pub fn process(
    catalog: &Catalog,
    person: &mut Person,
    desk: &mut Desk,
    input: Input,
    clock: Instant,
) -> Changes {
    let mut work = Work::new(catalog, person, desk, clock);
    match input {
        Input::Event(event) => work.take_in(event, Arrival::Live),
        Input::Imported(event) => work.take_in(event, Arrival::Imported),
        Input::Due(firings) => work.due(firings),
        Input::HandOver => work.hand_over(),
        Input::Baseline => work.baseline(),
        Input::Enroll {
            journey,
            vars,
            request,
        } => work.enroll(&journey, vars, request),
        Input::EnrollLate { journey, step } => work.enroll_late(&journey, step.as_deref()),
        Input::Stop { journey } => work.stop(&journey),
        Input::GaveUp { key } => work.gave_up(key),
        Input::Replied { key, reply } => work.hear(key, reply),
        Input::Resume => work.resume(),
        Input::Refilled { pool } => work.take_back(&pool),
        Input::Operator(operator) => work.operate(&operator),
    }
    work.finish()
}

/// How an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// From the source, or from a journey.
    Live,
    /// From an import: it starts nothing.
    Imported,
}

/// One input being worked off.
pub(crate) struct Work<'w> {
    pub(crate) catalog: &'w Catalog,
    pub(crate) person: &'w mut Person,
    pub(crate) desk: &'w mut Desk,
    /// The engine's clock.
    pub(crate) clock: Instant,
    /// The input's logical instant.
    pub(crate) now: Instant,
    /// When what is worked off was due, even where the customer's clock has gone past that.
    pub(crate) was_due: Instant,
    /// The customer's clock.
    pub(crate) zone: Zone,
    pub(crate) changes: Changes,
    /// How deep we are in events emitted and journeys started.
    pub(crate) depth: u32,
    /// Attributes that triggers reckon from and that got another value.
    changed: Vec<CompactString>,
    /// Whether anything changed that a segment may ask for.
    stirred: bool,
    /// Events that steps emitted, taken in right after the current one.
    emitted: Vec<(Arc<Event>, u32)>,
    /// Whether a changed profile fires triggers.
    silent: bool,
    /// What is worked off lies behind: nothing of it leaves any more.
    late: bool,
    /// Whoever enters begins at this step.
    begin_at: Option<u32>,
    /// The event that is being followed up; none after a timer or a message.
    cause: Option<Key>,
    /// What feedback that is being taken in has moved; none while nobody asks.
    moved: Option<Vec<String>>,
}

impl<'w> Work<'w> {
    fn new(
        catalog: &'w Catalog,
        person: &'w mut Person,
        desk: &'w mut Desk,
        clock: Instant,
    ) -> Self {
        let now = person.clock.min(clock);
        let zone = catalog.zone(person);
        Self {
            catalog,
            person,
            desk,
            clock,
            now,
            was_due: now,
            zone,
            changes: Changes::default(),
            depth: 0,
            changed: Vec::new(),
            stirred: false,
            emitted: Vec::new(),
            silent: false,
            late: false,
            begin_at: None,
            cause: None,
            moved: None,
        }
    }

    /// Whether what is done now lies behind.
    pub(crate) fn is_late(&self) -> bool {
        self.late && self.now < self.clock
    }

    /// Moves the logical clock: never later than the engine's, never earlier than the customer's previous input.
    pub(crate) fn set_now(&mut self, instant: Instant) {
        if self.depth == 0 {
            // What follows from an emitted event was due when that was.
            self.was_due = instant.min(self.clock);
        }
        self.now = instant.min(self.clock).max(self.person.clock);
        self.person.clock = self.now;
    }

    /// Follows up what the input changed, and tidies.
    fn finish(mut self) -> Changes {
        self.follow_up();
        self.tidy();
        self.changes
    }

    /// Follows up what has just happened: segments, anchors, the queue, and the events that steps emitted, until all is quiet.
    /// Each event, timer, firing and message is followed up before the next one, so that it makes no difference whether they
    /// come one by one or, after a stop, together.
    pub(crate) fn follow_up(&mut self) {
        for _ in 0..MAX_ROUNDS {
            self.follow_segments();
            self.follow_anchors();
            self.follow_queue();
            if !self.take_in_emitted() && self.changed.is_empty() && !self.stirred {
                break;
            }
        }
        self.cause = None;
    }

    /// Takes in the events that steps emitted; whether there were any.
    fn take_in_emitted(&mut self) -> bool {
        let emitted = std::mem::take(&mut self.emitted);
        let any = !emitted.is_empty();
        for (event, depth) in emitted {
            self.depth = depth;
            self.take_in(event, Arrival::Live);
        }
        self.depth = 0;
        any
    }

    /// Puts an event that a step emitted in line, unless it follows from too many others.
    pub(crate) fn emit(&mut self, event: Arc<Event>) -> bool {
        let deep_enough = self.depth < MAX_DEPTH;
        if deep_enough {
            self.emitted.push((event, self.depth + 1));
        }
        deep_enough
    }

    /// Forgets what no decision asks for any more.
    fn tidy(&mut self) {
        let catalog = self.catalog;
        let clock = self.clock;
        self.person.enrollments.retain_mut(|enrollment| {
            let fallbacks = &mut enrollment.fallbacks;
            fallbacks.retain(|fallback| fallbacks::is_open(fallback, clock));
            enrollment.is_active()
                || !enrollment.fallbacks.is_empty()
                || refilled::is_kept(enrollment, clock)
                || catalog
                    .version(enrollment.version)
                    .is_some_and(|loaded| exits::goal_is_open(loaded.journey(), enrollment, clock))
        });
        let horizon = catalog
            .workspace()
            .frequency_caps
            .iter()
            .map(|cap| cap.per.at_most_millis())
            .max();
        match horizon {
            None => self.person.sends.clear(),
            Some(millis) => self
                .person
                .sends
                .retain(|sent| sent.at > clock.plus_millis(-millis)),
        }
        self.person
            .customer
            .points
            .retain(|points| points.until.is_none_or(|until| until > clock));
        // Most customers are in no journey and had no message lately: no room is kept for millions of them.
        if self.person.enrollments.is_empty() {
            self.person.enrollments = Vec::new();
        }
        if self.person.sends.is_empty() {
            self.person.sends = Vec::new();
        }
    }

    /// What a script sees that belongs to no enrollment.
    pub(crate) fn frame(&self, event: Option<&Arc<Event>>) -> Frame {
        let mut frame = Frame::new(self.now, self.zone);
        frame.event = event.cloned();
        frame
    }

    /// Judges a condition of a journey.
    pub(crate) fn holds(
        &mut self,
        loaded: &Loaded,
        script: &Script,
        frame: &Frame,
    ) -> Result<bool, script::Error> {
        loaded.scripts().holds(script, self.person, frame)
    }

    /// Works out an expression of a journey.
    pub(crate) fn value(
        &mut self,
        loaded: &Loaded,
        script: &Script,
        frame: &Frame,
    ) -> Result<Value, script::Error> {
        loaded.scripts().evaluate(script, self.person, frame)
    }

    /// Notes that an attribute got another value.
    pub(crate) fn note_changed(&mut self, attribute: &str) {
        if attribute == "timezone" {
            self.zone = self.catalog.zone(self.person);
        }
        let mut anchors = self.catalog.index().anchors.iter();
        let is_asked_for = attribute == "timezone" || anchors.any(|(own, _)| own == attribute);
        if is_asked_for && !self.changed.iter().any(|own| own == attribute) {
            self.changed.push(attribute.into());
        }
        self.stirred = true;
    }
}

/// The category that decides what `reachable()` asks for.
pub(crate) fn set_journey(frame: &mut Frame, journey: &Journey) {
    frame.category = journey.category;
}
