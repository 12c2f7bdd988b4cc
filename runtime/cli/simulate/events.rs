//! The history is dealt out and worked off, block by block.

use std::io::Write;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use kurant_engine::calendar::Instant;
use kurant_engine::decode::{Arrival, Decoder, Error as DecodeError};
use kurant_engine::definition::Schema;
use kurant_engine::event::Event;
use kurant_engine::world::Seen;

use super::input::Input;
use super::lines::{Block, Lines};
use super::refused::Refused;
use super::shard::{self, Shard};
use super::summary::Summary;
use super::{Period, parallel, shard_of, table};
use crate::error::Error;

/// A simulation on its way.
pub(super) struct Play {
    period: Period,
    shards: Vec<Shard>,
    /// One a thread.
    decoders: Vec<Decoder>,
    seen: Seen,
    taken: u64,
    /// Events at or after the end.
    later: u64,
}

impl Play {
    /// Worlds with their customers, ready to begin.
    pub(super) fn new(schema: Arc<Schema>, period: Period, shards: Vec<Shard>) -> Self {
        let decoders = (0..parallel::threads())
            .map(|_| Decoder::new(schema.clone()))
            .collect();
        Self {
            period,
            shards,
            decoders,
            seen: Seen::default(),
            taken: 0,
            later: 0,
        }
    }

    /// Plays the events and whatever is due until the end.
    pub(super) fn run(
        &mut self,
        events: Option<Input>,
        mut out: Option<&mut Box<dyn Write>>,
        refused: &mut Refused,
    ) -> Result<(), Error> {
        if let Some(input) = events {
            let bar = bar(input.length());
            bar.set_message("looking at the order");
            let mut lines = Lines::by_time(input, &|offset| bar.set_position(offset))?;
            bar.set_message("playing");
            let mut block = Block::default();
            while self.later == 0 && lines.next(&mut block)? {
                let latest = self.deal(&block, refused);
                self.work(latest.min(self.period.until), &mut out)?;
                bar.set_position(lines.offset());
            }
            bar.finish_and_clear();
        }
        self.work(self.period.until, &mut out)
    }

    /// Reads a block's events and deals them to their worlds; the time of the last one.
    fn deal(&mut self, block: &Block, refused: &mut Refused) -> Instant {
        let read = parallel::ranges_with(block.len(), &mut self.decoders, |decoder, range| {
            let read = |line| {
                decoder
                    .event(line, Arrival::OwnTime)
                    .map(|event| (shard_of(&event.customer), event))
            };
            block.lines(range).map(read).collect::<Vec<_>>()
        });
        let mut latest = Instant::MIN;
        for event in read.into_iter().flatten() {
            match event {
                Ok((shard, event)) => {
                    latest = latest.max(event.time);
                    self.deal_one(shard, event, refused);
                }
                Err(error) => refuse(&error, refused),
            }
        }
        latest
    }

    fn deal_one(&mut self, shard: usize, event: Event, refused: &mut Refused) {
        if event.time >= self.period.until {
            self.later += 1;
        } else if !self.seen.is_new(event.identity()) {
            refused.repeated();
        } else {
            self.taken += 1;
            if event.is_about_the_team() {
                self.shards
                    .iter_mut()
                    .for_each(|shard| shard.push(event.clone()));
            } else {
                self.shards[shard].push(event);
            }
        }
    }

    /// Works everything off before `until`, in as many rounds as the room for actions asks for.
    fn work(&mut self, until: Instant, out: &mut Option<&mut Box<dyn Write>>) -> Result<(), Error> {
        let until_or_start = until.max(self.period.from);
        loop {
            parallel::each(&mut self.shards, |shard| shard.work(until));
            let reached = self
                .shards
                .iter()
                .map(Shard::reached)
                .min()
                .unwrap_or(until_or_start);
            shard::write(
                &mut self.shards,
                reached,
                out.as_mut().map(|out| &mut ***out),
            )?;
            if reached >= until_or_start {
                return Ok(());
            }
        }
    }

    /// Tells on standard error what was done.
    pub(super) fn tell(&self) {
        let mut summary = Summary::default();
        self.shards
            .iter()
            .for_each(|shard| summary.add(shard.summary()));
        eprint!("{}", table::table(&summary));
        let sum = |number: fn(&Shard) -> u64| self.shards.iter().map(number).sum::<u64>();
        let customers = sum(|shard| shard.customers() as u64);
        eprintln!(
            "{customers} customers, {} events, {} actions",
            self.taken,
            summary.total()
        );
        for (count, what) in [
            (sum(Shard::unknown), "events of customers whom nobody knew"),
            (
                self.later,
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

fn refuse(error: &DecodeError, refused: &mut Refused) {
    refused.event(error);
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
