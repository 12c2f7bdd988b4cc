//! The history is worked off, block by block.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use indicatif::{ProgressBar, ProgressStyle};
use kurant_engine::calendar::{Instant, Zone};
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::{Guard, Schema};
use kurant_engine::guard::Report;

use super::came::Played;
use super::coupons::Pools;
use super::deal::{Dealer, Hand, Read};
use super::input::Input;
use super::lines::{Block, Lines};
use super::parallel::{Crew, Work, lock};
use super::refused::Refused;
use super::shard::Shard;
use super::summary::Summary;
use super::told::Told;
use super::{Period, parallel, shard_of, table, told};
use crate::error::Error;
use crate::guard;

/// Where lines of actions go.
pub(super) type Out = Box<dyn Write + Send>;

/// Writes down what was done.
struct Writer {
    /// What is not written yet, by world.
    told: Vec<Told>,
    out: Out,
}

/// What comes of a part of a round.
enum Done {
    Worked,
    Read(Read),
    Dealt(Hand),
    Written(io::Result<()>),
}

/// A simulation on its way.
pub(super) struct Play {
    period: Period,
    crew: Crew,
    shards: Vec<Arc<Mutex<Shard>>>,
    /// One a thread.
    decoders: Vec<Arc<Mutex<Decoder>>>,
    dealer: Arc<Mutex<Dealer>>,
    writer: Arc<Mutex<Writer>>,
    /// The journeys that are played.
    journeys: Vec<Played>,
    schema: Arc<Schema>,
    /// Those of them that did more than the workspace allows.
    guarded: Report,
    pools: Pools,
}

impl Play {
    /// Worlds with their customers, ready to begin.
    pub(super) fn new(
        schema: Arc<Schema>,
        guard: Guard,
        period: Period,
        shards: Vec<Shard>,
        refused: Refused,
        journeys: Vec<Played>,
        out: Out,
    ) -> Self {
        let decoders = (0..parallel::threads())
            .map(|_| shared(Decoder::new(schema.clone())))
            .collect();
        let worlds = shards.len();
        Self {
            period,
            crew: Crew::new(),
            shards: shards.into_iter().map(shared).collect(),
            decoders,
            dealer: shared(Dealer::new(period, worlds, refused)),
            writer: shared(Writer {
                told: Vec::new(),
                out,
            }),
            journeys,
            schema,
            guarded: Report::new(guard),
            pools: Pools::default(),
        }
    }

    /// Looks at these coupon pools too.
    pub(super) fn looking_at(self, pools: Pools) -> Self {
        Self { pools, ..self }
    }

    /// Plays the events and whatever is due until the end.
    ///
    /// While one block of events is worked off, the next is dealt, the one after that is read, and what was done before is
    /// written.
    pub(super) fn run(&mut self, events: Option<Input>) -> Result<(), Error> {
        if let Some(input) = events {
            let bar = bar(input.length());
            bar.set_message("looking at the order");
            let mut lines = Lines::by_time(input, &|offset| bar.set_position(offset))?;
            bar.set_message("playing");
            let mut block = Block::default();
            let (mut read, mut hand) = (Vec::new(), Hand::default());
            loop {
                let more = lock(&self.dealer).later == 0 && lines.next(&mut block)?;
                if !more && read.is_empty() && hand.events.is_empty() {
                    break;
                }
                let until = hand.latest.unwrap_or(Instant::MIN).min(self.period.until);
                for (shard, events) in self.shards.iter().zip(hand.events) {
                    lock(shard).push(events);
                }
                let at_hand = Arc::new(std::mem::take(&mut block));
                (read, hand) = self.work(until, read, more.then_some(&at_hand))?;
                // Nobody else has it any more: its room is used again.
                block = Arc::into_inner(at_hand).unwrap_or_default();
                bar.set_position(lines.offset());
            }
            bar.finish_and_clear();
        }
        self.work(self.period.until, Vec::new(), None)?;
        self.count(Instant::MAX);
        let mut writer = lock(&self.writer);
        writer.write()?;
        writer.out.flush()?;
        Ok(())
    }

    /// Lets the guard count what was done in the minutes before `until`, and the coupon pools what was asked of them.
    fn count(&mut self, until: Instant) {
        let shards = self.shards.iter();
        self.guarded
            .add(shards.map(|shard| lock(shard).take_tally(until)));
        let shards = self.shards.iter();
        self.pools
            .add(shards.map(|shard| lock(shard).take_asked(until)));
    }

