//! The history is worked off, block by block.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder};
use kurant_engine::definition::Schema;

use super::deal::{Dealer, Hand, Read};
use super::input::Input;
use super::lines::{Block, Lines};
use super::parallel::Task;
use super::refused::Refused;
use super::shard::Shard;
use super::summary::Summary;
use super::told::Told;
use super::{Period, parallel, shard_of, table, told};
use crate::error::Error;

/// Where lines of actions go.
pub(super) type Out = dyn Write + Send;

/// A simulation on its way.
pub(super) struct Play {
    period: Period,
    shards: Vec<Shard>,
    /// One a thread.
    decoders: Vec<Decoder>,
    dealer: Dealer,
    /// What was done and is not written yet, by world.
    told: Vec<Told>,
}

impl Play {
    /// Worlds with their customers, ready to begin.
    pub(super) fn new(
        schema: Arc<Schema>,
        period: Period,
        shards: Vec<Shard>,
        refused: Refused,
    ) -> Self {
        let decoders = (0..parallel::threads())
            .map(|_| Decoder::new(schema.clone()))
            .collect();
        Self {
            period,
            shards,
            decoders,
            dealer: Dealer::new(period.until, refused),
            told: Vec::new(),
        }
    }

    /// Plays the events and whatever is due until the end.
    ///
    /// While one block of events is worked off, the next is dealt, the one after that is read, and what was done before is
    /// written.
    pub(super) fn run(&mut self, events: Option<Input>, out: &mut Out) -> Result<(), Error> {
        if let Some(input) = events {
            let bar = bar(input.length());
            bar.set_message("looking at the order");
            let mut lines = Lines::by_time(input, &|offset| bar.set_position(offset))?;
            bar.set_message("playing");
            let mut block = Block::default();
            let (mut read, mut hand) = (Vec::new(), Hand::default());
            loop {
                let more = self.dealer.later == 0 && lines.next(&mut block)?;
                if !more && read.is_empty() && hand.events.is_empty() {
                    break;
                }
                let until = hand.latest.unwrap_or(Instant::MIN).min(self.period.until);
                for (shard, events) in self.shards.iter_mut().zip(hand.events) {
                    shard.push(events);
                }
                (read, hand) = self.work(until, read, more.then_some(&block), out)?;
                bar.set_position(lines.offset());
            }
            bar.finish_and_clear();
        }
        self.work(self.period.until, Vec::new(), None, out)?;
        told::write(&mut self.told, out)?;
        Ok(())
    }

    /// Works everything off before `until`, in as many rounds as the room for actions asks for; meanwhile deals what was read
    /// before and reads a block's events.
    fn work(
        &mut self,
        until: Instant,
        read: Vec<Read>,
        block: Option<&Block>,
        out: &mut Out,
    ) -> Result<(Vec<Read>, Hand), Error> {
        let until = until.max(self.period.from);
        let ahead = self.round(until, read, block, out)?;
        loop {
            let reached = self.shards.iter().map(Shard::reached).min();
            let reached = reached.unwrap_or(until);
            self.told = self
                .shards
                .iter_mut()
                .map(|shard| shard.take(reached))
                .collect();
            if reached >= until {
                return Ok(ahead);
            }
            self.round(until, Vec::new(), None, out)?;
        }
    }

    /// Worlds, and what comes before and after them, side by side.
    fn round(
        &mut self,
        until: Instant,
        read: Vec<Read>,
        block: Option<&Block>,
        out: &mut Out,
    ) -> Result<(Vec<Read>, Hand), Error> {
        let parts = block.map_or(0, |_| self.decoders.len());
        let mut ahead: Vec<Read> = (0..parts).map(|_| Vec::new()).collect();
        let (mut hand, mut written) = (Hand::default(), Ok(()));
        let mut tasks: Vec<Task<'_>> = Vec::new();
        if !read.is_empty() {
            let (dealer, hand) = (&mut self.dealer, &mut hand);
            tasks.push(Box::new(move || *hand = dealer.deal(read)));
        }
        if let Some(block) = block {
            let parts = parallel::split(block.len(), parts);
            for ((range, decoder), ahead) in parts.zip(&mut self.decoders).zip(&mut ahead) {
                tasks.push(Box::new(move || *ahead = decode(decoder, block, range)));
            }
        }
        let (told, result) = (&mut self.told, &mut written);
        tasks.push(Box::new(move || *result = told::write(told, out)));
        for shard in &mut self.shards {
            tasks.push(Box::new(move || shard.work(until)));
        }
        parallel::all(tasks);
        written?;
        Ok((ahead, hand))
    }

    /// Tells on standard error what was done.
    pub(super) fn tell(&self) {
        self.dealer.refused.tell();
        let mut summary = Summary::default();
        self.shards
            .iter()
            .for_each(|shard| summary.add(shard.summary()));
        eprint!("{}", table::table(&summary));
        let sum = |number: fn(&Shard) -> u64| self.shards.iter().map(number).sum::<u64>();
        let customers = sum(|shard| shard.customers() as u64);
        eprintln!(
            "{customers} customers, {} events, {} actions",
            self.dealer.taken,
            summary.total()
        );
        for (count, what) in [
            (sum(Shard::unknown), "events of customers whom nobody knew"),
            (
                self.dealer.later,
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

/// Reads some of a block's events.
fn decode(decoder: &mut Decoder, block: &Block, range: Range<usize>) -> Read {
    let read = |line| {
        decoder
            .event(line, Arrival::OwnTime)
            .map(|event| (shard_of(&event.customer), event))
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
