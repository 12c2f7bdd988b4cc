//! Takes events in.

use std::collections::{HashMap, HashSet};

use fail::fail_point;
use kurant_engine::calendar::{Instant, MINUTE, SECOND};
use kurant_engine::id::Key;
use kurant_store::{Rejected, outlasts};

use super::due::Listed;
use super::flight::{After, customers};
use super::{BATCH, Runner, TOGETHER, WARY};
use crate::decide::{Arrived, Job, Task, Window};
use crate::error::Error;
use crate::intake::{Delivered, Delivery, Receipt};
use crate::meter;

/// While intake lags by more than this, timers wait for it.
const LAG: i64 = 30 * SECOND;
/// But no longer than this.
const PATIENCE: i64 = 10 * MINUTE;

/// The shortest stretch that a crowded one is cut into.
const SHORTEST: i64 = MINUTE;

/// Why an event is refused that may have been taken in before the histories of that time were forgotten.
const TOO_OLD: &str = "before_history: it happened before the time that histories are kept of (`retention.history`), so nobody can tell whether it was taken in before";

/// Events of several deliveries, and what came with them.
struct Gathered {
    events: Vec<Arrived>,
    after: After,
    /// Where each event came from: delivery and place in it.
    places: Vec<(usize, usize)>,
    receipts: Vec<Receipt>,
}

/// What the events of these deliveries are known by.
fn identities(deliveries: &[Delivery]) -> Vec<Key> {
    let events = deliveries.iter().flat_map(|delivery| &delivery.events);
    events.map(|own| own.event.identity()).collect()
}

impl Runner {
    /// Takes deliveries in as of now; their events take effect in one transaction.
    ///
    /// # Errors
    /// When the store or the outbox fails. An event that fails is a dead letter and no error.
    pub async fn take_in(&mut self, deliveries: Vec<Delivery>, now: Instant) -> Result<(), Error> {
        fail_point!("intake.delivered");
        let gathered = self.gather(deliveries, |_| now).await?;
        fail_point!("intake.gathered");
        self.decide_on(gathered, now, Task::EventsOnly, Vec::new())
            .await
    }

    /// Takes events in at their own times, and works off all that is due up to an instant, in the order of instants.
    pub(crate) async fn step_through(
        &mut self,
        mut events: Vec<Delivered>,
        upto: Instant,
    ) -> Result<(), Error> {
        while let Some(at) = self.next_schedule(upto).await? {
            let later =
                events.split_off(events.partition_point(|delivered| delivered.event.time < at));
            let before = Window {
                after: self.place(),
                upto: at.plus_millis(-1),
                exact: true,
            };
            self.step(events, before).await?;
            let mut now = later;
            events = now.split_off(now.partition_point(|delivered| delivered.event.time <= at));
            // The events of that instant, then its schedules for everybody, then whatever else is due at it.
            self.take_in(
                vec![Delivery {
                    events: now,
                    ..Delivery::default()
                }],
                at,
            )
            .await?;
            self.land().await?;
            let window = Window {
                after: at.plus_millis(-1),
                upto: at,
                exact: true,
            };
            self.fire_schedules(window).await?;
            self.step(Vec::new(), window).await?;
        }
        let window = Window {
            after: self.place(),
            upto,
            exact: true,
        };
        self.step(events, window).await
    }

    async fn step(&mut self, mut events: Vec<Delivered>, window: Window) -> Result<(), Error> {
        self.land().await?;
        let due = if window.upto > window.after {
            self.due_in(window).await?
        } else {
            Vec::new()
        };
        let span = window.upto.millis_since(window.after);
        if due.len() >= BATCH && span > SHORTEST {
            // In shorter stretches what is done comes in the order of its instants.
            let middle = window.after.plus_millis(span / 2);
            let later = events
                .split_off(events.partition_point(|delivered| delivered.event.time <= middle));
            Box::pin(self.step(
                events,
                Window {
                    upto: middle,
                    ..window
                },
            ))
            .await?;
            return Box::pin(self.step(
                later,
                Window {
                    after: middle,
                    ..window
                },
            ))
            .await;
        }
        if !(events.is_empty() && due.is_empty()) {
            let delivery = Delivery {
                events,
                ..Delivery::default()
            };
            self.step_one(delivery, window, due).await?;
            self.rest_of(window.upto, &Task::Due(window)).await?;
        }
        self.passed(window.upto);
        Ok(())
    }

