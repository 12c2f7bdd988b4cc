//! When a segment's condition may change by the mere passing of time.
//!
//! Segments with an `enters` or `leaves` trigger are judged when the customer changes and when a time in the condition comes.
//! [`Timing`] finds the times in the text, [`Times::next_change`] the next such moment of one customer. It may name a moment at
//! which nothing changes after all; it never passes over one at which something does.

mod trend;

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::compare;
use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::operand::Operand;
use super::span::Span;
use super::syntax::{Form, Parser, Syntax};
use super::term::Term;
use super::view::View;
use crate::calendar::{DAY, Instant, Zone};
use crate::definition::{Library, Segment};
use crate::event::Event;
use crate::person::Person;

/// How far ahead a change is looked for: two hundred years.
const HORIZON: i64 = 200 * 366 * DAY;

/// The times that a segment's condition holds.
#[derive(Debug, Clone, Default)]
pub struct Times {
    watches: Vec<Watch>,
}

/// One way in which time may change a condition.
#[derive(Debug, Clone)]
enum Watch {
    /// Two sides, of which at least one moves with time, and never back: `days_since(x) >= 270`, `customer.x + days(7) < now`.
    Comparison(Box<(Term, Term)>),
    /// Events enter and leave the window of `count` and `sum`.
    Window { kind: Term, length: Term },
    /// An event that was dated ahead becomes the last one.
    Last { kind: Term },
    /// Points of the lead score end.
    Points,
}

/// All segments of a workspace, read to find the times in them.
#[derive(Debug)]
pub struct Timing {
    segments: BTreeMap<String, Syntax>,
    /// Files of `rhai-lib` whose functions look at time by themselves.
    timely: BTreeSet<String>,
}

impl Timing {
    /// Reads segments and library. What cannot be read is left out: that is another mistake.
    pub fn new(segments: &[Segment], library: &[Library]) -> Self {
        let parser = Parser::new();
        let read = |segment: &Segment| {
            let syntax = parser
                .parse(&segment.condition.source, Form::Expression)
                .ok()?;
            Some((segment.name.clone(), syntax))
        };
        let files: BTreeMap<&str, Syntax> = library
            .iter()
            .filter_map(|file| {
                Some((
                    file.name.as_str(),
                    parser.parse(&file.source, Form::Library).ok()?,
                ))
            })
            .collect();
        Self {
            segments: segments.iter().filter_map(read).collect(),
            timely: trend::timely(&files),
        }
    }

    /// The times in a segment's condition and in those of the segments that it asks for. A segment that cannot be read has none.
    ///
    /// # Errors
    /// Every use of time that cannot be followed, with the segment and the position in its condition.
    pub fn of(&self, segment: &str) -> Result<Times, Vec<Error>> {
        let mut analysis = trend::Analysis::new(self);
        analysis.segment(segment);
        let (times, errors) = analysis.finish();
        if errors.is_empty() {
            Ok(times)
        } else {
            Err(errors)
        }
    }
}

impl Times {
    /// Whether time alone never changes the condition.
    pub fn is_empty(&self) -> bool {
        self.watches.is_empty()
    }

    /// The first moment after `now` at which the condition may change for this person, all else being equal.
    pub fn next_change(&self, person: &Person, now: Instant, zone: Zone) -> Option<Instant> {
        let clock = Clock { person, now, zone };
        // The steps first: up to the next of them everything else moves in one direction only.
        let mut next = self
            .watches
            .iter()
            .filter_map(|watch| clock.step(watch))
            .min();
        for watch in &self.watches {
            if let Watch::Comparison(sides) = watch {
                let end = next.map_or(now.plus_millis(HORIZON), |next| next.plus_millis(-1));
                next = clock.crossing(sides, end).or(next);
            }
        }
        next
    }
}

/// One customer at one moment.
struct Clock<'a> {
    person: &'a Person,
    now: Instant,
    zone: Zone,
}

impl<'a> Clock<'a> {
    fn eval<R>(&self, at: Instant, look: impl FnOnce(&View<'_>) -> R) -> R {
        let (frame, memo) = (Frame::new(at, self.zone), RefCell::default());
        look(&View {
            person: self.person,
            frame: &frame,
            segments: None,
            memo: &memo,
        })
    }

    /// When something enters or leaves at once.
    fn step(&self, watch: &Watch) -> Option<Instant> {
        match watch {
            Watch::Comparison(_) => None,
            Watch::Points => {
                let ends = self
                    .person
                    .customer
                    .points
                    .iter()
                    .filter_map(|points| points.until);
                ends.filter(|end| *end > self.now).min()
            }
            Watch::Last { kind } => self.ahead(kind),
            Watch::Window { kind, length } => [self.ahead(kind), self.leaving(kind, length)]
                .into_iter()
                .flatten()
                .min(),
        }
    }

    fn text(&self, term: &Term) -> Option<String> {
        self.eval(self.now, |view| {
            term.eval(view)?.as_text().map(str::to_owned)
        })
    }

    fn events(&self, kind: &Term) -> impl Iterator<Item = &'a Event> + use<'a> {
        let kind = self.text(kind);
        let history = self.person.history.iter().map(|event| &**event);
        history.filter(move |event| kind.as_deref() == Some(&*event.kind))
    }

    /// The first event of the kind that is dated after now.
    fn ahead(&self, kind: &Term) -> Option<Instant> {
        self.events(kind)
            .map(|event| event.time)
            .filter(|time| *time > self.now)
            .min()
    }

    /// When the oldest event in the window leaves it.
    fn leaving(&self, kind: &Term, length: &Term) -> Option<Instant> {
        let length = self.eval(self.now, |view| match length.eval(view)? {
            Operand::Span(span) => Some(span),
            Operand::Value(_) | Operand::Event(_) => None,
        })?;
        let begin = |at: Instant| Span::negated(length).after(at, self.zone);
        let inside = |time: &Instant| *time > begin(self.now) && *time <= self.now;
        let oldest = self
            .events(kind)
            .map(|event| event.time)
            .filter(inside)
            .min()?;
        self.first(self.now.plus_millis(HORIZON), |at| begin(at) >= oldest)
    }

    /// When the two sides first stand differently to one another, up to and with `end`.
    fn crossing(&self, sides: &(Term, Term), end: Instant) -> Option<Instant> {
        let state = |at: Instant| -> Option<Ordering> {
            self.eval(at, |view| {
                compare::order(&sides.0.eval(view)?, &sides.1.eval(view)?, self.zone)
            })
        };
        let own = state(self.now)?;
        self.first(end, |at| state(at) != Some(own))
    }

    /// The first moment after now, up to and with `end`, at which something becomes and stays true.
    fn first(&self, end: Instant, is_true: impl Fn(Instant) -> bool) -> Option<Instant> {
        let (mut before, mut after) = (self.now.millis(), end.millis());
        if after <= before || !is_true(end) {
            return None;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if is_true(Instant::from_millis(middle)) {
                after = middle;
            } else {
                before = middle;
            }
        }
        Some(Instant::from_millis(after))
    }
}

/// A use of time that cannot be followed.
fn untraceable(segment: &str, position: super::syntax::Position) -> Error {
    Error::new(ErrorKind::Untraceable, "this use of time cannot be followed in a segment with an `enters` or `leaves` trigger")
        .help(
            "compare `days_since(...)`, `months_since(...)`, `years_since(...)`, `now` or `today()` with a value that does not change by itself",
        )
        .at(position.line, position.column)
        .in_place(&format!("segments.{segment}"))
}
