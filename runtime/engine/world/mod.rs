//! The world in memory: customers, their timers and a virtual clock. What `simulate` and a journey's test run on, and the
//! reference that every store is compared with.
//!
//! One instant is worked off in this order: the events taken in at it, as they come; then, customer by customer, whatever
//! timers and firings are due, and whatever messages are due to be handed over, until nothing is. What was done leaves
//! through a [`Sink`] by instant, then customer, then in the order of making, and nothing of it is kept.

mod alarms;
mod hash;
mod people;
mod seen;
mod sink;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

pub use seen::Seen;
pub use sink::{Collected, Sink};

use self::alarms::Alarms;
use self::hash::OfText;
use self::people::People;
use crate::calendar::Instant;
use crate::catalog::{Catalog, Needs};
use crate::customer::Customer;
use crate::definition::UnknownCustomers;
use crate::desk::Desk;
use crate::enrollment::Enrollment;
use crate::event::Event;
use crate::id::{CustomerId, rank};
use crate::input::{Changes, Firing, Input};
use crate::person::Person;
use crate::process::process;

/// How often one customer is looked at again at one instant: a journey that never lets go stops there.
const MOST_ROUNDS: usize = 1_000;
/// The history of a customer is looked through for what is no longer needed each time it has grown by so many events.
const PRUNE_EVERY: usize = 16;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It took effect.
    In,
    /// It took effect and made a customer.
    NewCustomer,
    /// It had taken effect before.
    Repeated,
    /// Nobody knows the customer, and the workspace rejects such events.
    UnknownCustomer,
}

/// A customer whose turn it is at the instant at hand.
struct Due {
    slot: u32,
    /// Whether timers or firings are due, and not only the traces of events to be told.
    rings: bool,
}

/// Customers and a virtual clock. Time only moves forward.
pub struct World {
    catalog: Catalog,
    desk: Desk,
    people: People,
    /// The ranks of their ids, side by side.
    ranks: Vec<u128>,
    index: HashMap<CustomerId, u32, BuildHasherDefault<OfText>>,
    /// People in the order of their ids, as far as `people` had grown when they were sorted.
    ranked: Vec<u32>,
    alarms: Alarms,
    /// When a date or inactivity trigger fires next for each of them, as of when the alarm was set.
    fires: Vec<Instant>,
    seen: Option<Seen>,
    /// The instant at hand: its events may have come, its timers have not been looked at.
    now: Instant,
    /// What events did at the instant at hand; it leaves together with what timers do.
    done: Vec<(u32, Changes)>,
    next_schedule: Option<Instant>,
    begun: bool,
    stuck: u64,
}

impl World {
    /// An empty world whose clock stands at `from`; nothing due before it is made up for.
    pub fn new(catalog: Catalog, from: Instant) -> Self {
        let next_schedule = catalog.next_schedule(just_before(from));
        Self {
            catalog,
            desk: Desk::default(),
            people: People::default(),
            ranks: Vec::new(),
            index: HashMap::default(),
            ranked: Vec::new(),
            alarms: Alarms::default(),
            fires: Vec::new(),
            seen: Some(Seen::default()),
            now: from,
            done: Vec::new(),
            next_schedule,
            begun: false,
            stuck: 0,
        }
    }

    /// For a world whose events are looked through for repeated ones before they come.
    #[must_use]
    pub fn without_dedupe(mut self) -> Self {
        self.seen = None;
        self
    }

    /// For a world that is one of several, each with one stripe of the customers.
    #[must_use]
    pub fn one_of_several(mut self) -> Self {
        self.desk.codes.keep_apart();
        self
    }

    /// What it runs on.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The instant at hand.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// A customer with all state.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.index.get(id).map(|slot| &self.people[*slot])
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// How many customers never came to rest at an instant and were given up; none, unless a journey turns in circles.
    pub fn stuck(&self) -> u64 {
        self.stuck
    }

    /// A customer who is known before the clock starts; one of the same id is replaced. Returns whether there was one.
    pub fn add(&mut self, customer: Customer) -> bool {
        let known = self.index.get(&*customer.id).copied();
        match known {
            Some(slot) => self.people[slot] = Person::new(customer),
            None => drop(self.settle(Person::new(customer))),
        }
        known.is_some()
    }

    /// An event from before the clock starts: it reaches profile and history, and starts nothing.
    pub fn recall(&mut self, event: Event) -> Taken {
        if self.is_repeated(&event) {
            return Taken::Repeated;
        }
        if event.is_about_the_team() {
            return self.tell_the_team(event);
        }
        let at = event.time;
        let (slot, taken) = match self.whose(&event) {
            Ok(found) => found,
            Err(taken) => return taken,
        };
        self.decide(slot, Input::Imported(Arc::new(event)), at);
        taken
    }

