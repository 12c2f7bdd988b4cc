//! Works off a job with the engine: instant by instant, events before timers, timers before messages.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::catalog::{Catalog, Reply};
use kurant_engine::customer::Customer;
use kurant_engine::definition::UnknownCustomers;
use kurant_engine::desk::Desk;
use kurant_engine::enrollment::Enrollment;
use kurant_engine::id::{CustomerId, Key};
use kurant_engine::input::{Changes, Firing, Input};
use kurant_engine::operator::{Act, Operator};
use kurant_engine::person::Person;
use kurant_engine::process::{process, turned_away};
use kurant_store::{Seen, Stored};

use super::erasure::{self, Gone};
use super::job::{Arrived, Decided, Job, Task, Window};
use super::late::{Late, Lateness};
use super::ledger::{self, Before};
use super::past;
use crate::anchors::{Anchors, attribute_of};
use crate::channel::CameBack;
use crate::intake::Delivered;
use crate::planted::planted;

/// How often one customer is looked at again at one instant: a journey that never lets go stops there.
const MOST_ROUNDS: usize = 1_000;

/// A customer at hand.
struct Slot {
    stored: Stored,
    before: Option<Before>,
    changes: Changes,
    /// What was done up to an erasure, and until the person comes back: it is written down under another name.
    nameless: Changes,
    /// Who is erased on the way.
    gone: Option<Gone>,
}

/// A job being worked off.
pub(super) struct Turn<'t> {
    catalog: &'t Catalog,
    anchors: &'t Anchors,
    desk: &'t mut Desk,
    slots: Vec<Slot>,
    index: HashMap<CustomerId, usize>,
    job: Job,
    done: Decided,
}

impl<'t> Turn<'t> {
    pub(super) fn new(
        catalog: &'t Catalog,
        anchors: &'t Anchors,
        desk: &'t mut Desk,
        mut job: Job,
    ) -> Self {
        let people = std::mem::take(&mut job.people);
        let mut turn = Self {
            catalog,
            anchors,
            desk,
            slots: Vec::with_capacity(people.len()),
            index: HashMap::with_capacity(people.len()),
            done: Decided::at(job.clock),
            job,
        };
        for stored in people {
            turn.settle(Arc::unwrap_or_clone(stored));
        }
        turn
    }

    /// Works the job off.
    pub(super) fn run(mut self) -> Decided {
        // What an import sets was never handled: firings from the runner's place on count.
        let imports = matches!(self.job.task, Task::Customers { .. } | Task::Sends(_));
        let since = if imports {
            Instant::MIN
        } else {
            self.job.clock
        };
        match std::mem::take(&mut self.job.task) {
            Task::EventsOnly => {
                let events = std::mem::take(&mut self.job.events);
                for (place, arrived) in events.into_iter().enumerate() {
                    let (at, imported) = (arrived.at, arrived.imported);
                    if let Some(slot) = self.take_in(place, arrived).filter(|_| !imported) {
                        self.hand_over(slot, at);
                    }
                }
            }
            Task::Due(window) => self.due(window),
            Task::Timers => self.timers(),
            Task::CameBack(commands) => self.came_back(commands),
            Task::Dropped(calls) => self.dropped(calls),
            Task::Resume => self.resume(),
            Task::Refilled { pool } => self.take_back(&pool),
            Task::Late { late, most } => self.take_in_late(&late, most),
            Task::Stop { journey } => self.stop(journey.as_deref()),
            Task::Operator(id, operator) => self.operate(&id, &operator),
            Task::Baseline => {
                for slot in 0..self.slots.len() {
                    self.decide(slot, Input::Baseline, self.job.clock);
                }
            }
            Task::Customers { records, as_of } => {
                for record in records {
                    let slot = self.known(&record.id);
                    let now = self.job.clock;
                    self.amend(slot, |person| past::merge(person, record, as_of, now));
                }
            }
            Task::Sends(sends) => {
                for send in sends {
                    let slot = self.known(&send.customer);
                    self.amend(slot, |person| past::note_send(person, send));
                }
            }
            Task::Index {
                attributes,
                moved_from,
            } => self.write_anchors(&attributes, moved_from),
        }
        self.close(since)
    }

    fn take_in_late(&mut self, late: &Late, most: usize) {
        let clock = self.job.clock;
        let window = Window::at(clock);
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by(|one, other| self.id(*one).cmp(self.id(*other)));
        for slot in order {
            if self.done.taken_in == most {
                return;
            }
            self.done.looked_at = Some(self.id(slot).clone());
            let person = &self.slots[slot].stored.person;
            let Lateness::Inside(taken) = late.judge(self.catalog, self.desk, person, clock) else {
                continue;
            };
            self.note_before(slot);
            let (person, made) = *taken;
            let Slot {
                stored, changes, ..
            } = &mut self.slots[slot];
            stored.person = person;
            changes.add(made);
            self.done.taken_in += 1;
            self.work_off(slot, window, clock);
        }
    }

