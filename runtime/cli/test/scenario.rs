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
use kurant_engine::value::Value;
use kurant_engine::world::{Collected, World};

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
    for (index, happening) in happenings {
        if happening.at >= scenario.until {
            continue;
        }
        if happening.at >= scenario.start {
            world.run_until(happening.at, &mut done);
        }
        let event =
            event(&mut decoder, index, happening, &done.actions).map_err(|error| Trouble {
                span: happening.span,
                message: error.to_string(),
            })?;
        if happening.at < scenario.start {
            world.recall(event);
        } else {
            world.arrive(event);
        }
    }
    world.run_until(scenario.until, &mut done);
    Ok(Played::of(done, Report::new(own.workspace.guard)))
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

/// The event as the engine takes it. Feedback without a `key` answers the last message or task that fits: nobody can know
/// keys when writing a test.
fn event(
    decoder: &mut Decoder,
    index: usize,
    happening: &Happening,
    done: &[Action],
) -> Result<Event, kurant_engine::decode::Error> {
    let (id, time) = (format!("event-{index}"), happening.at.to_string());
    let parts = Parts {
        id: happening.id.as_deref().unwrap_or(&id),
        source: happening.source.as_deref().unwrap_or("test"),
        kind: &happening.kind,
        subject: &happening.customer,
        time: Some(&time),
    };
    let mut event = decoder.map(parts, happening.data.clone(), Arrival::OwnTime)?;
    if event.answers().is_some_and(str::is_empty)
        && let Some(action) = answered(&event, done)
    {
        for (name, value) in [
            ("journey", Some(&action.journey)),
            ("step", action.step.as_ref()),
        ] {
            if let Some(value) = value {
                event.data.insert(name, Value::text(&**value));
            }
        }
        event
            .data
            .insert("key", Value::text(action.key.to_string()));
    }
    Ok(event)
}

/// The last message, or task, of the event's customer that fits the `journey`, `step` and `channel` that it names.
fn answered<'d>(event: &Event, done: &'d [Action]) -> Option<&'d Action> {
    let verb = if &*event.kind == "task.done" {
        "task"
    } else {
        "send"
    };
    let named = |name: &str| event.data.get(name).and_then(Value::as_text);
    let fits = |name: &str, own: Option<&str>| named(name).is_none_or(|wanted| own == Some(wanted));
    done.iter().rev().find(|action| {
        action.action == verb
            && action.status == ActionStatus::Sent
            && action.customer == event.customer
            && fits("journey", Some(&action.journey))
            && fits("step", action.step.as_deref())
            && fits("channel", action.channel.as_deref())
    })
}
