//! Why, or why not: every gate of a journey in order, judged for one customer, with the values seen.

use std::sync::Arc;

use serde::Serialize;

use super::forks::splits;
use super::gates::{Candidate, Verdict};
use super::{UNTIL_RESUMED, Work};
use crate::calendar::{Instant, Zone};
use crate::catalog::program::Op;
use crate::catalog::{Catalog, Loaded, Place as JourneyAt, TriggerAt};
use crate::definition::{Again, Exit, Script, Status, TriggerKind, WhileActive};
use crate::desk::Desk;
use crate::enrollment::{Enrollment, Place};
use crate::id::Key;
use crate::input::Firing;
use crate::map::Map;
use crate::person::Person;
use crate::script::Frame;

/// Why a customer is, or isn't, in a journey and gets, or doesn't get, its messages, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The customer.
    pub customer: String,
    /// The journey's id.
    pub journey: String,
    /// The moment.
    pub at: Instant,
    /// In the order in which they are judged.
    pub gates: Vec<Gate>,
    /// Where the customer stands, if inside.
    pub inside: Vec<Standing>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gate {
    /// What it is: `status`, `trigger`, `audience`, `again`, `send nine`.
    pub gate: String,
    /// Whether it lets the customer through; none = it doesn't decide by itself.
    pub open: Option<bool>,
    /// What it says.
    pub says: String,
    /// The firing that came and went without the customer, and that is too late to be made up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<Instant>,
    /// The condition as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The values that the condition saw.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub values: Map,
}

/// Where somebody stands inside.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// The enrollment.
    pub enrollment: Key,
    /// The journey's id.
    pub journey: Arc<str>,
    /// The version that it ends on.
    pub version: Key,
    /// The entry key; empty when the customer is the key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Since when.
    pub entered: Instant,
    /// The step.
    pub step: String,
    /// What is waited for, and until when.
    pub says: String,
}

/// Judges every gate of a journey for a customer as if a trigger fired at `clock`; nothing is changed. Of a journey that the
/// workspace has no more, where the customer stands. None for one that nothing is known of.
pub fn explain(
    catalog: &Catalog,
    person: &Person,
    journey: &str,
    clock: Instant,
) -> Option<Explanation> {
    let mut loaded = catalog.journeys().iter();
    let Some(position) = loaded.position(|loaded| loaded.journey().id == journey) else {
        return gone(catalog, person, journey, clock);
    };
    let loaded = catalog.journeys()[position].clone();
    let mut person = person.clone();
    person.clock = person.clock.min(clock);
    let mut desk = Desk::default();
    let mut work = Work::new(catalog, &mut person, &mut desk, clock);
    work.set_now(clock);
    let inside = standings(catalog, work.person, journey);
    let mut gates = vec![status(&loaded, catalog, !inside.is_empty())];
    gates.extend(pause(catalog, journey));
    gates.extend(work.explain_triggers(&loaded, JourneyAt(position)));
    gates.extend(work.explain_door(&loaded));
    gates.extend(splits(&loaded, work.person));
    gates.extend(work.explain_sends(&loaded));
    gates.extend(ends(&loaded, work.person));
    Some(Explanation {
        customer: work.person.customer.id.to_string(),
        journey: journey.to_owned(),
        at: clock,
        gates,
        inside,
    })
}

impl Explanation {
    /// Of a journey that the workspace has no more, and that the customer has left.
    pub fn of_old(customer: &str, journey: &str, at: Instant) -> Self {
        let says = "the workspace has no such journey any more, and the customer is not inside";
        Self {
            customer: customer.to_owned(),
            journey: journey.to_owned(),
            at,
            gates: vec![gate("status", false, says)],
            inside: Vec::new(),
        }
    }
}

/// Of a journey whose file was taken away only those inside are known.
fn gone(catalog: &Catalog, person: &Person, journey: &str, clock: Instant) -> Option<Explanation> {
    let inside = standings(catalog, person, journey);
    if inside.is_empty() {
        return None;
    }
    let says = "the workspace has no such journey any more: nobody enters, those inside go on with the version they began with";
    let mut gates = vec![gate("status", false, says)];
    gates.extend(pause(catalog, journey));
    Some(Explanation {
        customer: person.customer.id.to_string(),
        journey: journey.to_owned(),
        at: clock,
        gates,
        inside,
    })
}

fn standings(catalog: &Catalog, person: &Person, journey: &str) -> Vec<Standing> {
    let mut standings = whereabouts(catalog, person);
    standings.retain(|own| *own.journey == *journey);
    standings
}