    /// Works off timers and messages, and nothing else: triggers fire in their own time.
    fn timers(&mut self) {
        let window = Window::at(self.job.clock);
        for slot in 0..self.slots.len() {
            self.work_off(slot, window, window.upto);
        }
    }

    fn came_back(&mut self, commands: Vec<CameBack>) {
        let clock = self.job.clock;
        for own in commands {
            if let Some(slot) = self.index.get(&own.customer).copied() {
                let key = own.settled.key;
                let input = match own.reply {
                    None => Input::GaveUp { key },
                    Some(reply) => Input::Replied { key, reply },
                };
                self.done.batch.settled.push(own.settled);
                self.decide(slot, input, clock);
                self.hand_over(slot, clock);
            }
        }
    }

    fn dropped(&mut self, calls: Vec<(CustomerId, Key)>) {
        let clock = self.job.clock;
        for (customer, key) in calls {
            if let Some(slot) = self.index.get(&customer).copied() {
                let reply = Reply::Failure;
                self.decide(slot, Input::Replied { key, reply }, clock);
                self.hand_over(slot, clock);
            }
        }
    }

    fn resume(&mut self) {
        let clock = self.job.clock;
        let window = Window::at(clock);
        for slot in 0..self.slots.len() {
            let enrollments = &self.slots[slot].stored.person.enrollments;
            if !enrollments.iter().any(Enrollment::is_held) {
                continue;
            }
            self.decide(slot, Input::Resume, clock);
            self.work_off(slot, window, clock);
        }
    }

    fn take_back(&mut self, pool: &str) {
        let clock = self.job.clock;
        for slot in 0..self.slots.len() {
            let enrollments = &self.slots[slot].stored.person.enrollments;
            let mut pools = enrollments
                .iter()
                .filter_map(|own| turned_away(self.catalog, own, clock));
            if pools.any(|own| own == pool) {
                let pool = pool.to_owned();
                self.decide(slot, Input::Refilled { pool }, clock);
                self.work_off(slot, Window::at(clock), clock);
            }
        }
    }

    /// What an operator's word makes due leaves at once.
    fn operate(&mut self, id: &CustomerId, operator: &Arc<Operator>) {
        if operator.act == Act::Erase {
            // Of somebody unknown dead letters may tell.
            self.known(id);
        }
        let clock = self.job.clock;
        for slot in 0..self.slots.len() {
            self.decide(slot, Input::Operator(operator.clone()), clock);
            self.work_off(slot, Window::at(clock), clock);
        }
    }

    fn stop(&mut self, journey: Option<&str>) {
        for slot in 0..self.slots.len() {
            let person = &self.slots[slot].stored.person;
            let active = person.enrollments.iter().filter(|own| !own.is_through());
            let mut journeys: Vec<String> = active
                .map(|own| own.journey.to_string())
                .filter(|own| journey.is_none_or(|journey| own == journey))
                .collect();
            journeys.sort();
            journeys.dedup();
            for journey in journeys {
                self.decide(slot, Input::Stop { journey }, self.job.clock);
            }
        }
    }

    fn settle(&mut self, stored: Stored) -> usize {
        let slot = self.slots.len();
        self.index.insert(stored.person.customer.id.clone(), slot);
        self.slots.push(Slot {
            stored,
            before: None,
            changes: Changes::default(),
            nameless: Changes::default(),
            gone: None,
        });
        slot
    }

    /// Works off events and whatever is due in the window.
    fn due(&mut self, window: Window) {
        let mut events = std::mem::take(&mut self.job.events)
            .into_iter()
            .enumerate()
            .peekable();
        let mut alarms: BinaryHeap<Reverse<(Instant, usize)>> = BinaryHeap::new();
        for slot in 0..self.slots.len() {
            alarms.extend(
                self.alarm(slot, window, window.after)
                    .map(|at| Reverse((at, slot))),
            );
        }
        loop {
            let event = events.peek().map(|(_, arrived)| arrived.at);
            let alarm = alarms.peek().map(|Reverse((at, _))| *at);
            let Some(at) = [event, alarm].into_iter().flatten().min() else {
                break;
            };
            let mut at_hand = Vec::new();
            while let Some((place, arrived)) = events.next_if(|(_, arrived)| arrived.at <= at) {
                at_hand.extend(self.take_in(place, arrived));
            }
            while let Some(Reverse((_, slot))) = alarms
                .peek()
                .copied()
                .filter(|Reverse((due, _))| *due <= at)
            {
                alarms.pop();
                at_hand.push(slot);
            }
            at_hand.sort_by(|one, other| self.id(*one).cmp(self.id(*other)));
            at_hand.dedup();
            if at > window.upto {
                continue;
            }
            for slot in at_hand {
                self.work_off(slot, window, at);
                alarms.extend(self.alarm(slot, window, at).map(|due| Reverse((due, slot))));
            }
        }
        if self.job.only.is_some() {
            return;
        }
        for slot in &mut self.slots {
            slot.stored.fired = slot.stored.fired.max(window.upto);
        }
    }

