//! One of the worlds that a simulation is dealt to, and what it has done that is not written yet.

use std::collections::VecDeque;

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::catalog::Catalog;
use kurant_engine::customer::Customer;
use kurant_engine::definition::Journey;
use kurant_engine::event::Event;
use kurant_engine::guard::Tally;
use kurant_engine::id::CustomerId;
use kurant_engine::input::{GOAL, Trace};
use kurant_engine::world::{Sink, Taken, World};

use super::coupons::Asked;
use super::goals::Counted;
use super::summary::Summary;
use super::told::Told;

/// How many bytes of actions a world may have in hand before it waits for the others.
const FULL: usize = 4 << 20;

/// A world with its share of the customers.
pub(super) struct Shard {
    world: World,
    from: Instant,
    /// Events not taken in yet, in order of time.
    queue: VecDeque<Event>,
    done: Done,
    unknown: u64,
}

impl Shard {
    /// A world whose run begins at `from`.
    pub(super) fn new(world: World, from: Instant) -> Self {
        Self {
            done: Done::new(world.catalog()),
            world,
            from,
            queue: VecDeque::new(),
            unknown: 0,
        }
    }

    /// A customer who is known before the run.
    pub(super) fn add(&mut self, customer: Customer) {
        self.world.add(customer);
    }

    /// Events that come after all those before.
    pub(super) fn push(&mut self, events: Vec<Event>) {
        self.queue.extend(events);
    }

    /// Works off events and timers before `until`, as far as there is room for what they do.
    pub(super) fn work(&mut self, until: Instant) {
        while let Some(event) = self.queue.front() {
            if event.time >= self.from && !self.world.run_until(event.time, &mut self.done) {
                return;
            }
            let Some(event) = self.queue.pop_front() else {
                return;
            };
            let taken = if event.time < self.from {
                self.world.recall(event)
            } else {
                self.world.arrive(event)
            };
            if matches!(taken, Taken::NewCustomer | Taken::UnknownCustomer) {
                self.unknown += 1;
            }
        }
        if until > self.from {
            self.world.run_until(until, &mut self.done);
        }
    }

    /// Everything before this instant has been worked off.
    pub(super) fn reached(&self) -> Instant {
        self.world.now()
    }

    /// Takes what it did before `until`.
    pub(super) fn take(&mut self, until: Instant) -> Told {
        self.done.told.take(until)
    }

    /// Takes what the guard counts of the minutes before `until`.
    pub(super) fn take_tally(&mut self, until: Instant) -> Tally {
        self.done.tally.take(until)
    }

    /// Takes which codes of coupon pools were asked for before `until`.
    pub(super) fn take_asked(&mut self, until: Instant) -> Asked {
        self.done.asked.take(until)
    }

    /// What it did so far, in numbers.
    pub(super) fn summary(&self) -> &Summary {
        &self.done.summary
    }

    /// How many customers it has.
    pub(super) fn customers(&self) -> usize {
        self.world.len()
    }

    /// How many events were about somebody unknown.
    pub(super) fn unknown(&self) -> u64 {
        self.unknown
    }

    /// How many customers were given up because a journey turned in circles.
    pub(super) fn stuck(&self) -> u64 {
        self.world.stuck()
    }
}

/// What a world does, until it is taken.
struct Done {
    told: Told,
    summary: Summary,
    /// For the guard, which looks at all worlds together.
    tally: Tally,
    /// For the coupon pools, which all worlds share.
    asked: Asked,
    /// The journeys whose success is counted.
    measured: Vec<Journey>,
}

impl Done {
    fn new(catalog: &Catalog) -> Self {
        let journeys = catalog.journeys().iter().map(|loaded| loaded.journey());
        Self {
            told: Told::default(),
            summary: Summary::default(),
            tally: Tally::default(),
            asked: Asked::default(),
            measured: journeys
                .filter(|journey| journey.goal.is_some())
                .cloned()
                .collect(),
        }
    }

    /// Counts for a journey's success, if that is counted.
    fn measure(&mut self, journey: &str, customer: &CustomerId, what: Counted) {
        if let Some(journey) = self.measured.iter().find(|own| own.id == journey) {
            self.summary.measure(journey, customer, what);
        }
    }
}

impl Sink for Done {
    fn action(&mut self, action: Action) {
        self.summary.count(&action);
        self.tally.count(&action);
        self.asked.note(&action);
        if action.action == "enter" {
            self.measure(&action.journey, &action.customer, Counted::Entered);
        }
        self.told.add(action);
    }

    fn trace(&mut self, customer: &CustomerId, trace: Trace) {
        if trace.what == GOAL
            && let Some(journey) = &trace.journey
        {
            self.measure(journey, customer, Counted::Reached);
        }
    }

    fn is_full(&self) -> bool {
        self.told.len() > FULL
    }
}
