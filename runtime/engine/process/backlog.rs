//! Takes somebody in whose firing lies behind: where they would stand today, or at a step that is named.

use compact_str::{CompactString, format_compact};

use super::entry::Refusal;
use super::{Entrance, Work};
use crate::calendar::Offset;
use crate::catalog::{Loaded, Place as JourneyAt, TriggerAt};
use crate::definition::TriggerKind;
use crate::enrollment::Started;
use crate::input::Firing;
use crate::person::Judged;

/// Why an action that lies behind is skipped.
pub(crate) const BACKLOG: &str = "backlog";

/// Why nobody is taken in for what the journey has judged already: that was not missed.
const JUDGED: &str = "judged";

/// How the note begins that a journey has judged somebody who entered a segment.
const ENTERS: &str = "enters ";

/// How many timers may lie behind one.
const MOST_TIMERS: usize = 10_000;

impl Work<'_> {
    /// Enrolls the customer for a firing that was missed. Without a step, time is gone through from that firing on: waits that
    /// are over are over, and what would have left is skipped. With one, the customer stands at that step now.
    pub(crate) fn enroll_late(&mut self, journey: &str, step: Option<&str>) {
        let catalog = self.catalog;
        let mut journeys = catalog.journeys().iter();
        let Some(position) = journeys.position(|loaded| loaded.journey().id == journey) else {
            return;
        };
        let loaded = &catalog.journeys()[position];
        // Somebody who is told of a retired journey would be the only one inside.
        if !catalog.is_open(loaded.journey()) {
            return;
        }
        let (judged, missed): (Vec<_>, Vec<_>) = self
            .behind(loaded, position)
            .partition(|(kind, entrance)| self.has_judged(loaded, kind, &entrance.started));
        let latest = |all: Vec<(_, Entrance)>| {
            let entrances = all.into_iter().map(|(_, entrance)| entrance);
            entrances.max_by_key(|own| own.started.time)
        };
        let Some(entrance) = latest(missed) else {
            if let Some(entrance) = latest(judged) {
                self.trace_entry(loaded, JUDGED, &entrance.started);
            }
            return;
        };
        let before = self.person.clock;
        let node = step.and_then(|step| {
            let nodes = loaded.program.nodes();
            let place = nodes.iter().position(|node| *node.name == *step)?;
            u32::try_from(place).ok()
        });
        if node.is_some() {
            self.set_now(self.clock);
        } else {
            // As it was then: what the customer's other journeys did since is no matter here.
            self.person.clock = entrance.started.time;
            self.set_now(entrance.started.time);
            self.late = true;
        }
        self.begin_at = node;
        let inside = self.person.enrollments.len();
        self.enter(loaded, entrance);
        self.begin_at = None;
        self.catch_up(inside);
        self.late = false;
        self.person.clock = self.person.clock.max(before);
        self.set_now(self.clock);
        for action in &mut self.changes.actions {
            action.at = self.clock;
        }
    }

    /// Works off the timers that lie behind, in their order.
    fn catch_up(&mut self, index: usize) {
        if !self.late {
            return;
        }
        for _ in 0..MOST_TIMERS {
            let Some(enrollment) = self.person.enrollments.get(index) else {
                return;
            };
            let Some(due) = enrollment.timer_due().filter(|due| *due <= self.clock) else {
                return;
            };
            self.set_now(due);
            self.wake(index, due);
        }
    }

    /// What the latest firing of each trigger stands for.
    fn behind<'l>(
        &self,
        loaded: &'l Loaded,
        position: usize,
    ) -> impl Iterator<Item = (&'l TriggerKind, Entrance)> {
        let triggers = loaded.journey().triggers.iter().enumerate();
        triggers.filter_map(move |(trigger, declared)| {
            let entrance = match &declared.kind {
                TriggerKind::Date { .. } | TriggerKind::Inactive { .. } => {
                    let at = TriggerAt {
                        journey: JourneyAt(position),
                        trigger,
                    };
                    let firing = self.catalog.latest_firing(at, self.person, self.clock)?;
                    Some(self.entrance_of(loaded, &firing))
                }
                TriggerKind::Enters { segment } => self.entrance_into(segment),
                _ => None,
            };
            Some((&declared.kind, entrance?))
        })
    }

    /// Whether the journey was live when that fired, and judged it: whoever was not let in then is not brought in later. A value
    /// that was corrected since makes another occasion, also one that lies before.
    fn has_judged(&self, loaded: &Loaded, kind: &TriggerKind, started: &Started) -> bool {
        let (what, occasion) = (judged_as(kind), occasion_of(started));
        let mut judged = self.person.judged.iter();
        judged.any(|own| own.journey == loaded.id && own.what == what && own.occasion == occasion)
    }

    /// Notes that a journey has judged a firing. A pilot keeps others out only while it stands, and what fails is mended: those
    /// whom they stopped are missed.
    pub(crate) fn note_judged(
        &mut self,
        loaded: &Loaded,
        kind: &TriggerKind,
        refusal: Option<Refusal>,
        started: &Started,
    ) {
        if matches!(refusal, Some("pilot" | "error" | "occasion_taken")) {
            return;
        }
        let (what, occasion) = (judged_as(kind), occasion_of(started));
        let catalog = self.catalog;
        let judged = &mut self.person.judged;
        let is_own = |own: &&mut Judged| own.journey == loaded.id && own.what == what;
        if let Some(own) = judged.iter_mut().find(is_own) {
            (own.at, own.occasion) = (started.time, occasion);
            return;
        }
        // Journeys come and go, and people stay.
        let is_known = |own: &Judged| catalog.journeys().iter().any(|one| one.id == own.journey);
        judged.retain(is_known);
        judged.reserve_exact(1);
        judged.push(Judged {
            journey: loaded.id.clone(),
            what,
            at: started.time,
            occasion,
        });
    }

    /// Whoever has left a segment enters it anew, also where nobody is let in meanwhile.
    pub(crate) fn forget_judged(&mut self, segment: &str) {
        let is_own = |own: &Judged| {
            own.what
                .strip_prefix(ENTERS)
                .is_some_and(|of| of == segment)
        };
        self.person.judged.retain(|own| !is_own(own));
    }

    /// Whoever is in a segment that a trigger watches would have entered at some time; since when is not known.
    fn entrance_into(&self, segment: &str) -> Option<Entrance> {
        let mut known = self.person.memberships.iter();
        known.find(|own| own.segment == segment && own.inside)?;
        let started = Started {
            kind: "enters".into(),
            time: self.clock,
            event: None,
            date: None,
            since: None,
        };
        Some(Entrance {
            started,
            occasion: format!("enters {segment} {BACKLOG}"),
            once: true,
            vars: None,
        })
    }

    fn entrance_of(&self, loaded: &Loaded, firing: &Firing) -> Entrance {
        let trigger = &loaded.journey().triggers[firing.trigger];
        super::due::entrance(trigger, firing)
    }
}

/// By what it is known which trigger fired: also once others stand before it in the file. One attribute may have several.
fn judged_as(kind: &TriggerKind) -> CompactString {
    let (word, anchor) = (kind.word(), kind.anchor().unwrap_or_default());
    match kind {
        TriggerKind::Date { rule, .. } if rule.offset != Offset::ZERO => {
            format_compact!("{word} {anchor} {}", rule.offset)
        }
        TriggerKind::Inactive { rule, .. } => format_compact!("{word} {anchor} {}", rule.for_),
        TriggerKind::Enters { segment } => format_compact!("{ENTERS}{segment}"),
        _ => format_compact!("{word} {anchor}"),
    }
}

/// The day or the value that it fired for. Since when somebody is in a segment is not known: there is one until they leave.
fn occasion_of(started: &Started) -> CompactString {
    match (&started.date, &started.since) {
        (Some(date), _) => format_compact!("{date}"),
        (None, Some(since)) => format_compact!("{since}"),
        (None, None) => CompactString::default(),
    }
}