    /// When a customer is to be looked at next, all up to `walked` being done; within the window.
    fn alarm(&self, slot: usize, window: Window, walked: Instant) -> Option<Instant> {
        let stored = &self.slots[slot].stored;
        if !window.exact {
            // All at once, at the window's end.
            return (walked < window.upto).then_some(window.upto);
        }
        let next = walked.plus_millis(1);
        let wake = stored.person.wake_at();
        let firing = self
            .catalog
            .next_firing(&stored.person, walked.max(stored.fired));
        let schedule = self
            .job
            .schedules
            .iter()
            .map(|firing| firing.at)
            .filter(|at| *at > walked)
            .min();
        [wake, firing, schedule]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(next))
            .filter(|at| *at <= window.upto)
    }

    /// Whatever of one customer is due at one instant.
    fn work_off(&mut self, slot: usize, window: Window, at: Instant) {
        let stored = &self.slots[slot].stored;
        let from = if window.exact {
            at.plus_millis(-1)
        } else {
            window.after
        };
        // Triggers that have just gone live look back beyond what was worked off before them.
        let from = if self.job.only.is_some() {
            from
        } else {
            from.max(stored.fired)
        };
        let mut firings = self.catalog.firings(&stored.person, from, at);
        firings.retain(|firing| self.counts(slot, firing));
        let schedules = self
            .job
            .schedules
            .iter()
            .filter(|firing| firing.at <= at && (!window.exact || firing.at == at));
        firings.extend(schedules.cloned());
        for _ in 0..MOST_ROUNDS {
            let person = &self.slots[slot].stored.person;
            let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= at);
            let input = if !firings.is_empty() || is_due(person.timer_due()) {
                Input::Due(std::mem::take(&mut firings))
            } else if is_due(person.hand_over_due()) {
                Input::HandOver
            } else {
                return;
            };
            self.decide(slot, input, at);
        }
    }

    /// What an event made due at once leaves with the very transaction that takes the event in.
    fn hand_over(&mut self, slot: usize, at: Instant) {
        if self.slots[slot]
            .stored
            .person
            .hand_over_due()
            .is_some_and(|due| due <= at)
        {
            self.decide(slot, Input::HandOver, at);
        }
    }

    /// Whether a firing was not handled when its attribute was set, and is asked for.
    fn counts(&self, slot: usize, firing: &Firing) -> bool {
        let asked = |only: &Vec<(String, usize)>| {
            only.iter().any(|(journey, trigger)| {
                **journey == *firing.journey && *trigger == firing.trigger
            })
        };
        let attribute = attribute_of(self.catalog, firing);
        let since = self.job.since.get(self.id(slot)).into_iter().flatten();
        let mut since = since.filter(|(own, _)| Some(own.as_str()) == attribute);
        self.job.only.as_ref().is_none_or(asked) && since.all(|(_, since)| firing.at > *since)
    }

    /// Takes an event in and returns whose it was.
    fn take_in(&mut self, place: usize, arrived: Arrived) -> Option<usize> {
        let Arrived {
            at,
            delivered: Delivered { event, body, .. },
            imported,
        } = arrived;
        let Some(slot) = self.whose(&event, at) else {
            self.done.unknown.push(place);
            return None;
        };
        if !planted!("planted.takes_repeats") {
            let identity = event.identity();
            self.done.batch.seen.push(Seen { identity, body });
        }
        let customer = &self.slots[slot].stored.person.customer;
        if customer.ignores(&event) || event.erases() {
            // Nothing is kept of what is about somebody who is gone.
            self.done.batch.dropped += 1;
        } else {
            self.done.batch.events.push(event.clone());
        }
        let input = if imported {
            Input::Imported(event)
        } else {
            Input::Event(event)
        };
        self.decide(slot, input, at);
        Some(slot)
    }

    fn whose(&mut self, event: &kurant_engine::event::Event, at: Instant) -> Option<usize> {
        if let Some(slot) = self.index.get(&event.customer) {
            return Some(*slot);
        }
        // Whoever is erased may be unknown here: what comes late must bring nobody back.
        let made_by =
            event.is_about_the_team() || event.erases() || &*event.kind == "customer.created";
        if !made_by && self.catalog.workspace().unknown_customers == UnknownCustomers::Reject {
            return None;
        }
        self.done.created += usize::from(!made_by);
        let person = Person::new(Customer::new(event.customer.clone()));
        Some(self.settle(Stored {
            person,
            fired: at.plus_millis(-1),
            revision: 0,
        }))
    }

    /// The slot of a customer; made if need be.
    fn known(&mut self, id: &CustomerId) -> usize {
        match self.index.get(id) {
            Some(slot) => *slot,
            None => {
                let person = Person::new(Customer::new(id.clone()));
                let slot = self.settle(Stored {
                    person,
                    fired: Instant::MIN,
                    revision: 0,
                });
                self.note_before(slot);
                slot
            }
        }
    }

    fn note_before(&mut self, slot: usize) {
        let Slot { stored, before, .. } = &mut self.slots[slot];
        before.get_or_insert_with(|| Before::of(self.catalog, self.anchors, &stored.person));
    }

    /// Changes a person outside of any decision; who stays the same is not written.
    fn amend(&mut self, slot: usize, change: impl FnOnce(&mut Person)) {
        let mut person = self.slots[slot].stored.person.clone();
        change(&mut person);
        if person != self.slots[slot].stored.person {
            self.note_before(slot);
            self.slots[slot].stored.person = person;
        }
    }

    fn decide(&mut self, slot: usize, input: Input, clock: Instant) {
        self.note_before(slot);
        let stored = &self.slots[slot].stored;
        let was = input.may_erase().then(|| Gone::of(self.catalog, stored));
        let Slot {
            stored,
            changes,
            nameless,
            ..
        } = &mut self.slots[slot];
        let made = process(self.catalog, &mut stored.person, self.desk, input, clock);
        changes.add(made);
        if stored.person.customer.is_erased() {
            nameless.add(std::mem::take(changes));
        }
        if let Some(was) = was
            && stored.person.customer.erased != was.erased
        {
            self.forget(slot, was);
        }
    }

    /// What came with this very job before the erasure goes too.
    fn forget(&mut self, slot: usize, was: Gone) {
        let Slot { stored, gone, .. } = &mut self.slots[slot];
        let id = &stored.person.customer.id;
        gone.get_or_insert(was);
        let batch = &mut self.done.batch;
        let before = batch.events.len();
        batch.events.retain(|event| event.customer != *id);
        batch.dropped += (before - batch.events.len()) as u64;
    }

    /// Writes down anchors that have not been kept so far, or by another clock than now.
    fn write_anchors(&mut self, attributes: &[String], moved_from: Option<Zone>) {
        let batch = &mut self.done.batch;
        for slot in &self.slots {
            let person = &slot.stored.person;
            let now = self.anchors.look(self.catalog, person);
            let before = moved_from.map(|zone| now.in_zone(person.customer.zone(zone)));
            if let Some(before) = &before {
                batch.anchors_gone.extend(self.anchors.rows(
                    person,
                    before,
                    Some(&now),
                    Instant::MIN,
                ));
            }
            let rows = self
                .anchors
                .rows(person, &now, before.as_ref(), Instant::MIN);
            batch.anchors.extend(
                rows.into_iter()
                    .filter(|row| attributes.contains(&row.attribute)),
            );
        }
    }

    fn close(mut self, since: Instant) -> Decided {
        for slot in self.slots {
            let Some(before) = slot.before else { continue };
            let (mut stored, changes) = (slot.stored, slot.changes);
            let (batch, catalog, anchors) = (&mut self.done.batch, self.catalog, self.anchors);
            let id = stored.person.customer.id.clone();
            erasure::without_the_person(batch, &id, slot.nameless);
            let before = match slot.gone {
                Some(gone) => {
                    erasure::erase(batch, &stored, gone);
                    // Whoever is back begins anew.
                    stored.revision = 0;
                    Before::of(catalog, anchors, &Person::new(Customer::new(id)))
                }
                None => before,
            };
            if !stored.person.customer.is_erased() {
                ledger::close(batch, catalog, anchors, &before, stored, changes, since);
            }
        }
        // By instant, then customer; what one customer did stays in the order of making.
        self.done
            .batch
            .actions
            .sort_by(|one, other| (one.at, &one.customer).cmp(&(other.at, &other.customer)));
        self.done
    }

    fn id(&self, slot: usize) -> &CustomerId {
        &self.slots[slot].stored.person.customer.id
    }
}