    async fn step_one(
        &mut self,
        delivery: Delivery,
        window: Window,
        mut due: Listed,
    ) -> Result<(), Error> {
        let gathered = self
            .gather(vec![delivery], |time| time.max(window.after))
            .await?;
        // Those with events go with them; of the others, as many as one batch holds.
        let known: HashSet<_> = gathered
            .events
            .iter()
            .map(|arrived| arrived.event().customer.clone())
            .collect();
        due.sort_by_key(|(id, _)| !known.contains(id));
        let rest = due.split_off(due.len().min(BATCH.max(known.len())));
        self.decide_on(gathered, window.upto, Task::Due(window), due)
            .await?;
        self.work_through(rest, window, None).await
    }

    /// Notes how far intake has come: `passed` is when the latest of what was just taken in happened. Returns the instant that
    /// timers have to wait behind: the source is `behind` after a stop, or it holds `more` and lags.
    pub fn lag(&mut self, passed: Option<Instant>, behind: bool, more: bool) -> Option<Instant> {
        if behind {
            self.passed = self.passed.max(passed);
            return Some(self.passed.unwrap_or(self.fired));
        }
        self.passed = None;
        let now = self.clock.now();
        passed.filter(|passed| more && now.millis_since(*passed) > LAG)
    }

    /// The instant up to which timers may be worked off, if what sources hold goes back to `behind`.
    pub fn may_fire(&mut self, now: Instant, behind: Option<Instant>) -> Instant {
        let Some(passed) = self.mate.behind(behind) else {
            self.held = None;
            return now;
        };
        let since = *self.held.get_or_insert(now);
        if now.millis_since(since) > PATIENCE {
            now
        } else {
            passed.min(now)
        }
    }