/// Where a customer stands in every journey that he or she is inside of.
pub fn whereabouts(catalog: &Catalog, person: &Person) -> Vec<Standing> {
    let inside = person.enrollments.iter().filter(|own| !own.is_through());
    inside
        .map(|enrollment| standing(catalog, enrollment, catalog.zone(person)))
        .collect()
}

/// The events that let exit, and the goal.
fn ends(loaded: &Loaded, person: &Person) -> Vec<Gate> {
    let journey = loaded.journey();
    let mut gates = Vec::new();
    for exit in &journey.exits {
        if let Exit::Event {
            event,
            filter,
            reason,
        } = exit
        {
            let says = format!("`{event}` lets whoever is inside leave: {reason}");
            let mut told = gate("exit", None, says);
            told.condition = filter.as_ref().map(|filter| filter.source.clone());
            gates.push(told);
        }
    }
    if let Some(goal) = &journey.goal {
        let own = |enrollment: &&Enrollment| *enrollment.journey == *loaded.id;
        let latest = person
            .enrollments
            .iter()
            .filter(own)
            .max_by_key(|own| own.entered);
        let state = match latest.map(|own| own.goal_reached) {
            Some(true) => "reached",
            Some(false) => "not reached so far",
            None => "there is nobody whom it could be counted for",
        };
        let mut told = gate("goal", None, format!("`{}` counts; {state}", goal.event));
        told.condition = goal.filter.as_ref().map(|filter| filter.source.clone());
        gates.push(told);
    }
    gates
}

/// Who holds the journey back, if somebody does.
fn pause(catalog: &Catalog, journey: &str) -> Option<Gate> {
    let pause = catalog.paused().journey(journey)?;
    Some(gate("pause", false, pause.to_string()))
}

pub(super) fn gate(
    name: impl Into<String>,
    open: impl Into<Option<bool>>,
    says: impl Into<String>,
) -> Gate {
    Gate {
        gate: name.into(),
        open: open.into(),
        says: says.into(),
        missed: None,
        condition: None,
        values: Map::new(),
    }
}

fn status(loaded: &Loaded, catalog: &Catalog, is_inside: bool) -> Gate {
    let says = match loaded.journey().status {
        Status::Draft if is_inside => {
            "the journey was set back to draft: nobody enters any more, those inside go on with the version they began with"
        }
        Status::Live => "the journey is live",
        Status::Draft => "the journey is a draft: it acts only in `test` and `simulate`",
        Status::Retired => "the journey is retired: nobody enters any more",
    };
    gate("status", catalog.is_open(loaded.journey()), says)
}

