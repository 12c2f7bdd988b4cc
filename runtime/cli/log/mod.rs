//! `kurant log`: what was done and what happened, from the store. It only reads, also beside a running `run`.

mod line;
mod messages;
mod sought;

use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration as Pause;

use kurant_engine::calendar::{Duration, Instant, SECOND, Zone, first_instant_of, parse_date};
use kurant_runner::Clock;
use kurant_store::{Happened, LogPage, LogPlace, Store};

pub(crate) use self::line::{Line, Steps};
use self::messages::Messages;
use self::sought::Sought;
use crate::embedded;
use crate::error::Error;
use crate::folder::Folder;
use crate::hand_over::HandOvers;
use crate::in_force;

/// How many lines are read at once.
const PAGE: usize = 1_000;
/// How often the end is looked at.
const LOOK_EVERY: Pause = Pause::from_millis(500);
/// After so long nobody is still writing a line that belongs before others, in milliseconds.
const SETTLED: i64 = 15 * SECOND;

/// Arguments of `kurant log`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    kurant log --customer c42                            all about one customer, oldest first\n  \
    kurant log --journey winback --outcome skipped       what was not sent, and why\n  \
    kurant log --since 2h --outcome error --outcome gave_up\n  \
    kurant log --customer c42 --outcome delivered --outcome bounced\n  \
    kurant log --journey winback --channel email --outcome clicked\n  \
    kurant log --follow --json                           as it happens, for a program\n\n\
    Options that may be given several times match any of their values. It shows ids, never what is known of a customer.")]
