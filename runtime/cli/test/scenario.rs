//! One test is played on a world of its own.

use std::collections::HashMap;
use std::sync::Arc;

use kurant_authoring::scenario::{Happening, Scenario};
use kurant_authoring::source::Span;
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::decode::{Arrival, Decoder, Parts, Record};
use kurant_engine::definition::Definitions;
use kurant_engine::event::Event;
use kurant_engine::guard::{Report, Tally};
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{GOAL, Trace};
use kurant_engine::world::{Collected, World};

use super::feedback::{self, Unanswered};
use super::replies::replies;

/// Why a test could not be played.
pub(super) struct Trouble {
    /// Where.
    pub(super) span: Span,
    /// What is wrong.
    pub(super) message: String,
}

/// What came of a test.
pub(super) struct Played {
    /// Everything that was done, and the goals that were reached, in order.
    pub(super) done: Vec<Action>,
    /// Who was not let in.
    pub(super) refused: Vec<Refused>,
    /// Journeys that did more than the workspace allows.
    pub(super) guarded: Report,
    /// Why enrollments ended in `error`.
    pub(super) errors: HashMap<Key, String>,
    /// Feedback that answered nothing.
    pub(super) unanswered: Vec<Unanswered>,
}

/// Somebody was not let into a journey.
pub(super) struct Refused {
    /// When.
    pub(super) at: Instant,
    /// The journey's id.
    pub(super) journey: String,
    /// The customer's.
    pub(super) customer: String,
    /// Why, in a word.
    pub(super) reason: String,
    /// What went wrong in a script, if that is why.
    pub(super) why: Option<String>,
}

/// Plays a test.
pub(super) fn play(definitions: &Definitions, scenario: &Scenario) -> Result<Played, Trouble> {
    let mut own = definitions.clone();
    own.journeys.retain(|version| {
        scenario
            .journeys
            .iter()
            .any(|journey| journey.name == version.journey.id)
    });
    let catalog = Catalog::load(&own, &[], Acting::Rehearsal).map_err(|error| Trouble {
        span: scenario.span,
        message: error.to_string(),
    })?;
    let mut world = World::new(
        catalog.with_replies(replies(&own, scenario)),
        scenario.start,
    );
    for person in &scenario.customers {
        let record =
            Record::from_map(&own.schema, person.attributes.clone()).map_err(|error| Trouble {
                span: person.span,
                message: error.to_string(),
            })?;
        world.add(record.into_customer());
    }
    let mut happenings: Vec<(usize, &Happening)> = scenario.events.iter().enumerate().collect();
    happenings.sort_by_key(|(_, happening)| happening.at);
    let mut decoder = Decoder::new(Arc::new(own.schema.clone()));
    let mut done = Collected::default();
    let mut unanswered = Vec::new();
    for (index, happening) in happenings {
        if happening.at >= scenario.until {
            continue;
        }
        if happening.at >= scenario.start {
            world.run_until(happening.at, &mut done);
        }
        let mut event = event(&mut decoder, index, happening).map_err(|error| Trouble {
            span: happening.span,
            message: error.to_string(),
        })?;
        if !feedback::answer(&mut event, &done.actions) {
            unanswered.push((happening.span, event.clone()));
        }
        if happening.at < scenario.start {
            world.recall(event);
        } else {
            world.arrive(event);
        }
    }
    world.run_until(scenario.until, &mut done);
    let mut played = Played::of(done, Report::new(own.workspace.guard));
    let unanswered = unanswered.into_iter();
    played.unanswered = unanswered
        .map(|(span, event)| Unanswered::new(span, event, &played.done))
        .collect();
    Ok(played)
}

impl Played {
    fn of(collected: Collected, mut guarded: Report) -> Self {
        let mut tally = Tally::default();
        collected
            .actions
            .iter()
            .for_each(|action| tally.count(action));
        guarded.add([tally]);
        let mut played = Self {
            done: collected.actions,
            refused: Vec::new(),
            guarded,
            errors: HashMap::new(),
            unanswered: Vec::new(),
        };
        for (customer, trace) in collected.trace {
            if trace.what == GOAL {
                played.done.extend(goal(customer, trace));
            } else if let ("error", Some(enrollment)) = (trace.what.as_str(), trace.enrollment) {
                let reason = trace.reason.unwrap_or_default();
                played.errors.insert(enrollment, reason);
            } else if matches!(trace.what.as_str(), "not_entered" | "error") {
                played.refuse(customer, trace);
            }
        }
        played.done.sort_by_key(|action| action.at);
        played
    }
}

impl Played {
    /// Notes who was not let in. A script that failed at the door is told with its message, and once.
    fn refuse(&mut self, customer: CustomerId, trace: Trace) {
        let Some(journey) = trace.journey else { return };
        let failed = trace.what == "error";
        let reason = trace.reason.unwrap_or_default();
        let known = self.refused.last().is_some_and(|last| {
            last.why.is_some()
                && last.at == trace.at
                && last.journey == *journey
                && last.customer == *customer
        });
        if known && reason == "error" {
            return;
        }
        let (reason, why) = match failed {
            true => ("error".to_owned(), Some(reason)),
            false => (reason, None),
        };
        self.refused.push(Refused {
            at: trace.at,
            journey: journey.to_string(),
            customer: customer.to_string(),
            reason,
            why,
        });
    }
}

/// A goal as a test sees it: one more thing that came of the journey.
fn goal(customer: CustomerId, trace: Trace) -> Option<Action> {
    let enrollment = trace.enrollment?;
    Some(Action {
        at: trace.at,
        journey: trace.journey?,
        step: None,
        customer,
        enrollment,
        action: GOAL.into(),
        channel: None,
        template: None,
        data: trace.values,
        key: enrollment.within(GOAL, &[]),
        status: ActionStatus::Sent,
        reason: None,
    })
}

/// The event as the engine takes it.
fn event(
    decoder: &mut Decoder,
    index: usize,
    happening: &Happening,
) -> Result<Event, kurant_engine::decode::Error> {
    let (id, time) = (format!("event-{index}"), happening.at.to_string());
    let parts = Parts {
        id: happening.id.as_deref().unwrap_or(&id),
        source: happening.source.as_deref().unwrap_or("test"),
        kind: &happening.kind,
        subject: &happening.customer,
        time: Some(&time),
    };
    decoder.map(parts, happening.data.clone(), Arrival::OwnTime)
}