    /// Starts the clock: judges the segments of everybody for the first time and sets everybody's alarm. Happens by itself
    /// with the first event or the first step of the clock.
    pub fn begin(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for slot in 0..self.people.len() as u32 {
            if self.catalog.watches_segments() {
                self.decide(slot, Input::Baseline, self.now);
            }
            self.set_alarm(slot, just_before(self.now));
        }
    }

    /// Takes an event in as of its own time; all that is due before then is worked off first. One dated before the instant at
    /// hand arrives now.
    pub fn take_in(&mut self, event: Event, sink: &mut impl Sink) -> Taken {
        self.run_until(event.time, sink);
        self.arrive(event)
    }

    /// Takes an event in at the instant at hand.
    pub fn arrive(&mut self, event: Event) -> Taken {
        self.begin();
        if self.is_repeated(&event) {
            return Taken::Repeated;
        }
        if event.is_about_the_team() {
            return self.tell_the_team(event);
        }
        let (slot, taken) = match self.whose(&event) {
            Ok(found) => found,
            Err(taken) => return taken,
        };
        let changes = self.decide(slot, Input::Event(Arc::new(event)), self.now);
        if !changes.actions.is_empty() || !changes.trace.is_empty() {
            self.done.push((slot, changes));
        }
        self.set_alarm(slot, just_before(self.now));
        taken
    }

    /// Works off everything that is due before `until`, and moves the clock there; never back. Stops early, after a whole
    /// instant, when the sink is full. Returns whether the clock has got there.
    pub fn run_until(&mut self, until: Instant, sink: &mut impl Sink) -> bool {
        self.begin();
        while self.now < until {
            let at_hand = if self.done.is_empty() {
                None
            } else {
                Some(self.now)
            };
            let next = [at_hand, self.alarms.first(), self.next_schedule]
                .into_iter()
                .flatten()
                .min();
            let Some(at) = next.map(|at| at.max(self.now)).filter(|at| *at < until) else {
                self.now = until;
                return true;
            };
            if sink.is_full() {
                return false;
            }
            self.work_off(at, sink);
            self.now = just_after(at);
        }
        true
    }

    /// Everything that is due at one instant.
    fn work_off(&mut self, at: Instant, sink: &mut impl Sink) {
        let schedules = match self.next_schedule {
            Some(next) if next <= at => {
                self.next_schedule = self.catalog.next_schedule(at);
                self.catalog.schedule_firings(just_before(next), at)
            }
            _ => Vec::new(),
        };
        let ringing = self.alarms.take(at);
        let mut done = std::mem::take(&mut self.done);
        // Stable: what one customer did stays in the order of making.
        done.sort_by(|(one, _), (other, _)| self.by_id(*one, *other));
        let due = if schedules.is_empty() {
            self.in_order(&ringing, &done)
        } else {
            self.everybody()
        };
        let mut done = done.into_iter().peekable();
        for Due { slot, rings } in due {
            while let Some((_, changes)) = done.next_if(|(own, _)| *own == slot) {
                self.tell(slot, changes, sink);
            }
            if rings {
                self.work_off_one(slot, at, &schedules, sink);
            }
        }
    }

    /// Those whose alarm rings and those whose events did something, in the order of ids.
    fn in_order(&self, ringing: &[u32], done: &[(u32, Changes)]) -> Vec<Due> {
        let ringing = ringing.iter().map(|slot| Due {
            slot: *slot,
            rings: true,
        });
        let mut due: Vec<Due> = ringing
            .chain(done.iter().map(|(slot, _)| Due {
                slot: *slot,
                rings: false,
            }))
            .collect();
        due.sort_by(|one, other| {
            self.by_id(one.slot, other.slot)
                .then(other.rings.cmp(&one.rings))
        });
        due.dedup_by_key(|due| due.slot);
        due
    }

    /// Whatever of one customer is due at one instant.
    fn work_off_one(&mut self, slot: u32, at: Instant, schedules: &[Firing], sink: &mut impl Sink) {
        let mut firings = Vec::new();
        if self.fires[slot as usize] <= at {
            let person = &self.people[slot];
            firings = self.catalog.firings(person, just_before(at), at);
        }
        firings.extend_from_slice(schedules);
        let mut rounds = 0;
        loop {
            let person = &self.people[slot];
            let input = if !firings.is_empty() || is_due(person.timer_due(), at) {
                Input::Due(std::mem::take(&mut firings))
            } else if is_due(person.hand_over_due(), at) {
                Input::HandOver
            } else {
                break;
            };
            rounds += 1;
            if rounds > MOST_ROUNDS {
                self.stuck += 1;
                self.alarms.set(slot, None);
                return;
            }
            let changes = self.decide(slot, input, at);
            self.tell(slot, changes, sink);
        }
        self.set_alarm(slot, at);
    }

