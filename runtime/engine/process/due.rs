//! Timers and firings that are due, in the order of their instants.

use chrono::Datelike;

use super::{Entrance, Work};
use crate::calendar::{Date, Every, Instant};
use crate::catalog::Reply;
use crate::catalog::program::{END, Op};
use crate::definition::{Trigger, TriggerKind};
use crate::enrollment::{Place, Started};
use crate::input::{Firing, Occasion};

impl Work<'_> {
    /// Works off the person's timers up to the clock, and these firings, whichever comes first.
    pub(crate) fn due(&mut self, mut firings: Vec<Firing>) {
        self.first_baseline();
        // At one instant in the order of journeys and their triggers, whoever looked the firings up.
        firings.sort_by_key(|firing| (firing.at, self.place_of(firing)));
        let mut firings = firings.into_iter().peekable();
        loop {
            let timer = self.person.timer_due().filter(|due| *due <= self.clock);
            let firing = firings.next_if(|firing| timer.is_none_or(|due| firing.at < due));
            match (firing, timer) {
                (Some(firing), _) => self.fire_if_it_stands(&firing),
                (None, Some(due)) => self.timer(due),
                (None, None) => return,
            }
            self.follow_up();
        }
    }

    fn place_of(&self, firing: &Firing) -> (usize, usize) {
        let journeys = self.catalog.journeys();
        let journey = journeys
            .iter()
            .position(|loaded| loaded.id == firing.journey);
        (journey.unwrap_or(usize::MAX), firing.trigger)
    }

    /// A firing that was looked up before something moved its anchor is none any more.
    fn fire_if_it_stands(&mut self, firing: &Firing) {
        if self.catalog.stands(firing, self.person) {
            self.fire(firing);
        }
    }

    /// Works off one timer that is due at this instant.
    fn timer(&mut self, due: Instant) {
        self.set_now(due);
        if self
            .person
            .segments_due
            .is_some_and(|segments| segments <= due)
        {
            self.person.segments_due = None;
            self.stirred = true;
            self.follow_segments();
            return;
        }
        let index = self
            .person
            .enrollments
            .iter()
            .position(|enrollment| enrollment.timer_due() == Some(due));
        if let Some(index) = index {
            self.depth = self.depth_at(index);
            self.wake(index, due);
            self.depth = 0;
        }
    }

    pub(crate) fn wake(&mut self, index: usize, due: Instant) {
        let Some(loaded) = self.loaded_of(index) else {
            self.leave(index, "error");
            return;
        };
        if self.is_paused(index) {
            self.hold(&loaded, index, None);
            return;
        }
        let place = self.person.enrollments[index].place.clone();
        let place_due = match place {
            Place::Waiting { due, .. }
            | Place::Assigning { due, .. }
            | Place::Calling { due, .. } => Some(due),
            Place::WaitingFor { deadline, .. } => deadline,
            _ => None,
        };
        if place_due != Some(due) {
            self.end(index, "expired");
            return;
        }
        if self.exit_when(&loaded, index) {
            return;
        }
        match place {
            Place::Waiting { node, .. } => {
                let next = loaded.program.node(node).map_or(END, |node| node.next);
                self.go_on(&loaded, index, next);
            }
            Place::Assigning { node, .. } => self.go_on(&loaded, index, node),
            Place::WaitingFor { node, since, .. } => {
                if let Some(Op::WaitFor { otherwise, .. }) =
                    loaded.program.node(node).map(|node| &node.op)
                {
                    self.time_out(&loaded, index, node, since, due);
                    self.go_on(&loaded, index, *otherwise);
                }
            }
            Place::Calling { .. } => self.answered(&loaded, index, Reply::Failure),
            Place::At { .. } | Place::Sending { .. } | Place::Done => {}
        }
    }

    /// A date, inactivity or schedule trigger fires.
    pub(crate) fn fire(&mut self, firing: &Firing) {
        let catalog = self.catalog;
        let Some(loaded) = catalog
            .journeys()
            .iter()
            .find(|loaded| loaded.id == firing.journey)
        else {
            return;
        };
        let Some(trigger) = loaded.journey().triggers.get(firing.trigger) else {
            return;
        };
        if !catalog.is_open(loaded.journey()) {
            return;
        }
        let entrance = entrance(trigger, firing);
        if trigger.catch_up.after(firing.at, self.zone) < self.clock {
            self.trace_entry(loaded, "missed", &entrance.started);
            return;
        }
        self.set_now(firing.at);
        let started = entrance.started.clone();
        let refusal = self.enter(loaded, entrance);
        // Whoever has entered has taken the occasion; a schedule asks everybody, and none of its firings is made up for.
        if refusal.is_some() && trigger.kind.anchor().is_some() {
            self.note_judged(loaded, &trigger.kind, refusal, &started);
        }
    }
}

/// What stands at the door when a trigger fires.
pub(super) fn entrance(trigger: &Trigger, firing: &Firing) -> Entrance {
    let started = Started {
        kind: trigger.kind.word().into(),
        time: firing.at,
        event: None,
        date: match firing.occasion {
            Occasion::Date(date) => Some(date),
            _ => None,
        },
        since: match &firing.occasion {
            Occasion::Since(value) => Some(value.clone()),
            _ => None,
        },
    };
    let attribute = trigger.kind.anchor().unwrap_or_default();
    let (occasion, once) = match &firing.occasion {
        Occasion::Date(date) => {
            let occasion = date_occasion(&trigger.kind, *date);
            (format!("{attribute} {occasion}"), true)
        }
        Occasion::Since(value) => (format!("{attribute} since {value}"), true),
        Occasion::Time(time) => (time.to_string(), false),
    };
    Entrance {
        started,
        occasion,
        once,
        vars: None,
    }
}

/// An occasion is the year, or the month, of the date itself; for `once` the date.
fn date_occasion(kind: &TriggerKind, date: Date) -> String {
    match kind {
        TriggerKind::Date { rule, .. } if rule.every == Every::Year => {
            format!("year {}", date.year())
        }
        TriggerKind::Date { rule, .. } if rule.every == Every::Month => {
            format!("month {}-{:02}", date.year(), date.month())
        }
        _ => format!("once {date}"),
    }
}