/// An instant as it reads on a clock: `2026-03-05 10:00:00`.
fn clock(at: Instant, zone: Zone) -> String {
    at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Where somebody stands whose fallback is still waiting.
fn past_the_last_step(enrollment: &Enrollment, zone: Zone) -> (Option<u32>, String) {
    let mut fallbacks = enrollment.fallbacks.iter();
    let Some(fallback) = fallbacks.find(|own| !own.only_if_bounced) else {
        return (None, "has ended".to_owned());
    };
    let says = if fallback.due == UNTIL_RESUMED {
        "is past the last step; its fallback is held back until it is resumed".to_owned()
    } else {
        let due = clock(fallback.due, zone);
        format!(
            "is past the last step; its fallback is due at {due} unless the message is delivered"
        )
    };
    (Some(fallback.node), says)
}

/// What a `wait_for` waits for.
fn awaited(catalog: &Catalog, enrollment: &Enrollment, node: u32) -> String {
    let loaded = catalog.version(enrollment.version);
    match loaded
        .and_then(|own| own.program.node(node))
        .map(|own| &own.op)
    {
        Some(Op::WaitFor { wait, .. }) => {
            let kinds: Vec<String> = wait
                .any
                .iter()
                .map(|any| format!("`{}`", any.event))
                .collect();
            kinds.join(" or ")
        }
        _ => "an event".to_owned(),
    }
}

fn standing(catalog: &Catalog, enrollment: &Enrollment, zone: Zone) -> Standing {
    let clock = |at: Instant| clock(at, zone);
    let (node, says) = match &enrollment.place {
        Place::At { node } => (Some(*node), "is about to go on".to_owned()),
        Place::Waiting { node, due } => (Some(*node), format!("waits until {}", clock(*due))),
        Place::WaitingFor { node, deadline, .. } => (Some(*node), {
            let what = awaited(catalog, enrollment, *node);
            deadline.map_or_else(
                || format!("waits for {what}, however long"),
                |deadline| format!("waits for {what} until {}", clock(deadline)),
            )
        }),
        Place::Sending {
            node,
            due,
            deferred,
            ..
        } => (
            Some(*node),
            match deferred {
                Some(_) if *due == UNTIL_RESUMED => "is held back until it is resumed".to_owned(),
                Some(reason) => format!("is deferred until {}: {reason}", clock(*due)),
                None => format!("is to be handed over at {}", clock(*due)),
            },
        ),
        Place::Assigning { node, due } => (
            Some(*node),
            format!("waits until {} for somebody at work", clock(*due)),
        ),
        Place::Calling { node, .. } => {
            (Some(*node), "waits for the answer of a web hook".to_owned())
        }
        Place::Done => past_the_last_step(enrollment, zone),
    };
    let says = if enrollment.held {
        "is held where it is until the journey is resumed".to_owned()
    } else {
        says
    };
    let loaded = catalog.version(enrollment.version);
    let step = loaded
        .zip(node)
        .and_then(|(loaded, node)| loaded.program.node(node))
        .map(|node| node.name.to_string())
        .unwrap_or_default();
    Standing {
        enrollment: enrollment.id,
        journey: enrollment.journey.clone(),
        version: enrollment.version,
        key: enrollment.key.clone(),
        entered: enrollment.entered,
        step,
        says,
    }
}

impl Work<'_> {
    /// An instant on the customer's clock.
    fn told(&self, at: Instant) -> String {
        clock(at, self.zone)
    }

    fn explain_triggers(&self, loaded: &Loaded, journey: JourneyAt) -> Vec<Gate> {
        let triggers = loaded.journey().triggers.iter().enumerate();
        triggers
            .map(|(trigger, declared)| {
                let at = TriggerAt { journey, trigger };
                match &declared.kind {
                    TriggerKind::Event { event, .. } => self.explain_event(event),
                    TriggerKind::Date { of, .. } | TriggerKind::Inactive { since: of, .. } => {
                        self.explain_anchor(declared.kind.word(), of, at)
                    }
                    TriggerKind::Enters { segment } | TriggerKind::Leaves { segment } => {
                        let known = self
                            .person
                            .memberships
                            .iter()
                            .find(|own| own.segment == *segment);
                        let says = match known {
                            Some(own) if own.inside => {
                                format!("the customer is in the segment `{segment}` now")
                            }
                            Some(_) => {
                                format!("the customer is not in the segment `{segment}` now")
                            }
                            None => format!("the segment `{segment}` was not judged yet"),
                        };
                        gate(format!("trigger {}", declared.kind.word()), None, says)
                    }
                    TriggerKind::Schedule { schedule, timezone } => {
                        let zone = timezone.unwrap_or(self.catalog.workspace().timezone);
                        let says = schedule.next_after(self.clock, zone).map_or_else(
                            || "the schedule never fires again".to_owned(),
                            |next| format!("the schedule fires next at {}", self.told(next)),
                        );
                        gate("trigger schedule", None, says)
                    }
                    TriggerKind::Manual => gate("trigger manual", None, "somebody has to start it"),
                }
            })
            .collect()
    }

    fn explain_event(&self, event: &str) -> Gate {
        let last = self
            .person
            .history
            .iter()
            .filter(|past| *past.kind == *event)
            .map(|past| past.time)
            .max();
        let says = match last {
            Some(last) => {
                let last = self.told(last);
                format!("fires when `{event}` is taken in; the last known one is of {last}")
            }
            None => format!("fires when `{event}` is taken in"),
        };
        gate("trigger event", None, says)
    }

    fn explain_anchor(&self, word: &str, attribute: &str, at: TriggerAt) -> Gate {
        let name = format!("trigger {word}");
        let Some(value) = self.person.customer.attributes.get(attribute).cloned() else {
            return gate(
                name,
                false,
                format!("customer.{attribute} is not known, so it never fires"),
            );
        };
        let last = self.catalog.latest_firing(at, self.person, self.clock);
        let missed = last.as_ref().filter(|last| self.passed_by(at, last));
        let missed = missed.map(|last| last.at);
        let next = self.catalog.next_firing_of(at, self.person, self.clock);
        let last = last.map(|last| self.told(last.at));
        let next = next.map(|next| self.told(next));
        let says = match (last, next) {
            // What was due need not have fired: nothing may have run, or the attribute may have come later.
            (Some(last), Some(next)) => format!("was due last at {last}, is due next at {next}"),
            (Some(last), None) => format!("was due at {last}, and is not due again"),
            (None, Some(next)) => format!("is due at {next}"),
            (None, None) => "never fires for this value".to_owned(),
        };
        let mut told = gate(name, None, says);
        told.values.insert(format!("customer.{attribute}"), value);
        told.missed = missed;
        told
    }

    /// Whether a firing is too late to be made up for, and the customer has not entered for what it is about.
    fn passed_by(&self, at: TriggerAt, firing: &Firing) -> bool {
        let trigger = self.catalog.trigger(at);
        if trigger.catch_up.after(firing.at, self.zone) >= self.clock {
            return false;
        }
        let occasion = super::due::entrance(trigger, firing).occasion;
        let entries = self.person.entries.iter();
        let mut own = entries.filter(|last| last.journey == firing.journey);
        !own.any(|last| last.has_taken(&occasion))
    }

    /// Pilot, audience, exits and entry rules.
    fn explain_door(&mut self, loaded: &Arc<Loaded>) -> Vec<Gate> {
        let journey = loaded.journey();
        let mut frame = self.frame(None);
        super::set_journey(&mut frame, journey);
        let mut gates = Vec::new();
        for (name, condition) in [("pilot", &journey.pilot), ("audience", &journey.audience)] {
            gates.extend(
                condition
                    .as_ref()
                    .map(|script| self.explain_condition(name, loaded, script, &frame, true)),
            );
        }
        for exit in &journey.exits {
            if let Exit::When { when, .. } = exit {
                gates.push(self.explain_condition("exit", loaded, when, &frame, false));
            }
        }
        if journey.entry.key.is_some() {
            gates.push(gate(
                "entry",
                None,
                "the rules hold per key, which the trigger decides",
            ));
            return gates;
        }
        let active = self
            .person
            .enrollments
            .iter()
            .any(|own| own.is_active() && own.journey == loaded.id);
        if active {
            let (open, says) = match journey.entry.while_active {
                WhileActive::Ignore => (false, "the customer is inside, so a firing does nothing"),
                WhileActive::Restart => (true, "the customer is inside; a firing starts over"),
                WhileActive::Queue => {
                    (true, "the customer is inside; a firing waits until the end")
                }
                WhileActive::Parallel => (true, "the customer is inside; a firing enters beside"),
            };
            gates.push(gate("while_active", open, says));
        } else {
            gates.extend(self.explain_again(loaded));
        }
        gates
    }

    fn explain_again(&self, loaded: &Loaded) -> Option<Gate> {
        let last = self
            .person
            .entries
            .iter()
            .find(|last| last.journey == loaded.id && last.key.is_empty())?;
        let at = self.told(last.at);
        Some(match &loaded.journey().entry.again {
            Again::Always => gate(
                "again",
                true,
                format!("entered last at {at}; may come again"),
            ),
            Again::Never => gate(
                "again",
                false,
                format!("entered at {at}, and nobody enters twice"),
            ),
            Again::After(duration) => {
                let from = duration.after(last.at, self.zone);
                let open = from <= self.now;
                let from = self.told(from);
                gate(
                    "again",
                    open,
                    format!("entered last at {at}; may come again from {from}"),
                )
            }
        })
    }

    fn explain_condition(
        &mut self,
        name: &str,
        loaded: &Loaded,
        script: &Script,
        frame: &Frame,
        wanted: bool,
    ) -> Gate {
        let mut told = match self.holds(loaded, script, frame) {
            Ok(holds) => gate(
                name,
                holds == wanted,
                if holds { "holds" } else { "does not hold" },
            ),
            Err(error) => gate(
                name,
                false,
                format!("can't be judged without its event: {}", error.message),
            ),
        };
        told.condition = Some(script.source.clone());
        told.values = self.seen_in(&script.source, None);
        told
    }

    /// What stands between each send and the customer now.
    fn explain_sends(&self, loaded: &Loaded) -> Vec<Gate> {
        let sends = loaded
            .program
            .nodes()
            .iter()
            .filter_map(|node| match &node.op {
                Op::Send { send, .. } => Some((node, send)),
                _ => None,
            });
        sends
            .map(|(node, send)| {
                let candidate = Candidate {
                    journey: loaded.journey(),
                    send,
                    planned: self.clock,
                    from: 0,
                    besides: None,
                    to: None,
                };
                let name = format!("send {}", node.name);
                match self.judge(&candidate) {
                    Verdict::Go(route) => {
                        let channel = route.channel;
                        match self.catalog.paused().channel(&channel) {
                            None => gate(name, true, format!("would leave now by {channel}")),
                            Some(pause) => {
                                gate(name, None, format!("would wait: {channel} is {pause}"))
                            }
                        }
                    }
                    Verdict::Defer { until, reason } => {
                        let until = self.told(until);
                        gate(name, None, format!("would wait until {until}: {reason}"))
                    }
                    Verdict::Stop(reason) => {
                        gate(name, false, format!("would be skipped: {reason}"))
                    }
                }
            })
            .collect()
    }
}