    /// Works everything off before `until`, in as many rounds as the room for actions asks for; meanwhile deals what was read
    /// before and reads a block's events.
    fn work(
        &mut self,
        until: Instant,
        read: Vec<Read>,
        block: Option<&Arc<Block>>,
    ) -> Result<(Vec<Read>, Hand), Error> {
        let until = until.max(self.period.from);
        let ahead = self.round(until, read, block)?;
        loop {
            let reached = self.shards.iter().map(|shard| lock(shard).reached()).min();
            let reached = reached.unwrap_or(until);
            lock(&self.writer).told = self
                .shards
                .iter()
                .map(|shard| lock(shard).take(reached))
                .collect();
            self.count(reached);
            if reached >= until {
                return Ok(ahead);
            }
            self.round(until, Vec::new(), None)?;
        }
    }

    /// Worlds, and what comes before and after them, side by side; the longest first, so that nobody waits long for the last.
    fn round(
        &self,
        until: Instant,
        read: Vec<Read>,
        block: Option<&Arc<Block>>,
    ) -> Result<(Vec<Read>, Hand), Error> {
        let mut work: Vec<Work<Done>> = Vec::new();
        for shard in &self.shards {
            let shard = shard.clone();
            work.push(Box::new(move || {
                lock(&shard).work(until);
                Done::Worked
            }));
        }
        if let Some(block) = block {
            let worlds = self.shards.len();
            let parts = parallel::split(block.len(), self.decoders.len());
            for (range, decoder) in parts.zip(self.decoders.iter().cloned()) {
                let block = block.clone();
                work.push(Box::new(move || {
                    Done::Read(decode(&mut lock(&decoder), &block, range, worlds))
                }));
            }
        }
        if !read.is_empty() {
            let dealer = self.dealer.clone();
            work.push(Box::new(move || Done::Dealt(lock(&dealer).deal(read))));
        }
        let writer = self.writer.clone();
        work.push(Box::new(move || Done::Written(lock(&writer).write())));
        let (mut ahead, mut hand) = (Vec::new(), Hand::default());
        let done = self.crew.all(work);
        for done in done.ok_or_else(|| Error::failure("the simulation broke off"))? {
            match done {
                Done::Worked => {}
                Done::Read(read) => ahead.push(read),
                Done::Dealt(dealt) => hand = dealt,
                Done::Written(result) => result?,
            }
        }
        Ok((ahead, hand))
    }

    /// Whether something was asked to be played and nothing of it could be taken.
    pub(super) fn is_in_vain(&self) -> bool {
        let shards = self.shards.iter();
        let customers: usize = shards.map(|shard| lock(shard).customers()).sum();
        let dealer = lock(&self.dealer);
        dealer.refused.any() && customers == 0 && dealer.taken == 0
    }

    /// Tells on standard error what was done.
    pub(super) fn tell(&self, zone: Zone) {
        let dealer = lock(&self.dealer);
        dealer.refused.tell();
        dealer.came.tell_undeclared(&self.schema);
        let mut summary = Summary::default();
        self.shards
            .iter()
            .for_each(|shard| summary.add(lock(shard).summary()));
        eprint!("{}", table::table(&summary, &self.journeys, &dealer.came));
        for (journey, excess) in self.guarded.found() {
            eprintln!("guard: {}", guard::told(journey, excess, zone));
        }
        eprint!("{}", self.pools.text(zone));
        let shards = || self.shards.iter().map(|shard| lock(shard));
        let sum = |number: fn(&Shard) -> u64| shards().map(|shard| number(&shard)).sum::<u64>();
        let customers = sum(|shard| shard.customers() as u64);
        eprintln!(
            "{customers} customers, {} events, {} actions",
            dealer.taken,
            summary.total()
        );
        for (count, what) in [
            (sum(Shard::unknown), "events of customers whom nobody knew"),
            (
                dealer.later,
                "events at or after --until, not looked at further",
            ),
            (
                sum(Shard::stuck),
                "customers given up because a journey turned in circles",
            ),
        ] {
            if count > 0 {
                eprintln!("{count} {what}");
            }
        }
    }
}

impl Writer {
    fn write(&mut self) -> io::Result<()> {
        told::write(&mut self.told, &mut *self.out)
    }
}

fn shared<T>(own: T) -> Arc<Mutex<T>> {
    Arc::new(Mutex::new(own))
}

/// Reads some of a block's events.
fn decode(decoder: &mut Decoder, block: &Block, range: Range<usize>, worlds: usize) -> Read {
    let read = |line| {
        decoder
            .event(line, Arrival::OwnTime)
            .map(|event| (shard_of(&event.customer, worlds), event))
    };
    block.lines(range).map(read).collect()
}

/// A bar on a terminal, nothing in a pipe.
fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
