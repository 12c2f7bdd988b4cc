//! One of the worlds that a simulation is dealt to, and what it has done that is not written yet.

use std::collections::VecDeque;
use std::io::{self, Write};

use kurant_engine::action::Action;
use kurant_engine::calendar::Instant;
use kurant_engine::customer::Customer;
use kurant_engine::event::Event;
use kurant_engine::id::{CustomerId, rank};
use kurant_engine::world::{Sink, Taken, World};

use super::summary::Summary;

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
            world,
            from,
            queue: VecDeque::new(),
            done: Done::default(),
            unknown: 0,
        }
    }

    /// A customer who is known before the run.
    pub(super) fn add(&mut self, customer: Customer) {
        self.world.add(customer);
    }

    /// An event that comes after all those before.
    pub(super) fn push(&mut self, event: Event) {
        self.queue.push_back(event);
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

/// Actions as lines, not written yet.
#[derive(Default)]
struct Done {
    lines: String,
    /// How many bytes of `lines` have been written.
    written: usize,
    /// Whose lines they are, and where they end.
    entries: VecDeque<Entry>,
    summary: Summary,
}

/// Consecutive lines of one customer at one instant.
struct Entry {
    at: Instant,
    rank: u128,
    customer: CustomerId,
    end: usize,
}

impl Sink for Done {
    fn action(&mut self, action: Action) {
        self.summary.count(&action);
        action.write_line(&mut self.lines);
        let end = self.lines.len();
        match self.entries.back_mut() {
            Some(last) if last.at == action.at && last.customer == action.customer => {
                last.end = end
            }
            _ => self.entries.push_back(Entry {
                at: action.at,
                rank: rank(&action.customer),
                customer: action.customer,
                end,
            }),
        }
    }

    fn is_full(&self) -> bool {
        self.lines.len() - self.written > FULL
    }
}

/// Writes what all worlds did before `until`, by instant and customer.
pub(super) fn write(
    shards: &mut [Shard],
    until: Instant,
    out: Option<&mut (dyn Write + 'static)>,
) -> io::Result<()> {
    let mut nowhere = io::sink();
    let out: &mut dyn Write = match out {
        Some(out) => out,
        None => &mut nowhere,
    };
    loop {
        let heads = shards
            .iter()
            .enumerate()
            .filter_map(|(index, shard)| Some((shard.done.entries.front()?, index)));
        let first = heads
            .filter(|(entry, _)| entry.at < until)
            .min_by(|(one, _), (other, _)| {
                (one.at, one.rank)
                    .cmp(&(other.at, other.rank))
                    .then_with(|| one.customer.cmp(&other.customer))
            });
        let Some((_, index)) = first else { break };
        let done = &mut shards[index].done;
        if let Some(entry) = done.entries.pop_front() {
            out.write_all(&done.lines.as_bytes()[done.written..entry.end])?;
            done.written = entry.end;
        }
    }
    for shard in shards {
        shard.done.forget_written();
    }
    Ok(())
}

impl Done {
    fn forget_written(&mut self) {
        self.lines.drain(..self.written);
        for entry in &mut self.entries {
            entry.end -= self.written;
        }
        self.written = 0;
    }
}
