//! One test is played on a world of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kurant_authoring::scenario::{Happening, Scenario};
use kurant_authoring::source::Span;
use kurant_engine::action::{Action, ActionStatus};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Acting, Catalog};
use kurant_engine::decode::{Arrival, Decoder, Parts, Record};
use kurant_engine::definition::Definitions;
use kurant_engine::event::Event;
use kurant_engine::guard::{Report, Tally};
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{GOAL, Trace};
use kurant_engine::map::Map;
use kurant_engine::process::explain;
use kurant_engine::value::Value;
use kurant_engine::world::{Collected, World};
use kurant_runner::Renderer;

use super::feedback::{self, Unanswered};
use super::replies::replies;
use super::unheard::unheard;
use super::unmade::{Made, Unmade};

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
    /// Messages that can't be rendered.
    pub(super) unmade: Vec<Unmade>,
    /// Feedback that answered nothing.
    pub(super) unanswered: Vec<Unanswered>,
    /// Journeys that no event of the test could start, and why not.
    pub(super) unheard: BTreeMap<String, String>,
    /// Who is inside when the test ends.
    pub(super) waiting: Vec<Waiting>,
    /// Whose clock is which; the workspace's last.
    zones: (HashMap<CustomerId, Zone>, Zone),
}

/// Somebody is inside a journey when the test ends.
pub(super) struct Waiting {
    /// Who.
    pub(super) customer: String,
    /// In which journey.
    pub(super) journey: String,
    /// At which step.
    pub(super) step: String,
    /// What for.
    pub(super) says: String,
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
    /// The condition that did not hold, if that is why.
    pub(super) condition: Option<String>,
    /// The values that it saw.
    pub(super) seen: Map,
}

/// Plays a test.
pub(super) fn play(
    definitions: &Definitions,
    scenario: &Scenario,
    renderer: &Renderer,
) -> Result<Played, Trouble> {
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
    let mut made = Made::new(renderer);
    let mut unanswered = Vec::new();
    for (index, happening) in happenings {
        if happening.at >= scenario.until {
            continue;
        }
        if happening.at >= scenario.start {
            world.run_until(happening.at, &mut made);
        }
        let mut event = event(&mut decoder, index, happening).map_err(|error| Trouble {
            span: happening.span,
            message: error.to_string(),
        })?;
        if !feedback::answer(&mut event, &made.done.actions) {
            unanswered.push((happening.span, event.clone()));
        }
        if happening.at < scenario.start {
            world.recall(event);
        } else {
            world.arrive(event);
        }
    }
    world.run_until(scenario.until, &mut made);
    let mut played = Played::of(made.done, Report::new(own.workspace.guard));
    played.unmade = made.unmade;
    let unanswered = unanswered.into_iter();
    played.unanswered = unanswered
        .map(|(span, event)| Unanswered::new(span, event, &played.done))
        .collect();
    played.unheard = unheard(&own, scenario);
    played.look_at(&world, scenario);
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
            unmade: Vec::new(),
            unanswered: Vec::new(),
            unheard: BTreeMap::new(),
            waiting: Vec::new(),
            zones: (HashMap::new(), Zone::UTC),
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
    /// A customer's clock.
    pub(super) fn zone_of(&self, customer: &CustomerId) -> Zone {
        let (zones, workspace) = &self.zones;
        zones.get(customer).copied().unwrap_or(*workspace)
    }

    /// Notes where everybody stands at the end, and by which clock.
    fn look_at(&mut self, world: &World, scenario: &Scenario) {
        let catalog = world.catalog();
        let own = scenario.customers.iter().map(|person| &person.id);
        let customers: BTreeSet<&String> = own
            .chain(scenario.events.iter().map(|event| &event.customer))
            .collect();
        self.zones.1 = catalog.workspace().timezone;
        for person in customers.into_iter().filter_map(|id| world.person(id)) {
            let customer = &person.customer;
            let zone = customer.zone(self.zones.1);
            self.zones.0.insert(customer.id.clone(), zone);
            for journey in &scenario.journeys {
                let told = explain(catalog, person, &journey.name, world.now());
                let inside = told.into_iter().flat_map(|told| told.inside);
                self.waiting.extend(inside.map(|standing| Waiting {
                    customer: customer.id.to_string(),
                    journey: journey.name.clone(),
                    step: standing.step,
                    says: standing.says,
                }));
            }
        }
        self.waiting.retain(|waiting| !waiting.step.is_empty());
    }

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
        let condition = trace.values.get("condition");
        let condition = condition.and_then(Value::as_text).map(str::to_owned);
        let seen = match trace.values.get("seen") {
            Some(Value::Map(seen)) => seen.clone(),
            _ => Map::new(),
        };
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
            condition,
            seen,
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