pub(crate) struct Args {
    /// Only this journey
    #[arg(long, value_name = "ID")]
    journey: Vec<String>,
    /// Only this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only this step: its id, or its place in the file
    #[arg(long, value_name = "ID")]
    step: Vec<String>,
    /// Only by this channel: a name of `channels`, or crm, events, webhook
    #[arg(long, value_name = "NAME")]
    channel: Vec<String>,
    /// Only what ended so: sent, skipped, deferred, delivered, opened, clicked, bounced, enter, exit, goal, not_entered, waits,
    /// timeout, gave_up, error, ...
    #[arg(long, value_name = "WORD")]
    outcome: Vec<String>,
    /// Only for this reason: frequency_cap, no_consent, quiet_hours, audience, ...
    #[arg(long, value_name = "WORD")]
    reason: Vec<String>,
    /// Only what was written from then on: an instant, a day on the workspace's clock, or how long ago, like 2h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what was written before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Go on as more is written; without --since only what is new
    #[arg(long, short, conflicts_with = "until")]
    follow: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Prints the log.
pub(crate) fn run(folder: &Folder, args: &Args) -> Result<ExitCode, Error> {
    embedded::runtime()?.block_on(read(folder, args))?;
    Ok(ExitCode::SUCCESS)
}

async fn read(folder: &Folder, args: &Args) -> Result<(), Error> {
    let (store, definitions) = in_force::to_look(folder).await?;
    let definitions = &definitions;
    let pinned = store.pinned().await.map_err(embedded::unreadable)?;
    let mut sought = Sought::of(args, definitions, &pinned);
    if args.follow {
        // It has no end at which to say so.
        sought.end()?;
    }
    let zone = definitions.workspace.timezone;
    let now = embedded::present(&*store).await?;
    let moment = |option: &str, text: &Option<String>| {
        let text = text.as_ref();
        text.map(|text| moment(option, text, now, zone)).transpose()
    };
    let (since, until) = (
        moment("--since", &args.since)?,
        moment("--until", &args.until)?,
    );
    let place = match since {
        None if !args.follow => LogPlace::default(),
        since => store
            .log_place(since.unwrap_or(Instant::MAX))
            .await
            .map_err(embedded::unreadable)?,
    };
    let reading = Reading {
        store: &*store,
        args,
        until: until.unwrap_or(Instant::MAX),
        steps: Steps::of(definitions),
        zone,
        shown: Cell::new(0),
    };
    match reading.run(place, &mut sought).await {
        // Whoever reads has seen enough.
        Err(Ended::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(Ended::Output(error)) => Err(error.into()),
        Err(Ended::Store(error)) => Err(embedded::unreadable(error)),
        Ok(()) => {
            sought.end()?;
            is_known(&*store, sought.stranger()).await?;
            if reading.shown.get() == 0 {
                eprintln!("nothing in the log matches");
            }
            Ok(())
        }
    }
}

/// That a customer of whom the log has nothing is one.
async fn is_known(store: &dyn Store, customer: Option<&str>) -> Result<(), Error> {
    let Some(customer) = customer else {
        return Ok(());
    };
    let found = store.load(&[customer.into()], &[]).await;
    let found = found.map_err(embedded::unreadable)?;
    let Some(stored) = found.first() else {
        return Err(Error::usage(format!(
            "nobody is known as customer `{customer}`, here or in the log"
        ))
        .hint("ids are as the CRM writes them: the `subject` of events, the `id` of an import"));
    };
    if stored.person.customer.is_erased() {
        eprintln!(
            "`{customer}` was erased; the lines that the log keeps are in `kurant customer {customer} export`"
        );
    }
    Ok(())
}

/// Why reading ended early.
enum Ended {
    Output(io::Error),
    Store(kurant_store::Error),
}

/// The log being read.
struct Reading<'r> {
    store: &'r dyn Store,
    args: &'r Args,
    until: Instant,
    steps: Steps,
    zone: Zone,
    /// How many lines were shown.
    shown: Cell<u64>,
}

impl Reading<'_> {
    async fn run(&self, mut place: LogPlace, sought: &mut Sought<'_>) -> Result<(), Ended> {
        let customer = self.args.customer.as_deref();
        let (clock, mut out) = (Clock::real(), io::stdout());
        let mut heard = clock.now();
        loop {
            let now = clock.now();
            // What is written is written; only who follows would pass over what comes late.
            let is_patient = self.args.follow && now.millis_since(heard) < SETTLED;
            let settled = if is_patient {
                now.plus_millis(-SETTLED)
            } else {
                Instant::MAX
            };
            let page = self.store.log(customer, place, settled, PAGE);
            let page = page.await.map_err(Ended::Store)?;
            if page.lines.is_empty() {
                if !self.args.follow {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            (place, heard) = (page.next, now);
            let hand_overs = self.hand_overs(&page).await?;
            let messages = Messages::of(self.store, &page).await;
            let messages = messages.map_err(Ended::Store)?;
            for line in &page.lines {
                if line.clock >= self.until {
                    return out.flush().map_err(Ended::Output);
                }
                let message = messages.of_line(&line.what);
                let line = Line::of(line, &hand_overs).about(message);
                sought.meet(&line, &self.steps);
                self.show(&mut out, &line).map_err(Ended::Output)?;
            }
            out.flush().map_err(Ended::Output)?;
        }
    }

    /// What became of what a page says was to be done: as it stands in the outbox now, and as the page itself tells.
    async fn hand_overs(&self, page: &LogPage) -> Result<HandOvers, Ended> {
        let done = page.lines.iter().filter_map(|line| match &line.what {
            Happened::Did(action) => Some(action),
            Happened::Passed(_) => None,
        });
        let happened = page.lines.iter().filter_map(|line| match &line.what {
            Happened::Passed(trace) => Some(trace),
            Happened::Did(_) => None,
        });
        let hand_overs = HandOvers::of(self.store, done, happened).await;
        hand_overs.map_err(Ended::Store)
    }

    fn show(&self, out: &mut impl Write, line: &Line<'_>) -> io::Result<()> {
        if !self.is_asked_for(line) {
            return Ok(());
        }
        self.shown.set(self.shown.get() + 1);
        if self.args.json {
            return writeln!(out, "{}", line.object(&self.steps));
        }
        writeln!(out, "{}", line.text(self.zone, &self.steps))
    }

    fn is_asked_for(&self, line: &Line<'_>) -> bool {
        let any = |asked: &[String], own: Option<&str>| {
            asked.is_empty() || own.is_some_and(|own| asked.iter().any(|asked| asked == own))
        };
        let step = |asked: &String| self.steps.is_at(line, asked);
        any(&self.args.journey, line.journey)
            && any(&self.args.channel, line.channel())
            && any(&self.args.outcome, Some(line.outcome))
            && any(&self.args.reason, line.reason)
            && (self.args.step.is_empty() || self.args.step.iter().any(step))
    }
}

/// The instant that was asked for.
fn moment(option: &str, text: &str, now: Instant, zone: Zone) -> Result<Instant, Error> {
    if let Ok(date) = parse_date(text) {
        return Ok(first_instant_of(date, zone));
    }
    if let Ok(ago) = Duration::parse(text) {
        return Ok(ago.before(now, zone));
    }
    Instant::parse(text).map_err(|_| {
        Error::usage(format!("{option} {text}: this is no time"))
            .hint("write a day like 2026-11-22, an instant like 2026-11-22T09:00:00+02:00, or how long ago, like 2h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_an_instant_or_how_long_ago() {
        let zone = Zone::Europe__Kyiv;
        let now = Instant::parse("2026-11-22T12:00:00Z").unwrap();
        for (text, expected) in [
            ("2026-11-22", "2026-11-21T22:00:00Z"),
            ("2026-11-22T09:00:00+02:00", "2026-11-22T07:00:00Z"),
            ("2h", "2026-11-22T10:00:00Z"),
            ("3d", "2026-11-19T12:00:00Z"),
        ] {
            let told = moment("--since", text, now, zone).unwrap().to_string();
            assert_eq!(told, expected, "{text}");
        }
        let error = moment("--since", "yesterday", now, zone).unwrap_err();
        assert!(error.to_string().contains("--since yesterday"), "{error}");
    }
}
