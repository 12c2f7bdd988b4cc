//! Who entered (I3), which way they went (I4, I14), when (I6), and how their waits ended (I7).

use std::collections::BTreeMap;

use super::{Findings, Invariant};
use crate::faults::history::{History, Line, What};
use crate::faults::rules::{Entry, Fork, Journey, Path, Rules, Timer};

/// The lines of one enrollment, in order.
struct Passage<'h> {
    enrollment: &'h str,
    customer: &'h str,
    lines: Vec<&'h Line>,
}

pub(super) fn check(history: &History, rules: &Rules, found: &mut Findings) {
    found.expect(history.told.inside == 0, Invariant::Rest, || {
        format!("{} are inside still", history.told.inside)
    });
    for journey in &rules.journeys {
        let mut passages: BTreeMap<&str, Passage<'_>> = BTreeMap::new();
        let own = |line: &&Line| line.journey == journey.name;
        for line in history.told.log.iter().filter(own) {
            let Some(enrollment) = line.enrollment.as_deref() else {
                continue;
            };
            let passage = passages.entry(enrollment).or_insert_with(|| Passage {
                enrollment,
                customer: &line.customer,
                lines: Vec::new(),
            });
            passage.lines.push(line);
        }
        for passage in passages.values() {
            way(journey, passage, found);
            for timer in &journey.timers {
                punctual(timer, passage, found);
            }
            for fork in &journey.forks {
                one_outcome(fork, passage, found);
            }
        }
        entries(history, journey, found);
    }
    for line in &history.told.log {
        let is_known = rules.journeys.iter().any(|own| own.name == line.journey);
        found.expect(
            is_known || line.journey.is_empty(),
            Invariant::LegalPassage,
            || format!("somebody went through {}, which is not there", line.journey),
        );
        found.expect(!line.tells("error"), Invariant::LegalPassage, || {
            format!("{} of {} failed", line.step, line.journey)
        });
    }
}

impl Passage<'_> {
    fn verbs(&self, verb: &str) -> usize {
        let own = |line: &&&Line| line.sent().is_some_and(|done| done.verb == verb);
        self.lines.iter().filter(own).count()
    }

    fn times(&self, step: &str) -> usize {
        let own = |line: &&&Line| line.step == step && line.sent().is_some();
        self.lines.iter().filter(own).count()
    }

    fn ended(&self) -> Option<&str> {
        let exits = self.lines.iter().filter_map(|line| line.sent());
        let mut exits = exits.filter(|done| done.verb == "exit");
        exits.next().and_then(|done| done.reason.as_deref())
    }
}

/// It began once, took a way that there is, on one version, and ended once.
fn way(journey: &Journey, passage: &Passage<'_>, found: &mut Findings) {
    let (name, who) = (journey.name, passage.customer);
    let (began, ended) = (passage.verbs("enter"), passage.verbs("exit"));
    found.expect(began == 1, Invariant::Entry, || {
        format!(
            "{name}: {who} entered {began} times as {}",
            passage.enrollment
        )
    });
    found.expect(ended == 1, Invariant::LegalPassage, || {
        format!("{name}: {who} left {ended} times as {}", passage.enrollment)
    });
    let done: Vec<_> = passage
        .lines
        .iter()
        .filter(|line| line.sent().is_some())
        .collect();
    let is = |place: Option<&&&Line>, verb: &str| {
        let done = place.and_then(|line| line.sent());
        done.is_some_and(|done| done.verb == verb)
    };
    let in_order = is(done.first(), "enter") && is(done.last(), "exit");
    let steps: Vec<&str> = done
        .iter()
        .map(|line| line.step.as_str())
        .filter(|step| !step.is_empty())
        .collect();
    let is_cut = passage
        .ended()
        .is_some_and(|why| journey.cut_short.contains(&why));
    let fits = |path: &Path| path.steps == steps || (is_cut && path.steps.starts_with(&steps));
    if in_order && journey.paths.iter().any(fits) {
        return;
    }
    let versions = |step: &&str| {
        let own = |path: &&Path| path.steps.contains(step);
        let paths = journey.paths.iter().filter(own);
        paths.map(|path| path.version).collect::<Vec<u32>>()
    };
    let all: Vec<Vec<u32>> = steps.iter().map(versions).collect();
    let together = |version: &u32| all.iter().all(|own| own.contains(version));
    let is_mixed = all.iter().all(|own| !own.is_empty())
        && !journey.paths.iter().map(|path| &path.version).any(together);
    let invariant = if is_mixed {
        Invariant::Pinning
    } else {
        Invariant::LegalPassage
    };
    found.add(
        invariant,
        format!("{name}: {who} went {steps:?} as {}", passage.enrollment),
    );
}

/// A step after a wait does not come before the wait is over, and not without it.
fn punctual(timer: &Timer, passage: &Passage<'_>, found: &mut Findings) {
    let mut until = None;
    for line in &passage.lines {
        if let What::Passed { what, until: own } = &line.what
            && what == "waits"
            && line.step == timer.place
        {
            until = *own;
        }
    }
    let steps = passage.lines.iter().filter(|line| line.step == timer.then);
    for line in steps {
        let early = until.is_none_or(|until| line.clock < until);
        found.expect(!early, Invariant::Timers, || {
            let (step, who) = (timer.then, passage.customer);
            format!(
                "{step} of {who} at {}, the wait before it ends at {until:?}",
                line.clock
            )
        });
    }
}

/// A wait ends in one of its two ways, once, and a timeout is told if it was one.
fn one_outcome(fork: &Fork, passage: &Passage<'_>, found: &mut Findings) {
    let told = passage
        .lines
        .iter()
        .filter(|line| line.tells("timeout") && line.step == fork.place);
    let (answered, timeout) = (passage.times(fork.answered), passage.times(fork.timeout));
    let told = told.count();
    let is_one = answered + timeout == 1 && told == timeout;
    found.expect(is_one, Invariant::OneOutcome, || {
        let who = passage.customer;
        format!("a wait of {who} was answered {answered} times and ended {timeout} times, {told} times told")
    });
}

/// As many entered as its rule says.
fn entries(history: &History, journey: &Journey, found: &mut Findings) {
    #[derive(Default)]
    struct Counted {
        events: usize,
        entered: usize,
        refused: usize,
        inside: i64,
        most: i64,
    }
    let mut counted: BTreeMap<&str, Counted> = BTreeMap::new();
    for event in &history.published {
        if event.kind == journey.starts && history.told.taken.contains(&event.id) {
            counted.entry(&event.customer).or_default().events += 1;
        }
    }
    for line in history
        .told
        .log
        .iter()
        .filter(|line| line.journey == journey.name)
    {
        let own = counted.entry(&line.customer).or_default();
        own.refused += usize::from(line.tells("not_entered"));
        match line.sent().map(|done| done.verb.as_str()) {
            Some("enter") => {
                own.entered += 1;
                own.inside += 1;
                own.most = own.most.max(own.inside);
            }
            Some("exit") => own.inside -= 1,
            _ => {}
        }
    }
    for (customer, own) in counted {
        let is_so = match journey.entry {
            Entry::Each => own.entered == own.events,
            Entry::Once => own.entered == own.events.min(1),
            Entry::OneAtATime => own.most <= 1,
        };
        let all = own.entered + own.refused == own.events;
        found.expect(is_so && all, Invariant::Entry, || {
            let (name, events, entered) = (journey.name, own.events, own.entered);
            format!(
                "{name}: of {events} events of {customer} {entered} began a passage and {} did not, {} at once",
                own.refused, own.most
            )
        });
    }
}