    /// An event about a person of the team concerns the desk and no customer.
    fn tell_the_team(&mut self, event: Event) -> Taken {
        let mut nobody = Person::new(Customer::new(event.customer.clone()));
        let at = event.time.max(self.now);
        process(
            &self.catalog,
            &mut nobody,
            &mut self.desk,
            Input::Event(Arc::new(event)),
            at,
        );
        Taken::In
    }

    /// The person whom an event is about; made if need be.
    fn whose(&mut self, event: &Event) -> Result<(u32, Taken), Taken> {
        if let Some(slot) = self.index.get(&*event.customer) {
            return Ok((*slot, Taken::In));
        }
        let announced = &*event.kind == "customer.created";
        if !announced && self.catalog.workspace().unknown_customers == UnknownCustomers::Reject {
            return Err(Taken::UnknownCustomer);
        }
        let slot = self.settle(Person::new(Customer::new(event.customer.clone())));
        Ok((
            slot,
            if announced {
                Taken::In
            } else {
                Taken::NewCustomer
            },
        ))
    }

    fn settle(&mut self, person: Person) -> u32 {
        let slot = self.people.len() as u32;
        self.index.insert(person.customer.id.clone(), slot);
        self.ranks.push(rank(&person.customer.id));
        // Nothing is known of them before the alarm is set for the first time.
        self.fires.push(Instant::MIN);
        self.people.push(person);
        slot
    }

    fn is_repeated(&mut self, event: &Event) -> bool {
        self.seen
            .as_mut()
            .is_some_and(|seen| !seen.is_new(event.identity()))
    }

    fn decide(&mut self, slot: u32, input: Input, clock: Instant) -> Changes {
        let person = &mut self.people[slot];
        let before = person.history.len();
        let changes = process(&self.catalog, person, &mut self.desk, input, clock);
        let after = person.history.len();
        if after / PRUNE_EVERY > before / PRUNE_EVERY {
            prune(person, self.catalog.needs(), clock);
        }
        changes
    }

    fn tell(&self, slot: u32, changes: Changes, sink: &mut impl Sink) {
        for action in changes.actions {
            sink.action(action);
        }
        for command in changes.commands {
            sink.command(command);
        }
        for trace in changes.trace {
            sink.trace(self.id(slot), trace);
        }
    }

    /// Sets a customer's alarm, given that all firings up to `worked_off` have been seen to.
    fn set_alarm(&mut self, slot: u32, worked_off: Instant) {
        let person = &self.people[slot];
        let firing = self.catalog.next_firing(person, worked_off);
        self.fires[slot as usize] = firing.unwrap_or(Instant::MAX);
        let next = [person.wake_at(), firing].into_iter().flatten().min();
        self.alarms.set(slot, next);
    }

    fn id(&self, slot: u32) -> &CustomerId {
        &self.people[slot].customer.id
    }

    /// Who of two comes first by id.
    fn by_id(&self, one: u32, other: u32) -> Ordering {
        let ranks = self.ranks[one as usize].cmp(&self.ranks[other as usize]);
        ranks.then_with(|| self.id(one).cmp(self.id(other)))
    }

    /// Everybody, in the order of ids.
    fn everybody(&mut self) -> Vec<Due> {
        if self.ranked.len() != self.people.len() {
            self.ranked = (0..self.people.len() as u32).collect();
            let mut ranked = std::mem::take(&mut self.ranked);
            ranked.sort_unstable_by(|one, other| self.by_id(*one, *other));
            self.ranked = ranked;
        }
        self.ranked
            .iter()
            .map(|slot| Due {
                slot: *slot,
                rings: true,
            })
            .collect()
    }
}

fn is_due(due: Option<Instant>, at: Instant) -> bool {
    due.is_some_and(|due| due <= at)
}

fn just_before(instant: Instant) -> Instant {
    instant.plus_millis(-1)
}

fn just_after(instant: Instant) -> Instant {
    instant.plus_millis(1)
}

/// Forgets the events that no decision looks back on any more.
fn prune(person: &mut Person, needs: &Needs, now: Instant) {
    let began = person
        .enrollments
        .iter()
        .filter(|enrollment| enrollment.looks_back())
        .map(Enrollment::began)
        .min();
    let history = std::mem::take(&mut person.history);
    let mut latest: HashMap<&str, usize> = HashMap::new();
    for (index, event) in history.iter().enumerate() {
        let known = latest.entry(&event.kind).or_insert(index);
        if history[*known].time <= event.time {
            *known = index;
        }
    }
    let is_needed = |index: usize, event: &Event| {
        needs.keeps(&event.kind).is_some_and(|keep| {
            keep.covers(event.time, now)
                || (keep.latest && latest.get(event.kind.as_str()) == Some(&index))
                || (keep.enrolled && began.is_some_and(|began| event.time >= began))
        })
    };
    person.history = history
        .iter()
        .enumerate()
        .filter(|(index, event)| is_needed(*index, event))
        .map(|(_, event)| event.clone())
        .collect();
}