    /// Whether something is due and left alone for now: it waits for what sources hold, or never lets go.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some() || !self.stuck.is_empty()
    }

    async fn gather(
        &mut self,
        deliveries: Vec<Delivery>,
        at: impl Fn(Instant) -> Instant,
    ) -> Result<Gathered, Error> {
        let mut gathered = Gathered {
            events: Vec::new(),
            after: After::default(),
            places: Vec::new(),
            receipts: Vec::new(),
        };
        let mut seen = self.repeated(&identities(&deliveries)).await?;
        let floor = self.look_back(&deliveries, &mut seen).await?;
        for (number, delivery) in deliveries.into_iter().enumerate() {
            let mut receipt = Receipt {
                via: delivery.via,
                rejected: delivery.rejected.len(),
                ..Receipt::default()
            };
            meter::received(delivery.via, delivery.events.len(), receipt.rejected);
            gathered.after.rejected.extend(delivery.rejected);
            gathered.after.marks.extend(delivery.marks);
            for proven in delivery.proven {
                self.settled.push(proven.settled);
                self.told.push((proven.customer, vec![proven.trace]));
            }
            for (place, delivered) in delivery.events.into_iter().enumerate() {
                let moment = at(delivered.event.time);
                let identity = delivered.event.identity();
                if let Some(body) = seen.get(&identity).copied() {
                    let letter = again(&delivered, body, moment, (place, &mut receipt));
                    if let (Some(letter), true) = (&letter, delivery.imported) {
                        self.reused.push((letter.line, letter.reason.clone()));
                    }
                    gathered.after.rejected.extend(letter);
                    continue;
                }
                if delivered.event.time < floor && !outlasts(&delivered.event) {
                    receipt.refused.push((place, TOO_OLD.to_owned()));
                    self.counts.too_old += 1;
                    // A file that is imported is there still, and may hold many of them.
                    let letter = delivered.refused(moment, TOO_OLD.to_owned());
                    let letter = (!delivery.imported).then_some(letter);
                    gathered.after.rejected.extend(letter);
                    continue;
                }
                seen.insert(identity, delivered.body);
                receipt.taken += 1;
                gathered.events.push(Arrived {
                    at: moment,
                    delivered,
                    imported: delivery.imported,
                });
                gathered.places.push((number, place));
            }
            gathered.receipts.push(receipt);
            // A delivery that nobody waits for is counted all the same.
            let sender = delivery
                .receipt
                .unwrap_or_else(|| tokio::sync::oneshot::channel().0);
            gathered.after.receipts.push((sender, Receipt::default()));
        }
        if gathered.receipts.iter().any(|receipt| receipt.repeated > 0) {
            self.wary = WARY;
        }
        Ok(gathered)
    }

    /// Those of these events that are known to have been taken in, each with a hash of what it said. While hardly any comes
    /// again, the store is not asked: it refuses the batch then, which is decided again without them.
    async fn repeated(&mut self, identities: &[Key]) -> Result<HashMap<Key, u64>, Error> {
        let mut seen: HashMap<Key, u64> = HashMap::new();
        if self.wary > 0 {
            self.wary -= 1;
            seen = self.seen(identities).await?;
        }
        if let Some(flight) = &self.flight {
            seen.extend(&flight.seen);
        }
        Ok(seen)
    }

    async fn decide_on(
        &mut self,
        gathered: Gathered,
        now: Instant,
        task: Task,
        due: Listed,
    ) -> Result<(), Error> {
        debug_assert!(gathered.events.len() <= TOGETHER + BATCH);
        let Gathered {
            events,
            mut after,
            places,
            mut receipts,
        } = gathered;
        let mut ids = customers(&events);
        let known: HashSet<_> = ids.iter().cloned().collect();
        ids.extend(
            due.iter()
                .map(|(id, _)| id.clone())
                .filter(|id| !known.contains(id)),
        );
        let people = self.people(&ids, now).await?;
        let since = due
            .into_iter()
            .filter(|(_, since)| !since.is_empty())
            .collect();
        let beside = Job {
            people,
            task,
            since,
            clock: now,
            ..Job::default()
        };
        let job = Job {
            events: events.clone(),
            ..beside.clone()
        };
        after.again = (!matches!(beside.task, Task::EventsOnly)).then(|| Box::new(beside));
        let decided = match self.decide(job).await {
            Ok(decided) => decided,
            Err(Error::Engine(reason)) => {
                tracing::error!(reason, "the engine failed on a batch, which is taken apart");
                self.land().await?;
                after.events = events;
                after.places = places.iter().map(|(delivery, _)| *delivery).collect();
                finish(&mut after, receipts);
                return self.carefully(after).await;
            }
            Err(error) => return Err(error),
        };
        for place in &decided.unknown {
            let (delivery, own) = places[*place];
            let reason = "unknown_customer: nobody knows this customer, and the workspace rejects such events";
            receipts[delivery].taken -= 1;
            receipts[delivery].refused.push((own, reason.to_owned()));
            let letter = events[*place].delivered.refused(now, reason.to_owned());
            after.rejected.push(letter);
        }
        after.events = events;
        after.places = places.iter().map(|(delivery, _)| *delivery).collect();
        finish(&mut after, receipts);
        self.launch(decided, after).await
    }
}

/// Tells its delivery of an event that came before, and gives the dead letter of one that is another under the same id.
fn again(
    delivered: &Delivered,
    body: u64,
    at: Instant,
    (place, receipt): (usize, &mut Receipt),
) -> Option<Rejected> {
    let Some(reason) = delivered.reused(body) else {
        receipt.repeated += 1;
        return None;
    };
    receipt.refused.push((place, reason.clone()));
    Some(delivered.refused(at, reason))
}

fn finish(after: &mut After, receipts: Vec<Receipt>) {
    for ((_, receipt), own) in after.receipts.iter_mut().zip(receipts) {
        *receipt = own;
    }
}
